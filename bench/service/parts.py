#!/usr/bin/env python3
"""The parts of bench/run that measure the service. usage: parts.py WORK ROUNDS P7|P8|P9|P11|P12…
WORK holds the built programs and takes the scratch data. Prints; never judges a time. The environment may make
it smaller: SECONDS_OF_LOAD (5), PEER_MAILS (3000), RECIPIENTS (1000000)."""

import os
import resource
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import haraka
from postfix import Postfix, through
from rig import Place, Service, Sink, bulk, bulk_file, note, table, wait_until, wrk

SINK, SERVICE, RELAY, DEAD = 2610, 2611, 2612, 9  # ports; nothing listens on the last
SECONDS = int(os.environ.get('SECONDS_OF_LOAD', '5'))
PEER_MAILS = int(os.environ.get('PEER_MAILS', '3000'))
MILLION = int(os.environ.get('RECIPIENTS', '1000000'))
HERE = Path(__file__).resolve().parent


def in_turn(rounds, jobs):
    """Runs the jobs A B C, A B C, …; gives label -> figures of each round."""
    found = {label: [] for label in jobs}
    for _ in range(rounds):
        for label, job in jobs.items():
            found[label].append(job())
    return found


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def relayed(service):
    """64 callers for some seconds, until the last mail is sent and recorded: mails/s end to end, accepted/s, CPU s per
    1000 and how many answers were not 202."""
    before, used, began = service.jobs(), service.cpu(), time.monotonic()
    rate, bad = wrk(service, SECONDS)
    service.wait_idle()
    took, count = time.monotonic() - began, service.jobs() - before
    return count / took, rate, (service.cpu() - used) * 1000 / count, bad


def p7(place, rounds):
    print(f'== P7: durable relay, 4 KB mails with one recipient, until the last is sent and recorded; {PEER_MAILS} mails '
          f'for the peers, {SECONDS} s of 64 HTTP callers for mailenhance')

    def postfix(more):
        def run():
            with Postfix(place, RELAY, SINK, more) as relay:
                return through(place, relay, RELAY, SINK, PEER_MAILS)
        return run

    def with_haraka():
        with haraka.Haraka(place, RELAY, SINK) as relay:
            return through(place, relay, RELAY, SINK, PEER_MAILS)

    def mailenhance():
        with Sink(place, SINK), Service(place, 'p7', SERVICE, {'sink': SINK}) as service:
            return relayed(service)

    def nodemailer():
        with Sink(place, SINK):
            used, began = children(), time.monotonic()
            subprocess.run(['node', HERE.parent / 'peers' / 'nm.js', '127.0.0.1', str(SINK), str(PEER_MAILS), '10', '4096',
                            'text'], env={**os.environ, 'NODE_PEERS': str(place.modules)}, timeout=300, check=True,
                           stdout=subprocess.DEVNULL)
            return PEER_MAILS / (time.monotonic() - began), None, (children() - used) * 1000 / PEER_MAILS

    jobs = {'Postfix, defaults': postfix(''), 'Postfix, in_flow_delay=0': postfix('in_flow_delay=0'),
            'mailenhance': mailenhance}
    if haraka.program(place):
        jobs['Haraka'] = with_haraka
    if (place.modules / 'node_modules' / 'nodemailer').is_dir():
        jobs["nodemailer's pool (keeps nothing: not durable)"] = nodemailer
    table(('mails/s', 'accepted/s', 'CPU s/1000', 'not 202'), in_turn(rounds, jobs))


def p8(place, rounds):
    print('== P8: accepting, durable before the answer, 4 KB; 64 HTTP callers (wrk on the same cores) against a loop that '
          'only inserts')

    def inserting(mode, batch):
        def run():
            folder = place.folder / 'enqueue'
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            used = children()
            out = subprocess.run([place.peers / 'enqueue', mode, folder / 'f', str(SECONDS), str(batch)], check=True,
                                 capture_output=True, text=True, timeout=SECONDS + 60).stdout
            rate = float(out.split()[2])
            return rate, (children() - used) * 1000 / (rate * SECONDS)
        return run

    def accepting(at_rest, **more):
        def run():
            with Service(place, 'p8', SERVICE, {'sink': DEAD}) as service:
                if at_rest:
                    service.post('/accounts/sink/rest')
                used = service.cpu()
                rate, bad = wrk(service, SECONDS, **more)
                return rate, (service.cpu() - used) * 1000 / service.jobs(), bad
        return run

    def answering():
        child = subprocess.Popen([place.peers / 'http_epoll', str(SERVICE), str(SECONDS + 3), '2'])
        try:
            time.sleep(0.3)
            fake = type('Fake', (), {'folder': place.folder, 'key': 'none', 'port': SERVICE})
            return (wrk(fake, SECONDS)[0],)
        finally:
            child.kill()
            child.wait()

    table(('mails/s', 'CPU s/1000', 'not 202'), in_turn(rounds, {
        'SQLite alone, one commit a mail': inserting('sqlite-wal', 1),
        'SQLite alone, 64 mails a commit': inserting('sqlite-wal', 64),
        'mailenhance, its account at rest': accepting(True),
        'mailenhance, for tomorrow (sendAt)': accepting(False, sendAt=tomorrow()),
        'limit: HTTP that keeps nothing': answering}))


