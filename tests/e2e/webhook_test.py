"""Webhooks and alerts of a running service: what is told, to whom, signed how; and what is never called."""

import hashlib
import hmac
import http.server
import json
import re
import shutil
import socket
import subprocess
import threading
import unittest
from pathlib import Path

from fixture import free_ports, wait_for
from service import Service
from sink import Scripted, Sink
from tool import account


class Receiver:
    """An HTTP server that keeps what it is told; `answers` is a list of statuses, the last one for all that follow."""

    def __init__(self, answers=(200,), address='127.0.0.1'):
        self.answers, self.told, self.connections = list(answers), [], 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def setup(self):
                super().setup()
                outer.connections += 1

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                outer.told.append((self.path, dict(self.headers), body))
                status = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                if status == 302:
                    self.send_header('Location', f'http://127.0.0.1:{outer.port}/redirected')
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.02}, daemon=True).start()

    def bodies(self, kind=None):
        bodies = [json.loads(body) for _, _, body in self.told]
        return [body for body in bodies if kind is None or body.get('type') == kind]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class WebhookCase(unittest.TestCase):
    def keep(self, thing):
        self.addCleanup(thing.close)
        return thing

    def service(self, accounts, **settings):
        return self.keep(Service(accounts, {'webhookAllow': ['127.0.0.1'], **settings}))

    def hook(self, service, receiver, path='/hook', **more):
        answer = service.call('POST', '/api/v1/webhooks', {'url': f'http://127.0.0.1:{receiver.port}{path}', **more})
        self.assertEqual(answer.status, 201, answer)
        return answer.json


