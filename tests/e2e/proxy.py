"""Proxies between the program and its relay: two that we program, which note what they are asked, and Debian's."""

import base64
import socket
import threading

from fixture import Process, free_ports, is_listening, wait_for


def _pump(source, target):
    """Copies until the end, and passes that on."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class _Proxy:
    """`names` are what it takes host names for; `logins` are the (user, password) that came, `asked` the targets."""

    def __init__(self, login=None, names=None, refusal=None):
        self.login, self.names, self.refusal = login, names or {}, refusal
        self.logins, self.asked, self.connections = [], [], 0
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.settimeout(30)
        with client:
            try:
                self.talk(client)
            except (OSError, EOFError):
                pass

    def connect(self, host, port):
        """To the target, or OSError."""
        self.asked.append((host, port))
        return socket.create_connection((self.names.get(host, host), port), 5)

    @staticmethod
    def join(client, relay):
        with relay:
            back = threading.Thread(target=_pump, args=(relay, client), daemon=True)
            back.start()
            _pump(client, relay)
            back.join(30)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _exactly(client, size):
    data = b''
    while len(data) < size:
        part = client.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


class SocksProxy(_Proxy):
    """SOCKS 5; `refusal` is the number of its reply."""

    def talk(self, client):
        _, count = _exactly(client, 2)
        methods = _exactly(client, count)
        method = 2 if self.login else 0
        if method not in methods:
            client.sendall(b'\x05\xff')
            return
        client.sendall(bytes([5, method]))
        if self.login and not self._log_in(client):
            return
        host, port = self._target(client)
        try:
            relay = None if self.refusal else self.connect(host, port)
        except OSError:
            relay, self.refusal = None, 5
        client.sendall(bytes([5, self.refusal or 0, 0, 1, 127, 0, 0, 1, 0, 0]))
        if relay:
            self.join(client, relay)

    def _log_in(self, client):
        user = _exactly(client, _exactly(client, 2)[1])
        password = _exactly(client, _exactly(client, 1)[0])
        self.logins.append((user.decode(), password.decode()))
        is_good = self.logins[-1] == self.login
        client.sendall(bytes([1, not is_good]))
        return is_good

    @staticmethod
    def _target(client):
        kind = _exactly(client, 4)[3]
        if kind == 3:
            host = _exactly(client, _exactly(client, 1)[0]).decode()
        else:
            host = socket.inet_ntop(*((socket.AF_INET, _exactly(client, 4)) if kind == 1 else
                                      (socket.AF_INET6, _exactly(client, 16))))
        return host, int.from_bytes(_exactly(client, 2), 'big')


class ConnectProxy(_Proxy):
    """HTTP CONNECT; `refusal` is the whole status line. `lines` are what came, request by request."""

    lines = ()

    def talk(self, client):
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            head += _exactly(client, 1)
        self.lines = head.decode().split('\r\n')
        host, port = self.lines[0].split(' ')[1].rsplit(':', 1)
        if self.login:
            basic = [line.split(' ')[2] for line in self.lines if line.startswith('Proxy-Authorization: Basic ')]
            self.logins += [tuple(base64.b64decode(word).decode().split(':', 1)) for word in basic]
            if self.login not in self.logins[-1:]:
                client.sendall(b'HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n')
                return
        try:
            relay = None if self.refusal else self.connect(host.strip('[]'), int(port))
        except OSError:
            relay, self.refusal = None, '502 Bad Gateway'
        if relay:
            client.sendall(b'HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n')
            self.join(client, relay)
        else:
            client.sendall(f'HTTP/1.1 {self.refusal}\r\nContent-Length: 4\r\n\r\nOops'.encode())


class Microsocks:
    """Debian's microsocks."""

    def __init__(self, folder, user, password):
        [self.port] = free_ports(1)
        self._process = Process('microsocks', '-i', '127.0.0.1', '-p', self.port, '-u', user, '-P', password,
                                log=folder.path / f'microsocks-{self.port}.log')
        wait_for(lambda: is_listening(self.port), 'microsocks')

    def close(self):
        self._process.close()


class Tinyproxy:
    """Debian's tinyproxy; it lets nobody through but to `ports`."""

    def __init__(self, folder, user, password, ports):
        [self.port] = free_ports(1)
        rules = ''.join(f'ConnectPort {port}\n' for port in ports)
        config = folder.write(f'tinyproxy-{self.port}.conf',
                              f'Port {self.port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 10\n{rules}'
                              f'BasicAuth {user} {password}\nLogLevel Error\n')
        self._process = Process('tinyproxy', '-d', '-c', config, log=folder.path / f'tinyproxy-{self.port}.log')
        wait_for(lambda: is_listening(self.port), 'tinyproxy')

    def close(self):
        self._process.close()
