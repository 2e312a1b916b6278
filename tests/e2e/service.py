"""A running service: started in a folder of its own on a free port, asked over HTTP, stopped by its process id."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from fixture import Folder, wait_for
from tool import ENVIRONMENT, WRAPPER, Tool

import tool as _tool


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f'{self.status}\n{self.body.decode(errors="replace")}'


class Service:
    """`accounts` and `settings` are written into a settings file. Use in a `with`, or call close."""

    def __init__(self, accounts, settings=None, environment=None, start=True):
        self.folder = Folder()
        self.settings = {'listen': '127.0.0.1:0', 'dataFolder': 'data', **(settings or {})}
        self.environment = environment or {}
        self.data, self.child, self.url, self.out = self.folder.path / 'data', None, None, b''
        self.errors = self.folder.path / 'stderr'
        self.write(accounts)
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, accounts):
        """The settings file with these accounts."""
        content = {'globalConfig': self.settings, 'senderEmailAccountList': accounts}
        fresh = self.folder.write('fresh', json.dumps(content, ensure_ascii=False), 0o600)
        self.config = fresh.rename(self.folder.path / 'AppSetting.json')

    def start(self, *arguments, limits=None, under=()):
        """Waits until it answers; `limits` is called in the child, `under` is what runs the program."""
        began = self.errors.stat().st_size if self.errors.exists() else 0
        with open(self.errors, 'ab') as errors:
            self.child = subprocess.Popen(
                [*WRAPPER, *under, _tool.BINARY, 'serve', '--config', str(self.config), *arguments], cwd=self.folder.path,
                env={**ENVIRONMENT, **self.environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                preexec_fn=limits)
        first = self.child.stdout.readline()
        if not first:
            status = self.child.wait(30)
            raise RuntimeError(f'it ended with {status}:\n{self.errors.read_bytes()[began:].decode()}')
        self.out = first
        self.url = first.decode().split()[-1]
        threading.Thread(target=self._drink, args=(self.child.stdout,), daemon=True).start()

    def _drink(self, stream):
        for line in stream:
            self.out += line

    @property
    def key(self):
        return (self.data / 'key').read_text().strip()

    @property
    def port(self):
        return int(self.url.rsplit(':', 1)[1])

    def log(self):
        return self.errors.read_text(errors='replace')

    def events(self, name):
        """Lines of the log with this event."""
        return [line for line in self.log().splitlines() if f' event={name}' in line + ' ' and f'event={name} ' in line + ' ']

    def call(self, method, path, body=None, key=None, headers=None, timeout=30):
        """`body`: bytes, or what becomes JSON."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            sent = {'Authorization': f'Bearer {key or self.key}', **(headers or {})}
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                sent.setdefault('Content-Type', 'application/json')
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def send(self, to='wong@example.hk', **more):
        """The smallest mail there is; gives the job's id."""
        answer = self.call('POST', '/api/v1/messages', {'to': [to] if isinstance(to, str) else to, 'subject': 'S',
                                                        'text': 'T', **more})
        assert answer.status == 202, answer
        return answer.json['id']

    def job(self, job):
        return self.call('GET', f'/api/v1/messages/{job}').json

    def recipients(self, job):
        return self.call('GET', f'/api/v1/messages/{job}/recipients').json['items']

    def wait_job(self, job, state='done', seconds=20):
        return wait_for(lambda: (found := self.job(job))['state'] == state and found, f'job {job} {state}', seconds)

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, seconds=30):
        """SIGTERM; gives the exit status."""
        if self.child is None:
            return None
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=30):
        status = self.child.wait(seconds)
        self.child.stdout.close()
        return status

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait()

    def close(self):
        if self.child is not None and self.child.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
        self.folder.close()
