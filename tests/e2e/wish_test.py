"""What a message may wish beside its text: an invitation, delivery status notifications, and TLS all along."""

import base64
import email.policy
import unittest

import stage
from service import Service
from sink import Scripted
from tool import Tool, account

DSN = {'EHLO': '250-test\n250 DSN'}
REQUIRETLS = {'EHLO': '250-test\n250 REQUIRETLS'}


class WishCase(unittest.TestCase):
    def relay(self, replies=None, **options):
        relay = Scripted(replies, **options)
        self.addCleanup(relay.close)
        return relay

    def tool(self, *accounts):
        tool = Tool(list(accounts))
        self.addCleanup(tool.folder.close)
        return tool

    def service(self, *accounts):
        service = Service(list(accounts))
        self.addCleanup(service.close)
        return service


class NotificationTest(WishCase):
    def test_each_recipient_is_asked_for_and_the_mail_named(self):
        relay = self.relay(DSN)
        sent = self.tool(account(relay.port, 'a')).send_plain('w@example.hk', '--bcc', 'b@example.hk', '--dsn', 'failure,Success')
        self.assertEqual(sent.status, 0, sent)
        message_id = sent.results[0]['messageId'].strip('<>')
        self.assertIn(f'MAIL FROM:<a@example.hk> RET=HDRS ENVID={message_id}', relay.received)
        for to in ('w@example.hk', 'b@example.hk'):
            self.assertIn(f'RCPT TO:<{to}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{to}', relay.received)
        self.assertEqual([result['dsn'] for result in sent.results], ['requested'] * 2)

    def test_a_relay_that_offers_none_is_said_so(self):
        relay = self.relay()
        tool = self.tool(account(relay.port, 'a'))
        self.assertEqual(tool.send_plain('w@example.hk', '--dsn', 'never').result['dsn'], 'not offered')
        self.assertNotIn('NOTIFY', ' '.join(relay.received))
        shown = tool.send('--to', 'w@example.hk', '--text', 'T', '--dsn', 'delay', json=False)
        self.assertIn(b'this server sends no notifications', shown.out)

    def test_who_asks_for_none_is_told_nothing(self):
        relay = self.relay(DSN)
        sent = self.tool(account(relay.port, 'a')).send_plain('w@example.hk')
        self.assertNotIn('dsn', sent.result)
        self.assertIn('MAIL FROM:<a@example.hk>', relay.received)

    def test_a_bad_event_is_refused(self):
        sent = self.tool(account(1, 'a')).send_plain('w@example.hk', '--dsn', 'success,never')
        self.assertEqual(sent.status, 65, sent)

    def test_postfix_takes_the_request(self):
        server = stage.postfix()
        sent = self.tool(account(server.plain, 'a')).send_plain('dsn@example.hk', '--dsn', 'success,failure,delay')
        self.assertEqual((sent.status, sent.result['dsn']), (0, 'requested'), sent)

    def test_the_service_keeps_what_became_of_it(self):
        relay, other = self.relay(DSN), self.relay()
        service = self.service(account(relay.port, 'a'), account(other.port, 'b', fromMailAddress='b@example.hk'))
        job, second = service.send(dsn='success'), service.send(dsn='success', account='b')
        third = service.send()
        for one, dsn in ((job, 'requested'), (second, 'not offered'), (third, None)):
            service.wait_job(one)
            [recipient] = service.recipients(one)
            self.assertEqual(recipient['dsn'], dsn)
        self.assertIn('RCPT TO:<wong@example.hk> NOTIFY=SUCCESS ORCPT=rfc822;wong@example.hk', relay.received)

    def test_the_service_refuses_a_bad_event(self):
        answer = self.service(account(1, 'a')).call('POST', '/api/v1/messages', {'to': ['a@example.hk'], 'text': 'T', 'dsn': 'x'})
        self.assertEqual(answer.status, 422, answer)
        self.assertIn('dsn', str(answer.json))