class EventTest(WebhookCase):
    def test_a_job_is_told_from_its_acceptance_to_its_end(self):
        receiver, sink = self.keep(Receiver()), self.keep(Sink())
        service = self.service([account(sink.port, 'a')])
        hook = self.hook(service, receiver)
        job = service.send('wong@example.hk')
        wait_for(lambda: len(receiver.told) >= 3, 'three events')
        by_type = {body['type']: body for body in receiver.bodies()}
        self.assertEqual(set(by_type), {'message.accepted', 'recipient.sent', 'job.done'})
        sent, done = by_type['recipient.sent']['data'], by_type['job.done']['data']
        self.assertEqual((sent['message'], sent['address'], sent['status'], sent['account'], sent['code']),
                         (job, 'wong@example.hk', 'sent', 'a', 250))
        self.assertEqual((done['message'], done['state'], done['counts']['sent']), (job, 'done', 1))
        self.assertEqual(by_type['message.accepted']['company'], '')
        self.assertEqual(hook['events'], [])
        shown = wait_for(lambda: (found := service.call('GET', f'/api/v1/webhooks/{hook["id"]}').json)['waiting'] == 0 and found,
                         'that nothing waits')
        self.assertEqual((shown['state'], shown['lastResult']), ('active', 'answered 200'), shown)
        self.assertNotIn(hook['secret'], json.dumps(service.call('GET', '/api/v1/webhooks').json))

    def test_G03_every_delivery_is_signed(self):
        receiver, sink = self.keep(Receiver()), self.keep(Sink())
        service = self.service([account(sink.port, 'a')])
        hook = self.hook(service, receiver, events=['job.done'])
        service.send()
        wait_for(lambda: receiver.told, 'an event')
        _, headers, body = receiver.told[0]
        signed = f'{headers["Mailenhance-Id"]}.{headers["Mailenhance-Timestamp"]}.'.encode() + body
        self.assertEqual(headers['Mailenhance-Signature'],
                         'v1=' + hmac.new(hook['secret'].encode(), signed, hashlib.sha256).hexdigest())
        self.assertEqual(headers['Mailenhance-Id'], json.loads(body)['id'])
        self.assertEqual(headers['Mailenhance-Event'], 'job.done')

    def test_a_failure_is_told_with_its_reply(self):
        receiver = self.keep(Receiver())
        relay = self.keep(Scripted({'RCPT': ['550 5.1.1 no such user']}))
        service = self.service([account(relay.port, 'a')])
        self.hook(service, receiver, events=['recipient.failed'])
        service.send('nobody@example.hk')
        wait_for(lambda: receiver.told, 'an event')
        data = receiver.bodies()[0]['data']
        self.assertEqual((data['status'], data['code'], data['enhanced']), ('failed', 550, '5.1.1'), data)
        self.assertIn('no such user', data['reply'])

    def test_an_account_that_rests_is_told(self):
        receiver, second = self.keep(Receiver()), self.keep(Sink())
        first = self.keep(Scripted({'EHLO': '250-test\n250 AUTH PLAIN', 'AUTH': ['535 5.7.8 wrong password', '235 2.7.0 welcome']}))
        service = self.service([account(first.port, 'first', user='wong', allowPlaintextAuth=True), account(second.port, 'second')])
        self.hook(service, receiver, events=['account.resting', 'account.recovered'])
        service.wait_job(service.send())
        wait_for(lambda: receiver.bodies('account.resting'), 'the rest')
        self.assertEqual(receiver.bodies('account.resting')[0]['data']['account'], 'first')
        self.assertEqual(service.call('POST', '/api/v1/accounts/first/wake').status, 204)
        service.wait_job(service.send())
        wait_for(lambda: receiver.bodies('account.recovered'), 'the recovery')
        self.assertEqual(receiver.bodies('account.recovered')[0]['data'], {'account': 'first'})

    def test_the_companies_are_apart(self):
        receiver, sink = self.keep(Receiver()), self.keep(Sink())
        service = self.service([account(sink.port, 'a')])
        one = self.hook(service, receiver, '/one', company='one')
        self.hook(service, receiver, '/two', company='two')
        key = service.call('POST', '/api/v1/keys', {'name': 'k', 'company': 'two', 'scopes': ['admin']}).json['key']
        for method, path in (('GET', ''), ('DELETE', ''), ('POST', '/test'), ('POST', '/resume')):
            answer = service.call(method, f'/api/v1/webhooks/{one["id"]}{path}', key=key)
            self.assertEqual(answer.status, 404, answer)
        listed = service.call('GET', '/api/v1/webhooks', key=key).json['items']
        self.assertEqual([hook['company'] for hook in listed], ['two'])
        service.send(company='one')
        wait_for(lambda: len(receiver.told) >= 3, 'three events')
        self.assertEqual({path for path, _, _ in receiver.told}, {'/one'})

    def test_a_key_without_the_scope_admin_makes_none(self):
        service = self.service([account(1, 'a')])
        key = service.call('POST', '/api/v1/keys', {'name': 'k', 'scopes': ['send', 'read']}).json['key']
        answer = service.call('POST', '/api/v1/webhooks', {'url': 'https://hook.example.com/'}, key=key)
        self.assertEqual(answer.status, 403, answer)

    def test_a_test_a_deletion_and_what_does_not_exist(self):
        receiver = self.keep(Receiver())
        service = self.service([account(1, 'a')])
        hook = self.hook(service, receiver, events=['job.done'])
        answer = service.call('POST', f'/api/v1/webhooks/{hook["id"]}/test')
        self.assertEqual(answer.status, 202, answer)
        wait_for(lambda: receiver.told, 'the test')
        self.assertEqual((receiver.bodies()[0]['id'], receiver.bodies()[0]['type']), (answer.json['event'], 'webhook.test'))
        self.assertEqual(service.call('DELETE', f'/api/v1/webhooks/{hook["id"]}').status, 204)
        for method, path in (('GET', ''), ('DELETE', ''), ('POST', '/test'), ('POST', '/resume')):
            self.assertEqual(service.call(method, f'/api/v1/webhooks/{hook["id"]}{path}').status, 404)

    def test_what_is_refused_at_creation(self):
        service = self.service([account(1, 'a')])
        for body in ({'url': 'ftp://example.com/'}, {'url': 'https://user:pass@example.com/'}, {'url': 'no url'},
                     {'url': 'https://example.com/', 'events': ['job.exploded']}, {'url': 'https://example.com/', 'x': 1}, {}):
            answer = service.call('POST', '/api/v1/webhooks', body)
            self.assertIn(answer.status, (400, 422), f'{body}: {answer}')
        for _ in range(32):
            self.assertEqual(service.call('POST', '/api/v1/webhooks', {'url': 'https://example.com/'}).status, 201)
        self.assertEqual(service.call('POST', '/api/v1/webhooks', {'url': 'https://example.com/'}).status, 422)


