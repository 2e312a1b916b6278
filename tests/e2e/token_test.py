"""Accounts that log in by an access token: a token server and a relay on this machine, and the test as the browser."""

import contextlib
import http.client
import json
import subprocess
import threading
import time
import unittest
import urllib.parse

from certificates import Certificates, server_context
from fixture import Folder, wait_for
from issuer import Bearer, Issuer
from service import Service
from sink import Sink
from tool import ENVIRONMENT, Tool, account, forms_of


class TokenTest(unittest.TestCase):
    def setUp(self):
        self.made = Issuer()
        self.addCleanup(self.made.close)
        self.relay = Bearer(self.made)
        self.addCleanup(self.relay.close)

    def tool(self, *accounts, refresh='canary-refresh-0'):
        tool = Tool(accounts or [self.made.account(self.relay.port)])
        self.addCleanup(tool.folder.close)
        tool.folder.write('refresh', refresh + '\n', 0o600)
        return tool

    def service(self, *accounts, refresh='canary-refresh-0', **settings):
        service = Service(accounts or [self.made.account(self.relay.port)], settings=settings, start=False)
        self.addCleanup(service.close)
        service.folder.write('refresh', refresh + '\n', 0o600)
        return service

    def assert_nothing_secret(self, *said):
        for secret in self.made.secrets():
            for form in forms_of(secret):
                for text in said:
                    self.assertNotIn(form, text if isinstance(text, bytes) else text.encode())

    def assert_file(self, folder, name, content):
        path = folder.path / name
        self.assertEqual((path.read_text(), path.stat().st_mode & 0o777), (content, 0o600))


