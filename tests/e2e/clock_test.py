"""The service while somebody sets the machine's clock (libfaketime: the wall clock alone, the monotonic one goes on)."""

import datetime
import os
import signal
import time
import unittest
from pathlib import Path

from fixture import free_ports, wait_for
from service import Service
from sink import Gate, Scripted, Sink
from tool import ENVIRONMENT, account

HOUR, YEARS = 3600, 10 * 365 * 86400
[LIBRARY] = Path('/usr/lib').glob('*/faketime/libfaketimeMT.so.1')


class ClockedService(Service):
    """With `stops_all` the monotonic clock is set as well: as if the process had stood still for so long."""

    def __init__(self, accounts, at=None, stops_all=False, **options):
        self.offset = 0.0
        super().__init__(accounts, start=False, **options)
        self.clock = self.folder.path / 'clock'
        sanitizer = ':'.join(word for word in (ENVIRONMENT.get('ASAN_OPTIONS'), 'verify_asan_link_order=0') if word)
        self.environment |= {'LD_PRELOAD': str(LIBRARY), 'FAKETIME_TIMESTAMP_FILE': str(self.clock),
                             'FAKETIME_NO_CACHE': '1', 'FAKETIME_DONT_FAKE_MONOTONIC': '0' if stops_all else '1',
                             'ASAN_OPTIONS': sanitizer}
        self.set(at) if at else self.jump(0)
        self.start()

    def jump(self, seconds):
        """Puts the clock on by so much."""
        self.offset += seconds
        fresh = self.folder.write('clock.fresh', f'{self.offset:+f}\n')
        fresh.rename(self.clock)

    def set(self, text):
        """The clock shows this time, as in "2027-03-28T00:59:58Z"."""
        wanted = datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()
        self.jump(wanted - time.time() - self.offset)


