"""DKIM: what leaves the program carries a signature that verifies, whoever sends it and wherever its body stands."""

import json
import random
import re
import unittest
import uuid

import dkim

import stage
from fixture import Folder, run
from service import Service
from sink import Scripted, Sink
from tool import Tool, account


class SignatureTest(unittest.TestCase):
    def setUp(self):
        self.files = Folder()
        self.addCleanup(self.files.close)

    def key(self, name, *options):
        path = self.files.path / f'{name}.pem'
        run('openssl', 'genpkey', *options, '-out', path)
        path.chmod(0o600)
        return {'dkimDomain': 'example.hk', 'dkimSelector': name, 'dkimKeyFile': str(path)}

    def rsa(self):
        return self.key('r1', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048')

    def ed25519(self):
        return self.key('e1', '-algorithm', 'ED25519')

    def relay(self, kind=Sink, *arguments, **options):
        relay = kind(*arguments, **options)
        self.addCleanup(relay.close)
        return relay

    def tool(self, *accounts):
        tool = Tool(list(accounts))
        self.addCleanup(tool.folder.close)
        return tool

    def records(self, tool):
        """What `accounts check` says has to be published."""
        checked = tool.run('accounts', 'check', '--config', tool.config, '--json')
        self.assertEqual(checked.status, 0, checked)
        lines = [json.loads(line) for line in checked.out.splitlines()]
        return {line['name']: line['value'] for line in lines if line['kind'] == 'dkim'}

    def assert_verifies(self, raw, records):
        self.assertTrue(dkim.DKIM(raw).verify(dnsfunc=lambda name, timeout=5: records[name.decode().rstrip('.')].encode()))

    def send_both(self, *options):
        """Two recipients with a text of their own, by each kind of key."""
        for keys in (self.rsa(), self.ed25519()):
            with self.subTest(keys['dkimSelector']):
                sink = self.relay(data_size_limit=None)
                tool = self.tool(account(sink.port, 'a', **keys))
                sent = tool.send('--to', 'a@example.hk', '--to', 'b@example.hk', '--text', '{{address}} 你好\n\n\n', *options)
                self.assertEqual(sent.status, 0, sent)
                records = self.records(tool)
                self.assertEqual(len(sink.mails), 2)
                for _, _, raw in sink.mails:
                    self.assert_verifies(raw, records)

    def test_a_mail_in_memory_is_signed(self):
        self.send_both('--subject', '關於閣下之訂單' * 10)

    def test_a_body_in_files_is_signed_before_it_is_sent(self):
        large = self.files.path / 'large.bin'
        large.write_bytes(random.Random(3).randbytes(1_000_000))
        self.send_both('--attach', large, '--subject', 'S')

    def test_a_signature_survives_a_real_server(self):
        """By each way of sending, through Postfix, which keeps mails with line ends of its own."""
        server, large = stage.postfix(), self.files.path / 'large.bin'
        large.write_bytes(random.Random(5).randbytes(400_000))
        for pace in ('off', 'P', 'X', 'B'):
            with self.subTest(pace):
                tool = self.tool(account(server.plain, 'a', pipelining=pace, **self.rsa()))
                to = [f'u{uuid.uuid4().hex[:12]}@example.hk' for _ in range(3)]
                sent = tool.send(*(word for one in to for word in ('--to', one)), '--text', '.\n..\n{{address}} \n\n',
                                 '--attach', large)
                self.assertEqual(sent.status, 0, sent)
                for one in to:
                    server.wait_for_mail(one)
                    [raw] = server.raw_messages(one)
                    self.assert_verifies(raw.replace(b'\n', b'\r\n'), self.records(tool))

    def test_another_account_signs_with_its_own_key_and_changes_nothing_else(self):
        def without(raw):
            """The mail but for what follows the account; the signature is the first field, From the next."""
            return re.sub(rb'^(?:DKIM-Signature|From|Reply-To):(?:.*\r\n)(?:[ \t].*\r\n)*', b'', raw, flags=re.M)
        refusing = self.relay(Scripted, {'DOT': '554 5.7.1 not by me'})
        sink = self.relay()
        tool = self.tool(account(refusing.port, 'a', **self.rsa()),
                         account(sink.port, 'b', **self.ed25519(), fromMailAddress='b@example.hk'))
        sent = tool.send_plain('w@example.hk')
        self.assertEqual(sent.status, 0, sent)
        records = self.records(tool)
        [first], [(_, _, second)] = refusing.bodies, sink.mails
        self.assertIn(b' s=r1;', first)
        self.assertIn(b' s=e1;', second)
        self.assert_verifies(first, records)
        self.assert_verifies(second, records)
        self.assertEqual(without(first), without(second))

    def test_the_service_signs_every_attempt_alike(self):
        relay = self.relay(Scripted, {'DOT': ['451 4.7.1 greylisted, come back in 1 second', '250 2.0.0 OK']})
        record = account(relay.port, 'a', **self.rsa())
        service = Service([record])
        self.addCleanup(service.close)
        large = random.Random(4).randbytes(400_000)
        upload = service.call('POST', '/api/v1/uploads?name=large.bin', large).json['id']
        job = service.send(attachments=[{'uploadId': upload}], text='{{address}}')
        service.call('POST', f'/api/v1/messages/{job}/retry')
        service.wait_job(job, seconds=60)
        first, second = relay.bodies
        self.assertEqual(first, second)
        self.assert_verifies(first, self.records(self.tool(record)))
        source = service.call('GET', f'/api/v1/messages/{job}/source/0')
        self.assertEqual(source.body, first)

    def test_a_dry_run_shows_the_signature(self):
        tool = self.tool(account(1, 'a', **self.ed25519()))
        shown = tool.send_plain('w@example.hk', '--dry-run')
        self.assertEqual(shown.status, 0, shown)
        self.assert_verifies(shown.out, self.records(tool))

    def test_a_bad_key_stops_before_anything_is_sent(self):
        sink = self.relay()
        keys = self.rsa()
        self.files.write('r1.pem', 'no key', 0o600)
        sent = self.tool(account(sink.port, 'a', **keys)).send_plain('w@example.hk')
        self.assertEqual(sent.status, 78, sent)
        self.assertIn(b'holds no private key in PEM form', sent.err)
        self.assertEqual(sink.mails, [])