class SendTest(TokenTest):
    def test_a_mail_goes_out(self):
        tool = self.tool()
        self.assertEqual(tool.send_plain().status, 0)
        self.assertEqual([form['refresh_token'] for _, form in self.made.requests], ['canary-refresh-0'])
        self.assertEqual(self.relay.logins, ['canary-access-1'])
        self.assertEqual(len(self.relay.mails), 1)

    def test_over_https_with_an_own_authority(self):
        folder = Folder()
        self.addCleanup(folder.close)
        certificates = Certificates(folder)
        issuer = Issuer(tls=server_context(certificates.good, certificates.good_key))
        self.addCleanup(issuer.close)
        relay = Bearer(issuer)
        self.addCleanup(relay.close)
        tool = self.tool(issuer.account(relay.port, oauthCaFile=str(certificates.ca)))
        self.assertEqual(tool.send_plain().status, 0)
        strangers = self.tool(issuer.account(relay.port))
        result = strangers.send_plain().result
        self.assertEqual((result['status'], result['attempts'][0]['adviceId']), ('deferred', 'auth.token-server'))
        self.assertEqual(len(issuer.requests), 1)

    def test_C11_a_refused_token_is_replaced_once_and_at_once(self):
        tool = self.tool()
        self.made.answers = [(200, {'access_token': 'canary-access-0', 'token_type': 'Bearer', 'expires_in': 3600})]
        self.assertEqual(tool.send_plain().status, 0)
        self.assertEqual(self.relay.logins, ['canary-access-0', 'canary-access-1'])

    def test_C11_the_second_refusal_is_a_refused_login(self):
        tool, self.relay.repeats, self.made.number = self.tool(), True, 9
        self.made.answers = [(200, {'access_token': f'canary-access-{9 - i}', 'token_type': 'Bearer'}) for i in range(2)]
        sent = tool.send_plain('wong@example.hk', '--trace')
        self.assert_nothing_secret(sent.out, sent.err)
        [attempt] = sent.result['attempts']
        self.assertEqual((sent.status, attempt['step'], attempt['class'], attempt['code'], attempt['adviceId']),
                         (75, 'auth', 'account', 535, 'auth.token'))
        self.assertEqual(len(self.relay.logins), 2)

    def test_C10_a_withdrawn_authorization_sends_by_the_next_account(self):
        other = Sink()
        self.addCleanup(other.close)
        tool = self.tool(self.made.account(self.relay.port), account(other.port, 'second'), refresh='canary-refresh-old')
        sent = tool.send_plain()
        self.assertEqual((sent.status, sent.result['account']), (0, 'second'))
        first = sent.result['attempts'][0]
        self.assertEqual((first['step'], first['class'], first['code'], first['adviceId']),
                         ('auth', 'account', 0, 'auth.token-withdrawn'))
        self.assertIn('run mailenhance accounts login office', first['reply'])
        self.assertEqual(self.relay.logins, [])

    def test_C10_what_is_no_answer_is_told(self):
        for answer, advice in (((200, '{"access_token": "canary-access-1"'), 'auth.token-answer'),
                               ((200, {'access_token': 'a\r\nb', 'token_type': 'Bearer'}), 'auth.token-answer'),
                               ((302, ''), 'auth.token-answer'), ((500, ''), 'auth.token-server'),
                               ((200, ' ' * 70000), 'auth.token-answer'),
                               ((401, {'error': 'invalid_client'}), 'auth.token-client')):
            with self.subTest(answer):
                self.made.answers = [answer]
                [attempt] = self.tool().send_plain().result['attempts']
                self.assertEqual((attempt['step'], attempt['adviceId']), ('auth', advice))
        self.assertEqual(self.relay.logins, [])

    def test_a_new_refresh_token_takes_the_old_ones_place(self):
        self.made.rotates = True
        tool = self.tool()
        settings = tool.config.read_bytes()
        for number in (1, 2, 3):
            self.assertEqual(tool.send_plain().status, 0)
            self.assert_file(tool.folder, 'refresh', f'canary-refresh-{number}\n')
            self.assert_file(tool.folder, 'refresh.bak', f'canary-refresh-{number - 1}\n')
        self.assertEqual(tool.config.read_bytes(), settings)

    def test_one_in_the_settings_moves_into_a_file(self):
        self.made.rotates = True
        tool = self.tool(self.made.account(self.relay.port, refresh='canary-refresh-0'))
        for number in (1, 2):
            self.assertEqual(tool.send_plain().status, 0)
            self.assert_file(tool.folder, 'secrets/office.oauthRefreshToken', f'canary-refresh-{number}\n')
        self.assertNotIn('canary-refresh', tool.config.read_text())

    def test_one_in_a_variable_cannot_be_replaced_and_that_is_told(self):
        self.made.rotates, self.made.keeps_old = True, True
        tool = self.tool(self.made.account(self.relay.port, refresh='env:REFRESH'))
        sent = tool.run('send', '--config', tool.config, '--to', 'a@example.hk', '--text', 'T', '--trace',
                        environment={'REFRESH': 'canary-refresh-0'})
        self.assertEqual(sent.status, 0)
        self.assertIn(b'The new refresh token cannot be kept', sent.err)
        self.assert_nothing_secret(sent.out, sent.err)

    def test_two_processes_at_a_time_spend_no_token_twice(self):
        self.made.rotates = True
        self.made.before_answer = lambda: time.sleep(0.1)
        tool = self.tool()
        command = tool.command('send', '--config', tool.config, '--to', 'a@example.hk', '--text', 'T')
        children = [subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL) for _ in range(4)]
        self.assertEqual([child.wait(60) for child in children], [0] * 4)
        self.assertEqual(sorted(form['refresh_token'] for _, form in self.made.requests),
                         [f'canary-refresh-{number}' for number in range(4)])


