"""Builds every case and compares what Python's email package and GMime read with what was set.

usage: oracle_test.py ORACLE-BUILD ORACLE-GMIME"""

import email
import email.header
import email.policy
import email.utils
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import cases  # noqa: E402
import tap  # noqa: E402

PRODUCT, GMIME = sys.argv[1:3]
SINGLE = ('From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type', 'Reply-To')


def content_of(size, seed):
    return hashlib.shake_256(seed.encode()).digest(size)


def pairs(people):
    return [[person.get('name') or '', person['address']] for person in people]


def unix_lines(text):
    return text.replace('\r\n', '\n')


def canonical_calendar(text):
    """Lines of 75 bytes at most, folded between characters, with CRLF: RFC 5545 3.1."""
    folded = []
    for line in text.splitlines():
        while len(line.encode()) > 75:
            cut = len(line.encode()[:75].decode(errors='ignore'))
            folded.append(line[:cut])
            line = ' ' + line[cut:]
        folded.append(line)
    return '\r\n'.join(folded) + '\r\n'


class Expected:
    """What must be read of one recipient's mail."""

    def __init__(self, case, index, contents):
        wanted = case.get('expect', {}) | (case['expects'][index] if 'expects' in case else {})
        self.subject = wanted.get('subject', case['subject'])
        self.sender = pairs([case['from']])
        self.to = wanted.get('to', pairs([case['to'][index]]))
        self.cc = wanted.get('cc', pairs(case.get('cc', [])))
        self.reply_to = pairs([case['reply_to']] if 'reply_to' in case else [])
        self.text = wanted.get('text', case['text'])
        self.html = wanted.get('html', case.get('html'))
        self.headers = case.get('headers', [])
        files = list(zip(case.get('files', []), contents))
        self.images = [(f['cid'], os.path.basename(f['path']), sha(c)) for f, c in files if 'cid' in f]
        self.attachments = [(f.get('expect', f['name']), sha(c)) for f, c in files if 'cid' not in f]
        self.calendar = canonical_calendar(case['calendar']) if 'calendar' in case else None
        if self.calendar:
            self.attachments.append(('invite.ics', sha(self.calendar.encode())))
        self.structure = self.make_structure(case)

    def make_structure(self, case):
        def wrap(kind, parts):
            return [kind] + parts if len(parts) > 1 or kind == 'multipart/mixed' and self.attachments else parts
        html = ['text/html'] + [None] * len(self.images) if self.html else []
        if self.images:
            html = ['multipart/related'] + html
        text = ['text/plain'] if self.text else []
        calendar = ['text/calendar'] if self.calendar else []
        leaves = text + html + calendar
        body = ['multipart/alternative'] + leaves if (bool(text) + bool(html) + bool(calendar)) > 1 else leaves
        kinds = ['multipart/mixed'] + body if self.attachments else body
        files = [f.get('type') for f in case.get('files', []) if 'cid' not in f]
        return kinds + files + ['application/ics'] * len(calendar)


def sha(content):
    return hashlib.sha256(content).hexdigest()


class Seen:
    """A mail as one of the readers sees it; the same fields as Expected."""


def seen_by_python(raw):
    message = email.message_from_string(raw.decode(), policy=email.policy.SMTPUTF8)
    plain = email.message_from_string(raw.decode(), policy=email.policy.compat32)
    seen = Seen()
    seen.subject = str(message['Subject'])

    def people(name):
        """Addresses by the new parser, names by the old one: the new one parts adjacent encoded words by a blank."""
        if name not in message:
            return []
        names = [name for name, _ in email.utils.getaddresses([str(plain[name])])]
        return [[str(email.header.make_header(email.header.decode_header(n))), a.addr_spec]
                for n, a in zip(names, message[name].addresses, strict=True)]
    seen.sender, seen.to, seen.cc, seen.reply_to = (people(n) for n in ('From', 'To', 'Cc', 'Reply-To'))
    seen.names = [name for name in message]
    seen.headers = [[name, str(value)] for name, value in message.items()]
    seen.date = message['Date'].datetime.timestamp()
    seen.message_id = str(message['Message-ID'])
    seen.text = seen.html = seen.calendar = None
    seen.images, seen.attachments, seen.structure = [], [], []
    for part in message.walk():
        seen.structure.append(part.get_content_type())
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if part.get_content_disposition() == 'inline':
            seen.images.append((part['Content-ID'].strip('<>'), part.get_filename(), sha(content)))
        elif part.get_content_disposition() == 'attachment':
            seen.attachments.append((part.get_filename(), sha(content)))
        elif part.get_content_subtype() == 'calendar':
            seen.calendar, seen.method = content.decode(part.get_content_charset()), part.get_param('method')
        else:
            kind = 'html' if part.get_content_subtype() == 'html' else 'text'
            setattr(seen, kind, content.decode(part.get_content_charset()))
        defects = [d for d in part.defects if type(d).__name__ != 'InvalidBase64LengthDefect']
        assert not defects, defects
    return seen


