"""Logging in: what is chosen, what is refused, and that nobody in between gains by it."""

import unittest

import stage
from gsasl import GsaslRelay, InBetween
from tool import PASSWORD, Tool, account, forms_of

ALL = 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS'

BOUND = b' SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS'


class LoginTest(unittest.TestCase):
    def keep(self, server):
        self.addCleanup(server.close)
        return server

    def tool(self, port, user=stage.USER, password=PASSWORD, tls='at once', **more):
        tool = Tool([account(port, 'a', tls, user, password, stage.certificates().ca, **more)])
        self.addCleanup(tool.folder.close)
        return tool

    def relay(self, tls='1.3', mechanisms=ALL, **more):
        return self.keep(GsaslRelay(tls, stage.USER, PASSWORD, mechanisms, **more))

    def send(self, port, status=0, **more):
        """One mail; what it says to the end of the login, nothing secret with it."""
        sent = self.tool(port, **more).send_plain('wong@example.hk', '--trace')
        self.assertEqual(sent.status, status, sent)
        for form in forms_of(more.get('password', PASSWORD)):
            self.assertNotIn(form, sent.err)
        return sent

    def test_bound_to_each_tls(self):
        for tls in ('1.3', '1.2'):
            for mechanism in ('SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS'):
                with self.subTest(mechanism, tls=tls):
                    relay = self.relay(tls)
                    sent = self.send(relay.port, authMechanism=mechanism)
                    self.assertEqual(relay.login(), (mechanism, 'new', 'ok'))
                    self.assertIn(f'AUTH {mechanism} ***\n'.encode(), sent.err)

    def test_bound_in_a_resumed_session(self):
        for tls in ('1.3', '1.2'):
            with self.subTest(tls):
                relay = self.relay(tls)
                tool = self.tool(relay.port, maxMessagesPerConnection=1, maxConnections=1)
                sent = tool.send('--to', 'a@example.hk;b@example.hk;c@example.hk', '--subject', 'S', '--text', 'T')
                self.assertEqual(sent.status, 0, sent)
                self.assertEqual([relay.login() for _ in range(3)], [('SCRAM-SHA-256-PLUS', 'new', 'ok')] +
                                 2 * [('SCRAM-SHA-256-PLUS', 'resumed', 'ok')])

    def test_C11_the_strongest_is_chosen(self):
        offers = {'PLAIN LOGIN CRAM-MD5': 'PLAIN', 'LOGIN CRAM-MD5': 'LOGIN', 'CRAM-MD5': 'CRAM-MD5',
                  'PLAIN SCRAM-SHA-1': 'SCRAM-SHA-1', ALL: 'SCRAM-SHA-256-PLUS',
                  'SCRAM-SHA-256 SCRAM-SHA-1 SCRAM-SHA-1-PLUS': 'SCRAM-SHA-1-PLUS'}
        for offered, chosen in offers.items():
            with self.subTest(offered):
                relay = self.relay(mechanisms=offered)
                sent = self.send(relay.port, status=75 if chosen == 'SCRAM-SHA-1' else 0)
                # libgsasl knows of the binding and takes it for an attack that -PLUS was not in the list.
                self.assertEqual(relay.login()[0::2], (chosen, 'GSASL_AUTHENTICATION_ERROR' if chosen == 'SCRAM-SHA-1'
                                                       else 'ok'), sent)

    def test_C11_somebody_in_between_cannot_use_a_bound_login(self):
        relay = self.relay()
        thief = self.keep(InBetween(relay.port))
        sent = self.send(thief.port, status=75)
        self.assertEqual(relay.login(), ('SCRAM-SHA-256-PLUS', 'new', 'GSASL_AUTHENTICATION_ERROR'))
        [attempt] = sent.result['attempts']
        self.assertEqual(attempt['class'], 'account')

    def test_C11_somebody_in_between_cannot_hide_the_binding(self):
        relay = self.relay()
        thief = self.keep(InBetween(relay.port, lambda line: line.replace(BOUND, b'')))
        self.send(thief.port, status=75)
        self.assertEqual(relay.login(), ('SCRAM-SHA-256', 'new', 'GSASL_AUTHENTICATION_ERROR'))

    def test_C11_somebody_in_between_cannot_refuse_the_binding(self):
        relay = self.relay()
        thief = self.keep(InBetween(relay.port, answer=lambda line: b'-PLUS' in line and b'504 5.5.4 not here\r\n'))
        sent = self.send(thief.port, status=75)
        self.assertEqual(sent.err.count(b'a > AUTH '), 3, sent)
        self.assertEqual(relay.login(), ('SCRAM-SHA-256', 'new', 'GSASL_AUTHENTICATION_ERROR'))

    def test_C11_the_minimum_is_kept(self):
        for minimum, offered in (('SCRAM-SHA-1', 'PLAIN LOGIN CRAM-MD5'), ('CRAM-MD5', 'PLAIN LOGIN'),
                                 ('SCRAM-SHA-256-PLUS', 'PLAIN SCRAM-SHA-256 SCRAM-SHA-1-PLUS')):
            with self.subTest(minimum):
                relay = self.relay(mechanisms=offered)
                sent = self.send(relay.port, status=78, authMinimum=minimum)
                [attempt] = sent.result['attempts']
                self.assertEqual((attempt['class'], attempt['step'], attempt['adviceId']),
                                 ('config', 'auth', 'auth.too-weak'))

    def test_C10_wrong_passwords_and_tokens(self):
        server = stage.postfix()
        right = stage.ways_to_log_in(server)
        for mechanism in right:
            has_token = mechanism in ('XOAUTH2', 'OAUTHBEARER')
            wrong = server.token(stage.USER, seconds=-500) if has_token else 'not-the-right-one'
            with self.subTest(mechanism):
                sent = self.send(server.starttls, status=75, password=wrong, tls='starttls', authMechanism=mechanism)
                [attempt] = sent.result['attempts']
                self.assertEqual((attempt['class'], attempt['step'], attempt['code'], attempt['adviceId']),
                                 ('account', 'auth', 535, 'auth.token' if has_token else 'auth.password'))
                self.assertEqual(sent.err.count(b'a > AUTH '), 1, 'refused once, asked once')

    def test_C09_rounds_out_of_bounds(self):
        for rounds in (1, 4095, 1000001):
            with self.subTest(rounds):
                relay = self.relay(rounds=rounds)
                [attempt] = self.send(relay.port, status=75).result['attempts']
                self.assertEqual((attempt['class'], attempt['adviceId']), ('account', 'auth.rounds'))

    def test_many_rounds_do_not_stop_the_others(self):
        relay = self.relay(rounds=500000)
        self.send(relay.port)
        self.assertEqual(relay.login()[2], 'ok')

    def test_the_check_says_which_was_used(self):
        relay = self.relay()
        tool = self.tool(relay.port)
        checked = tool.run('accounts', 'check', '--config', tool.config, '--login')
        self.assertEqual(checked.status, 0, checked)
        self.assertIn(b'SCRAM-SHA-256-PLUS', checked.out)

    def test_the_check_says_what_the_server_has_not(self):
        relay = self.relay(mechanisms='PLAIN')
        tool = self.tool(relay.port, authMechanism='SCRAM-SHA-256')
        checked = tool.run('accounts', 'check', '--config', tool.config, '--login')
        self.assertEqual(checked.status, 69, checked)
        self.assertIn(b'authMechanism', checked.out)
        self.assertNotIn(b'..', checked.out)
