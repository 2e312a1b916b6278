"""What the service's parts of bench/run stand on: the sink, a running service, wrk, CPU and memory of processes, tables.

Every process is waited for and stopped by its id; everything is bounded."""

import http.client
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path

HERTZ = os.sysconf('SC_CLK_TCK')
LONGEST = 900  # seconds: what takes longer is given up


class GivenUp(Exception):
    pass


def wait_until(ask, what, seconds=LONGEST, pause=0.05):
    """Waits until `ask` gives something, and gives it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(pause)
    raise GivenUp(f'{what}: not within {seconds} s')


def _stat(pid):
    """Parent and CPU seconds (its own, its reaped children's) of a process, or None."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    except OSError:
        return None
    own, reaped = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
    return int(fields[1]), own / HERTZ, reaped / HERTZ


def cpu(root):
    """CPU seconds of a process, of those of its children that ended, and of its living descendants."""
    table = {int(name): found for name in os.listdir('/proc') if name.isdigit() and (found := _stat(name))}
    total = 0.0
    for pid, (_, own, reaped) in table.items():
        at = pid
        while at != root and at in table:
            at = table[at][0]
        if at == root:
            total += own + reaped
    return total


def memory(pid, field='VmHWM', file='status'):
    """A field of /proc/PID/status or smaps_rollup in MiB."""
    for line in Path(f'/proc/{pid}/{file}').read_text().splitlines():
        if line.startswith(field + ':'):
            return int(line.split()[1]) / 1024
    return 0.0


def stop(child, seconds=60):
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(seconds)


class Sink:
    """fastsink: takes and forgets. `wanted`: ends after so many mails."""

    def __init__(self, place, port, wanted=0):
        self.port = port
        self.out = place.folder / f'sink-{port}.out'
        with open(self.out, 'wb') as out:
            self.child = subprocess.Popen([place.peers / 'fastsink', '-M', str(wanted), str(port)], stdout=out)
        wait_until(lambda: listens(port), 'the sink')

    def first(self):
        """The wall clock when it took its first mail, or None."""
        said = self.out.read_text().split()
        return float(said[1]) if said[:1] == ['first'] else None

    def wait(self, seconds=LONGEST):
        self.child.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.child)


def listens(port):
    """Whether something listens there, without connecting: /proc/net/tcp."""
    want = f'0100007F:{port:04X}', '0A'
    return any((fields := line.split())[1] == want[0] and fields[3] == want[1]
               for line in Path('/proc/net/tcp').read_text().splitlines()[1:])


class Place:
    """Where the programs are, and a scratch folder."""

    def __init__(self, work):
        work = Path(work)
        self.peers, self.binary, self.modules = work / 'peers', work / 'product' / 'mailenhance', work
        self.folder = work / 'service'
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)


