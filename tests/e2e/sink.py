"""Relays that we program: Sink, a whole SMTP server (aiosmtpd), and Scripted, which breaks the rules on command."""

import email.policy
import socket
import struct
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from fixture import free_ports


class Sink:
    """Accepts everything but what `refusals` says: recipient to reply. `mails` are (sender, recipients, bytes)."""

    def __init__(self, tls=None, login=None, refusals=None, **options):
        self.mails, self._refusals = [], refusals or {}
        [self.port] = free_ports(1)
        if tls:
            options |= {'tls_context': tls, 'require_starttls': True}
        if login:
            wanted = LoginPassword(*(word.encode() for word in login))
            options |= {'auth_required': True,
                        'authenticator': lambda *call: AuthResult(success=call[-1] == wanted, handled=False)}
        self._controller = Controller(self, hostname='127.0.0.1', port=self.port, enable_SMTPUTF8=True, **options)
        self._controller.start()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self._refusals:
            return self._refusals[address]
        envelope.rcpt_tos.append(address)
        return '250 2.1.5 OK'

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return f'250 2.0.0 queued as {len(self.mails)}'

    def messages(self):
        return [email.message_from_bytes(content, policy=email.policy.default) for _, _, content in self.mails]

    def close(self):
        self._controller.stop()


class Cut:
    """Closes the connection after `first`, with a reset if so wished."""

    def __init__(self, first=b'', reset=False):
        self.first, self.reset = first, reset


class Gate:
    """A reply that waits until the test opens it; `reached` is set once somebody waits for it."""

    def __init__(self, reply):
        self.reply, self.reached, self._open = reply, threading.Event(), threading.Event()

    def open(self):
        self._open.set()

    def wait(self):
        self.reached.set()
        self._open.wait(60)
        return self.reply


HANG = object()


class Scripted:
    """Answers each verb as `replies` says, the usual way where it says nothing; "GREETING" and "DOT" count as
    verbs. A reply is a text, Cut, Gate or HANG; a list gives one for each time, its last for all later ones."""

    USUAL = {'GREETING': '220 test ready', 'EHLO': '250-test\n250 8BITMIME', 'HELO': '250 test',
             'AUTH': '235 2.7.0 welcome', 'MAIL': '250 2.1.0 OK', 'RCPT': '250 2.1.5 OK', 'DATA': '354 go on',
             'DOT': '250 2.0.0 queued as T1', 'QUIT': '221 2.0.0 bye', 'RSET': '250 2.0.0 OK', 'NOOP': '250 2.0.0 OK'}

    def __init__(self, replies=None, tls=None, address=('127.0.0.1', 0)):
        """With `tls`, an SSLContext, it speaks TLS from the first byte. Port 0: any free one."""
        self.received, self.bodies = [], []
        self._replies = {**self.USUAL, **(replies or {})}
        self._times, self._tls, self._open, self._own = {}, tls, [], threading.local()  # connections have threads
        self._listener = socket.create_server(address)
        self.host, self.port = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()
        for connection in self._open:
            connection.close()

    def verbs(self):
        return [line.split()[0].upper() for line in self.received if line]

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            lines = connection.makefile('rb')
            going = self._answer(connection, 'GREETING')
            while going and (line := lines.readline()):
                text = line.decode('utf-8', 'replace').rstrip('\r\n')
                self.received.append(text)
                verb = text.split(' ')[0].upper()
                going = self._answer(connection, verb) and verb != 'QUIT'
                if verb == 'STARTTLS' and self._own.last.startswith('220'):
                    threading.Event().wait()  # it cannot do what it offers: silence
                if verb == 'DATA' and self._own.last.startswith('354'):
                    self.bodies.append(self._read_body(lines))
                    going = self._answer(connection, 'DOT')
            connection.close()
        except OSError:
            pass

    def _read_body(self, lines):
        body = []
        while (line := lines.readline()) not in (b'.\r\n', b''):
            body.append(line)
        return b''.join(body)

    def _answer(self, connection, verb):
        reply = self._replies.get(verb, '500 5.5.1 unknown')
        if isinstance(reply, list):
            turn = self._times[verb] = self._times.get(verb, -1) + 1
            reply = reply[min(turn, len(reply) - 1)]
        self._own.last = ''
        if reply is HANG:
            return threading.Event().wait()
        if isinstance(reply, Gate):
            reply = reply.wait()
        if isinstance(reply, Cut):
            connection.sendall(reply.first)
            if reply.reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            connection.close()
            return False
        self._own.last = reply
        connection.sendall(reply.replace('\n', '\r\n').encode() + b'\r\n')
        return True


class Stalling:
    """Takes one mail. Of its body, `left` bytes stay unread while it does not read; then it reads `more`, too little
    for the system to call the sender back, and sets `reached`. What had left before `open` is read then."""

    def __init__(self, left=0, more=0):
        self.left, self.more, self.size, self.tail = left, more, 0, b''
        self.reached, self.go = threading.Event(), threading.Event()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._listener.bind(('127.0.0.1', 0))
        self._listener.listen(1)
        self.port = self._listener.getsockname()[1]

    def start(self, whole):
        """`whole`: the body's size, as an earlier one found it."""
        self._thread = threading.Thread(target=self._serve, args=(whole,))
        self._thread.start()

    def open(self):
        self.go.wait(0.3)  # until the sender has drawn its conclusion
        self.go.set()

    def finish(self):
        self.go.set()
        self._thread.join(20)
        self._listener.close()

    def _take(self, connection, most):
        piece = connection.recv(min(most, 65536))
        self.size, self.tail = self.size + len(piece), (self.tail + piece)[-5:]
        return piece

    def _serve(self, whole):
        connection, _ = self._listener.accept()
        for reply in (b'220 test', b'250 test', b'250 OK', b'250 OK'):
            connection.sendall(reply + b'\r\n')
            connection.recv(4096)
        connection.sendall(b'354 go on\r\n')
        while self.size < whole - self.left:
            self._take(connection, whole - self.left - self.size)
        time.sleep(0.2)  # the sender fills what buffers there are
        until = self.size + self.more
        while self.size < until:
            self._take(connection, until - self.size)
        self.reached.set()
        self.go.wait(20)
        try:
            while self.tail != b'\r\n.\r\n' and self._take(connection, 65536):
                pass
            connection.sendall(b'250 2.0.0 queued\r\n')
        except OSError:
            pass
        connection.close()