def tomorrow():
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 86400))


def p9(place, rounds):
    print(f'== P9: one job of {MILLION} recipients as NDJSON')
    path, rows = bulk_file(place, MILLION), []
    for _ in range(rounds):
        with Sink(place, SINK) as sink, Service(place, 'p9', SERVICE, {'sink': SINK}) as service:
            used = service.cpu()
            accepted = bulk(service, path)
            answered, accepting = time.time(), service.cpu() - used
            first = max(0, wait_until(sink.first, 'the first mail') - answered)
            time.sleep(1)
            sent, began, used = service.ask('select sum(sent) from job'), time.monotonic(), service.cpu()
            time.sleep(2 * SECONDS)
            more, took = service.ask('select sum(sent) from job') - sent, time.monotonic() - began
            rows.append((accepted, accepting, first, more / took, (service.cpu() - used) * 1000 / max(more, 1),
                         service.memory()))
            service.child.kill()  # what waits is of no interest
            service.child.wait()
    table(('s to 202', 'CPU s', 's to first', 'mails/s', 'CPU s/1000', 'peak MiB'), {'mailenhance': rows})


def p11(place, rounds):
    print('== P11: at rest')
    stripped = place.folder / 'stripped'
    subprocess.run(['strip', '-o', stripped, place.binary], check=True)
    print(f'binary, stripped: {stripped.stat().st_size / 1e6:.2f} MB')
    note('binary, stripped', MB=stripped.stat().st_size / 1e6)
    rows = {'the first start makes the data folder': [], 'every later start': []}
    for _ in range(rounds):
        with Service(place, 'p11', SERVICE, {'sink': DEAD}) as service:
            for label in rows:
                time.sleep(2)
                rows[label].append((service.ready * 1000, service.memory('VmRSS'), service.memory('Pss', 'smaps_rollup'),
                                    service.memory('VmHWM')))
                service.stop()
                service.start()
    table(('ms to ready', 'RSS MiB', 'PSS MiB', 'peak MiB'), rows)


def p12(place, rounds):
    tenth = MILLION // 10
    print(f'== P12: ten times the recipients: {tenth} and {MILLION} accepted; {tenth // 10} and {tenth} sent to the end')
    small, large = bulk_file(place, tenth), bulk_file(place, MILLION)

    def accepting(path):
        def run():
            with Service(place, 'p12', SERVICE, {'sink': DEAD}) as service:
                service.post('/accounts/sink/rest')
                used = service.cpu()
                return bulk(service, path), service.cpu() - used
        return run

    def sending(path):
        def run():
            with Sink(place, SINK), Service(place, 'p12', SERVICE, {'sink': SINK}) as service:
                used, began = service.cpu(), time.monotonic()
                bulk(service, path)
                wait_until(lambda: not service.ask('select count(*) from job where done_at is null'), 'the job', pause=0.1)
                return time.monotonic() - began, service.cpu() - used
        return run

    tiny = bulk_file(place, tenth // 10)
    for jobs in ({f'accepting {tenth}': accepting(small), f'accepting {MILLION}': accepting(large)},
                 {f'sending {tenth // 10}': sending(tiny), f'sending {tenth}': sending(small)}):
        table(('s', 'CPU s'), in_turn(rounds, jobs))
    full_queue(place, rounds, tenth)


def full_queue(place, rounds, size):
    print(f'-- ten jobs of {size} recipients wait; the same mails as in P7 beside them')
    queues = {'empty queue': None, 'for tomorrow': bulk_file(place, size, sendAt=tomorrow()),
              'due, account at rest': bulk_file(place, size, account='dead')}
    services = {}
    with Sink(place, SINK):
        try:
            for at, (label, path) in enumerate(queues.items()):
                service = services[label] = Service(place, f'full{at}', SERVICE + 10 + at, {'sink': SINK, 'dead': DEAD})
                service.post('/accounts/dead/rest')
                for _ in range(10 if path else 0):
                    bulk(service, path)

            def accepted(service):
                used, before = service.cpu(), service.jobs()
                rate, bad = wrk(service, SECONDS, sendAt=tomorrow())
                return rate, (service.cpu() - used) * 1000 / (service.jobs() - before), bad

            def sent(service):
                rate, _, used, bad = relayed(service)
                return rate, used, bad

            for what, job in ('accepted/s', accepted), ('sent/s', sent):
                jobs = {label: partial(job, service) for label, service in services.items()}
                table((what, 'CPU s/1000', 'not 202'), in_turn(rounds, jobs))
        finally:
            for service in services.values():
                service.child.kill()
                service.child.wait()


def main():
    place, rounds = Place(sys.argv[1]), int(sys.argv[2])
    for part in sys.argv[3:]:
        {'P7': p7, 'P8': p8, 'P9': p9, 'P11': p11, 'P12': p12}[part](place, rounds)
    shutil.rmtree(place.folder, ignore_errors=True)


main()
