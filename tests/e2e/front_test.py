"""The service behind nginx, HAProxy and Caddy: no request that the proxy has not seen, and whose address counts."""

import json
import socket
import sqlite3
import unittest

from front import Proxy
from service import Service
from tool import account

JOBS = '/api/v1/messages'
CODINGS = {'unknown coding': 'Transfer-Encoding: xchunked', 'space before the colon': 'Transfer-Encoding : chunked',
           'vertical tab': 'Transfer-Encoding:\x0bchunked', 'list of codings': 'Transfer-Encoding: chunked, identity',
           'identity': 'Transfer-Encoding: identity', 'tab': 'Transfer-Encoding:\tchunked',
           'bare LF': 'X: x\nTransfer-Encoding: chunked', 'colon on the next line': 'Transfer-Encoding\r\n : chunked',
           'quotes': 'Transfer-Encoding: "chunked"', 'folded line': 'X-A: b\r\n Transfer-Encoding: chunked',
           'underscore': 'Transfer_Encoding: chunked'}
# What HAProxy and Caddy put right: they hand on what they understood, in words that leave no doubt.
PLAIN = {'length and chunks, hidden behind the chunks', 'chunks and length, hidden behind the length', 'tab with a length',
         'bare LF', 'bare LF with a length', 'folded line', 'folded line with a length'}


class ProxyCase:
    kind = ''

    @classmethod
    def setUpClass(cls):
        cls.service = Service([account(1, 'a', transport='capture')], settings={'trustedProxies': ['127.0.0.1']})
        cls.addClassCleanup(cls.service.close)
        # Jobs can only be made past this proxy: one that is there came in as somebody else's body.
        cls.proxy = Proxy(cls.kind, cls.service.port, denied=JOBS)
        cls.addClassCleanup(cls.proxy.close)

    def talk(self, port, data):
        """All that comes back, until the end or a pause."""
        with socket.create_connection(('127.0.0.1', port), timeout=10) as client:
            client.sendall(data)
            client.settimeout(0.2)
            out = b''
            try:
                while piece := client.recv(65536):
                    out += piece
            except (TimeoutError, ConnectionResetError):
                pass
            return out

    def status(self, answer):
        return int(answer.split(b' ')[1]) if answer.startswith(b'HTTP/1') else 0

    def jobs(self):
        with sqlite3.connect(f'file:{self.service.data}/queue.db?mode=ro', uri=True) as database:
            return database.execute('select count(*) from job').fetchone()[0]

    def request(self, line, *fields, body=b'', host='a'):
        head = [line, f'Host: {host}', f'Authorization: Bearer {self.service.key}', 'Content-Type: application/octet-stream', *fields]
        return '\r\n'.join(head).encode('latin-1') + b'\r\n\r\n' + body

    def smuggled(self):
        """A whole request that makes a job."""
        body = json.dumps({'to': ['wong@example.hk'], 'subject': 'smuggled', 'text': 'T'}).encode()
        return self.request(f'POST {JOBS} HTTP/1.1', f'Content-Length: {len(body)}', body=body).replace(
            b'application/octet-stream', b'application/json')

    def vectors(self):
        """Name, the request's fields, what is before the hidden request in the body."""
        hidden = self.smuggled()
        size, chunk = len(hidden), f'{len(hidden):x}\r\n'.encode() + hidden + b'\r\n0\r\n\r\n'
        ended = b'0\r\n\r\n' + hidden
        chunked = 'Transfer-Encoding: chunked'
        yield 'length and chunks, hidden behind the chunks', [f'Content-Length: {len(ended)}', chunked], ended
        yield 'chunks and length, hidden behind the length', [chunked, 'Content-Length: 0'], chunk
        yield 'two lengths', ['Content-Length: 0', f'Content-Length: {size}'], hidden
        yield 'two lengths, the other way round', [f'Content-Length: {size}', 'Content-Length: 0'], hidden
        yield 'a list of lengths', [f'Content-Length: 0, {size}'], hidden
        yield 'a length with a sign', ['Content-Length: +0'], hidden
        for coding, field in CODINGS.items():
            yield f'{coding} with a length', [field, f'Content-Length: {len(ended)}'], ended
            yield coding, [field], ended
        yield 'two codings', [chunked, 'Transfer-Encoding: identity'], ended
        yield 'a chunk size with an extension that ends in LF', [chunked], b'1;a\nb\r\nx\r\n' + ended
        yield 'a chunk size in words', [chunked], b'0x1\r\nx\r\n' + ended
        yield 'a huge chunk size', [chunked], b'10000000000000001\r\nx\r\n' + ended
        yield 'a negative chunk size', [chunked], b'-1\r\n' + ended
        yield 'chunks ended by LF', [chunked], b'0\n\n' + hidden
        yield 'a field behind the chunks', [chunked], b'0\r\nContent-Length: 5\r\n\r\n' + hidden
        yield 'Expect', ['Expect: 100-continue', 'Content-Length: 0'], hidden
        yield 'hop by hop', ['Connection: Content-Length', f'Content-Length: {size}'], hidden

    def test_F16_nothing_runs_that_the_proxy_has_not_seen(self):
        for name, fields, body in self.vectors():
            for method, path in (('POST', '/api/v1/uploads?name=a'), ('GET', '/healthz')):
                with self.subTest(name, method=method):
                    request = self.request(f'{method} {path} HTTP/1.1', *fields, body=body)
                    said = self.talk(self.proxy.port, request)
                    # The next visitor on the proxy's connection to the service gets an answer of their own.
                    own = self.talk(self.proxy.port, self.request('GET /healthz HTTP/1.1', 'Connection: close'))
                    self.assertEqual(self.jobs(), 0, (said, own))
                    self.assertTrue(own.startswith(b'HTTP/1.1 200') and b'"alive"' in own, (said, own))

    def test_F16_the_verdict_is_the_same(self):
        """What the service refuses is refused through the proxy too, by either, unless the proxy put it right first."""
        made_plain = {}
        for name, fields, body in self.vectors():
            request = self.request('POST /api/v1/uploads?name=a HTTP/1.1', *fields, body=body)
            direct, through = (self.status(self.talk(port, request))
                               for port in (self.service.port, self.proxy.port))
            if direct not in (200, 201) and through in (200, 201):
                made_plain[name] = (direct, through)
        self.assertLessEqual(set(made_plain), self.may_make_plain, made_plain)

    may_make_plain = frozenset()

    def test_F19_the_proxy_says_whose_address_counts(self):
        """What a client writes into X-Forwarded-For is not believed: a hundred invented addresses are one client."""
        def ask(forged):
            request = self.request('GET /api/v1/keys HTTP/1.1', 'Connection: close', f'X-Forwarded-For: {forged}')
            return self.status(self.talk(self.proxy.port, request.replace(self.service.key.encode(), b'wrong')))
        answers = [ask(f'192.0.2.{i}') for i in range(40)]
        self.assertIn(429, answers)
        self.assertEqual(set(answers), {401, 429})


class NginxTest(ProxyCase, unittest.TestCase):
    kind = 'nginx'
    may_make_plain = {'bare LF'}


class HaproxyTest(ProxyCase, unittest.TestCase):
    kind = 'haproxy'
    may_make_plain = PLAIN


class CaddyTest(ProxyCase, unittest.TestCase):
    kind = 'caddy'
    may_make_plain = PLAIN
