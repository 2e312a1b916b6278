"""If the first account fails, the second is tried, where that is right; and what the results say about it."""

import os
import socket
import threading
import unittest

import stage
from sink import HANG, Cut, Gate, Scripted, Sink, Stalling
from tool import Tool, account

# The keys of a result and of an attempt, as programs read them.
RESULT_KEYS = {'recipient', 'role', 'status', 'account', 'code', 'enhanced', 'reply', 'messageId', 'attempts'}
ATTEMPT_KEYS = {'account', 'step', 'class', 'code', 'enhanced', 'reply', 'adviceId', 'advice', 'ms'}


class FailoverTest(unittest.TestCase):
    def setUp(self):
        self.second = Sink()
        self.addCleanup(self.second.close)

    def first(self, **replies):
        server = Scripted(replies)
        self.addCleanup(server.close)
        return server

    def tool(self, *accounts, **settings):
        tool = Tool(list(accounts), settings)
        self.addCleanup(tool.folder.close)
        return tool

    def send(self, first, to='wong@example.hk', **more):
        """Through `first`, then a server that takes everything."""
        return self.tool(account(first.port, 'first', **more), account(self.second.port, 'second')).send_plain(to)

    def assert_taken_over(self, sent, step, class_):
        self.assertEqual(sent.status, 0, sent)
        tried = [(a['account'], a['step'], a['class']) for a in sent.result['attempts']]
        self.assertEqual(tried[0], ('first', step, class_), sent)
        self.assertEqual(tried[-1], ('second', 'dot', ''), sent)
        self.assertEqual((sent.result['status'], sent.result['account']), ('sent', 'second'))
        self.assertEqual(len(self.second.mails), 1)

    def assert_stayed(self, sent, exit_status, status, step, class_):
        self.assertEqual(sent.status, exit_status, sent)
        self.assertEqual(sent.result['status'], status, sent)
        [attempt] = sent.result['attempts']
        self.assertEqual((attempt['account'], attempt['step'], attempt['class']), ('first', step, class_), sent)
        self.assertEqual(self.second.mails, [])
        return attempt

    def test_wrong_password_then_the_second_account(self):
        server = stage.postfix()
        ca = stage.certificates().ca
        sent = self.tool(account(server.starttls, 'qq', 'starttls', stage.USER, 'wrong', ca),
                         account(server.starttls, 'brevo', 'starttls', stage.USER, ca=ca)).send_plain()
        self.assertEqual(sent.status, 0, sent)
        result = sent.result
        self.assertEqual(set(result), RESULT_KEYS)
        self.assertEqual((result['recipient'], result['role'], result['status'], result['account'], result['code'],
                          result['enhanced']), ('wong@example.hk', 'to', 'sent', 'brevo', 250, '2.0.0'))
        refused, taken = result['attempts']
        self.assertLessEqual(set(refused), ATTEMPT_KEYS)
        self.assertEqual((refused['account'], refused['step'], refused['class'], refused['code'], refused['enhanced']),
                         ('qq', 'auth', 'account', 535, '5.7.8'))
        self.assertGreater(refused['ms'], 0)
        self.assertTrue(refused['adviceId'])
        self.assertTrue(refused['advice'])
        self.assertEqual((taken['account'], taken['step'], taken['class'], taken['code']), ('brevo', 'dot', '', 250))
        self.assertIn('queued as', taken['reply'])
        self.assertIn(b'queued as', sent.out)

    def test_from_follows_the_account_and_answers_find_home(self):
        sent = self.send(self.first(GREETING='554 5.7.1 not you'))
        self.assertEqual(sent.status, 0, sent)
        [message] = self.second.messages()
        self.assertEqual(self.second.mails[0][0], 'second@example.hk')
        self.assertEqual(message['From'].addresses[0].addr_spec, 'second@example.hk')
        self.assertEqual(message['Reply-To'].addresses[0].addr_spec, 'first@example.hk')

    def test_B01_connection_refused(self):
        with socket.create_server(('127.0.0.1', 0)) as s:
            port = s.getsockname()[1]
        sent = self.tool(account(port, 'first'), account(self.second.port, 'second')).send_plain()
        self.assert_taken_over(sent, 'connect', 'account')

    def test_B01_connection_reset(self):
        self.assert_taken_over(self.send(self.first(GREETING=Cut(reset=True))), 'greeting', 'account')

    def test_B02_silent_relay(self):
        sent = self.send(self.first(MAIL=HANG), readTimeoutSeconds=1)
        self.assert_taken_over(sent, 'mail', 'account')

    if os.geteuid() == 0:  # only root may have that port, and only there the advice could go wrong
        def test_B02_silence_behind_tls_is_no_wrong_port(self):
            relay = Scripted({'GREETING': HANG}, tls=stage.tls_context(), address=(f'127.0.{os.getpid() % 250}.94', 994))
            self.addCleanup(relay.close)
            sent = self.tool(account(relay.port, 'first', 'at once', senderServerHost=relay.host, readTimeoutSeconds=1,
                                     allowInvalidCertificate=True)).send_plain()
            attempt = self.assert_stayed(sent, 75, 'deferred', 'greeting', 'account')
            self.assertEqual(attempt['adviceId'], 'net.silent-greeting')

    def stall(self, whole, left, more):
        """^C while a large mail waits for its relay to read on; `whole` 0: no ^C, to find its size."""
        relay = Stalling(left, more)
        tool = self.tool(account(relay.port, 'first'))
        large = tool.folder.path / 'large.bin'
        large.write_bytes(bytes(6000000))
        mail = ('--to', 'a@example.hk', '--text', 'T', '--attach', large)
        relay.start(whole)
        if not whole:
            relay.go.set()
        sent = tool.send_and_interrupt(relay, *mail) if whole else tool.send(*mail)
        relay.finish()
        return relay, sent

    def test_B03_a_dot_that_counts_as_unsent_does_not_leave(self):
        whole = self.stall(0, 0, 0)[0].size
        left = whole - 100000
        relay, sent = self.stall(whole, left, 0)
        room = left - (whole - relay.size)
        for nearly in (75000, 55000, 35000, 15000):
            relay, sent = self.stall(whole, room - nearly, 200000)
            with self.subTest(nearly, room=room):
                has_left = relay.tail == b'\r\n.\r\n'
                self.assertEqual(sent.result['status'], 'sent' if has_left else 'deferred', sent)

    def test_B04_no_answer_to_the_dot(self):
        sent = self.send(self.first(DOT=HANG), finalReplyTimeoutSeconds=1)
        attempt = self.assert_stayed(sent, 75, 'in_doubt', 'dot', 'in_doubt')
        self.assertEqual(attempt['code'], 0)

    def test_B05_quit_is_not_waited_for(self):
        first = self.first(QUIT='999 rubbish')
        sent = self.send(first)
        self.assertEqual((sent.status, sent.result['account']), (0, 'first'), sent)

    def test_B06_cut_before_the_dot(self):
        for verb in ('EHLO', 'MAIL', 'RCPT', 'DATA'):
            for reset in (False, True):
                with self.subTest(verb, reset=reset):
                    self.second.mails.clear()
                    first = self.first(**{verb: Cut(reset=reset)})
                    sent = self.send(first)
                    self.assertEqual((sent.status, sent.result['account']), (0, 'second'), sent)
                    self.assertEqual(first.bodies, [])
                    self.assertEqual(len(self.second.mails), 1)

    def test_B06_a_connection_that_has_had_enough_is_followed_by_a_fresh_one(self):
        first = self.first(MAIL=['250 2.1.0 OK', '450 MI:DMC 163 smtp3', '250 2.1.0 OK'])
        tool = self.tool(account(first.port, 'first', maxConnections=1))
        sent = tool.send_plain('a@example.hk;b@example.hk;c@example.hk')
        self.assertEqual(sent.status, 0, sent)
        self.assertEqual([verb for verb in first.verbs() if verb in ('EHLO', 'MAIL')],
                         ['EHLO', 'MAIL', 'MAIL', 'EHLO', 'MAIL', 'MAIL'])

    def test_B07_cut_after_the_dot(self):
        whole = b'250 2.0.0 queued as T1\r'
        for size in (0, 1, 3, 4, 10, len(whole)):
            with self.subTest(size=size):
                sent = self.send(self.first(DOT=Cut(whole[:size])))
                attempt = self.assert_stayed(sent, 75, 'in_doubt', 'dot', 'in_doubt')
                self.assertEqual(attempt['code'], 0)

    def test_B08_greeting_refuses(self):
        self.assert_taken_over(self.send(self.first(GREETING='421 4.3.2 try later')), 'greeting', 'account')

    def test_B09_421_in_mid_session(self):
        self.assert_taken_over(self.send(self.first(RCPT='421 4.3.2 shutting down')), 'rcpt', 'account')

    def test_B10_sender_refused(self):
        self.assert_taken_over(self.send(self.first(MAIL='553 5.7.1 not your address')), 'mail', 'account')

    def test_B11_greylisted_stays_with_its_account(self):
        sent = self.send(self.first(RCPT='451 4.7.1 greylisted'))
        attempt = self.assert_stayed(sent, 75, 'deferred', 'rcpt', 'transient')
        self.assertEqual((attempt['code'], attempt['enhanced']), (451, '4.7.1'))

    def test_retry_for_comes_back_to_the_same_account(self):
        first = self.first(RCPT=['451 4.7.1 greylisted, try again in 1 second', '250 2.1.5 OK'])
        tool = self.tool(account(first.port, 'first'), account(self.second.port, 'second'))
        sent = tool.send('--to', 'wong@example.hk', '--text', 'T', '--retry-for', '30s')
        self.assertEqual(sent.status, 0, sent)
        self.assertEqual([(a['account'], a['class']) for a in sent.result['attempts']],
                         [('first', 'transient'), ('first', '')])
        self.assertEqual(self.second.mails, [])

    def test_B11_unknown_recipient_is_final(self):
        sent = self.send(self.first(RCPT='550 5.1.1 no such user'))
        self.assert_stayed(sent, 69, 'failed', 'rcpt', 'recipient')

    def test_B11_real_relay_gives_each_recipient_its_own(self):
        sent = self.tool(account(stage.postfix().plain, 'first')).send(
            '--to', 'wong@example.hk', '--cc', 'unknown@example.hk', '--bcc', 'greylisted@example.hk', '--text', 'T')
        self.assertEqual(sent.status, 69, sent)
        self.assertEqual({r['recipient'].split('@')[0]: (r['status'], r['attempts'][-1]['class'])
                          for r in sent.results},
                         {'wong': ('sent', ''), 'unknown': ('failed', 'recipient'),
                          'greylisted': ('deferred', 'transient')})

    def test_B14_content_refused_gets_one_other_account(self):
        third = Sink()
        self.addCleanup(third.close)
        first, again = self.first(DOT='554 5.7.1 DT:SPM'), self.first(DOT='554 5.7.1 DT:SPM')
        sent = self.tool(account(first.port, 'first'), account(again.port, 'again'),
                         account(third.port, 'third')).send_plain()
        self.assertEqual((sent.status, sent.result['status']), (69, 'failed'), sent)
        self.assertEqual([(a['account'], a['class']) for a in sent.result['attempts']],
                         [('first', 'content'), ('again', 'content')])
        self.assertEqual(third.mails, [])

    def test_D14_too_large_for_the_first_relay(self):
        first = self.first(EHLO='250-test\n250 SIZE 200')
        sent = self.send(first)
        self.assertEqual((sent.status, sent.result['account']), (0, 'second'), sent)
        self.assertNotIn('DATA', first.verbs())

    def test_password_never_goes_out_in_clear(self):
        first = self.first(EHLO='250-test\n250 AUTH PLAIN LOGIN')
        sent = self.send(first, user='login')
        self.assertEqual((sent.status, sent.result['account']), (0, 'second'), sent)
        self.assertEqual(sent.result['attempts'][0]['class'], 'config')
        self.assertNotIn('AUTH', first.verbs())

    def test_starttls_missing_is_not_done_without(self):
        first = self.first()
        sent = self.send(first, tls='starttls')
        self.assertEqual((sent.status, sent.result['account']), (0, 'second'), sent)
        self.assertEqual(sent.result['attempts'][0]['step'], 'starttls')
        self.assertNotIn('MAIL', first.verbs())

    def test_a_required_from_goes_to_no_account_that_may_not_use_it(self):
        first = self.first(GREETING='554 no')
        for policy, status in (('require', 75), ('prefer', 0)):
            with self.subTest(policy):
                self.second.mails.clear()
                tool = self.tool(account(first.port, 'first', allowedFrom=['boss@example.hk']),
                                 account(self.second.port, 'second'), fromPolicy=policy)
                sent = tool.send_plain('wong@example.hk', '--from', 'boss@example.hk')
                self.assertEqual((sent.status, len(self.second.mails)), (status, status == 0), sent)

    def test_B02_silence_behind_starttls_that_began_late(self):
        late = Gate('220 test ready')
        threading.Timer(0.6, late.open).start()
        first = self.first(GREETING=late, EHLO='250-test\n250 STARTTLS', STARTTLS='220 2.0.0 go on')
        sent = self.send(first, tls='starttls', readTimeoutSeconds=1)
        self.assert_taken_over(sent, 'tls', 'account')

    def test_only_configuration_faults_end_in_78(self):
        sent = self.tool(account(self.first().port, 'first', user='login')).send_plain()
        self.assertEqual((sent.status, sent.result['status']), (78, 'failed'), sent)

    def test_one_account_alone(self):
        first = self.first(GREETING='554 no')
        tool = self.tool(account(first.port, 'first'), account(self.second.port, 'second'))
        self.assertEqual(tool.send_plain('wong@example.hk', '--account', 'second').result['account'], 'second')
        self.assertEqual(tool.send_plain('wong@example.hk', '--account', 'first').status, 75)
        self.assertEqual(tool.send_plain('wong@example.hk', '--account', 'third').status, 78)

    def test_interrupt_waits_for_the_outstanding_answer_and_begins_nothing_new(self):
        gate = Gate('250 2.0.0 queued as T1')
        first = self.first(DOT=gate)
        sent = self.tool(account(first.port, 'first', maxConnections=1)).send_and_interrupt(
            gate, '--to', 'a@example.hk', '--to', 'b@example.hk', '--text', 'T')
        self.assertEqual(sent.status, 75, sent)
        self.assertEqual(sorted(r['status'] for r in sent.results), ['deferred', 'sent'])
        self.assertEqual(len(first.bodies), 1)
