"""What must not happen: secrets shown, certificates not checked, anything sent from a faulty command or list."""

import json
import subprocess
import unittest

import stage
from certificates import server_context
from sink import Scripted, Sink
from tool import PASSWORD, Tool, account, forms_of


class SafetyTest(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.close)

    def tool(self, *accounts, **settings):
        tool = Tool(list(accounts) or [account(self.sink.port, 'a')], settings)
        self.addCleanup(tool.folder.close)
        return tool

    def assert_no_secret(self, outcome, secret=PASSWORD):
        for form in forms_of(secret):
            self.assertNotIn(form, outcome.out, outcome)
            self.assertNotIn(form, outcome.err, outcome)

    def test_secrets_are_shown_nowhere(self):
        server = stage.postfix()
        ca = stage.certificates().ca
        for mechanism, password in stage.ways_to_log_in(server).items():
            for user in (stage.USER, 'stranger@example.hk'):
                with self.subTest(mechanism, user=user):
                    tool = self.tool(account(server.starttls, 'a', 'starttls', user, password, ca, authMechanism=mechanism))
                    sent = tool.send_plain('wong@example.hk', '--trace')
                    self.assertEqual(sent.status, 0 if user == stage.USER else 75, sent)
                    self.assertIn(b'AUTH', sent.err)
                    self.assert_no_secret(sent, password)

    def test_secrets_are_not_shown_by_other_commands(self):
        tool = self.tool(account(self.sink.port, 'a', user='login'))
        for command in (['accounts', 'list'], ['accounts', 'check'], ['config', 'show'], ['accounts', 'list', '--json'],
                        ['config', 'show', '--json']):
            with self.subTest(command):
                outcome = tool.run(*command[:2], '--config', tool.config, *command[2:])
                self.assertTrue(outcome.out or outcome.err)
                self.assert_no_secret(outcome)

    def test_a_relay_that_repeats_the_password_does_not_get_it_shown(self):
        relay = Scripted({'EHLO': '250-test\n250 AUTH PLAIN', 'AUTH': f'535 5.7.8 not {PASSWORD}'},
                         tls=stage.tls_context())
        self.addCleanup(relay.close)
        tool = self.tool(account(relay.port, 'a', 'at once', 'login', ca=stage.certificates().ca))
        sent = tool.send_plain('wong@example.hk', '--trace')
        self.assertEqual(sent.status, 75, sent)
        self.assert_no_secret(sent)

    def test_certificates_are_checked(self):
        certificates = stage.certificates()
        other = certificates.issue('other', 'DNS:other.example.hk')
        cases = {'another name': (other, certificates.ca, 75), 'unknown authority': (
            (certificates.good, certificates.good_key), None, 75), 'good': (
            (certificates.good, certificates.good_key), certificates.ca, 0)}
        for name, (pair, ca, status) in cases.items():
            with self.subTest(name):
                relay = Scripted(tls=server_context(*pair))
                self.addCleanup(relay.close)
                sent = self.tool(account(relay.port, 'a', 'at once', ca=ca)).send_plain()
                self.assertEqual(sent.status, status, sent)
                if status:
                    self.assertEqual((sent.result['attempts'][0]['step'], relay.received), ('tls', []), sent)

    def test_certificate_check_can_be_switched_off_and_says_so(self):
        relay = Scripted(tls=stage.tls_context())
        self.addCleanup(relay.close)
        sent = self.tool(account(relay.port, 'a', 'at once', allowInvalidCertificate=True)).send_plain()
        self.assertEqual(sent.status, 0, sent)
        self.assertIn(b'ertificate', sent.err)

    def test_both_kinds_of_tls_are_refused(self):
        record = account(self.sink.port, 'a') | {'enableSSL': True, 'enableTSL': True}
        sent = self.tool(record).send_plain()
        self.assertEqual((sent.status, self.sink.mails), (78, []), sent)
        self.assertIn(b'AppSetting.json:', sent.err)

    def test_faulty_lists_end_in_78_with_their_place(self):
        tool = self.tool()
        for text in ('{"senderEmailAccountList": [', '{}', json.dumps({'senderEmailAccountList': [
                {'senderServerHost': 'x', 'senderServerHostPort': 'y'}]})):
            with self.subTest(text):
                tool.config.write_text(text)
                sent = tool.send_plain()
                self.assertEqual(sent.status, 78, sent)
                self.assertIn(b'AppSetting.json', sent.err)

    def test_bad_input_ends_in_65_and_nothing_is_sent(self):
        good = ['--to', 'wong@example.hk', '--subject', 'S', '--text', 'T']
        for arguments in (good + ['--to', 'not an address'], good + ['--cc', 'a@b@c'],
                          good + ['--attach', '/nonexistent/file'], ['--to', 'wong@example.hk', '--subject', 'S'],
                          good + ['--header', 'Bcc: a@example.hk'], good + ['--header', 'X: a\r\nBcc: b@example.hk'],
                          ['--to', 'wong@example.hk', '--template', 'Missing'],
                          ['--to', 'wong@example.hk', '--text', 'Hello {{missing}}'],
                          ['--to', 'wong@example.hk\r\nRCPT TO:<x@example.hk>', '--text', 'T'],
                          ['--to', 'wong@example.hk', '--subject', 'a\r\nBcc: x@example.hk', '--text', 'T']):
            with self.subTest(arguments[-1]):
                sent = self.tool().send(*arguments)
                self.assertEqual((sent.status, self.sink.mails, sent.out), (65, [], b''), sent)
                self.assertTrue(sent.err)

    def test_invalid_addresses_can_be_skipped(self):
        sent = self.tool().send('--to', 'wong@example.hk', '--to', 'nobody', '--skip-invalid', '--text', 'T')
        self.assertEqual((sent.status, len(self.sink.mails)), (69, 1), sent)

    def test_nothing_but_results_on_standard_output(self):
        sent = self.tool().send_plain('wong@example.hk', '--trace')
        self.assertEqual(len(sent.results), 1, sent)

    def test_no_shouting_at_a_closed_pipe(self):
        tool = self.tool()
        command = tool.command('send', '--config', tool.config, '--json', '--to', 'wong@example.hk', '--text', 'T')
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        child.stdout.close()
        err = child.stderr.read()
        child.stderr.close()
        self.assertEqual(child.wait(30), 74, err)