def seen_by_gmime(path):
    output = subprocess.run([GMIME, path], check=True, capture_output=True, text=True).stdout
    read = json.loads(output)
    seen = Seen()
    seen.subject = read['subject']
    seen.sender, seen.to, seen.cc, seen.reply_to = (read[n] for n in ('from', 'to', 'cc', 'reply_to'))
    seen.names = [name for name, _ in read['headers']]
    seen.headers = read['headers']
    seen.date = read['date']
    seen.message_id = f"<{read['message_id']}>"
    seen.text = seen.html = seen.calendar = None
    seen.images, seen.attachments, seen.structure = [], [], []
    for part in read['parts']:
        seen.structure.append(part['type'])
        if part['type'].startswith('multipart/'):
            continue
        if part['disposition'] == 'inline':
            seen.images.append((part['id'], part['name'], part['sha256']))
        elif part['disposition'] == 'attachment':
            seen.attachments.append((part['name'], part['sha256']))
            # For readers without RFC 2231. GMime decodes a name twice that looks like an encoded word itself.
            assert part['fallback'] == re.sub(r'["\\]', '_', part['name']) or part['name'].startswith('=?'), part
        elif part['type'] == 'text/calendar':
            seen.calendar, seen.method = part['text'], part['method']
        else:
            setattr(seen, 'html' if part['type'] == 'text/html' else 'text', part['text'])
    return seen


class Oracle(unittest.TestCase):
    maxDiff = 2000

    def check_wire(self, raw, case, facts):
        self.assertEqual(len(raw), facts['size'])
        self.assertTrue(raw.endswith(b'\r\n'))
        rest = raw.replace(b'\r\n', b'')
        self.assertNotIn(b'\r', rest)
        self.assertNotIn(b'\n', rest)
        lines = raw.split(b'\r\n')
        self.assertLessEqual(max(map(len, lines)), 998)
        self.assertFalse([line for line in lines if line.startswith(b'.')])
        self.assertEqual(facts['smtputf8'], case.get('smtputf8', False))
        head, _, body = raw.partition(b'\r\n\r\n')
        self.assertTrue(body.isascii())
        if not facts['smtputf8']:
            self.assertTrue(head.isascii())
        for word in re.findall(rb'=\?[^ ]*\?=', head):
            self.assertLessEqual(len(word), 75)
        for secret in case.get('bcc', []):
            self.assertNotIn(secret['address'].encode(), raw)
            self.assertIn(secret['address'], facts['envelope'])

    def check_seen(self, expected, seen, facts):
        self.assertEqual(seen.subject, expected.subject)
        self.assertEqual(seen.sender, expected.sender)
        self.assertEqual(seen.to, expected.to)
        self.assertEqual(seen.cc, expected.cc)
        self.assertEqual(seen.reply_to, expected.reply_to)
        self.assertEqual(seen.message_id, facts['message_id'])
        self.assertLess(abs(seen.date - time.time()), 3600)
        for name in SINGLE:
            self.assertLessEqual([n.lower() for n in seen.names].count(name.lower()), 1)
        self.assertNotIn('bcc', [name.lower() for name in seen.names])
        for name, value in expected.headers:
            found = [re.sub(r'\s+', ' ', v) for n, v in seen.headers if n == name]
            self.assertEqual(found, [re.sub(r'\s+', ' ', value.replace('>,<', '>, <'))])
        self.check_bodies(expected, seen)

    def check_bodies(self, expected, seen):
        for kind in ('text', 'html'):
            wanted, read = getattr(expected, kind), getattr(seen, kind)
            self.assertEqual(read is None, wanted is None)
            if wanted is not None:
                # A mail of one text part ends in a line end, whether its text does or not.
                self.assertIn(unix_lines(read), (wanted, wanted + '\n') if len(seen.structure) == 1 else (wanted,))
        self.assertEqual(seen.calendar, expected.calendar)
        if expected.calendar:
            self.assertIn(f'METHOD:{seen.method}\r\n', expected.calendar)
        self.assertEqual(seen.images, expected.images)
        self.assertEqual(seen.attachments, expected.attachments)
        self.assertEqual(len(seen.structure), len(expected.structure))
        for read, wanted in zip(seen.structure, expected.structure):
            self.assertIn(wanted, (read, None))

    def run_case(self, case):
        with tempfile.TemporaryDirectory() as folder:
            contents = []
            for number, file in enumerate(case.get('files', [])):
                content = content_of(file['size'], f"{case['name']} {number}")
                inside = os.path.join(folder, f'f{number}')
                os.mkdir(inside)
                file['path'] = os.path.join(inside, file.get('path', 'content'))
                with open(file['path'], 'wb') as out:
                    out.write(content)
                contents.append(content)
            built = subprocess.run([PRODUCT, folder], input=json.dumps(case), capture_output=True, text=True)
            self.assertEqual(built.returncode, 0, built.stderr)
            mails = [json.loads(line) for line in built.stdout.splitlines()]
            self.assertEqual(len(mails), len(case['to']))
            for index, facts in enumerate(mails):
                with open(facts['path'], 'rb') as file:
                    raw = file.read()
                expected = Expected(case, index, contents)
                self.check_wire(raw, case, facts)
                with self.subTest('Python'):
                    self.check_seen(expected, seen_by_python(raw), facts)
                with self.subTest('GMime'):
                    self.check_seen(expected, seen_by_gmime(facts['path']), facts)


for a_case in cases.cases():
    setattr(Oracle, a_case['name'], lambda self, case=a_case: self.run_case(case))
unittest.TestLoader.testMethodPrefix = ''
unittest.defaultTestLoader.getTestCaseNames = lambda test_class: [c['name'] for c in cases.cases()]

if __name__ == '__main__':
    tap.main(sys.modules['__main__'], only=sys.argv[3:])