class ClockTest(unittest.TestCase):
    def service(self, *accounts, **options):
        service = ClockedService(list(accounts) or [account(1, 'a', transport='capture')], **options)
        self.addCleanup(service.close)
        return service

    def schedule(self, service, cron, zone, **more):
        made = service.call('POST', '/api/v1/schedules', {'cron': cron, 'timeZone': zone, 'message': {
            'to': ['wong@example.hk'], 'subject': 'Report', 'text': 'T'}, **more})
        self.assertEqual(made.status, 201, made)

    def jobs(self, service):
        return service.call('GET', '/api/v1/messages').json['items']

    def assert_fires_once(self, cron, zone, before, after, at):
        """The schedule is made an hour before; the clock is set to seconds before its time, then hours behind it."""
        service = self.service(at=before)
        service.jump(-HOUR)
        self.schedule(service, cron, zone)
        service.jump(HOUR)
        [job] = wait_for(lambda: self.jobs(service), f'{cron} fires')
        self.assertEqual(service.wait_job(job['id'])['counts']['sent'], 1)
        self.assertEqual(job['sendAt'][:19], at[:19])
        service.set(after)
        service.kill()
        service.start()
        time.sleep(1.2)  # longer than the service sleeps
        self.assertEqual(len(self.jobs(service)), 1)

    def test_E17_a_time_that_the_clocks_jump_over_fires_once(self):
        self.assert_fires_once('30 2 28 3 *', 'Europe/Berlin', '2027-03-28T00:59:58Z', '2027-03-28T04:00:00Z',
                               '2027-03-28T01:00:00Z')

    def test_E17_a_time_that_the_clocks_show_twice_fires_once(self):
        self.assert_fires_once('30 2 31 10 *', 'Europe/Berlin', '2027-10-31T00:29:58Z', '2027-10-31T04:00:00Z',
                               '2027-10-31T00:30:00Z')

    def test_E17_a_leap_day(self):
        self.assert_fires_once('0 12 29 2 *', 'Asia/Hong_Kong', '2028-02-29T03:59:58Z', '2028-02-29T09:00:00Z',
                               '2028-02-29T04:00:00Z')

    def test_E17_the_end_of_32_bits(self):
        self.assert_fires_once('15 3 19 1 *', 'UTC', '2038-01-19T03:14:58Z', '2038-01-19T09:00:00Z',
                               '2038-01-19T03:15:00Z')

    def test_E17_jumps_send_no_report_twice(self):
        service = self.service(at='2027-06-01T11:59:58Z')
        self.schedule(service, '0 12 * * *', 'UTC', latePolicy='skip')
        wait_for(lambda: self.jobs(service), 'it fires')
        for seconds in (-HOUR, HOUR, HOUR, -HOUR, -2 * HOUR, 2 * HOUR):
            service.jump(seconds)
            time.sleep(1.1)  # longer than the service sleeps
        self.assertEqual(len(self.jobs(service)), 1)
        self.assertGreater(len(service.events('clock.jumped')), 3)
        service.set('2027-06-02T11:59:59Z')
        wait_for(lambda: len(self.jobs(service)) == 2, 'the next day')

    def test_E17_mail_is_sent_whatever_the_clock_does(self):
        sink = Sink()
        self.addCleanup(sink.close)
        service = self.service(account(sink.port, 'a'))
        for jump in (HOUR, -HOUR, YEARS, -YEARS, -YEARS, YEARS):
            with self.subTest(jump):
                service.jump(jump)
                self.assertEqual(service.wait_job(service.send())['counts']['sent'], 1)
        self.assertEqual(service.call('GET', '/readyz').status, 200)
        self.assertEqual(len(sink.mails), 6)

    def test_E17_accounts_that_rest_do_not_rest_for_years(self):
        [port] = free_ports(1)
        service = self.service(account(port, 'a'))
        first = service.send()
        wait_for(lambda: service.events('account.resting'), 'the rest')
        job = service.send('chan@example.hk')
        relay = Scripted(address=('127.0.0.1', port))
        self.addCleanup(relay.close)
        service.jump(-YEARS)
        for waiting in (job, first):
            self.assertEqual(service.wait_job(waiting)['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 2)

    def test_E17_nothing_expires_by_a_jump(self):
        [port] = free_ports(1)
        service = self.service(account(port, 'a'))
        jobs = [service.send()]
        wait_for(lambda: service.events('account.resting'), 'the rest')
        jobs += [service.send(f'u{i}@example.hk') for i in range(20)]
        service.jump(YEARS)
        wait_for(lambda: service.events('clock.jumped'), 'the log tells')
        time.sleep(1.1)
        relay = Scripted(address=('127.0.0.1', port))
        self.addCleanup(relay.close)
        service.call('POST', '/api/v1/accounts/a/wake')
        for job in jobs:
            service.call('POST', f'/api/v1/messages/{job}/retry')
            self.assertEqual(service.wait_job(job)['counts']['sent'], 1)
        self.assertEqual(len(relay.bodies), 21)


class StoppedTest(unittest.TestCase):
    """Ten minutes of SIGSTOP, for which nobody waits: both clocks are put on while the process stands still."""

    def stop_at(self, verb, reply, **more):
        gate = Gate(reply)
        relay = Scripted({verb: [gate, Scripted.USUAL[verb]]})
        self.addCleanup(relay.close)
        service = ClockedService([account(relay.port, 'a', **more)], stops_all=True)
        self.addCleanup(service.close)
        job = service.send()
        self.assertTrue(gate.reached.wait(30))
        service.signal(signal.SIGSTOP)
        self.addCleanup(service.signal, signal.SIGCONT)
        service.jump(11 * 60)
        gate.open()
        time.sleep(0.1)  # what the relay says is there when the process wakes
        service.signal(signal.SIGCONT)
        return relay, service, job

    def test_E16_ten_minutes_before_the_dot_it_sends_once(self):
        relay, service, job = self.stop_at('DATA', '354 go on')

        def is_sent():
            counts = service.job(job)['counts']
            if counts['deferred']:  # the time-out came first: it waits for its next try
                service.call('POST', '/api/v1/accounts/a/wake')
                service.call('POST', f'/api/v1/messages/{job}/retry')
            return counts['sent'] == 1
        wait_for(is_sent, 'it is sent')
        # Where the time-out came first, the connection ended behind 354: nothing came, and no dot.
        self.assertEqual(len([body for body in relay.bodies if body]), 1)

    def test_E16_ten_minutes_behind_the_dot_it_has_sent_or_says_that_it_does_not_know(self):
        relay, service, job = self.stop_at('DOT', '250 2.0.0 ok', onDoubt='hold')
        counts = wait_for(lambda: (found := service.job(job)['counts'])['sent'] + found['in_doubt'] == 1 and found, 'an end')
        service.jump(3 * HOUR)
        time.sleep(1.1)  # longer than the service sleeps
        self.assertEqual((len(relay.bodies), service.job(job)['counts']), (1, counts))
