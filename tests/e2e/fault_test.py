"""A service that is stopped in mid-sending, relays and accounts that go away and come back, times that were missed."""

import sqlite3
import signal
import subprocess
import time
import unittest

from fixture import free_ports, wait_for
from service import Service
from sink import HANG, Cut, Gate, Scripted, Sink
from tool import BINARY, ENVIRONMENT, Tool, account

HOUR_MS = 3600 * 1000


class FaultCase(unittest.TestCase):
    def service(self, *accounts, **options):
        service = Service(list(accounts), **options)
        self.addCleanup(service.close)
        return service

    def relay(self, kind=Sink, *arguments, **options):
        relay = kind(*arguments, **options)
        self.addCleanup(relay.close)
        return relay

    def account_of(self, service, name):
        [found] = [a for a in service.call('GET', '/api/v1/accounts').json['items'] if a['name'] == name]
        return found

    def wake(self, service, name):
        self.assertEqual(service.call('POST', f'/api/v1/accounts/{name}/wake').status, 204)

    def wait_sent(self, service, jobs):
        """Until all are sent; what was tried in vain before need not wait for its turn."""
        def is_sent(job):
            found = service.job(job)
            if found['counts']['deferred']:
                service.call('POST', f'/api/v1/messages/{job}/retry')
            return found['counts']['sent'] == found['mails'] and found['state'] == 'done'
        wait_for(lambda: all([is_sent(job) for job in jobs]), 'all are sent', 30)

    def wait_state(self, service, name, state):
        wait_for(lambda: self.account_of(service, name)['state'] == state, f'{name} {state}')


