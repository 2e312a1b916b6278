"""The process of the service: starting, stopping, reloading, limits, and what it must never show."""

import json
import os
import pwd
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import unittest
from pathlib import Path

from fixture import Folder, free_ports, is_listening, wait_for
from service import Service
from sink import HANG, Gate, Scripted, Sink
from tool import BINARY, ENVIRONMENT, PASSWORD, account, forms_of


class ServiceCase(unittest.TestCase):
    def service(self, accounts, **options):
        service = Service(accounts, **options)
        self.addCleanup(service.close)
        return service

    def relay(self, kind=Sink, *arguments, **options):
        relay = kind(*arguments, **options)
        self.addCleanup(relay.close)
        return relay


class LifeTest(ServiceCase):
    def test_a_mail_is_accepted_and_delivered(self):
        sink = self.relay()
        service = self.service([account(sink.port, 'a')])
        job = service.wait_job(service.send())
        self.assertEqual(job['counts']['sent'], 1, job)
        self.assertEqual(len(sink.mails), 1)
        self.assertEqual(service.stop(), 0, service.log())
        self.assertEqual(len(service.events('service.stopped')), 1, service.log())

    def test_what_was_accepted_is_sent_after_a_kill(self):
        gate = Gate('220 too late')
        relay = self.relay(Scripted, {'GREETING': [gate, '220 test ready']})
        service = self.service([account(relay.port, 'a')])
        job = service.send()
        self.assertTrue(gate.reached.wait(20))
        service.kill()
        gate.open()
        service.start()
        self.assertEqual(service.wait_job(job)['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 1)

    def test_a_second_service_on_the_same_folder_is_refused(self):
        service = self.service([account(1, 'a')])
        second = subprocess.run([BINARY, 'serve', '--config', str(service.config)], env=ENVIRONMENT, timeout=30,
                                capture_output=True)
        self.assertEqual(second.returncode, 75, second.stderr)
        self.assertIn(str(service.child.pid).encode(), second.stderr)
        self.assertEqual(service.call('GET', '/readyz').status, 200)

    def test_without_settings_mails_are_kept(self):
        folder = Folder()
        self.addCleanup(folder.close)
        child = subprocess.Popen([BINARY, 'serve'], cwd=folder.path,
                                 env={**ENVIRONMENT, 'globalConfig__listen': '127.0.0.1:0'}, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        first = child.stdout.readline().decode()
        service = Service.__new__(Service)
        service.url, service.data = first.split()[-1], folder.path / 'data'
        job = service.wait_job(service.send('陳大文 <chan@example.hk>'))
        self.assertEqual(job['counts']['sent'], 1, job)
        self.assertEqual((folder.path / 'data').stat().st_mode & 0o777, 0o700)
        # In the same folder nobody needs to be told which service.
        for words, said in ((['status'], b'capture'), (['keys', 'list'], b'local'), (['check'], b''),
                            (['backup', 'backups'], b'backups/mailenhance-')):
            done = subprocess.run([BINARY, *words], cwd=folder.path, capture_output=True, timeout=30,
                                  env={**ENVIRONMENT, 'globalConfig__listen': f'127.0.0.1:{service.port}'})
            self.assertEqual((done.returncode, said in done.stdout), (0, True), done)
        child.send_signal(signal.SIGINT)
        out = child.stdout.read()
        self.assertEqual(child.wait(30), 0)
        self.assertNotIn(service.key.encode(), out)  # a pipe is no terminal
        self.assertIn(b'curl ', out)

    def test_a_folder_without_a_service_is_told_of(self):
        folder = Folder()
        self.addCleanup(folder.close)
        for words in (['status'], ['queue', 'list'], ['keys', 'list'], ['keys', 'create', '--name', 'a'], ['check'],
                      ['keys', 'revoke', '1m8qfdyzg0000'], ['backup', 'backups'], ['restore', 'backups/a']):
            done = subprocess.run([BINARY, *words], cwd=folder.path, capture_output=True, timeout=30, env=ENVIRONMENT)
            self.assertEqual((done.returncode, b'--config FILE' in done.stderr), (64, True), done)
        self.assertEqual(list(folder.path.iterdir()), [])

    def test_the_key_is_shown_once_and_to_a_terminal_alone(self):
        shown = []
        service = self.service([account(1, 'a')], start=False)
        for _ in range(2):
            leader, follower = os.openpty()
            child = subprocess.Popen([BINARY, 'serve', '--config', str(service.config)], stdin=subprocess.DEVNULL,
                                     stdout=follower, stderr=subprocess.DEVNULL, env={**ENVIRONMENT, 'TERM': 'xterm'})
            os.close(follower)
            text = b''
            while b'Settings' not in text:
                text += os.read(leader, 4096)
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(30), 0)
            try:
                while piece := os.read(leader, 4096):
                    text += piece
            except OSError:
                pass
            os.close(leader)
            shown.append(service.key.encode() in text)
        self.assertEqual(shown, [True, False])


class SupervisorTest(ServiceCase):
    """systemd's part is played by the test."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.folder.path / 'notify'))
        self.socket.settimeout(20)
        self.addCleanup(self.socket.close)
        self.environment = {'NOTIFY_SOCKET': str(self.folder.path / 'notify')}

    def wait_told(self, what):
        while what not in (told := self.socket.recv(4096).decode().split('\n')):
            pass
        return told

    def test_it_tells_when_it_is_ready_reloading_and_stopping(self):
        service = self.service([account(1, 'a')], environment=self.environment)
        self.wait_told('READY=1')
        service.signal(signal.SIGHUP)
        self.assertRegex(self.wait_told('RELOADING=1')[1], r'^MONOTONIC_USEC=\d+$')
        self.wait_told('READY=1')
        service.config.write_text('{')
        service.signal(signal.SIGHUP)
        self.wait_told('RELOADING=1')
        self.wait_told('READY=1')
        service.signal(signal.SIGTERM)
        self.wait_told('STOPPING=1')

    def test_a_socket_that_systemd_opened_is_served(self):
        service = self.service([account(1, 'a', transport='capture')], settings={'listen': '127.0.0.1:1'}, start=False)
        [port] = free_ports(1)
        with open(service.errors, 'wb') as errors:
            service.child = subprocess.Popen(
                ['systemd-socket-activate', '-l', f'127.0.0.1:{port}', BINARY, 'serve', '--config', service.config],
                env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        wait_for(lambda: is_listening(port), 'the socket')  # and this first connection starts the service
        service.url = service.child.stdout.readline().decode().split()[-1]
        self.assertEqual(service.port, port)
        self.assertEqual(service.wait_job(service.send())['counts']['sent'], 1)
        self.assertEqual(service.stop(), 0, service.log())

    def test_the_watchdog_is_answered_while_the_database_works(self):
        service = self.service([account(1, 'a')], environment={**self.environment, 'WATCHDOG_USEC': '2500000'})
        self.wait_told('WATCHDOG=1')
        self.wait_told('WATCHDOG=1')
        with sqlite3.connect(service.data / 'queue.db', isolation_level=None) as database:
            database.execute('BEGIN IMMEDIATE')  # the courier cannot go on
            thread = threading.Thread(target=service.send, daemon=True)
            thread.start()
            self.socket.settimeout(2.9)  # more than the watchdog waits
            with self.assertRaises(TimeoutError):
                while True:
                    self.wait_told('WATCHDOG=1')
            database.execute('ROLLBACK')
        self.socket.settimeout(20)
        self.wait_told('WATCHDOG=1')
        thread.join(20)
        self.assertFalse(thread.is_alive())


class StopTest(ServiceCase):
    def test_E18_a_drain_waits_for_the_reply_to_the_dot(self):
        gate = Gate('250 2.0.0 queued as G1')
        relay = self.relay(Scripted, {'DOT': gate})
        service = self.service([account(relay.port, 'a')], settings={'drainSeconds': 30})
        job = service.send()
        self.assertTrue(gate.reached.wait(20))
        service.signal(signal.SIGTERM)
        wait_for(lambda: service.events('service.stopping'), 'the drain')
        self.assertIsNone(service.child.poll())
        gate.open()
        self.assertEqual(service.wait(), 0, service.log())
        service.start()
        self.assertEqual(service.wait_job(job)['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 1)

    def test_E18_a_hundred_in_flight_are_neither_lost_nor_sent_twice(self):
        sink = self.relay()
        service = self.service([account(sink.port, 'a', maxConnections=10)])
        people = [f'p{i}@example.hk' for i in range(300)]
        jobs = [service.send(people[i:i + 30]) for i in range(0, 300, 30)]
        wait_for(lambda: len(sink.mails) > 20, 'the first mails')
        self.assertEqual(service.stop(), 0, service.log())
        self.assertLess(len(sink.mails), 300, 'it was too fast to tell')
        service.start()
        for job in jobs:
            self.assertEqual(service.wait_job(job)['counts']['sent'], 30)
        self.assertEqual(sorted(to for _, [to], _ in sink.mails), sorted(people))

    def test_E18_an_unanswered_dot_is_in_doubt(self):
        relay = self.relay(Scripted, {'DOT': HANG})
        service = self.service([account(relay.port, 'a', onDoubt='hold')], settings={'drainSeconds': 0})
        job = service.send()
        wait_for(lambda: relay.bodies, 'the mail')
        self.assertEqual(service.stop(), 0, service.log())
        service.start()
        self.assertEqual(service.job(job)['counts']['in_doubt'], 1, service.job(job))
        self.assertEqual(len(relay.bodies), 1)

    def test_E18_a_second_signal_stops_at_once(self):
        gate = Gate('250 2.0.0 queued')
        relay = self.relay(Scripted, {'DOT': gate})
        self.addCleanup(gate.open)
        service = self.service([account(relay.port, 'a')], settings={'drainSeconds': 600})
        service.send()
        self.assertTrue(gate.reached.wait(20))
        service.signal(signal.SIGTERM)
        wait_for(lambda: service.events('service.stopping'), 'the drain')
        service.signal(signal.SIGTERM)
        self.assertEqual(service.wait(10), 75, service.log())

    def test_E18_a_hangup_reads_the_settings_and_disturbs_nothing(self):
        gate = Gate('250 2.0.0 queued')
        relay, sink = self.relay(Scripted, {'DOT': gate}), self.relay()
        service = self.service([account(relay.port, 'a')])
        first = service.send()
        self.assertTrue(gate.reached.wait(20))
        service.write([account(sink.port, 'b')])
        service.signal(signal.SIGHUP)
        wait_for(lambda: service.events('settings.taken_over'), 'the new settings')
        second = service.wait_job(service.send())
        self.assertEqual(service.recipients(second['id'])[0]['account'], 'b')
        gate.open()
        service.wait_job(first)
        self.assertEqual(service.recipients(first)[0]['account'], 'a')

    def test_the_api_reads_the_settings_too(self):
        service = self.service([account(1, 'a')])
        self.assertEqual(service.call('POST', '/api/v1/accounts/reload').status, 202)
        wait_for(lambda: service.events('settings.taken_over'), 'the settings')

    def test_a_changed_file_is_noticed_and_a_faulty_one_changes_nothing(self):
        first, second = self.relay(), self.relay()
        service = self.service([account(first.port, 'a')])
        good = service.config.read_text()
        service.config.write_text(good.replace('"senderServerHostPort": ', '"senderServerHostPort": "x"'))
        wait_for(lambda: service.events('settings.refused'), 'the refusal')
        self.assertIn('AppSetting.json:1:', service.log())
        service.wait_job(service.send())
        self.assertEqual(len(first.mails), 1)
        service.write([account(second.port, 'b')])
        wait_for(lambda: service.events('settings.taken_over'), 'the new settings')
        service.wait_job(service.send())
        self.assertEqual(len(second.mails), 1)


class LimitTest(ServiceCase):
    def test_E09_without_descriptors_it_waits_and_does_not_spin(self):
        """Connections that come when no descriptor is left wait; the processor rests meanwhile."""
        sink = self.relay()
        service = self.service([account(sink.port, 'a')], start=False)
        service.start(limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        held = []
        try:
            for _ in range(80):
                held.append(socket.create_connection(('127.0.0.1', service.port), timeout=5))
            time.sleep(0.2)
            self.assertGreater(len(list(Path(f'/proc/{service.child.pid}/fd').iterdir())), 60, 'it never came to that')
            before = self.processor_seconds(service)
            time.sleep(0.7)
            self.assertLess(self.processor_seconds(service) - before, 0.5, 'it spins')
        finally:
            for connection in held:
                connection.close()
        wait_for(lambda: self.answers(service), 'an answer')
        job = service.wait_job(service.send())
        self.assertEqual(job['counts']['sent'], 1)
        self.assertEqual(service.events('settings.refused'), [])
        self.assertEqual(service.stop(), 0)

    def test_E08_a_full_disk_is_told_and_when_there_is_room_it_goes_on(self):
        least, room = 18 << 20, resource.RLIM_INFINITY
        service = self.service([account(1, 'a', transport='capture')], start=False)
        service.start(limits=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (least, room)))
        message = {'to': ['wong@example.hk'], 'text': 'x' * 1000000, 'sendAt': '2099-01-01T00:00:00Z'}
        statuses = []
        while not statuses or statuses[-1] == 202 and len(statuses) < 100:
            answer = service.call('POST', '/api/v1/messages', message)
            statuses.append(answer.status)
        self.assertEqual(answer.status, 503, answer)
        self.assertEqual(answer.json['type'], 'urn:mailenhance:problem:storage-full')
        resource.prlimit(service.child.pid, resource.RLIMIT_FSIZE, (room, room))
        self.assertEqual(service.call('POST', '/api/v1/messages', message).status, 202)
        kept = service.call('GET', '/api/v1/messages?limit=1000').json['items']
        self.assertEqual(len(kept), statuses.count(202) + 1)

    def test_E08_a_disk_that_stays_full_is_not_ready_until_there_is_room(self):
        none, room = 4096, resource.RLIM_INFINITY
        service = self.service([account(1, 'a', transport='capture')])
        ready = lambda: service.call('GET', '/readyz')
        message = {'to': ['wong@example.hk'], 'text': 'T', 'sendAt': '2099-01-01T00:00:00Z'}
        self.assertEqual((service.call('POST', '/api/v1/messages', message).status, ready().status), (202, 200))
        resource.prlimit(service.child.pid, resource.RLIMIT_FSIZE, (none, room))
        self.assertEqual(service.call('POST', '/api/v1/messages', message).status, 503)
        time.sleep(1.2)  # nobody asks for anything, and it stays so
        answer = ready()
        self.assertEqual((answer.status, 'database' in answer.json['detail']), (503, True), answer)
        self.assertEqual(service.call('GET', '/healthz').status, 200)
        self.assertEqual(len(service.call('GET', '/api/v1/messages').json['items']), 1)
        resource.prlimit(service.child.pid, resource.RLIMIT_FSIZE, (room, room))
        wait_for(lambda: ready().status == 200, 'it is ready by itself')
        wait_for(lambda: service.events('store.works'), 'the log tells')
        self.assertEqual(service.call('POST', '/api/v1/messages', message).status, 202)

    @staticmethod
    def processor_seconds(service):
        fields = Path(f'/proc/{service.child.pid}/stat').read_text().rsplit(') ', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    @staticmethod
    def answers(service):
        try:
            return service.call('GET', '/readyz', timeout=2).status == 200
        except OSError:
            return False

    def test_H05_faulty_settings_are_refused_with_their_place(self):
        cases = {'wrong type': ('"127.0.0.1:0"', '["x"]', b'AppSetting.json:1:'),
                 'no address': ('"127.0.0.1:0"', '"nowhere"', b'nowhere'),
                 'quiet hours': ('"listen"', '"quietHours": "25:00-26:00", "listen"', b'quietHours'),
                 'too large': ('"listen"', '"x": "' + 'x' * 17_000_000 + '", "listen"', b'AppSetting.json'),
                 'too deep': ('"listen"', '"x": ' + '[' * 100 + ']' * 100 + ', "listen"', b'AppSetting.json:1:')}
        for name, (old, new, place) in cases.items():
            with self.subTest(name):
                service = self.service([account(1, 'a')], start=False)
                service.config.write_text(service.config.read_text().replace(old, new, 1))
                done = subprocess.run([BINARY, 'serve', '--config', str(service.config)], env=ENVIRONMENT, timeout=20,
                                      capture_output=True)
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertIn(place, done.stderr)
                self.assertEqual(done.stdout, b'')

    def test_H05_a_key_that_means_nothing_is_told_with_its_place(self):
        service = self.service([account(1, 'a')], settings={'drainSecond': 5})
        self.assertRegex(service.log(), r'AppSetting\.json:1:\d+: .*drainSecond.*drainSeconds')


@unittest.skipUnless(os.geteuid() == 0, 'only root can mount a disk')
class SmallDiskTest(ServiceCase):
    """A disk of its own, 32 MiB small."""

    def setUp(self):
        self.running = self.service([account(1, 'a', transport='capture')], start=False)
        self.running.data.mkdir(0o700)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=32m,mode=700', 'tmpfs', self.running.data], check=True)
        self.addCleanup(subprocess.run, ['umount', '-l', self.running.data], check=True)
        self.addCleanup(self.running.close)  # before the disk goes

    def fill(self):
        with open(self.running.data / 'fill', 'wb', buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def test_E08_a_full_disk_has_room_for_a_start(self):
        service = self.running
        service.start()
        reserve = service.data / 'reserve'
        wait_for(lambda: reserve.exists() and reserve.stat().st_blocks > 0, 'the reserve')
        job = service.send(sendAt='2099-01-01T00:00:00Z')
        self.assertEqual(service.stop(), 0)
        self.fill()
        service.start()
        self.assertEqual(len(service.events('disk.reserve_spent')), 1, service.log())
        self.assertEqual(service.job(job)['state'], 'scheduled')
        self.assertFalse(reserve.exists())

    def test_E08_a_disk_without_room_for_a_start_is_told_and_a_later_start_works(self):
        service = self.running
        service.start()
        job = service.send(sendAt='2099-01-01T00:00:00Z')
        self.assertEqual(service.stop(), 0)
        (service.data / 'reserve').unlink(missing_ok=True)
        self.fill()
        with self.assertRaisesRegex(RuntimeError, r'ended with 74:(.|\n)*(no room|No space)'):
            service.start()
        (service.data / 'fill').unlink()
        service.start()
        self.assertEqual(service.job(job)['state'], 'scheduled')


@unittest.skipUnless(os.geteuid() == 0, 'only root can become somebody else')
class RootTest(ServiceCase):
    def test_H08_root_is_warned(self):
        service = self.service([account(1, 'a')])
        wait_for(lambda: service.events('service.runs_as_root'), 'the warning')

    def test_H08_root_becomes_the_user_for_good(self):
        sink = self.relay()
        user = pwd.getpwnam('nobody')
        service = self.service([account(sink.port, 'a')], settings={'runAs': 'nobody'}, start=False)
        service.folder.path.chmod(0o755)
        os.chown(service.config, user.pw_uid, user.pw_gid)
        service.start()
        status = Path(f'/proc/{service.child.pid}/status').read_text()
        for field, wanted in (('Uid', user.pw_uid), ('Gid', user.pw_gid)):
            self.assertEqual(re.search(rf'^{field}:\t(.*)$', status, re.M)[1].split(), [str(wanted)] * 4)
        self.assertNotIn('0', re.search(r'^Groups:\t(.*)$', status, re.M)[1].split())
        self.assertEqual(int(re.search(r'^CapEff:\t(.*)$', status, re.M)[1], 16), 0)
        for thread in Path(f'/proc/{service.child.pid}/task').iterdir():
            self.assertIn(f'Uid:\t{user.pw_uid}', (thread / 'status').read_text())
        self.assertEqual(service.data.stat().st_uid, user.pw_uid)
        self.assertEqual(service.wait_job(service.send())['counts']['sent'], 1)
        self.assertEqual(service.stop(), 0, service.log())
        service.start()
        self.assertEqual(service.wait_job(service.send())['counts']['sent'], 1)

    def test_H08_an_unknown_user_is_refused(self):
        for name in ('no-such-user', 'root'):
            service = self.service([account(1, 'a')], settings={'runAs': name}, start=False)
            with self.assertRaisesRegex(RuntimeError, r'ended with 78:(.|\n)*runAs'):
                service.start()


class SecretTest(ServiceCase):
    """H01: passwords, keys and tokens that nobody else could have made up, looked for wherever they could turn up."""

    def test_H01_secrets_turn_up_nowhere(self):
        relay = self.relay(Scripted, {'EHLO': '250-test\n250 AUTH PLAIN', 'AUTH': f'535 5.7.8 bad password {PASSWORD}'})
        sink = self.relay()
        service = self.service([account(relay.port, 'a', user='u', allowPlaintextAuth=True), account(sink.port, 'b')],
                               settings={'alertTo': ['https://robot.example/hook?key=canary-robot-5521']})
        made = service.call('POST', '/api/v1/keys', {'name': 'canary', 'scopes': ['send', 'read']})
        self.assertEqual(made.status, 201, made)
        key = made.json['key']
        job = service.send(text='x')
        service.wait_job(job)
        answers = b''
        for path in (f'/api/v1/messages/{job}', f'/api/v1/messages/{job}/recipients', '/api/v1/keys', '/metrics',
                     '/api/v1/accounts', f'/api/v1/messages/{job}/transcript?recipient=0'):
            answers += service.call('GET', path).body
        answers += service.call('GET', '/api/v1/messages', key=key[:-1] + ('0' if key[-1] != '0' else '1')).body
        self.assertEqual(service.call('GET', '/api/v1/messages', key=key).status, 200)
        process = Path(f'/proc/{service.child.pid}')
        places = {'answers': answers, 'log': service.errors.read_bytes(), 'stdout': service.out,
                  'argv': (process / 'cmdline').read_bytes()}
        self.assertEqual(service.stop(), 0)
        places['log'] += service.errors.read_bytes()
        for path in service.data.iterdir():
            if path.is_file() and path.name != 'key':
                places[path.name] = path.read_bytes()
        for secret in (PASSWORD, key, service.key, 'canary-robot-5521'):
            for place, content in places.items():
                for form in forms_of(secret):
                    with self.subTest(place, secret=secret):
                        self.assertFalse(form in content, f'{form} is in {place}')

    def test_H04_no_core_and_no_look_into_the_process(self):
        service = self.service([account(1, 'a')])
        process = Path(f'/proc/{service.child.pid}')
        limits = (process / 'limits').read_text()
        self.assertRegex(limits, r'Max core file size\s+0\s+0')
        # What belongs to a process that cannot be dumped belongs to root.
        if os.geteuid() != 0:
            with self.assertRaises(PermissionError):
                (process / 'mem').open('rb')
        else:
            self.assertEqual(process.stat().st_uid, 0)
            self.assert_closed_to_its_own_user()

    def assert_closed_to_its_own_user(self):
        user = pwd.getpwnam('nobody')
        service = self.service([account(1, 'a')], settings={'runAs': 'nobody'}, start=False)
        os.chown(service.config, user.pw_uid, user.pw_gid)
        service.start()
        look = subprocess.run(['/usr/bin/python3', '-c', f'open("/proc/{service.child.pid}/mem", "rb")'], user='nobody',
                              group=user.pw_gid, capture_output=True)
        self.assertIn(b'PermissionError', look.stderr)


class LogTest(ServiceCase):
    def test_H07_nothing_that_callers_send_breaks_a_line(self):
        sink = self.relay()
        service = self.service([account(sink.port, 'a')], settings={'logFormat': 'json'})
        evil = 'x\r\n{"level":"error","event":"forged"}\x1b[31m\u2028\x85"'
        service.call('POST', '/api/v1/messages', {'to': [evil], 'subject': evil, 'text': 'T'})
        service.call('POST', '/api/v1/messages', {'to': ['a@example.hk'], 'subject': 'S', 'text': evil})
        service.call('GET', '/api/v1/messages/' + 'x' * 200 + '%0d%0a%1b')
        service.call('GET', '/', key='x\x1b[31m')
        service.stop()
        lines = [line for line in service.errors.read_text().split('\n') if line.startswith('{') or 'forged' in line]
        self.assertGreater(len(lines), 1)
        for line in lines:
            self.assertNotEqual(json.loads(line)['event'], 'forged')
            self.assertNotRegex(line, '[\x00-\x1f\x7f-\x9f\u2028\u2029]')

    def test_E24_sending_goes_on_when_nobody_reads_the_log(self):
        sink = self.relay()
        service = self.service([account(sink.port, 'a')], start=False)
        reader, writer = os.pipe()
        child = subprocess.Popen([BINARY, 'serve', '--config', str(service.config)], env=ENVIRONMENT,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer)
        service.child, service.url = child, child.stdout.readline().decode().split()[-1]
        os.set_blocking(writer, False)
        try:  # full to the brim
            while True:
                os.write(writer, b'x')
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        for _ in range(20):
            service.wait_job(service.send())
        os.close(reader)  # from now on: EPIPE
        os.close(writer)
        for _ in range(20):
            service.wait_job(service.send())
        self.assertEqual(len(sink.mails), 40)
        self.assertEqual(service.stop(), 0)

    def test_the_log_goes_to_a_file_of_its_own(self):
        service = self.service([account(1, 'a')], settings={'logFile': 'log/service.log'}, start=False)
        (service.folder.path / 'log').mkdir()
        service.start()
        self.assertEqual(service.stop(), 0)
        self.assertIn('event=service.stopped', (service.folder.path / 'log/service.log').read_text())
        self.assertNotIn('event=', service.log())
