"""A token server (OAuth 2.0) and a relay that takes its access tokens."""

import base64
import hashlib
import http.server
import json
import logging
import threading
import urllib.parse

from aiosmtpd.smtp import AuthResult

from sink import Sink

logging.getLogger('mail.log').setLevel(logging.ERROR)  # that a login needs no TLS here is meant
CLIENT, CLIENT_SECRET = 'the-client', 'canary-client-8Jd2'


class Issuer:
    """Gives access tokens for refresh tokens, codes and device codes. `answers` are given first: (status, body), where the
    body may be a text or what becomes JSON."""

    def __init__(self, rotates=False, life=3600, tls=None):
        self.refresh, self.rotates, self.life = {'canary-refresh-0'}, rotates, life
        self.access, self.requests, self.answers, self.codes, self.number = set(), [], [], {}, 0
        self.keeps_old, self.before_answer, self.after_answer = False, None, None
        self.device = {'device_code': 'canary-device-4Rt8', 'user_code': 'ABCD-EFGH', 'interval': 1, 'expires_in': 60,
                       'verification_uri': 'https://example.test/device'}
        self._lock = threading.Lock()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers['Content-Length'])).decode()))
                with issuer._lock:
                    issuer.requests.append((self.path, form))
                    status, body = issuer._answer(self.path, form)
                if issuer.before_answer:
                    issuer.before_answer()
                raw = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
                if issuer.after_answer:
                    issuer.after_answer()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.scheme = 'http'
        if tls:
            self._server.socket, self.scheme = tls.wrap_socket(self._server.socket, server_side=True), 'https'
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def url(self, path='token'):
        return f'{self.scheme}://127.0.0.1:{self._server.server_address[1]}/{path}'

    def account(self, port, name='office', refresh='file:refresh', **more):
        """A record of the list. `refresh` None: not authorized yet."""
        record = {'name': name, 'senderServerHost': '127.0.0.1', 'senderServerHostPort': port,
                  'fromMailAddress': f'{name}@example.hk', 'senderUserName': f'{name}@example.hk',
                  'allowPlaintextAuth': True, 'oauthTokenUrl': self.url(), 'oauthClientId': CLIENT,
                  'oauthClientSecret': CLIENT_SECRET}
        if refresh:
            record['oauthRefreshToken'] = refresh
        return record | more

    def secrets(self):
        """All that must never be seen."""
        return {*self.refresh, *self.access, CLIENT_SECRET, self.device['device_code'], *self.codes,
                *(f'canary-refresh-{number}' for number in range(self.number + 1)),
                *(f'canary-access-{number}' for number in range(1, self.number + 1))}

    def grant(self, challenge, redirect):
        """What a person does at the provider's page: gives the code that the browser brings back."""
        code = f'canary-code-{len(self.codes)}+/='
        self.codes[code] = (challenge, redirect)
        return code

    def _answer(self, path, form):
        if self.answers:
            return self.answers.pop(0)
        if (form.get('client_id'), form.get('client_secret')) != (CLIENT, CLIENT_SECRET):
            return 401, {'error': 'invalid_client'}
        if path == '/device':
            return 200, self.device
        return self._grant(form)

    def _grant(self, form):
        kind = form['grant_type']
        if kind == 'refresh_token' and form['refresh_token'] in self.refresh:
            return 200, self._tokens(form['refresh_token'] if self.rotates else None, self.rotates)
        if kind == 'authorization_code' and form['code'] in self.codes:
            challenge, redirect = self.codes.pop(form['code'])
            proof = base64.urlsafe_b64encode(hashlib.sha256(form['code_verifier'].encode()).digest()).decode().rstrip('=')
            if (proof, form['redirect_uri']) == (challenge, redirect):
                return 200, self._tokens(None, True)
        if kind.endswith('device_code') and form['device_code'] == self.device['device_code']:
            return 200, self._tokens(None, True)
        return 400, {'error': 'invalid_grant', 'error_description': 'Token has been expired or revoked.'}

    def _tokens(self, spent, gives_refresh):
        self.number += 1
        access = f'canary-access-{self.number}'
        self.access.add(access)
        answer = {'access_token': access, 'token_type': 'Bearer', 'expires_in': self.life}
        if gives_refresh:
            answer['refresh_token'] = f'canary-refresh-{self.number}'
            self.refresh.add(answer['refresh_token'])
        if spent and not self.keeps_old:
            self.refresh.discard(spent)
        return answer


class Bearer(Sink):
    """A relay that takes an access token of `issuer` and nothing else; `logins` are the tokens that were shown."""

    def __init__(self, issuer, **options):
        self.issuer, self.logins, self.repeats = issuer, [], False
        super().__init__(auth_required=True, auth_require_tls=False, auth_exclude_mechanism=['LOGIN', 'PLAIN'], **options)

    async def auth_XOAUTH2(self, server, args):
        shown = base64.b64decode(args[1]).decode().split('\1')
        token = shown[1].removeprefix('auth=Bearer ')
        self.logins.append(token)
        if token in self.issuer.access:
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401","schemes":"bearer"}')
        repeated = f' {args[1]} {token}' if self.repeats else ''
        return AuthResult(success=False, handled=False, message=f'535 5.7.8 not this one{repeated}')