class Service:
    """`mailenhance serve` in a folder of its own. `accounts`: name -> port of its relay."""

    def __init__(self, place, name, port, accounts):
        self.folder = place.folder / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.port, self.binary = port, place.binary
        listed = [{'name': account, 'senderServerHost': '127.0.0.1', 'senderServerHostPort': relay,
                   'fromMailAddress': 'a@x.test'} for account, relay in accounts.items()]
        settings = {'globalConfig': {'listen': f'127.0.0.1:{port}', 'dataFolder': 'data'}, 'senderEmailAccountList': listed}
        (self.folder / 'AppSetting.json').write_text(json.dumps(settings))
        self.start()

    def start(self):
        """Keeps how long it took until /readyz said so, in seconds."""
        with open(self.folder / 'out', 'wb') as out, open(self.folder / 'log', 'ab') as log:
            began = time.monotonic()
            self.child = subprocess.Popen([self.binary, 'serve', '--config', 'AppSetting.json'], cwd=self.folder,
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=log)
        wait_until(lambda: self._is_ready() or self.child.poll() is not None, 'the service', 30, pause=0.002)
        self.ready = time.monotonic() - began
        if self.child.poll() is not None:
            raise GivenUp('the service ended:\n' + (self.folder / 'log').read_text())
        self.key = (self.folder / 'data' / 'key').read_text().strip()

    def _is_ready(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=5)
        try:
            connection.request('GET', '/readyz')
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def post(self, path, body=b'', kind='application/json'):
        """`body`: bytes, or an open file, which is sent as a stream."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=LONGEST)
        try:
            connection.request('POST', '/api/v1' + path, body, {'Authorization': f'Bearer {self.key}', 'Content-Type': kind})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status >= 300:
                raise GivenUp(f'POST {path}: {answer.status} {content[:400]!r}')
            return json.loads(content) if content else None
        finally:
            connection.close()

    def ask(self, statement):
        """One figure from the database, read only."""
        database = sqlite3.connect(f'file:{self.folder}/data/queue.db?mode=ro', uri=True, timeout=10)
        try:
            found = database.execute(statement).fetchone()
            return found[0] if found else None
        finally:
            database.close()

    def jobs(self):
        return self.ask('select count(*) from job')

    def wait_idle(self):
        """Until nothing is in flight or due but what is for later."""
        wait_until(lambda: not self.ask('select count(*) from flight'), 'what is in flight')
        wait_until(lambda: not self.ask("select count(*) from job where done_at is null and account = 'sink' "
                                        "and send_at <= created_at"), 'the queue', pause=0.2)

    def cpu(self):
        return cpu(self.child.pid)

    def memory(self, field='VmHWM', file='status'):
        return memory(self.child.pid, field, file)

    def stop(self):
        stop(self.child)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wrk(service, seconds, **more):
    """64 callers post mails of 4 KB. Gives the answers a second, and how many were not 202."""
    text = ('x' * 70 + '\n') * 56
    body = json.dumps({'to': ['b@y.test'], 'subject': 'bench', 'text': text, 'account': 'sink', **more})
    script = service.folder / 'post.lua'
    script.write_text(f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\n'
                      'wrk.headers["Content-Type"] = "application/json"\n'
                      f'wrk.headers["Authorization"] = "Bearer {service.key}"\n')
    out = subprocess.run(['wrk', '-t2', '-c64', f'-d{seconds}s', '-s', script,
                          f'http://127.0.0.1:{service.port}/api/v1/messages'],
                         capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    words = {line.split(':')[0].strip(): line.split(':')[1].strip() for line in out.splitlines() if ':' in line}
    bad = int(words.get('Non-2xx or 3xx responses', 0))
    return float(words['Requests/sec']), bad


def bulk_file(place, count, **head):
    """An NDJSON file of a job of `count` recipients."""
    path = place.folder / f'bulk-{count}-{"-".join(head)}.ndjson'
    with open(path, 'w') as out:
        out.write(json.dumps({'subject': 'bench', 'text': 'hello {{name}}', 'kind': 'notice', **head}) + '\n')
        for number in range(count):
            out.write(f'{{"address":"user{number}@y.test","name":"N{number}","vars":{{"name":"N{number}"}}}}\n')
    return path


def bulk(service, path):
    """Posts it; gives the seconds until the answer."""
    began = time.monotonic()
    with open(path, 'rb') as body:
        service.post('/messages/bulk', body, 'application/x-ndjson')
    return time.monotonic() - began


def note(label, **figures):
    """Appends a JSON line to the file that RESULTS names, if it does: what bench/goals.py reads."""
    if 'RESULTS' in os.environ:
        with open(os.environ['RESULTS'], 'a') as results:
            print(json.dumps({'part': os.environ['PART'], 'label': label, **figures}), file=results)


def table(head, rows, base=None):
    """Prints, and notes, the median of each row's rounds, lowest and highest of the first figure, and its ratio to the row
    `base`. rows: label -> list of tuples of figures, one a round."""
    base = base or next(iter(rows))
    print(f'{"":44} {head[0]:>10} {"min":>8} {"max":>8} {"ratio":>7}' + ''.join(f' {name:>12}' for name in head[1:]))
    for label, rounds in rows.items():
        first = [figures[0] for figures in rounds]
        ratio = statistics.median(a / b[0] for a, b in zip(first, rows[base]))
        line = f'{label:44} {statistics.median(first):10.5g} {min(first):8.5g} {max(first):8.5g} {ratio:7.2f}'
        medians = {head[0]: statistics.median(first), 'ratio': ratio}
        for at in range(1, len(rounds[0])):
            values = [figures[at] for figures in rounds if figures[at] is not None]
            line += f' {statistics.median(values):12.4g}' if values else f' {"-":>12}'
            if values:
                medians[head[at]] = statistics.median(values)
        note(label, **medians)
        print(line, flush=True)
