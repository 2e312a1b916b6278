"""What one account can do beside sending: be checked, keep an archive, or only capture."""

import unittest

import stage
from sink import Sink
from tool import PASSWORD, Tool, account

CAPTURE = {'name': 'see', 'transport': 'capture', 'fromMailAddress': 'me@example.hk'}


class AccountTest(unittest.TestCase):
    def tool(self, *accounts):
        tool = Tool(accounts)
        self.addCleanup(tool.folder.close)
        return tool

    def sink(self, **options):
        server = Sink(tls=stage.tls_context(), login=(stage.USER, PASSWORD), **options)
        self.addCleanup(server.close)
        return server

    def test_check_logs_in_and_sends_nothing(self):
        server, ca = self.sink(), stage.certificates().ca
        tool = self.tool(account(server.port, 'good', 'starttls', stage.USER, ca=ca),
                         account(server.port, 'bad', 'starttls', stage.USER, 'wrong-word', ca), CAPTURE)
        done = tool.run('accounts', 'check', '--config', tool.config, '--json', '--login')
        logins = [line for line in done.results if line['kind'] == 'login']
        self.assertEqual([(line['account'], line['works'], line['step'], line['class']) for line in logins],
                         [('good', True, 'auth', ''), ('bad', False, 'auth', 'account'), ('see', True, 'ehlo', '')])
        self.assertTrue(logins[0]['tls'].startswith('TLSv1.'), logins[0])
        self.assertEqual((logins[1]['code'], logins[2]['tls']), (535, ''))
        self.assertEqual(done.status, 69, done)
        self.assertEqual(server.mails, [])
        self.assertNotIn(b'wrong-word', done.out + done.err)

    def test_check_without_login_opens_no_connection(self):
        tool = self.tool(account(1, 'nobody'))
        done = tool.run('accounts', 'check', '--config', tool.config)
        self.assertEqual(done.status, 0, done)

    def test_the_archive_gets_every_mail_and_stands_in_no_result(self):
        server, ca = self.sink(), stage.certificates().ca
        tool = self.tool(account(server.port, 'a', 'starttls', stage.USER, ca=ca, archiveBcc='keep@example.hk'))
        sent = tool.send_plain('wong@example.hk')
        self.assertEqual((sent.status, sent.result['recipient']), (0, 'wong@example.hk'), sent)
        [(_, recipients, content)] = server.mails
        self.assertEqual(recipients, ['wong@example.hk', 'keep@example.hk'])
        self.assertNotIn(b'keep@', content)

    def test_a_refused_archive_harms_no_mail(self):
        server, ca = self.sink(refusals={'keep@example.hk': '550 5.1.1 unknown'}), stage.certificates().ca
        tool = self.tool(account(server.port, 'a', 'starttls', stage.USER, ca=ca, archiveBcc='keep@example.hk'))
        sent = tool.send_plain('wong@example.hk')
        self.assertEqual((sent.status, sent.result['status']), (0, 'sent'), sent)

    def test_a_capture_account_is_for_the_service_alone(self):
        tool = self.tool(CAPTURE)
        self.assertEqual(tool.run('accounts', 'check', '--config', tool.config).status, 0)
        listed = tool.run('accounts', 'list', '--config', tool.config, '--json').result
        self.assertEqual((listed['name'], listed['transport'], listed['host']), ('see', 'capture', ''))
        refused = tool.send_plain()
        self.assertEqual(refused.status, 78, refused)
        self.assertIn(b'mailenhance serve', refused.err)

    def test_beside_a_capture_account_the_others_send(self):
        server, ca = self.sink(), stage.certificates().ca
        sent = self.tool(CAPTURE, account(server.port, 'a', 'starttls', stage.USER, ca=ca)).send_plain()
        self.assertEqual((sent.status, sent.result['account']), (0, 'a'), sent)