class DocumentTest(WebhookCase):
    """The examples of docs/webhooks.md, with a delivery as the service makes it."""

    TEXT = (Path(__file__).resolve().parent.parent.parent / 'docs/webhooks.md').read_text()

    def example(self, language):
        return re.search(rf'^```{language}\n(.*?)^```$', self.TEXT, re.M | re.S)[1]

    def delivery(self):
        receiver = self.keep(Receiver())
        service = self.service([account(1, 'a')])
        hook = self.hook(service, receiver)
        service.call('POST', f'/api/v1/webhooks/{hook["id"]}/test')
        wait_for(lambda: receiver.told, 'a delivery')
        return hook['secret'], *receiver.told[0][1:]

    def cases(self):
        """Genuine, then forged in each part, then too old."""
        secret, headers, body = self.delivery()
        headers = {name: headers[name] for name in headers if name.startswith('Mailenhance-')}
        yield True, secret, headers, body
        yield False, secret + 'x', headers, body
        yield False, secret, headers, body + b' '
        yield False, secret, {**headers, 'Mailenhance-Id': '0' * 13}, body
        yield False, secret, {**headers, 'Mailenhance-Timestamp': str(int(headers['Mailenhance-Timestamp']) + 1)}, body
        yield False, secret, {**headers, 'Mailenhance-Signature': 'v1='}, body
        old = str(int(headers['Mailenhance-Timestamp']) - 400)
        signed = f'{headers["Mailenhance-Id"]}.{old}.'.encode() + body
        signature = 'v1=' + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        yield False, secret, {**headers, 'Mailenhance-Timestamp': old, 'Mailenhance-Signature': signature}, body

    def test_G03_the_python_example_tells_what_is_genuine(self):
        scope = {}
        exec(self.example('python'), scope)
        for expected, *delivery in self.cases():
            self.assertEqual(scope['is_genuine'](*delivery), expected, delivery)

    @unittest.skipUnless(shutil.which('node'), 'there is no node')
    def test_G03_the_node_example_tells_what_is_genuine(self):
        program = self.example('js') + """
        for (const [secret, headers, body] of JSON.parse(require('fs').readFileSync(0)))
          console.log(isGenuine(secret, headers, Buffer.from(body)));
        """
        cases = list(self.cases())
        given = [[secret, {name.lower(): value for name, value in headers.items()}, body.decode()]
                 for _, secret, headers, body in cases]
        done = subprocess.run(['node', '-e', program], input=json.dumps(given), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.split(), [str(case[0]).lower() for case in cases], done.stderr)

    def test_every_event_is_documented(self):
        root = Path(__file__).resolve().parent.parent.parent
        events = re.findall(r'^EVENT\(\w+, "([\w.]+)"\)', (root / 'src/hook/event.def').read_text(), re.M)
        self.assertEqual(set(events), set(re.findall(r'`((?:message|recipient|job|account|webhook)\.\w+)`', self.TEXT)))