class ServiceTest(TokenTest):
    def test_ten_connections_make_one_request(self):
        self.made.before_answer = lambda: time.sleep(0.1)
        service = self.service(self.made.account(self.relay.port, maxConnections=10))
        service.start()
        service.wait_job(service.send([f'a{i}@example.hk' for i in range(200)]))
        self.assertGreater(len(self.relay.logins), 1)
        self.assertEqual(len(self.made.requests), 1)

    def test_a_token_that_has_run_out_is_replaced(self):
        self.made.life = 1
        service = self.service(self.made.account(self.relay.port, maxMessagesPerConnection=1))
        service.start()
        service.wait_job(service.send())
        time.sleep(1)
        service.wait_job(service.send())
        self.assertEqual(self.relay.logins, ['canary-access-1', 'canary-access-2'])

    def test_what_was_rotated_is_there_after_a_restart(self):
        self.made.rotates = True
        service = self.service()
        for number in (1, 2):
            service.start()
            service.wait_job(service.send())
            self.assertEqual(service.stop(), 0)
            self.assert_file(service.folder, 'refresh', f'canary-refresh-{number}\n')
        self.assertEqual(service.events('settings.taken_over'), [])

    def test_moving_into_a_file_is_one_change_of_the_settings(self):
        self.made.rotates, self.made.life = True, 1
        service = self.service(self.made.account(self.relay.port, refresh='canary-refresh-0', maxMessagesPerConnection=1))
        service.start()
        service.wait_job(service.send())
        wait_for(lambda: service.events('settings.taken_over'), 'the settings are read again', 20)
        for _ in range(2):
            service.wait_job(service.send())
            time.sleep(1)
        self.assertEqual(len(service.events('settings.taken_over')), 1)
        self.assertNotIn('canary-refresh', service.config.read_text())

    def test_killed_around_the_rotation_a_whole_token_is_there(self):
        self.made.rotates = self.made.keeps_old = True
        service, jobs = self.service(), []
        for delay in (0, 0.0005, 0.001, 0.002, 0.005, 0.01):
            before = (service.folder.path / 'refresh').read_text()
            killed = threading.Event()

            def kill(delay=delay, killed=killed):
                time.sleep(delay)
                service.child.kill()
                killed.set()

            self.made.after_answer = kill
            # A mail of the round before may have it killed while it starts.
            with contextlib.suppress(RuntimeError, OSError, http.client.HTTPException):
                service.start()
                jobs.append(service.send())
            self.assertTrue(killed.wait(20))
            service.wait()
            self.assertIn((service.folder.path / 'refresh').read_text(), (before, f'canary-refresh-{self.made.number}\n'))
        self.made.after_answer = None
        service.start()
        service.wait_job(service.send())
        for job in jobs:  # one that had got as far as its dot is in doubt, and waits for ten minutes
            wait_for(lambda job=job: service.recipients(job)[0]['status'] in ('sent', 'in_doubt'), f'job {job} is told of', 20)

    def test_C10_a_withdrawn_authorization_is_one_alarm_until_a_person_logs_in(self):
        service = self.service(self.made.account(self.relay.port, oauthDeviceUrl=self.made.url('device')),
                               refresh='canary-refresh-old')
        service.start()
        tried = service.send()
        wait_for(lambda: service.events('account.resting'), 'it rests', 20)
        waiting = [service.send() for _ in range(3)]
        time.sleep(0.5)
        self.assertEqual(len(self.made.requests), 1)
        self.assertEqual(sum('login_refused' in line for line in service.events('alert.raised')), 1)
        done = subprocess.run([service.child.args[0], 'accounts', 'login', 'office', '--device', '--config',
                               service.config], env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        for job in waiting:
            service.wait_job(job)
        self.assertEqual(service.call('POST', f'/api/v1/messages/{tried}/retry').status, 200)
        service.wait_job(tried)
        self.assert_nothing_secret(done.stdout, done.stderr, service.log())

    def test_H01_tokens_turn_up_nowhere(self):
        self.made.rotates, self.made.life = True, 1
        service = self.service(self.made.account(self.relay.port, maxMessagesPerConnection=1))
        service.start()
        service.wait_job(service.send())
        time.sleep(1)
        self.made.access.clear()
        job = service.send(['b@example.hk', 'c@example.hk'])
        service.wait_job(job)
        checked = service.call('POST', '/api/v1/accounts/office/check')
        answers = [service.call('GET', path).body for path in
                   (f'/api/v1/messages/{job}', f'/api/v1/messages/{job}/recipients', '/api/v1/accounts', '/metrics')]
        seen = (f'/proc/{service.child.pid}/cmdline', f'/proc/{service.child.pid}/environ')
        shown = [open(path, 'rb').read() for path in seen]
        service.stop()
        stored = [path.read_bytes() for path in service.data.rglob('*') if path.is_file()]
        self.assert_nothing_secret(service.log(), checked.body, *answers, *shown, *stored)
        tool = self.tool(refresh=(service.folder.path / 'refresh').read_text().strip())
        for arguments in (('accounts', 'check', '--login', '--json'), ('config', 'show', '--json'),
                          ('send', '--to', 'a@example.hk', '--text', 'T', '--trace', '--json')):
            said = tool.run(*arguments, '--config', tool.config)
            self.assertEqual(said.status, 0, said)
            self.assert_nothing_secret(said.out, said.err)


class LoginTest(TokenTest):
    """`accounts login`, with the test as the person and the browser."""

    SETTINGS = '''{ // the shop's
  "senderEmailAccountList": [
    %s // ours
  ]
}
'''

    def prepare(self, **more):
        record = self.made.account(self.relay.port, refresh=None, oauthAuthorizeUrl='https://example.test/agree?a=b',
                                   oauthDeviceUrl=self.made.url('device'), oauthScope='send offline', **more)
        tool = Tool([])
        self.addCleanup(tool.folder.close)
        tool.folder.write('AppSetting.json', self.SETTINGS % json.dumps(record, indent=6), 0o600)
        return tool

    def begin(self, tool, *arguments, language='en'):
        child = subprocess.Popen(tool.command('accounts', 'login', 'office', '--config', tool.config, '--json', '--lang-ui',
                                              language, *arguments), env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stderr.close)
        self.addCleanup(lambda: child.poll() is None and child.kill())
        return child, json.loads(child.stdout.readline())

    def end(self, child, status):
        out, err = child.communicate(timeout=30)
        self.assertEqual(child.returncode, status, err)
        self.assert_nothing_secret(out, err)
        return out, err

    def browse(self, address, path, method='GET'):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=20)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers

    def test_by_a_browser_on_this_machine(self):
        tool = self.prepare()
        child, shown = self.begin(tool, language='zh-HK')
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(shown['url']).query))
        self.assertEqual((shown['kind'], asked['a'], asked['response_type'], asked['client_id'], asked['scope'],
                          asked['code_challenge_method'], asked['login_hint']),
                         ('authorize', 'b', 'code', 'the-client', 'send offline', 'S256', 'office@example.hk'))
        self.assertRegex(asked['redirect_uri'], r'^http://127\.0\.0\.1:\d+/$')
        back, state = asked['redirect_uri'], asked['state']
        code = self.made.grant(asked['code_challenge'], back)
        right = urllib.parse.urlencode({'code': code, 'state': state})
        # Browsers ask for an icon; others may guess. None of them ends it.
        self.assertEqual(self.browse(back, '/favicon.ico')[0], 404)
        for wrong in (f'/?code=x&state={state[:-1]}', '/?code=x', f'/?state={state}', f'/?code=a&code=b&state={state}',
                      f'/?code=a&error=b&state={state}', f'/?code=%00&state={state}'):
            self.assertEqual(self.browse(back, wrong)[0], 400, wrong)
        self.assertEqual(self.browse(back, f'/?{right}', 'POST')[0], 404)
        status, page, headers = self.browse(back, f'/?{right}')
        self.assertEqual(status, 200)
        self.assertIn('帳戶已獲授權', page)
        self.assertEqual(headers['Content-Security-Policy'], "default-src 'none'")
        out, _ = self.end(child, 0)
        done = json.loads(out)
        self.assertEqual((done['kind'], done['account']), ('authorized', 'office'))
        self.assert_file(tool.folder, 'secrets/office.oauthRefreshToken', 'canary-refresh-1\n')
        settings = tool.config.read_text()
        self.assertIn('"oauthRefreshToken": "file:secrets/office.oauthRefreshToken"', settings)
        self.assertTrue(settings.startswith("{ // the shop's\n") and '} // ours\n' in settings, settings)
        self.assertEqual(tool.send_plain().status, 0)
        self.assertEqual(len(self.relay.mails), 1)

    def test_a_second_login_replaces_the_first(self):
        tool = self.prepare()
        for number in (1, 2):
            child, _ = self.begin(tool, '--device')
            self.end(child, 0)
            self.assert_file(tool.folder, 'secrets/office.oauthRefreshToken', f'canary-refresh-{number}\n')
        self.assert_file(tool.folder, 'secrets/office.oauthRefreshToken.bak', 'canary-refresh-1\n')

    def test_who_says_no_changes_nothing(self):
        tool = self.prepare()
        before = tool.config.read_bytes()
        child, shown = self.begin(tool)
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(shown['url']).query))
        status, page, _ = self.browse(asked['redirect_uri'], f'/?error=access_denied&state={asked["state"]}')
        self.assertIn('not authorized', page)
        _, err = self.end(child, 75)
        self.assertIn(b'said no', err)
        self.made.answers = [(200, self.made.device), (400, {'error': 'access_denied'})]
        child, _ = self.begin(tool, '--device')
        self.end(child, 75)
        self.assertEqual(tool.config.read_bytes(), before)
        self.assertFalse((tool.folder.path / 'secrets').exists())

    def test_a_code_that_is_not_ours_gives_nothing(self):
        tool = self.prepare()
        child, shown = self.begin(tool)
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(shown['url']).query))
        code = self.made.grant('of-another-challenge', asked['redirect_uri'])
        self.browse(asked['redirect_uri'], '/?' + urllib.parse.urlencode({'code': code, 'state': asked['state']}))
        _, err = self.end(child, 78)
        self.assertIn(b'invalid_grant', err)

    def test_by_a_device_code(self):
        tool = self.prepare()
        pending, slow = (400, {'error': 'authorization_pending'}), (400, {'error': 'slow_down'})
        self.made.answers = [(200, self.made.device), pending, slow]
        began = time.monotonic()
        child, shown = self.begin(tool, '--device')
        self.assertEqual((shown['kind'], shown['code'], shown['url'], shown['expiresIn']),
                         ('device', 'ABCD-EFGH', 'https://example.test/device', 60))
        self.end(child, 0)
        # Two questions a second apart, and the last five seconds later than that.
        self.assertGreaterEqual(time.monotonic() - began, 1 + 1 + 6)
        self.assertEqual([path for path, _ in self.made.requests], ['/device'] + ['/token'] * 3)
        self.assertEqual(self.made.requests[0][1]['scope'], 'send offline')
        self.assert_file(tool.folder, 'secrets/office.oauthRefreshToken', 'canary-refresh-1\n')

    def test_a_device_code_that_runs_out(self):
        tool = self.prepare()
        self.made.answers = [(200, self.made.device), (400, {'error': 'expired_token'})]
        child, _ = self.begin(tool, '--device')
        _, err = self.end(child, 75)
        self.assertIn(b'nobody agreed in time', err)

    def test_without_a_refresh_token_it_is_told(self):
        tool = self.prepare()
        self.made.answers = [(200, self.made.device),
                             (200, {'access_token': 'canary-access-1', 'token_type': 'Bearer'})]
        child, _ = self.begin(tool, '--device')
        _, err = self.end(child, 78)
        self.assertIn(b'offline_access', err)

    def test_what_cannot_be_logged_in_to_is_refused_at_once(self):
        tool = self.tool(account(1, 'plain', user='u'), self.made.account(1, 'variable', refresh='env:REFRESH'),
                         self.made.account(1, 'office', refresh=None))
        for name, says in (('plain', 'does not log in by an access token'), ('variable', 'REFRESH'),
                           ('nobody', 'no account named nobody'), ('office', 'oauthAuthorizeUrl is missing')):
            said = tool.run('accounts', 'login', name, '--config', tool.config, environment={'REFRESH': 'r'})
            self.assertEqual((said.status, said.out), (78, b''), said)
            self.assertIn(says, said.err.decode())
        said = tool.run('accounts', 'login', '--config', tool.config)
        self.assertEqual(said.status, 64)
        self.assertEqual(self.made.requests, [])