class StoppedTest(FaultCase):
    """SIGSTOP: the process stands still while its relay gives it up."""

    def stop_at(self, verb, reply, **more):
        gate = Gate(reply)
        relay = self.relay(Scripted, {verb: [gate, Scripted.USUAL[verb]]})
        service = self.service(account(relay.port, 'a', **more))
        job = service.send()
        self.assertTrue(gate.reached.wait(30))
        service.signal(signal.SIGSTOP)
        self.addCleanup(service.signal, signal.SIGCONT)
        gate.open()
        return relay, service, job

    def test_E16_stopped_before_the_dot_it_sends_once(self):
        relay, service, job = self.stop_at('DATA', Cut())
        service.signal(signal.SIGCONT)
        self.assertEqual(service.wait_job(job)['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 1)

    def test_E16_stopped_behind_the_dot_it_knows_that_it_does_not_know(self):
        relay, service, job = self.stop_at('DOT', Cut(), onDoubt='hold')
        service.signal(signal.SIGCONT)
        [row] = wait_for(lambda: [r for r in service.recipients(job) if r['status'] == 'in_doubt'], 'in doubt')
        self.assertEqual(len(relay.bodies), 1)
        self.assertEqual(row['attempts'], 1)

    def test_E16_nobody_else_takes_over_while_it_stands_still(self):
        relay, service, job = self.stop_at('DOT', '250 2.0.0 ok')
        second = subprocess.run([BINARY, 'serve', '--config', service.config], env=ENVIRONMENT, timeout=30,
                                capture_output=True)
        self.assertEqual(second.returncode, 75, second)
        service.signal(signal.SIGCONT)
        self.assertEqual(service.wait_job(job)['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 1)


class PoisonTest(FaultCase):
    """A mail that is under way each time when the service ends."""

    def end(self, number, times):
        relay = self.relay(Scripted, {'GREETING': [*[HANG] * times, Scripted.USUAL['GREETING']]})
        service = self.service(account(relay.port, 'a'))
        job = service.send()
        for turn in range(1, times + 1):
            wait_for(lambda: len(relay._open) >= turn, f'it is under way for time {turn}')
            service.signal(number)
            service.wait()
            service.start()
        return relay, service, job

    def test_E22_a_mail_under_way_in_three_crashes_is_set_aside_and_the_others_go_on(self):
        relay, service, job = self.end(signal.SIGABRT, 3)
        found = service.wait_job(job)
        self.assertEqual(found['counts']['failed'], 1, found)
        self.assertIn('quarantined', service.recipients(job)[0]['reply'])
        wait_for(lambda: [line for line in service.events('alert.raised') if 'quarantined' in line], 'the alert')
        self.assertEqual(service.wait_job(service.send('chan@example.hk'))['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 1)

    def test_E22_who_kills_the_service_blames_no_mail(self):
        relay, service, job = self.end(signal.SIGKILL, 4)
        self.assertEqual(service.wait_job(job)['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 1)


class RelayTest(FaultCase):
    JOBS = 300

    def test_E20_what_waited_for_a_relay_leaves_when_it_is_back(self):
        [port] = free_ports(1)
        service = self.service(account(port, 'a', maxConnections=4))
        jobs = [service.send()]
        self.wait_state(service, 'a', 'resting')
        jobs += [service.send(f'u{i}@example.hk') for i in range(1, self.JOBS)]
        # What no account may take is not tried.
        tried = [service.recipients(job)[0]['attempts'] for job in jobs]
        self.assertEqual((tried[0], sum(tried[1:])), (1, 0))
        relay = self.relay(Scripted, address=('127.0.0.1', port))
        self.wake(service, 'a')
        self.wait_sent(service, jobs)
        self.assertEqual(len(relay.bodies), self.JOBS)
        # No storm: hardly more connections than the account may have at once.
        self.assertLessEqual(len(relay._open), 2 * 4)

    def test_E20_nothing_is_lost_or_expires_when_it_is_restarted_meanwhile(self):
        [port] = free_ports(1)
        service = self.service(account(port, 'a'))
        jobs = [service.send()]
        self.wait_state(service, 'a', 'resting')
        jobs += [service.send() for _ in range(19)]
        service.kill()
        service.start()
        # A restart forgets no rest, so that it is no storm of connections.
        self.assertEqual(self.account_of(service, 'a')['state'], 'resting')
        self.assertEqual({service.job(job)['counts']['failed'] for job in jobs}, {0})
        relay = self.relay(Scripted, address=('127.0.0.1', port))
        self.wake(service, 'a')
        self.wait_sent(service, jobs)
        self.assertEqual(len(relay.bodies), 20)


class AccountsTest(FaultCase):
    LOCKED = {'EHLO': '250-test\n250 AUTH PLAIN', 'AUTH': '535 5.7.8 Login fail'}

    def test_E21_a_locked_account_is_left_alone_and_told_of_once(self):
        locked = self.relay(Scripted, self.LOCKED)
        good = self.relay()
        service = self.service(account(locked.port, 'locked', user='u', allowPlaintextAuth=True), account(good.port, 'b'))
        for _ in range(5):
            service.wait_job(service.send())
        self.assertEqual(len(good.mails), 5)
        self.assertEqual(locked.verbs().count('AUTH'), 1)
        self.assertEqual(self.account_of(service, 'locked')['state'], 'resting')
        self.assertEqual(len(service.events('account.resting')), 1, service.log())

    def test_E21_with_all_down_mail_is_kept_and_one_alarm_raised(self):
        [port] = free_ports(1)
        locked = self.relay(Scripted, self.LOCKED)
        service = self.service(account(port, 'a'), account(locked.port, 'b', user='u', allowPlaintextAuth=True))
        jobs = [service.send()]
        self.wait_state(service, 'a', 'resting')
        self.wait_state(service, 'b', 'resting')
        jobs += [service.send() for _ in range(9)]
        for job in jobs:
            counts = service.job(job)['counts']
            self.assertEqual((counts['sent'], counts['failed'], counts['queued'] + counts['deferred']), (0, 0, 1))
        raised = lambda: [line for line in service.events('alert.raised') if 'all_down' in line]
        wait_for(raised, 'an alarm')
        relay = self.relay(Scripted, address=('127.0.0.1', port))
        self.wake(service, 'a')
        self.wait_sent(service, jobs)
        self.assertEqual(len(relay.bodies), 10)
        self.assertEqual(len(raised()), 1, service.log())
        wait_for(lambda: [line for line in service.events('alert.cleared') if 'all_down' in line], 'its end')
        self.assertLessEqual(locked.verbs().count('AUTH'), 1)

    def test_E21_the_account_that_was_passed_over_is_told_as_send_tells_it(self):
        locked = self.relay(Scripted, self.LOCKED)
        good = self.relay()
        accounts = [account(locked.port, 'locked', user='u', allowPlaintextAuth=True), account(good.port, 'b')]
        told = ('step', 'account', 'class', 'code')
        tool = Tool(accounts)
        self.addCleanup(tool.folder.close)
        sent = tool.send('--to', 'first@example.hk', '--to', 'second@example.hk', '--subject', 'S', '--text', 'T').results
        [second] = [result for result in sent if result['recipient'] == 'second@example.hk']
        self.assertEqual([a['step'] for a in second['attempts']], ['limit', 'dot'], second)
        service = self.service(*accounts)
        service.wait_job(service.send())
        service.call('GET', '/metrics')  # counting begins with the first look
        job = service.send()
        service.wait_job(job)
        [row] = service.recipients(job)
        attempts = service.call('GET', f'/api/v1/messages/{job}/transcript?recipient=0').json['items']
        self.assertEqual([[a[name] for name in told] for a in attempts], [[a[name] for name in told] for a in second['attempts']])
        told = service.call('GET', f'/api/v1/messages/{job}/events').body.decode()
        self.assertEqual(told.count('event: recipient'), 1, told)
        # What was passed over was no try.
        self.assertEqual((row['attempts'], row['account'], row['status']), (1, 'b', 'sent'))
        self.assertIn('mailenhance_attempts_total{class="account"} 0', service.call('GET', '/metrics').body.decode())

    def test_E21_a_used_up_quota_moves_on_and_is_not_asked_again(self):
        used = self.relay(Scripted, {'MAIL': '452 4.2.2 daily quota exceeded'})
        good = self.relay()
        service = self.service(account(used.port, 'a'), account(good.port, 'b'))
        for _ in range(4):
            service.wait_job(service.send())
        self.assertEqual(len(good.mails), 4)
        self.assertEqual(used.verbs().count('MAIL'), 1)

    def test_E21_an_account_that_wakes_is_tried_with_one_mail_first(self):
        gate = Gate('220 test ready')
        relay = self.relay(Scripted, {'GREETING': ['421 4.3.2 busy', gate, '220 test ready']})
        service = self.service(account(relay.port, 'a'))
        jobs = [service.send()]
        self.wait_state(service, 'a', 'resting')
        jobs += [service.send() for _ in range(30)]
        self.wake(service, 'a')
        self.assertTrue(gate.reached.wait(30))
        # While the probe waits for the relay's first word, nobody else knocks.
        self.assertEqual(len(relay._open), 2)
        gate.open()
        self.wait_sent(service, jobs)
        self.assertEqual(len(relay.bodies), 31)


class ScheduleTest(FaultCase):
    """Times that passed while the service was down, made by turning the stored time back."""

    def missed(self, policy):
        sink = self.relay()
        service = self.service(account(sink.port, 'a'))
        made = service.call('POST', '/api/v1/schedules', {
            'cron': '0 * * * *', 'timeZone': 'Asia/Hong_Kong', 'latePolicy': policy,
            'message': {'to': ['wong@example.hk'], 'subject': 'Report', 'text': 'T'}})
        self.assertEqual(made.status, 201, made)
        service.stop()
        with sqlite3.connect(service.data / 'queue.db') as database:
            database.execute('UPDATE schedule SET next_at = next_at - ?', (5 * HOUR_MS,))
        database.close()
        service.start()
        wait_for(lambda: service.events('schedule.late'), 'the log tells')
        self.assertEqual(len(service.events('schedule.late')), 1)
        return sink, service

    def jobs(self, service):
        return service.call('GET', '/api/v1/messages').json['items']

    def test_E17_missed_times_are_sent_once(self):
        sink, service = self.missed('send')
        [job] = wait_for(lambda: self.jobs(service), 'the job')
        self.assertEqual(service.wait_job(job['id'])['counts']['sent'], 1)
        self.assertIn('missed=4', service.events('schedule.late')[0])
        service.kill()
        service.start()
        self.assertEqual(len(self.jobs(service)), 1)
        self.assertEqual(len(sink.mails), 1)

    def test_E17_missed_times_are_skipped(self):
        sink, service = self.missed('skip')
        self.assertEqual((self.jobs(service), sink.mails), ([], []))
        [schedule] = service.call('GET', '/api/v1/schedules').json['items']
        self.assertGreater(schedule['nextTimes'][0], time.strftime('%Y-%m-%dT%H:%M', time.gmtime()))

    def test_E17_missed_times_wait_for_a_person(self):
        sink, service = self.missed('hold')
        [job] = wait_for(lambda: self.jobs(service), 'the job')
        self.assertEqual((job['state'], sink.mails), ('held', []))
        service.call('POST', f'/api/v1/messages/{job["id"]}/release')
        self.assertEqual(service.wait_job(job['id'])['counts']['sent'], 1)