class GuardTest(WebhookCase):
    FORMS = ('127.0.0.1', '127.0.0.1.', '127.1', '0x7f.1', '0177.0.0.1', '2130706433', 'localhost', 'a.localhost', '0.0.0.0', '0',
             '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '224.0.0.1', '198.18.0.1', '192.0.2.1',
             '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::1]', '[2001:0:1::1]',
             '[fe80::1]', '[fc00::1]', '[fec0::1]', '[ff02::1]', '[2001:db8::1]', '[2606:4700::200:5efe:7f00:1]')

    def test_F08_an_internal_address_is_refused_at_creation(self):
        receiver = self.keep(Receiver(address='0.0.0.0'))
        service = self.keep(Service([account(1, 'a')]))
        for form in self.FORMS:
            answer = service.call('POST', '/api/v1/webhooks', {'url': f'http://{form}:{receiver.port}/'})
            self.assertEqual(answer.status, 422, f'{form}: {answer}')
            self.assertEqual(answer.json['field'], 'url')
        self.assertEqual(receiver.connections, 0)

    def test_F09_what_listens_inside_is_not_told(self):
        receiver = self.keep(Receiver(address='0.0.0.0'))
        service = self.keep(Service([account(1, 'a')]))
        [closed] = free_ports(1)
        told = set()
        for port in receiver.port, closed, 22, 3306:
            answer = service.call('POST', '/api/v1/webhooks', {'url': f'http://127.0.0.1:{port}/'})
            told.add((answer.status, answer.json['reason'].replace(str(port), 'PORT')))
        self.assertEqual(len(told), 1, told)
        self.assertEqual(receiver.connections, 0)

    def test_F08_what_was_allowed_once_is_looked_at_again(self):
        receiver = self.keep(Receiver())
        service = self.service([account(1, 'a')])
        hook = self.hook(service, receiver)
        service.stop()
        service.settings['webhookAllow'] = []
        service.write([account(1, 'a')])
        service.start()
        service.call('POST', f'/api/v1/webhooks/{hook["id"]}/test')
        wait_for(lambda: service.call('GET', f'/api/v1/webhooks/{hook["id"]}').json['lastResult'], 'a try')
        shown = service.call('GET', f'/api/v1/webhooks/{hook["id"]}').json
        self.assertEqual(shown['lastResult'], 'a loopback address, which may not be called')
        self.assertEqual((receiver.connections, shown['waiting']), (0, 1))

    def test_F08_a_redirect_is_not_followed(self):
        receiver = self.keep(Receiver([302]))
        service = self.service([account(1, 'a')])
        hook = self.hook(service, receiver)
        service.call('POST', f'/api/v1/webhooks/{hook["id"]}/test')
        wait_for(lambda: service.call('GET', f'/api/v1/webhooks/{hook["id"]}').json['lastResult'], 'a try')
        self.assertEqual([path for path, _, _ in receiver.told], ['/hook'])


class RetryTest(WebhookCase):
    def test_G01_one_that_hangs_delays_neither_mails_nor_others_nor_the_end(self):
        receiver, sink = self.keep(Receiver()), self.keep(Sink())
        silent = self.keep(socket.create_server(('127.0.0.1', 0)))
        service = self.service([account(sink.port, 'a')])
        answer = service.call('POST', '/api/v1/webhooks', {'url': f'http://127.0.0.1:{silent.getsockname()[1]}/'})
        self.assertEqual(answer.status, 201, answer)
        self.hook(service, receiver, events=['job.done'])
        for _ in range(3):
            service.wait_job(service.send())
        wait_for(lambda: len(receiver.told) == 3, 'the others')
        self.assertEqual(service.stop(), 0, service.log())
    def test_G02_what_waited_is_told_after_a_restart(self):
        receiver = self.keep(Receiver([503]))
        service = self.service([account(1, 'a')])
        hook = self.hook(service, receiver)
        event = service.call('POST', f'/api/v1/webhooks/{hook["id"]}/test').json['event']
        wait_for(lambda: service.call('GET', f'/api/v1/webhooks/{hook["id"]}').json['failingSince'], 'a failure')
        service.kill()
        receiver.answers = [200]
        service.start()
        self.assertEqual(service.call('POST', f'/api/v1/webhooks/{hook["id"]}/resume').status, 204)
        wait_for(lambda: len(receiver.told) >= 2, 'another try')
        self.assertEqual([body['id'] for body in receiver.bodies()], [event, event])

    def test_G02_gone_ends_it_and_people_are_told(self):
        receiver, robot = self.keep(Receiver([410])), self.keep(Receiver())
        service = self.service([account(1, 'a')], alertTo=[f'http://127.0.0.1:{robot.port}/chat?key=canary'])
        hook = self.hook(service, receiver)
        service.call('POST', f'/api/v1/webhooks/{hook["id"]}/test')
        wait_for(lambda: robot.told, 'an alert')
        self.assertEqual(service.call('GET', f'/api/v1/webhooks/{hook["id"]}').json['state'], 'disabled')
        self.assertIn(hook['id'], robot.bodies()[0]['text'])
        self.assertEqual(service.call('POST', f'/api/v1/webhooks/{hook["id"]}/test').status, 409)
        self.assertEqual(service.call('POST', f'/api/v1/webhooks/{hook["id"]}/resume').status, 204)
        wait_for(lambda: len(robot.told) == 2, 'its end')
        self.assertNotIn('canary', service.log())


