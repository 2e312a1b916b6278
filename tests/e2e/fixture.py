"""What all servers of the tests share: a folder of their own, free ports, processes that are stopped again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# Programs such as postfix live where a plain user's PATH does not look.
ENVIRONMENT = {**os.environ, 'PATH': os.environ.get('PATH', '') + ':/usr/sbin:/sbin', 'LC_ALL': 'C'}


def run(*command, **options):
    """Runs a program to its end; what it says is shown only if it fails."""
    done = subprocess.run([str(part) for part in command], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, **options)
    if done.returncode:
        raise RuntimeError(f'{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}')
    return done.stdout


def free_ports(count):
    """Ports of loopback that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(('127.0.0.1', 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_for(condition, what, seconds=20):
    """Returns what `condition` gives as soon as that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(f'{what}: not within {seconds} s')


def is_listening(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


class Folder:
    """A temporary folder that servers running as other users can enter. Use in a `with`, or call close."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix='mes-'))
        self.path.chmod(0o755)

    def write(self, name, text, mode=0o644):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def make(self, name, owner=None):
        path = self.path / name
        path.mkdir(parents=True)
        if owner is not None:
            os.chown(path, owner, owner)
        return path

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """A server that stays in the foreground; stopped by its process id."""

    def __init__(self, *command, environment=None, log):
        self.log = open(log, 'ab')
        self.child = subprocess.Popen([str(part) for part in command], env={**ENVIRONMENT, **(environment or {})},
                                      stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def close(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.log.close()