class RequireTlsTest(WishCase):
    def secured(self, replies, name, **more):
        relay = self.relay(replies, tls=stage.tls_context())
        return relay, account(relay.port, name, 'at once', ca=stage.certificates().ca, **more)

    def test_a_relay_that_does_not_keep_tls_is_passed_over_and_does_not_rest(self):
        first, a = self.secured({}, 'a')
        second, b = self.secured(REQUIRETLS, 'b')
        tool = self.tool(a, b)
        sent = tool.send('--to', 'w@example.hk', '--to', 'v@example.hk', '--text', 'T', '--require-tls')
        self.assertEqual(sent.status, 0, sent)
        for result in sent.results:
            self.assertEqual([(t['account'], t['class']) for t in result['attempts']], [('a', 'content'), ('b', '')])
            self.assertEqual(result['attempts'][0]['adviceId'], 'fit.requiretls')
        self.assertEqual(first.bodies, [])
        self.assertEqual(len(second.bodies), 2)
        self.assertIn('MAIL FROM:<b@example.hk> REQUIRETLS', second.received)

    def test_without_any_fit_relay_the_mail_has_failed(self):
        clear = self.relay(REQUIRETLS)
        unchecked, b = self.secured(REQUIRETLS, 'b', allowInvalidCertificate=True)
        sent = self.tool(account(clear.port, 'a'), b).send_plain('w@example.hk', '--require-tls')
        self.assertEqual((sent.status, sent.result['status']), (69, 'failed'), sent)
        self.assertEqual([t['adviceId'] for t in sent.result['attempts']], ['fit.requiretls'] * 2)
        self.assertEqual(clear.bodies + unchecked.bodies, [])

    def test_who_does_not_ask_is_not_held_to_it(self):
        relay, a = self.secured(REQUIRETLS, 'a')
        self.assertEqual(self.tool(a).send_plain('w@example.hk').status, 0)
        self.assertIn('MAIL FROM:<a@example.hk>', relay.received)

    def test_the_service_keeps_the_wish(self):
        first, a = self.secured({}, 'a')
        second, b = self.secured(REQUIRETLS, 'b')
        service = self.service(a, b)
        service.wait_job(service.send(requireTls=True))
        self.assertEqual((len(first.bodies), len(second.bodies)), (0, 1))
        self.assertIn('MAIL FROM:<b@example.hk> REQUIRETLS', second.received)


CALENDAR = 'BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@example.hk\nSUMMARY:會議\nEND:VEVENT\nEND:VCALENDAR\n'


class InvitationTest(WishCase):
    def assert_invites(self, raw):
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual([part.get_content_type() for part in message.walk()],
                         ['multipart/mixed', 'multipart/alternative', 'text/plain', 'text/calendar', 'application/ics'])
        shown, attached = list(message.walk())[3:]
        self.assertEqual(shown.get_param('method'), 'REQUEST')
        self.assertEqual(shown.get_payload(decode=True).decode(), CALENDAR.replace('\n', '\r\n'))
        self.assertEqual(attached.get_payload(decode=True).decode(), CALENDAR.replace('\n', '\r\n'))
        self.assertEqual(attached.get_filename(), 'invite.ics')

    def invitation(self, tool, text=CALENDAR):
        return tool.folder.write('meeting.ics', text)

    def test_an_invitation_is_shown_and_attached(self):
        relay = self.relay()
        tool = self.tool(account(relay.port, 'a'))
        sent = tool.send_plain('w@example.hk', '--calendar', self.invitation(tool), '--calendar-method', 'request')
        self.assertEqual(sent.status, 0, sent)
        self.assert_invites(relay.bodies[0])

    def test_a_broken_one_is_refused_with_its_line(self):
        relay = self.relay()
        tool = self.tool(account(relay.port, 'a'))
        for text, method, why in ((CALENDAR.replace('UID', 'X-UID'), 'REQUEST', 'line 4: the VEVENT'), (CALENDAR, 'CANCEL', 'line 3'),
                                  (CALENDAR[:-14], 'REQUEST', 'has no END'), ('not one', 'REQUEST', 'line 1')):
            with self.subTest(why):
                sent = tool.send_plain('w@example.hk', '--calendar', self.invitation(tool, text), '--calendar-method', method)
                self.assertEqual(sent.status, 65, sent)
                self.assertIn(why.encode(), sent.err)
        self.assertEqual(relay.bodies, [])

    def test_the_service_keeps_it_as_text_or_base64(self):
        relay = self.relay()
        service = self.service(account(relay.port, 'a'))
        for calendar in ({'text': CALENDAR, 'method': 'REQUEST'}, {'base64': base64.b64encode(CALENDAR.encode()).decode()}):
            service.wait_job(service.send(calendar=calendar))
            self.assert_invites(relay.bodies.pop())
        for calendar in ({}, {'text': CALENDAR, 'base64': ''}, {'base64': '!'}, {'text': CALENDAR, 'method': 'CANCEL'}):
            answer = service.call('POST', '/api/v1/messages', {'to': ['a@example.hk'], 'text': 'T', 'calendar': calendar})
            self.assertEqual(answer.status, 422, (calendar, answer))
            self.assertIn('calendar', str(answer.json))

    def test_the_command_line_hands_it_to_the_service(self):
        relay = self.relay()
        service = self.service(account(relay.port, 'a'))
        tool = self.tool(account(1, 'x'))
        command = ['send', '--queue', '--wait', '--server', service.url, '--key-file', service.data / 'key', '--to',
                   'w@example.hk', '--text', 'T', '--calendar', self.invitation(tool), '--dsn', 'success']
        sent = tool.run(*command, '--require-tls')
        self.assertEqual(sent.status, 69, sent)  # the relay does not keep TLS
        sent = tool.run(*command)
        self.assertEqual(sent.status, 0, sent)
        self.assert_invites(relay.bodies[0])
