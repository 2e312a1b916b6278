"""Signs 1,000 mails and has each signature verified by dkimpy and by OpenDKIM's library; changed mails must fail.

usage: dkim_test.py ORACLE-BUILD ORACLE-OPENDKIM"""

import collections
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest

import dkim

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import dkim_cases  # noqa: E402
import tap  # noqa: E402

PRODUCT, OPENDKIM = sys.argv[1:3]
WANTED = 1000
KINDS = {'rsa2048': ('RSA', 'rsa_keygen_bits:2048'), 'ed1': ('ED25519',), 'rsa1024': ('RSA', 'rsa_keygen_bits:1024'),
         'ed2': ('ED25519',)}


def make_keys(folder):
    for selector, (kind, *wish) in KINDS.items():
        path = os.path.join(folder, f'{selector}.pem')
        option = ['-pkeyopt', wish[0]] if wish else []
        subprocess.run(['openssl', 'genpkey', '-algorithm', kind, *option, '-out', path], check=True,
                       stderr=subprocess.DEVNULL)
        yield {'selector': selector, 'domain': 'sender.example', 'key': path}


def write_files(case, folder):
    for number, file in enumerate(case['files']):
        file['path'] = os.path.join(folder, f"{case['name']}.{number}.png")
        with open(file['path'], 'wb') as out:
            out.write(hashlib.shake_256(case['name'].encode()).digest(file['size']))


class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        folder = cls.place.name
        cls.cases = list(dkim_cases.cases(list(make_keys(folder)), WANTED))
        for case in cls.cases:
            write_files(case, folder)
        built = subprocess.run([PRODUCT, folder], input='\n'.join(map(json.dumps, cls.cases)), capture_output=True,
                               text=True)
        assert built.returncode == 0, built.stderr
        cls.mails = [json.loads(line) for line in built.stdout.splitlines()]
        cls.records = dict(mail['record'] for mail in cls.mails)
        assert len(cls.mails) >= WANTED and len(cls.records) == len(KINDS), (len(cls.mails), cls.records)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def verify_by_python(self, raw):
        def record(name, timeout=5):
            return self.records[name.decode().rstrip('.')].encode()
        try:
            return dkim.DKIM(raw).verify(dnsfunc=record)
        except dkim.DKIMException:
            return False

    def verify_by_opendkim(self, paths):
        names = os.path.join(self.place.name, 'records')
        with open(names, 'w') as out:
            out.writelines(f'{name} {text}\n' for name, text in self.records.items())
        run = subprocess.run([OPENDKIM, names], input=''.join(f'{path}\n' for path in paths), capture_output=True,
                             text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return dict(reversed(line.rsplit(' ', 1)) for line in run.stdout.splitlines())

    def raw(self, mail):
        with open(mail['path'], 'rb') as file:
            return file.read()

    def test_the_mails_are_as_varied_as_they_should_be(self):
        seen = collections.Counter()
        for mail in self.mails:
            raw = self.raw(mail)
            head, _, body = raw.partition(b'\r\n\r\n')
            for name, is_so in (('rsa', b'a=rsa-sha256' in head), ('ed25519', b'a=ed25519-sha256' in head),
                                ('trailing', body.endswith(b'\r\n\r\n\r\n')),
                                ('large', len(raw) > 400_000),
                                ('7bit', b'\r\n.' not in body), ('unsubscribe', b'\r\nList-Unsubscribe:' in head),
                                ('long header', len(head) > 4096), ('multipart', b'multipart/' in head),
                                ('base64', b'base64' in head), ('quoted', b'quoted-printable' in head)):
                seen[name] += bool(is_so)
        few = {name: count for name, count in seen.items() if count < 10}
        self.assertFalse(few, seen)

    def test_dkimpy_verifies_each(self):
        bad = [mail['path'] for mail in self.mails if not self.verify_by_python(self.raw(mail))]
        self.assertEqual(bad, [])

    def test_opendkim_verifies_each(self):
        results = self.verify_by_opendkim([mail['path'] for mail in self.mails])
        self.assertEqual(len(results), len(self.mails))
        self.assertEqual({path: result for path, result in results.items() if result != 'pass'}, {})

    def changed(self, mail):
        """Each way in which somebody could change the mail that the signature has to show."""
        raw = self.raw(mail)
        head, _, body = raw.partition(b'\r\n\r\n')
        yield 'subject', raw.replace(b'\r\nSubject:', b'\r\nSubject: x', 1)
        yield 'second From', b'From: evil@evil.example\r\n' + raw
        yield 'second From below', head + b'\r\nFrom: evil@evil.example\r\n\r\n' + body
        yield 'second Subject', b'Subject: evil\r\n' + raw
        yield 'a Reply-To', b'Reply-To: evil@evil.example\r\n' + raw
        yield 'second Content-Type', b'Content-Type: text/html\r\n' + raw
        yield 'a line more', raw + b'x\r\n'
        yield 'another time', raw.replace(b' t=', b' t=1', 1)
        if b'\r\nList-Unsubscribe:' in head:
            yield 'second List-Unsubscribe', b'List-Unsubscribe: <https://evil.example/>\r\n' + raw

    def test_changed_mails_are_found_out_by_both(self):
        paths = {}
        for number, mail in enumerate(self.mails[:80:4] + self.mails[1:80:4]):
            for what, raw in self.changed(mail):
                with self.subTest(what=what):
                    self.assertFalse(self.verify_by_python(raw))
                path = os.path.join(self.place.name, f'changed-{number}-{what.replace(" ", "-")}')
                with open(path, 'wb') as out:
                    out.write(raw)
                paths[path] = what
        results = self.verify_by_opendkim(paths)
        self.assertEqual({path: result for path, result in results.items() if result == 'pass'}, {})
        self.assertEqual(len(results), len(paths))

    def test_blanks_that_relays_change_do_no_harm(self):
        for mail in self.mails[::50]:
            head, _, body = self.raw(mail).partition(b'\r\n\r\n')
            raw = head.replace(b'\r\n ', b'\r\n\t ') + b' \r\n\r\n' + body.replace(b'\r\n', b' \r\n') + b'\r\n\r\n'
            with self.subTest(mail['path']):
                self.assertTrue(self.verify_by_python(raw))

    def test_no_line_of_a_signature_is_too_long(self):
        for mail in self.mails:
            field = self.raw(mail).partition(b'\r\nFrom:')[0]
            self.assertTrue(field.startswith(b'DKIM-Signature: v=1; '))
            self.assertLessEqual(max(map(len, field.split(b'\r\n'))), 78)


if __name__ == '__main__':
    tap.main(sys.modules['__main__'], only=sys.argv[3:])
