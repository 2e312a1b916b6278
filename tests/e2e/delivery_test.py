"""What was sent lies in the mailbox, through each kind of real server."""

import email.policy
import hashlib
import random
import unittest
import uuid

import stage
from fixture import Folder
from sink import Sink
from tool import PASSWORD, Tool, account

SUBJECT = '你好，這是一個相當長的主題，需要分成好幾行才能放得下 🙂 and some English at its end'
TEXT = '測試\n.\n..two dots\n. dot and blank\nFrom here\n' + 'x' * 3000 + '\n'
HTML = '<p>你好 <b>王先生</b></p><img src="cid:logo@example.hk"><a href="https://example.hk/?a=1&amp;b=2">連結</a>'


def parts_of(message):
    """Content type to part, leaves alone."""
    return {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}


class DeliveryTest(unittest.TestCase):
    def setUp(self):
        self.files = Folder()
        self.addCleanup(self.files.close)
        self.to = f'u{uuid.uuid4().hex[:12]}@example.hk'

    def tool(self, *accounts, **settings):
        tool = Tool(list(accounts), settings)
        self.addCleanup(tool.folder.close)
        return tool

    def send_everything(self, server, record):
        """A mail with all there is, read back from the mailbox and compared field by field."""
        attachment = self.files.path / '報告 2026.pdf'
        attachment.write_bytes(random.Random(1).randbytes(100_000))
        logo = self.files.path / 'logo.png'
        logo.write_bytes(b'\x89PNG\r\n\x1a\n' + bytes(range(256)))
        text, html = self.files.write('body.txt', TEXT), self.files.write('body.html', HTML)
        sent = self.tool(record).send(
            '--to', f'王先生 <{self.to}>', '--cc', 'cc@example.hk', '--bcc', 'bcc@example.hk', '--reply-to',
            'answers@example.hk', '--from-name', '服務中心', '--subject', SUBJECT, '--text-file', text, '--html-file',
            html, '--attach', attachment, '--inline', f'logo@example.hk={logo}', '--header', 'X-Order: 42',
            '--priority', 'high')
        self.assertEqual(sent.status, 0, sent)
        self.assertEqual({(r['recipient'], r['role'], r['status'], r['account']) for r in sent.results},
                         {(self.to, 'to', 'sent', record['name']), ('cc@example.hk', 'cc', 'sent', record['name']),
                          ('bcc@example.hk', 'bcc', 'sent', record['name'])})
        [message] = server.wait_for_mail(self.to)
        self.compare_headers(message, record, sent)
        self.compare_bodies(message, attachment, logo)

    def compare_headers(self, message, record, sent):
        self.assertEqual(message['Subject'], SUBJECT)
        self.assertEqual([(a.display_name, a.addr_spec) for a in message['To'].addresses], [('王先生', self.to)])
        self.assertEqual([a.addr_spec for a in message['Cc'].addresses], ['cc@example.hk'])
        self.assertEqual([(a.display_name, a.addr_spec) for a in message['From'].addresses],
                         [('服務中心', record['fromMailAddress'])])
        self.assertEqual(message['Reply-To'].addresses[0].addr_spec, 'answers@example.hk')
        self.assertIsNone(message['Bcc'])
        self.assertNotIn('bcc@', str(message.items()).replace('Delivered-To', ''))
        self.assertEqual(message['X-Order'], '42')
        self.assertEqual(message['X-Priority'].split()[0], '1')
        self.assertEqual(message['Message-ID'], sent.results[0]['messageId'])
        for field in ('Message-ID', 'Date', 'From', 'To', 'Subject', 'MIME-Version', 'Content-Type'):
            self.assertEqual(len(message.get_all(field)), 1, field)

    def compare_bodies(self, message, attachment, logo):
        self.assertEqual(message.get_content_type(), 'multipart/mixed')
        parts = parts_of(message)
        self.assertEqual(parts['text/plain'].get_content().rstrip('\n'), TEXT.rstrip('\n'))
        self.assertEqual(parts['text/html'].get_content().rstrip('\n'), HTML)
        self.assertEqual(parts['image/png']['Content-ID'], '<logo@example.hk>')
        self.assertEqual(parts['image/png'].get_content(), logo.read_bytes())
        self.assertEqual(parts['application/pdf'].get_filename(), '報告 2026.pdf')
        self.assertEqual(parts['application/pdf'].get_content_disposition(), 'attachment')
        self.assertEqual(parts['application/pdf'].get_content(), attachment.read_bytes())

    def ca(self):
        return stage.certificates().ca

    def test_postfix_by_starttls_with_login(self):
        server = stage.postfix()
        self.send_everything(server, account(server.starttls, 'a', 'starttls', stage.USER, ca=self.ca()))

    def test_postfix_by_tls_at_once(self):
        server = stage.postfix()
        self.send_everything(server, account(server.tls, 'a', 'at once', stage.USER, ca=self.ca()))

    def test_postfix_plain(self):
        server = stage.postfix()
        self.send_everything(server, account(server.plain, 'a'))

    def test_exim_by_starttls_with_login(self):
        server = stage.exim()
        self.send_everything(server, account(server.starttls, 'a', 'starttls', stage.USER, ca=self.ca()))

    def test_exim_by_tls_at_once(self):
        server = stage.exim()
        self.send_everything(server, account(server.tls, 'a', 'at once', stage.USER, ca=self.ca()))

    def test_aiosmtpd_by_starttls_with_login(self):
        server = Sink(tls=stage.tls_context(), login=(stage.USER, PASSWORD))
        self.addCleanup(server.close)
        sent = self.tool(account(server.port, 'a', 'starttls', stage.USER, ca=self.ca())).send_plain(self.to)
        self.assertEqual(sent.status, 0, sent)
        [(sender, recipients, _)] = server.mails
        self.assertEqual((sender, recipients), ('a@example.hk', [self.to]))
        self.assertEqual(server.messages()[0].get_content().strip(), 'T')

    def test_each_way_to_log_in(self):
        server = stage.postfix()
        for mechanism, password in stage.ways_to_log_in(server).items():
            with self.subTest(mechanism):
                record = account(server.starttls, 'a', 'starttls', stage.USER, password, self.ca(), authMechanism=mechanism)
                sent = self.tool(record).send_plain(self.to, '--trace')
                self.assertEqual(sent.status, 0, sent)
                self.assertIn(f'AUTH {mechanism}'.encode(), sent.err)

    def test_25_megabytes_arrive_intact(self):
        attachment = self.files.path / 'big.bin'
        attachment.write_bytes(random.Random(2).randbytes(25 * 1024 * 1024))
        server = stage.postfix()
        record = account(server.starttls, 'a', 'starttls', stage.USER, ca=self.ca())
        sent = self.tool(record).send('--to', self.to, '--text', 'big', '--attach', attachment)
        self.assertEqual(sent.status, 0, sent)
        [message] = server.wait_for_mail(self.to)
        [part] = message.iter_attachments()
        self.assertEqual(part.get_filename(), 'big.bin')
        self.assertEqual(hashlib.sha256(part.get_content()).digest(),
                         hashlib.sha256(attachment.read_bytes()).digest())

    def test_D09_smtputf8_address_and_idn_domain(self):
        server = stage.postfix()
        sent = self.tool(account(server.plain, 'a')).send_plain(f'用戶{self.to}')
        self.assertEqual(sent.status, 0, sent)
        [message] = server.wait_for_mail(f'用戶{self.to}')
        self.assertEqual(message['Subject'], 'S')

    def test_D11_every_receiver_sees_the_same_dots(self):
        body = '.\n..\n...\n.x\n\n.\n'
        for server, record in ((stage.postfix(), account(stage.postfix().plain, 'a')),
                               (stage.exim(), account(stage.exim().tls, 'a', 'at once', stage.USER, ca=self.ca()))):
            with self.subTest(type(server).__name__):
                sent = self.tool(record).send('--to', self.to, '--subject', '.', '--text', body)
                self.assertEqual(sent.status, 0, sent)
                [message] = server.wait_for_mail(self.to)
                self.assertEqual(message.get_content().rstrip('\n'), body.rstrip('\n'))

    def test_a_list_gets_a_mail_each(self):
        server = stage.postfix()
        people = [f'{i}{self.to}' for i in range(20)]
        rows = ''.join(f'{address},Name {i},{i * 10}\r\n' for i, address in enumerate(people))
        listed = self.files.write('list.csv', 'address,name,points\r\n' + rows)
        sent = self.tool(account(server.plain, 'a')).send(
            '--to-file', listed, '--subject', 'Hello {{name}}', '--text', 'You have {{points}} points.')
        self.assertEqual(sent.status, 0, sent)
        self.assertEqual(sorted(r['recipient'] for r in sent.results), sorted(people))
        for i, address in enumerate(people):
            [message] = server.wait_for_mail(address)
            self.assertEqual(message['To'].addresses[0].addr_spec, address)
            self.assertEqual(message['Subject'], f'Hello Name {i}')
            self.assertEqual(message.get_content().strip(), f'You have {i * 10} points.')

    def test_built_in_template(self):
        server = stage.postfix()
        sent = self.tool(account(server.plain, 'a')).send(
            '--to', self.to, '--template', 'Register', '--lang', 'zh-HK', '--var',
            'callbackurl=https://example.hk/c?t=1&u=2')
        self.assertEqual(sent.status, 0, sent)
        [message] = server.wait_for_mail(self.to)
        parts = parts_of(message)
        self.assertIn('https://example.hk/c?t=1&amp;u=2', parts['text/html'].get_content())
        self.assertIn('https://example.hk/c?t=1&u=2', parts['text/plain'].get_content())
        self.assertTrue(message['Subject'])

    def test_dry_run_prints_the_message_and_sends_nothing(self):
        server = stage.postfix()
        printed = self.tool(account(server.plain, 'a')).send(
            '--to', self.to, '--subject', SUBJECT, '--text', 'T', '--dry-run', json=False)
        self.assertEqual(printed.status, 0, printed)
        message = email.message_from_bytes(printed.out, policy=email.policy.default)
        self.assertEqual(message['Subject'], SUBJECT)
        self.assertNotIn(b'\n', printed.out.replace(b'\r\n', b''))
        self.assertEqual(server.messages(self.to), [])
