"""Calls the program as a user would, and reads what it says."""

import base64
import json
import os
import signal
import subprocess

from fixture import Folder

BINARY = os.environ.get('MAILENHANCE', 'build-release/mailenhance')
# What the program is run under, such as valgrind.
WRAPPER = os.environ.get('MAILENHANCE_UNDER', '').split()
PASSWORD = 'canary-7Qv2xR9 ü'
# Whatever the machine is set to, the tests' program speaks English and reads no settings from outside.
ENVIRONMENT = {key: value for key, value in os.environ.items()
               if key in ('PATH', 'HOME', 'TMPDIR') or key.startswith(('ASAN_', 'UBSAN_', 'LSAN_'))}


class Outcome:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def results(self):
        """The lines of --json."""
        return [json.loads(line) for line in self.out.decode().splitlines()]

    @property
    def result(self):
        assert len(self.results) == 1, self
        return self.results[0]

    def __repr__(self):
        return f'status {self.status}\n{self.out.decode(errors="replace")}\n{self.err.decode(errors="replace")}'


class Tool:
    """`accounts` are the records of the list, written into a settings file of its own."""

    def __init__(self, accounts, settings=None):
        self.folder = Folder()
        content = {'senderEmailAccountList': accounts, 'globalConfig': settings or {}}
        self.config = self.folder.write('AppSetting.json', json.dumps(content, ensure_ascii=False), 0o600)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.close()

    def command(self, *arguments):
        return [*WRAPPER, BINARY, *(str(argument) for argument in arguments)]

    def run(self, *arguments, environment=None):
        done = subprocess.run(self.command(*arguments), env={**ENVIRONMENT, **(environment or {})}, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def send(self, *arguments, json=True):
        return self.run('send', '--config', self.config, *(['--json'] if json else []), *arguments)

    def send_plain(self, to='wong@example.hk', *arguments):
        """The smallest mail there is."""
        return self.send('--to', to, '--subject', 'S', '--text', 'T', *arguments)

    def send_and_interrupt(self, gate, *arguments):
        """Sends ^C when the relay waits at `gate`, then opens that."""
        child = subprocess.Popen(self.command('send', '--config', self.config, '--json', *arguments), env=ENVIRONMENT,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert gate.reached.wait(30), 'the program did not get so far'
        child.send_signal(signal.SIGINT)
        gate.open()
        out, err = child.communicate(timeout=30)
        return Outcome(child.returncode, out, err)


def account(port, name, tls='', user='', password=PASSWORD, ca=None, host='127.0.0.1', **more):
    """A record as it stands in users' files. `tls`: "" none, "at once" or "starttls"."""
    record = {'name': name, 'senderServerHost': host, 'senderServerHostPort': port, 'enableSSL': tls == 'at once',
              'enableTSL': tls == 'starttls', 'enablePasswordAuthentication': bool(user),
              'fromMailAddress': f'{name}@example.hk', 'fromMailDisplayName': f'Service {name}'}
    if user:
        record |= {'senderUserName': user, 'senderUserPassword': password}
    if ca:
        record['tlsCaFile'] = str(ca)
    return record | more


def forms_of(secret):
    """How a secret could show itself: plain, hex, and Base64 at each of its three offsets."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    for offset in range(3):
        # The characters at both ends depend on what stands around the secret.
        yield base64.b64encode(b'\0' * offset + raw)[4 if offset else 0:-4]
