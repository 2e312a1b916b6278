"""Reverse proxies in front of a service, as docs/operations.md sets them up, on ports of their own."""

import re
from pathlib import Path

from fixture import Folder, Process, free_ports, is_listening, wait_for

MANUAL = Path(__file__).resolve().parents[2] / 'docs/operations.md'


def snippet(name):
    """The block of the manual behind the line <!-- tested: NAME -->."""
    return re.search(rf'<!-- tested: {name} -->\n```\w*\n(.*?)```', MANUAL.read_text(), re.S)[1]


def _nginx(site, folder, denied):
    deny = f'location = {denied} {{ deny all; }}\n    location / {{'
    temporary = ' '.join(f'{name}_temp_path {folder}/{name};' for name in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    site = re.sub(r' *ssl_certificate.*\n', '', site).replace('location / {', deny, 1)
    return (f'daemon off; pid {folder}/pid; error_log stderr; events {{ worker_connections 256; }}\n'
            f'http {{ access_log off; {temporary}\n{site} }}\n')


def _haproxy(site, folder, denied):
    site = re.sub(r' ssl crt \S+', '', site).replace('http-request set-header', f'http-request deny if {{ path {denied} }}\n'
                                                     '    http-request set-header', 1)
    return f'global\n    maxconn 256\n{site}'


def _caddy(site, folder, denied):
    site = site.replace('mail.example.hk', 'http://', 1).replace('respond /metrics', f'respond {denied} 403\n    respond /metrics', 1)
    return f'{{\n    admin off\n    storage file_system {folder}\n}}\n{site}'


KINDS = {'nginx': (_nginx, lambda folder, config: ['nginx', '-p', folder, '-e', 'stderr', '-c', config]),
         'haproxy': (_haproxy, lambda folder, config: ['haproxy', '-db', '-f', config]),
         'caddy': (_caddy, lambda folder, config: ['caddy', 'run', '--adapter', 'caddyfile', '--config', config])}


class Proxy:
    """`denied` is a path that this proxy lets nobody ask for."""

    def __init__(self, kind, backend, denied):
        self.folder = Folder()
        [self.port] = free_ports(1)
        write, command = KINDS[kind]
        site = snippet(kind).replace('127.0.0.1:8025', f'127.0.0.1:{backend}')
        site = site.replace('bind :443', f'bind 127.0.0.1:{self.port}').replace('listen 443 ssl', f'listen 127.0.0.1:{self.port}')
        site = site.replace('mail.example.hk:443', f'mail.example.hk:{self.port}')
        config = self.folder.write('proxy.conf', write(site, self.folder.path, denied))
        self.log = self.folder.path / 'log'
        self._process = Process(*command(self.folder.path, config), log=self.log,
                                environment={'HOME': str(self.folder.path)})
        wait_for(lambda: is_listening(self.port) or self._process.child.poll() is not None, 'the proxy')
        if self._process.child.poll() is not None:
            raise RuntimeError(self.log.read_text())

    def close(self):
        self._process.close()
        self.folder.close()
