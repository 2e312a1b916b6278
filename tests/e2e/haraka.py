"""A Haraka on loopback, which offers PIPELINING and refuses a MAIL that comes with the end of a body. tools/setup gets it
from npm; where that has none that runs here, a server of a few lines does the same."""

import json
import shutil
import socketserver
import threading
from pathlib import Path

from fixture import Folder, Process, free_ports, is_listening, wait_for

_MODULES = Path(__file__).resolve().parents[2] / '.cache/haraka/node_modules'
_PROGRAM = _MODULES / '.bin/haraka'
_REFUSAL = '503 Bad sequence of commands - pipelined after end of DATA'
_CONFIG = {'smtp.ini': 'listen=127.0.0.1:{port}\nnodes=0\n', 'plugins': 'rcpt_to.in_host_list\nkeep\n',
           'host_list': 'example.hk\n', 'me': 'haraka.example.hk\n', 'log.ini': 'level=NOTICE\n'}
_KEEP = '''
const { appendFileSync } = require('node:fs');
exports.hook_queue = function (next, connection) {
    const { mail_from, rcpt_to } = connection.transaction;
    const to = rcpt_to.map(String);
    appendFileSync('{kept}', JSON.stringify({ from: String(mail_from), to, connection: connection.uuid }) + '\\\\n');
    next(OK, 'kept');
};
'''


class Haraka:
    def __init__(self):
        self.folder = Folder()
        [self.port] = free_ports(1)
        self._kept = self.folder.path / 'kept'
        self._kept.touch()
        for name in ('config', 'plugins'):
            self.folder.make(name)
        for name, text in _CONFIG.items():
            self.folder.write(f'config/{name}', text.format(port=self.port))
        shutil.copy(_MODULES / 'Haraka/config/connection.ini', self.folder.path / 'config')
        self.folder.write('plugins/keep.js', _KEEP.replace('{kept}', str(self._kept)).replace('\\\\n', '\\n'))
        self._process = Process('node', _PROGRAM, '-c', self.folder.path, log=self.folder.path / 'log')
        try:
            wait_for(lambda: is_listening(self.port), 'Haraka')
        except BaseException:
            print((self.folder.path / 'log').read_text())
            self.close()
            raise

    def kept(self):
        """Sender, recipients and connection of each mail."""
        return [json.loads(line) for line in self._kept.read_text().splitlines()]

    def close(self):
        self._process.close()
        self.folder.close()


class _Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def take_body(self):
        while self.rfile.readline() not in (b'.\r\n', b''):
            pass
        self.server.kept.append({'from': self.sender, 'to': self.to, 'connection': str(id(self))})
        self.connection.settimeout(0)
        early = len(self.rfile.peek())
        self.connection.settimeout(30)
        self.say('250 kept')
        while early > 0 and (line := self.rfile.readline()):
            early -= len(line)
            self.say(_REFUSAL)

    def handle(self):
        self.sender, self.to = '', []
        self.request.settimeout(30)
        self.say('220 haraka.example.hk ESMTP Haraka')
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == 'EHLO':
                self.say('250-haraka.example.hk\r\n250 PIPELINING')
            elif verb == 'MAIL':
                self.sender, self.to = line[10:], []
                self.say('250 ok')
            elif verb == 'RCPT':
                self.to.append(line[8:])
                self.say('250 ok')
            elif verb == 'DATA':
                self.say('354 go ahead')
                self.take_body()
            else:
                self.say('221 bye' if verb == 'QUIT' else '500 what?')


class Imitation:
    def __init__(self):
        self._server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), _Session)
        self._server.daemon_threads = True
        self._server.kept = []
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def kept(self):
        return list(self._server.kept)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def open_haraka():
    return Haraka() if _PROGRAM.exists() else Imitation()
