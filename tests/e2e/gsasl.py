"""The relay of tests/gsasl: logins by libgsasl, bound to the TLS that they run in; and somebody in between."""

import functools
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import stage
from fixture import run

_SOURCE = Path(__file__).resolve().parent.parent / 'gsasl/relay.c'


@functools.cache
def program():
    path = stage.folder().path / 'gsasl-relay'
    run('cc', '-std=c17', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-o', path, _SOURCE, '-lgsasl',
        '-lssl', '-lcrypto')
    return path


class GsaslRelay:
    def __init__(self, tls, user, password, mechanisms, rounds=4096):
        certificates = stage.certificates()
        self.child = subprocess.Popen([program(), certificates.good, certificates.good_key, tls, user, password,
                                       mechanisms, str(rounds)], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())

    def login(self):
        """The next login that was tried: mechanism, "new" or "resumed", "ok" or libgsasl's reason."""
        return tuple(self.child.stdout.readline().split())

    def close(self):
        self.child.terminate()
        self.child.wait(10)
        self.child.stdout.close()


class InBetween:
    """Holds a good certificate (as if it had been stolen) and passes on what both say; `change` may alter what the
    relay says, and what `answer` has for a line of the client's, the relay never hears."""

    def __init__(self, port, change=lambda line: line, answer=lambda line: b''):
        self._port, self._change, self._answer = port, change, answer
        self._context = stage.tls_context()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client):
        trusting = ssl._create_unverified_context()
        with self._context.wrap_socket(client, server_side=True) as front, \
                trusting.wrap_socket(socket.create_connection(('127.0.0.1', self._port))) as back:
            to_back = threading.Thread(target=self._copy, args=(front, back, lambda line: line, self._answer))
            to_back.daemon = True
            to_back.start()
            self._copy(back, front, self._change, lambda line: b'')

    @staticmethod
    def _copy(source, target, change, answer):
        try:
            with source.makefile('rb') as lines:
                for line in lines:
                    own = answer(line)
                    (source if own else target).sendall(own or change(line))
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