class AlertTest(WebhookCase):
    def test_a_refused_login_is_told_once_to_robots_and_mail_addresses(self):
        robot, second = self.keep(Receiver()), self.keep(Scripted())
        first = self.keep(Scripted({'EHLO': '250-test\n250 AUTH PLAIN', 'AUTH': '535 5.7.8 wrong password'}))
        service = self.service([account(first.port, 'first', user='wong', allowPlaintextAuth=True), account(second.port, 'second')],
                               alertTo=[f'http://127.0.0.1:{robot.port}/robot/send?access_token=t#SECx', 'ops@example.hk'])
        service.wait_job(service.send())
        wait_for(lambda: any('RCPT TO:<ops@example.hk>' in line for line in second.received), 'the mail')
        wait_for(lambda: '"first"' in self.said(robot), 'the robot')
        service.wait_job(service.send())
        self.assertEqual(self.said(robot).count('login of the account "first"'), 1, robot.told)
        self.assertIn('authorization code', self.said(robot))
        self.assertIn('&timestamp=', robot.told[0][0])
        self.assertNotIn('SECx', service.log() + robot.told[0][0])
        self.assertNotIn('access_token', service.log())

    def test_what_was_mended_is_told_over_also_by_a_process_of_later(self):
        robot, second = self.keep(Receiver()), self.keep(Scripted())
        first = self.keep(Scripted({'EHLO': '250-test\n250 AUTH PLAIN', 'AUTH': '535 5.7.8 wrong password'}))
        accounts = [account(first.port, 'first', user='wong', allowPlaintextAuth=True), account(second.port, 'second')]
        service = self.service(accounts, alertTo=[f'http://127.0.0.1:{robot.port}/in'])

        def alerts(event):
            return [line.split(' alert=')[1].split()[0] for line in service.events(f'alert.{event}')]

        ways = lambda: service.call('POST', '/api/v1/accounts/reload'), lambda: (service.stop(), service.start())
        for turn, mend in enumerate(ways):
            first._replies['AUTH'] = '535 5.7.8 wrong password'
            before = 2 * turn  # not what was raised by now: an account may be checked before the mail comes
            # A mail may still leave through a connection that logged in before the password was wrong.
            wait_for(lambda: (service.wait_job(service.send()), len(alerts('raised')) == before + 2)[1], 'two alerts')
            first._replies['AUTH'] = '235 2.7.0 welcome'
            accounts[0]['senderUserPassword'] += 'x'
            service.write(accounts)
            mend()
            wait_for(lambda: (service.wait_job(service.send()), len(alerts('cleared')) == before + 2)[1], 'their end')
            self.assertEqual(sorted(alerts('cleared')), sorted(alerts('raised')))
            accounts[0]['senderUserPassword'] += 'y'
            service.write(accounts)
            service.call('POST', '/api/v1/accounts/reload')

    @staticmethod
    def said(robot):
        return '\n'.join(body['text']['content'] for body in robot.bodies())

    def test_a_receiver_that_is_none_is_refused_without_its_key(self):
        for wrong in ('nobody', 'ftp://example.com/canary', 'https://canary@example.com/'):
            with self.assertRaises(RuntimeError) as caught:
                self.keep(Service([account(1, 'a')], {'alertTo': [wrong]}))
            self.assertIn('alertTo', str(caught.exception))
            self.assertNotIn('canary', str(caught.exception))


if __name__ == '__main__':
    unittest.main()
