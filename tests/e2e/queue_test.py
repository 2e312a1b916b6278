"""The command line against a running service: jobs, keys, send --queue, backup and the way back."""

import json
import os
import pty
import pwd
import re
import signal
import subprocess
import unittest

from fixture import free_ports, wait_for
from service import Service
from sink import Gate, Scripted, Sink
from tool import BINARY, ENVIRONMENT, Outcome, account

TOMORROW = '2099-01-01T09:00'


class QueueCase(unittest.TestCase):
    """A service on a port that its settings name, so that --config is enough to find it."""

    def serve(self, relay, start=True, **settings):
        self.addCleanup(relay.close)
        [port] = free_ports(1)
        service = Service([account(relay.port, 'a')], settings={'listen': f'127.0.0.1:{port}', **settings}, start=start)
        self.addCleanup(service.close)
        return service

    def setUp(self):
        self.sink = Sink(refusals={'bad@example.hk': '550 5.1.1 nobody here'})
        self.service = self.serve(self.sink)

    def run_tool(self, *arguments, environment=None):
        done = subprocess.run([BINARY, *map(str, arguments)], env={**ENVIRONMENT, **(environment or {})}, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def ask(self, *arguments, service=None, status=0, **options):
        done = self.run_tool(*arguments, '--config', (service or self.service).config, **options)
        self.assertEqual(done.status, status, done)
        return done

    def ask_json(self, *arguments, **options):
        return self.ask(*arguments, '--json', **options).results

    def later(self):
        """A job that waits."""
        [accepted] = self.ask_json('send', '--queue', '--to', 'wong@example.hk', '--text', 'T', '--send-at', TOMORROW)
        return accepted['id']

    def state(self, job):
        return self.ask_json('queue', 'show', job)[0]['state']


class JobsTest(QueueCase):
    def test_a_job_is_paused_resumed_held_released_and_cancelled(self):
        job = self.later()
        for action, state in (('pause', 'paused'), ('resume', 'scheduled'), ('hold', 'held'), ('release', 'scheduled')):
            with self.subTest(action):
                self.assertEqual(self.ask_json('queue', action, job)[0]['id'], job)
                self.assertEqual(self.state(job), state)
        self.assertEqual(self.ask_json('queue', 'cancel', job)[0]['cancelled'], 1)
        self.assertEqual(self.state(job), 'cancelled')
        self.ask('queue', 'resume', job, status=65)
        self.assertEqual(self.sink.mails, [])

    def test_retry_sends_to_those_that_failed(self):
        [accepted, job, row] = self.ask_json('send', '--queue', '--wait', '--to', 'bad@example.hk', '--text', 'T',
                                             status=69)
        self.assertEqual((job['counts']['failed'], row['status'], row['code']), (1, 'failed', 550))
        self.sink._refusals.clear()
        self.assertEqual(self.ask_json('queue', 'retry', accepted['id'])[0]['requeued'], 1)
        self.service.wait_job(accepted['id'])
        self.assertEqual([r for _, r, _ in self.sink.mails], [['bad@example.hk']])

    def test_lists_are_read_to_their_end_whatever_the_pages(self):
        jobs = [self.service.send(sendAt=f'{TOMORROW}:00Z') for _ in range(105)]
        self.assertEqual([row['id'] for row in self.ask_json('queue', 'list')], jobs[::-1])
        self.assertEqual([row['id'] for row in self.ask_json('queue', 'list', '--limit', '3')], jobs[:-4:-1])
        self.service.call('POST', f'/api/v1/messages/{jobs[7]}/pause')
        self.assertEqual([row['id'] for row in self.ask_json('queue', 'list', '--state', 'paused,held')], [jobs[7]])
        self.assertEqual(self.ask_json('queue', 'list', '--state', 'sending'), [])

    def test_people_read_their_language(self):
        job = self.later()
        self.assertIn('已排程', self.ask('queue', 'list', '--lang-ui', 'zh-HK').out.decode())
        self.assertIn('已计划', self.ask('queue', 'show', job, '--lang-ui', 'zh-CN').out.decode())
        # What the service complains of comes in the same language.
        self.assertRegex(self.ask('queue', 'show', '0' * 13, '--lang-ui', 'zh-HK', status=65).err.decode(),
                         '[\u4e00-\u9fff]')

    def test_status_shows_the_accounts(self):
        [well] = self.ask_json('status')
        self.assertEqual((well['ready'], well['accounts'][0]['name'], well['accounts'][0]['state']), (True, 'a', 'well'))
        self.service.call('POST', '/api/v1/accounts/a/rest')
        self.assertIn('a: rests', self.ask('status').out.decode())


class FindTest(QueueCase):
    def test_the_service_is_found_by_options_environment_or_settings(self):
        url, key = self.service.url, self.service.key
        file = self.service.folder.write('key.txt', key + '\n', 0o600)
        nowhere = {'MAILENHANCE_URL': 'http://127.0.0.1:1', 'MAILENHANCE_KEY': 'wrong'}
        for arguments, environment in ((['--server', url, '--key-file', file], nowhere),
                                       ([], {'MAILENHANCE_URL': url + '/', 'MAILENHANCE_KEY': key}),
                                       (['--config', self.service.config], {}),
                                       (['--server', url, '--config', self.service.config], {})):
            with self.subTest(arguments):
                done = self.run_tool('queue', 'list', *arguments, environment=environment)
                self.assertEqual(done.status, 0, done)

    def test_what_is_missing_is_said(self):
        for arguments, status, says in (([], 64, '--server'), (['--server', 'http://127.0.0.1:1'], 64, '--key-file'),
                                        (['--config', '/nowhere.json'], 78, '/nowhere.json')):
            with self.subTest(arguments):
                done = self.run_tool('queue', 'list', *arguments)
                self.assertEqual(done.status, status, done)
                self.assertIn(says, done.err.decode())

    def test_refusals_have_statuses_of_their_own(self):
        url = self.service.url
        for environment, status in (({'MAILENHANCE_URL': url, 'MAILENHANCE_KEY': 'me_' + 'a' * 52}, 77),
                                    ({'MAILENHANCE_URL': 'http://127.0.0.1:1', 'MAILENHANCE_KEY': 'k'}, 75),
                                    ({'MAILENHANCE_URL': url, 'MAILENHANCE_KEY': 'a b'}, 78)):
            with self.subTest(environment):
                self.assertEqual(self.run_tool('queue', 'list', environment=environment).status, status)
        for words, says in ((['show'], 'ID'), (['show', 'x'], '"x"'), (['list', '--limit', '0'], '--limit')):
            self.assertIn(says, self.ask('queue', *words, status=64).err.decode())


class SubmitTest(QueueCase):
    def test_the_service_sends_what_send_would(self):
        picture = self.service.folder.write('logo.png', 'PNG')
        words = ['--to', '王小明 <wong@example.hk>', '--cc', 'c@example.hk', '--bcc', 'd@example.hk', '--subject', '你好 {{n}}',
                 '--text', 'Text {{n}}', '--var', 'n=7', '--header', 'X-Ticket: 17', '--reply-to', 'r@example.hk',
                 '--from-name', 'Shop', '--priority', 'high', '--attach', picture]
        [accepted, job, *rows] = self.ask_json('send', '--queue', '--wait', *words)
        self.assertEqual((accepted['accepted'], job['state'], job['counts']['sent']), (1, 'done', 3))
        self.assertEqual({row['address'] for row in rows}, {'wong@example.hk', 'c@example.hk', 'd@example.hk'})
        self.ask('send', *words)
        queued, direct = self.sink.messages()
        for name in ('Subject', 'To', 'Cc', 'From', 'Reply-To', 'X-Ticket', 'X-Priority'):
            self.assertEqual(str(queued[name]), str(direct[name]), name)
        self.assertEqual(queued.get_body(('plain',)).get_content(), direct.get_body(('plain',)).get_content())
        self.assertEqual([part.get_content() for part in queued.iter_attachments()],
                         [part.get_content() for part in direct.iter_attachments()])
        self.assertEqual([part.get_filename() for part in queued.iter_attachments()], ['logo.png'])

    def test_a_list_of_many_goes_in_bulk(self):
        rows = 'address,name,n\n' + ''.join(f'u{i}@example.hk,U {i},{i}\n' for i in range(1100))
        file = self.service.folder.write('list.csv', rows)
        [accepted] = self.ask_json('send', '--queue', '--to-file', file, '--subject', 'S {{n}}', '--text', 'T',
                                   '--send-at', TOMORROW)
        self.assertEqual(accepted['accepted'], 1100)
        self.assertEqual(self.ask_json('queue', 'show', accepted['id'])[0]['mails'], 1100)

    def test_the_same_call_again_makes_no_second_job(self):
        words = ['send', '--queue', '--to', 'wong@example.hk', '--text', 'T', '--idempotency-key', 'order-17']
        [first], [second] = self.ask_json(*words), self.ask_json(*words)
        self.assertEqual(first['id'], second['id'])
        self.service.wait_job(first['id'])
        self.assertEqual(len(self.sink.mails), 1)

    def test_bad_addresses_are_told_before_anything_is_asked(self):
        words = ['send', '--queue', '--to', 'a@@b', '--to', 'wong@example.hk', '--text', 'T']
        self.assertIn('a@@b', self.ask(*words, status=65).err.decode())
        self.assertEqual(self.ask_json('queue', 'list'), [])
        self.assertEqual(self.ask_json(*words, '--skip-invalid', status=69)[0]['accepted'], 1)

    def test_what_belongs_to_a_service_needs_one(self):
        for words in (['--wait'], ['--send-at', TOMORROW], ['--server', 'http://x'], ['--idempotency-key', 'k'],
                      ['--queue', '--dry-run'], ['--queue', '--retry-for', '10m'], ['--queue', '--time-zone', 'UTC']):
            with self.subTest(words):
                self.ask('send', '--to', 'wong@example.hk', '--text', 'T', *words, status=64)

    def test_the_end_of_the_waiting_is_not_the_end_of_the_job(self):
        gate = Gate('250 2.0.0 ok')
        relay = Scripted({'DOT': gate})
        service = self.serve(relay)
        child = subprocess.Popen([BINARY, 'send', '--queue', '--wait', '--config', service.config, '--to',
                                  'wong@example.hk', '--text', 'T', '--json'], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(gate.reached.wait(30))
        job = json.loads(child.stdout.readline())['id']
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        self.assertEqual(child.returncode, 75, err)
        self.assertIn(job, err.decode())
        gate.open()
        self.assertEqual(service.wait_job(job)['counts']['sent'], 1)

    def test_waiting_outlives_a_restart_of_the_service(self):
        gate = Gate('220 test ready')
        relay = Scripted({'GREETING': [gate, '220 test ready']})
        service = self.serve(relay)
        child = subprocess.Popen([BINARY, 'send', '--queue', '--wait', '--config', service.config, '--to',
                                  'wong@example.hk', '--text', 'T', '--json'], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(gate.reached.wait(30))
        service.kill()
        service.start()
        gate.open()
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, err)
        self.assertEqual(json.loads(out.splitlines()[1])['counts']['sent'], 1)

    def test_a_terminal_shows_how_far_it_is(self):
        gate = Gate('250 2.0.0 ok')
        service = self.serve(Scripted({'DOT': ['250 2.0.0 ok', gate]}))
        main, side = pty.openpty()
        self.addCleanup(os.close, main)
        child = subprocess.Popen([BINARY, 'send', '--queue', '--wait', '--config', service.config, '--to',
                                  'a@example.hk,b@example.hk', '--text', 'T'], env={**ENVIRONMENT, 'TERM': 'xterm'},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=side)
        os.close(side)
        self.assertTrue(gate.reached.wait(30))
        shown = b''
        while b'1/2' not in shown:
            shown += os.read(main, 4096)
        gate.open()
        self.assertEqual(child.wait(30), 0)


class KeysTest(QueueCase):
    def check_keys(self, service):
        [made] = self.ask_json('keys', 'create', '--name', 'shop', '--company', 'hk', '--scopes', 'send,read', service=service)
        self.assertEqual(set(made), {'id', 'key', 'company', 'scopes'})
        self.assertEqual((made['company'], made['scopes']), ('hk', ['send', 'read']))
        listed = self.ask('keys', 'list', '--json', service=service)
        self.assertNotIn(made['key'].encode(), listed.out)
        [row] = [row for row in listed.results if row['id'] == made['id']]
        self.assertEqual((row['name'], row['company'], row.get('revokedAt')), ('shop', 'hk', None))
        return made

    def assert_taken(self, service, key, status):
        self.assertEqual(service.call('GET', '/api/v1/messages', key=key).status, status)

    def test_keys_are_made_and_revoked_while_it_runs(self):
        made = self.check_keys(self.service)
        self.assert_taken(self.service, made['key'], 200)
        self.ask('keys', 'revoke', made['id'])
        self.assert_taken(self.service, made['key'], 401)
        self.ask('keys', 'revoke', made['id'], status=65)

    def test_keys_are_made_and_revoked_while_it_does_not(self):
        service = self.serve(Sink(), start=False)
        self.assertFalse(service.data.exists())
        kept, revoked = self.check_keys(service), self.check_keys(service)
        self.ask('keys', 'revoke', revoked['id'], service=service)
        service.start()
        self.assert_taken(service, kept['key'], 200)
        self.assert_taken(service, revoked['key'], 401)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can work in the folder of somebody else')
    def test_H08_what_root_does_in_the_folder_of_another_user_is_that_users(self):
        user = pwd.getpwnam('nobody')
        service = self.serve(Sink(), start=False, runAs='nobody')
        os.chown(service.config, user.pw_uid, user.pw_gid)
        service.data.mkdir(0o700)
        os.chown(service.data, user.pw_uid, user.pw_gid)
        target = service.folder.path / 'backups'
        owners = lambda: {path.stat().st_uid for path in [service.data, *service.data.rglob('*')]}
        made = self.check_keys(service)
        self.assertEqual(owners(), {user.pw_uid})
        service.start()
        self.assert_taken(service, made['key'], 200)
        [backup] = self.ask_json('backup', target, service=service)
        self.ask('keys', 'create', '--name', 'second', service=service)
        self.assertEqual(owners(), {user.pw_uid})
        service.stop()
        self.ask('restore', backup['backup'], '--put-aside', service=service)
        self.ask('check', service=service)
        self.assertEqual(owners(), {user.pw_uid})

    def test_the_key_alone_is_printed(self):
        done = self.ask('keys', 'create', '--name', 'shop')
        self.assertRegex(done.out.decode(), r'^me_[0-9a-z]{52}\n$')
        self.assertNotIn(done.out.strip(), done.err)
        self.assertNotIn(done.out.strip(), self.service.log().encode())

    def test_what_cannot_be_a_key_is_refused(self):
        for words, says in ((['--scopes', 'write'], 'write'), (['--expires', '2001-01-01T00:00:00Z'], '2001'),
                            (['--expires', 'soon'], 'soon')):
            with self.subTest(words):
                self.assertIn(says, self.ask('keys', 'create', '--name', 'x', *words, status=64).err.decode())


class BackupTest(QueueCase):
    def test_what_was_backed_up_comes_back_held(self):
        job = self.later()
        target = self.service.folder.path / 'backups'
        [made] = self.ask_json('backup', target)
        self.assertEqual(os.stat(made['backup']).st_mode & 0o777, 0o700)
        self.assertEqual(self.ask_json('check'), [{'ok': True}])
        self.ask('restore', made['backup'], status=75)  # it runs
        self.service.stop()
        self.ask('restore', made['backup'], status=65)  # there is data in the place
        [back] = self.ask_json('restore', made['backup'], '--put-aside')
        self.assertEqual(back['jobsHeld'], 1)
        self.service.start()
        self.assertEqual(self.state(job), 'held')
        self.ask('queue', 'release', job)
        self.assertEqual(self.state(job), 'scheduled')

    def test_damage_is_found_and_nothing_is_changed(self):
        self.service.stop()
        database = self.service.data / 'queue.db'
        bytes_ = bytearray(database.read_bytes())
        bytes_[8192:8192 + 512] = os.urandom(512)
        database.write_bytes(bytes_)
        *findings, verdict = self.ask_json('check', status=65)
        self.assertTrue(findings)
        self.assertEqual(verdict, {'ok': False})
        self.assertEqual(database.read_bytes(), bytes_)
        target = self.service.folder.path / 'backups'
        self.ask('backup', target, status=65)
        self.assertEqual([name for name in os.listdir(target) if not name.endswith('.unfinished')], [])

    def test_only_so_many_are_kept(self):
        target = self.service.folder.path / 'backups'
        made = [self.ask_json('backup', target, '--keep', '2')[0]['backup'] for _ in range(3)]
        self.assertEqual(sorted(str(target / name) for name in os.listdir(target) if re.match('mailenhance-', name)),
                         sorted(made[1:]))

    def test_a_data_folder_that_is_not_there_is_not_made(self):
        service = self.serve(Sink(), start=False)
        for command in ('backup', 'check', 'status'):
            self.assertIn('serve', self.ask(command, service=service, status=78).err.decode())
        self.assertFalse(service.data.exists())
