"""The HTTP API keeps to its own description: every answer is compared with the schema that openapi.json names for it."""

import http.client
import json
import re
import ssl
import unittest
import warnings

warnings.filterwarnings('ignore', category=DeprecationWarning)  # jsonschema's own, of its resolver

import jsonschema

from fixture import wait_for
from certificates import Certificates
from service import Service
from sink import Cut, Scripted, Sink
from tool import account

CAPTURE = {'name': 'see', 'transport': 'capture', 'fromMailAddress': 'me@example.hk'}
# Streams are no JSON: they have tests of their own.
ELSEWHERE = {'events'}


class Described:
    """A service whose every answer is checked; remembers which operations answered well."""

    def __init__(self, service):
        self.service, self.seen = service, {}
        self.document = service.call('GET', '/api/v1/openapi.json').json
        self.resolver = jsonschema.RefResolver.from_schema(self.document)
        self.paths = [(re.compile(re.sub(r'\{\w+\}', '[^/]+', path) + '$'), methods)
                      for path, methods in self.document['paths'].items()]
        self.paths.sort(key=lambda entry: '[^/]+' in entry[0].pattern)

    def operation(self, method, path):
        for pattern, methods in self.paths:
            if pattern.match(path.split('?')[0]) and method.lower() in methods:
                return methods[method.lower()]
        raise LookupError(f'{method} {path} is not described')

    def validate(self, schema, body):
        jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(body)

    def call(self, method, path, body=None, **options):
        operation = self.operation(method, path)
        answer = self.service.call(method, path, body, **options)
        described = operation['responses'].get(str(answer.status)) or operation['responses']['default']
        content = described.get('content', {})
        kind = answer.headers.get('Content-Type', '').split(';')[0]
        if not content:
            assert not answer.body, (method, path, answer)
        else:
            assert kind in content, (method, path, kind, answer)
            if 'schema' in content[kind]:
                self.validate(content[kind]['schema'], answer.json)
        assert re.fullmatch('[0-9a-z]{13}', answer.headers['X-Request-Id']), answer.headers
        assert answer.headers['Cache-Control'] == 'no-store' and answer.headers['X-Content-Type-Options'] == 'nosniff'
        if answer.status < 300:
            self.seen[operation['operationId']] = answer.status
        return answer


def events_of(service, path, last=None):
    """The whole stream, until the server ends it."""
    connection = http.client.HTTPConnection('127.0.0.1', service.port, timeout=20)
    headers = {'Authorization': f'Bearer {service.key}', **({'Last-Event-ID': last} if last else {})}
    connection.request('GET', path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    found = [dict(line.split(': ', 1) for line in block.splitlines() if not line.startswith(':'))
             for block in text.split('\n\n') if block.strip(':\n')]
    return answer, [(event['event'], json.loads(event['data']), event['id']) for event in found]


class ApiCase(unittest.TestCase):
    def serve(self, accounts, **options):
        service = Service(accounts, **options)
        self.addCleanup(service.close)
        return service


class DescriptionTest(ApiCase):
    def setUp(self):
        doubtful = Scripted({'DOT': Cut()})
        self.addCleanup(doubtful.close)
        self.service = self.serve([CAPTURE, account(doubtful.port, 'doubtful')])
        self.api = Described(self.service)

    def test_the_document_is_sound(self):
        document = self.api.document
        schemas = document['components']['schemas']
        for name, schema in schemas.items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)
        names = [operation['operationId'] for methods in document['paths'].values() for operation in methods.values()]
        self.assertEqual(len(names), len(set(names)))
        for reference in set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document))):
            self.assertIn(reference, schemas)
        for path, methods in document['paths'].items():
            for operation in methods.values():
                named = {p['name'] for p in operation['parameters'] if p['in'] == 'path'}
                self.assertEqual(named, set(re.findall(r'\{(\w+)\}', path)), path)

    def test_every_answer_keeps_to_its_schema(self):
        api = self.api
        self.ask_the_service(api)
        self.ask_for_messages(api)
        self.ask_for_the_rest(api)
        wanted = {operation['operationId'] for methods in api.document['paths'].values()
                  for operation in methods.values() if operation['responses'].keys() - {'default'}}
        self.assertEqual(wanted - api.seen.keys() - ELSEWHERE, set())

    def ask_the_service(self, api):
        for path in ('/healthz', '/readyz', '/metrics', '/api/v1/openapi.json', '/api/v1/accounts'):
            self.assertEqual(api.call('GET', path).status, 200, path)
        self.assertTrue(api.call('POST', '/api/v1/accounts/see/check').json['works'])
        self.assertEqual(api.call('POST', '/api/v1/accounts/reload').status, 202)
        for action in ('rest', 'wake'):
            self.assertEqual(api.call('POST', f'/api/v1/accounts/see/{action}').status, 204)
        self.assertEqual(api.call('POST', '/api/v1/accounts/nobody/wake').status, 404)
        key = api.call('POST', '/api/v1/keys', {'name': 'Büro', 'scopes': ['send', 'read'], 'callsPerMinute': 100,
                                                'expiresAt': '2099-01-01T00:00:00+08:00'}).json
        self.assertEqual(key['expiresAt'], '2098-12-31T16:00:00Z')
        self.assertEqual(api.call('GET', '/api/v1/accounts', key=key['key']).status, 200)
        self.assertNotIn(key['key'], api.call('GET', '/api/v1/keys').body.decode())
        self.assertEqual(api.call('DELETE', f'/api/v1/keys/{key["id"]}').status, 204)
        self.assertEqual(api.call('GET', '/api/v1/accounts', key=key['key']).status, 401)

    def ask_for_messages(self, api):
        later = {'to': ['wong@example.hk', 'bad', {'address': 'chan@example.hk', 'name': '陳'}], 'subject': '你好',
                 'text': 'T', 'sendAt': '2099-01-01T09:00:00Z'}
        job = api.call('POST', '/api/v1/messages', later).json
        self.assertEqual((job['accepted'], len(job['rejected'])), (2, 1))
        base = f'/api/v1/messages/{job["id"]}'
        for path in ('/api/v1/messages', base, f'{base}/recipients', f'{base}/transcript?recipient=0', f'{base}/source/0'):
            self.assertEqual(api.call('GET', path).status, 200, path)
        self.assertEqual(api.call('PATCH', base, {'subject': 'x'}).status, 200)
        for action in ('pause', 'resume', 'hold', 'release', 'retry', 'cancel'):
            answer = api.call('POST', f'{base}/{action}')
            self.assertIn(answer.status, (200, 409), (action, answer))
        self.assertEqual(api.call('POST', f'{base}/recipients/0/resolve', {'delivered': True}).status, 409)
        doubt = api.call('POST', '/api/v1/messages', {'to': ['wong@example.hk'], 'text': 'T', 'account': 'doubtful',
                                                      'onDoubt': 'hold'}).json['id']
        self.assertEqual(self.service.wait_job(doubt)['counts']['in_doubt'], 1)
        base = f'/api/v1/messages/{doubt}'
        for path in (base, f'{base}/recipients', f'{base}/transcript?recipient=0'):
            self.assertEqual(api.call('GET', path).status, 200, path)
        self.assertEqual(api.call('POST', f'{base}/retry').status, 200)
        self.assertEqual(api.call('POST', f'{base}/recipients/0/resolve', {'delivered': True}).status, 200)
        lines = json.dumps({'subject': 'B', 'text': 'T'}) + '\n' + json.dumps({'address': 'b@example.hk'}) + '\n'
        bulk = api.call('POST', '/api/v1/messages/bulk', lines.encode(), headers={'Content-Type': 'application/x-ndjson'})
        self.assertEqual(bulk.status, 202, bulk)
        self.service.wait_job(bulk.json['id'])
        self.assertEqual(api.call('GET', f'/api/v1/messages/{bulk.json["id"]}/transcript?recipient=0').status, 200)

    def ask_for_the_rest(self, api):
        upload = api.call('POST', '/api/v1/uploads?name=a.txt', b'bytes', headers={'Content-Type': 'text/plain'}).json
        self.assertEqual(api.call('DELETE', f'/api/v1/uploads/{upload["id"]}').status, 204)
        self.assertEqual(api.call('GET', '/api/v1/proofs').status, 200)
        self.assertEqual(api.call('GET', '/api/v1/templates').status, 200)
        self.assertEqual(api.call('GET', '/api/v1/templates/Register').status, 200)
        self.assertEqual(api.call('POST', '/api/v1/templates/Register/render',
                                  {'vars': {'callbackurl': 'https://example.hk'}}).status, 200)
        schedule = api.call('POST', '/api/v1/schedules', {
            'name': 'daily', 'cron': '0 9 * * *', 'timeZone': 'Asia/Hong_Kong',
            'message': {'to': ['wong@example.hk'], 'subject': 'S', 'text': 'T'}})
        self.assertEqual(schedule.status, 201, schedule)
        base = f'/api/v1/schedules/{schedule.json["id"]}'
        for method, path, body in (('GET', '/api/v1/schedules', None), ('GET', base, None),
                                   ('PATCH', base, {'paused': True}), ('DELETE', base, None)):
            self.assertIn(api.call(method, path, body).status, (200, 204), path)
        hook = api.call('POST', '/api/v1/webhooks', {'url': 'https://example.com/hook', 'events': ['job.done']})
        self.assertEqual(hook.status, 201, hook)
        base = f'/api/v1/webhooks/{hook.json["id"]}'
        for method, path, status in (('GET', '/api/v1/webhooks', 200), ('GET', base, 200), ('POST', f'{base}/resume', 204),
                                     ('POST', f'{base}/test', 202), ('DELETE', base, 204)):
            self.assertEqual(api.call(method, path).status, status, path)
        self.assertEqual(api.call('POST', '/MailService/SendMail', {'mailto': 'wong@example.hk', 'subject': 'S',
                                                                   'emailContent': 'T'}).status, 200)
        item = wait_for(lambda: api.call('GET', '/api/v1/captured').json['items'], 'captured mails')[0]
        self.assertEqual(api.call('GET', f'/api/v1/captured/{item["id"]}').status, 200)
        self.assertEqual(api.call('GET', f'/api/v1/captured/{item["id"]}/raw').status, 200)

    def test_refusals_keep_to_their_schema_in_each_language(self):
        for language, title in (('en', 'There is no such field'), ('zh-HK', '沒有這個欄位'), ('zh-CN', '没有这个字段')):
            answer = self.api.call('POST', '/api/v1/messages', {'too': ['a@example.hk'], 'subject': 'S', 'text': 'T'},
                                   headers={'Accept-Language': language})
            self.assertEqual((answer.status, answer.json['title'], answer.json['field']), (400, title, 'too'))
            self.assertEqual(answer.json['type'], 'urn:mailenhance:problem:unknown-field')
        self.assertEqual(self.api.call('GET', '/api/v1/messages', key='me_wrong').status, 401)
        # What comes before the body was read looks the same.
        early = self.api.call('POST', '/api/v1/messages', {'to': []}, key='me_wrong')
        self.assertEqual((early.status, early.headers['WWW-Authenticate']), (401, 'Bearer realm="mailenhance"'))
        wrong = self.api.call('POST', '/api/v1/messages', b'x', headers={'Content-Type': 'text/plain'})
        self.assertEqual(wrong.status, 415)
        self.assertIn(b'answers_total{class="4xx"} 6\n', self.service.call('GET', '/metrics').body)
        self.assertEqual(self.api.call('GET', '/api/v1/messages/0000000000001').status, 404)
        self.assertEqual(self.api.call('GET', '/api/v1/messages?limt=1').status, 400)


class TenancyTest(ApiCase):
    BODIES = {'Resolution': {'delivered': True}, 'MessageChange': {'subject': 'x'}, 'ScheduleChange': {'name': 'x'}}

    def setUp(self):
        self.service = self.serve([CAPTURE])
        self.keys = {name: self.service.call('POST', '/api/v1/keys', {'name': name, 'company': name, 'scopes': ['admin']}).json
                     for name in ('a', 'b')}

    def call(self, name, *arguments, **options):
        return self.service.call(*arguments, key=self.keys[name]['key'], **options)

    def belongings(self):
        """One of everything that has an id, of company b."""
        def made(path, body, **options):
            answer = self.call('b', 'POST', f'/api/v1/{path}', body, **options)
            self.assertIn(answer.status, (201, 202), answer)
            return answer.json['id']
        mail = {'to': ['secret@b.example'], 'subject': 'Secret', 'text': 'T'}
        captured = made('messages', mail)
        self.service.wait_job(captured)
        found = {'messages': made('messages', {**mail, 'sendAt': '2099-01-01T09:00:00Z'}), 'keys': self.keys['b']['id'],
                 'uploads': made('uploads?name=secret.txt', b'x', headers={'Content-Type': 'text/plain'}),
                 'schedules': made('schedules', {'name': 'secret', 'cron': '0 9 * * *', 'message': mail}),
                 'webhooks': made('webhooks', {'url': 'https://example.com/secret', 'events': ['job.done']})}
        found['captured'] = self.call('b', 'GET', '/api/v1/captured').json['items'][0]['id']
        return found

    def test_F02_nothing_of_another_company_is_there(self):
        owned = self.belongings()
        document = self.service.call('GET', '/api/v1/openapi.json').json
        walked = set()
        for path, methods in document['paths'].items():
            if '{id}' not in path:
                continue
            kind = path.split('/')[3]
            for method, operation in methods.items():
                schema = operation.get('requestBody', {}).get('content', {}).get('application/json', {}).get('schema', {})
                body = self.BODIES.get(schema.get('$ref', '').rsplit('/', 1)[-1], None if method == 'get' else {})
                there, nowhere = (self.call('a', method.upper(), re.sub(r'\{\w+\}', '0', path.replace('{id}', mark)), body)
                                  for mark in (owned[kind], '0000000000001'))
                with self.subTest(f'{method} {path}'):
                    self.assertEqual((there.status, nowhere.status), (404, 404), there)
                    there, nowhere = ({**answer.json, 'id': ''} for answer in (there, nowhere))
                    self.assertEqual(there, nowhere)
                walked.add(kind)
        self.assertEqual(walked, owned.keys())
        for kind in ('messages', 'schedules', 'webhooks'):
            with self.subTest(kind):  # it is really there
                self.assertEqual(self.call('b', 'GET', f'/api/v1/{kind}/{owned[kind]}').status, 200)
        for path, methods in document['paths'].items():
            if '{' not in path and methods.get('get', {}).get('security'):
                with self.subTest(path):
                    answer = self.call('a', 'GET', path).body.decode()
                    self.assertNotIn('ecret', answer)
                    for mark in owned.values():
                        self.assertNotIn(mark, answer)


class TlsTest(ApiCase):
    def test_the_api_speaks_tls_and_says_what_is_wrong_with_a_key(self):
        service = self.serve([CAPTURE], start=False)
        certificates = Certificates(service.folder)
        _, foreign_key = certificates.issue('other', 'DNS:localhost')
        service.settings.update(tlsCertificateFile=str(certificates.good), tlsKeyFile=str(foreign_key))
        service.write([CAPTURE])
        with self.assertRaisesRegex(RuntimeError, 'cannot be used for TLS'):
            service.start()
        service.settings.update(tlsKeyFile=str(certificates.good_key))
        service.write([CAPTURE])
        service.start()
        context = ssl.create_default_context(cafile=certificates.ca)
        connection = http.client.HTTPSConnection('127.0.0.1', service.port, context=context, timeout=20)
        connection.request('GET', '/healthz')
        self.assertEqual(connection.getresponse().read(), b'{"status":"alive"}')
        # A refusal in the middle of a body cannot be slipped in under TLS: it comes at the end.
        body = (b'x' * 65536 for _ in range(9 * 16))
        connection.request('POST', '/api/v1/schedules', body, {'Authorization': f'Bearer {service.key}',
                                                             'Content-Type': 'application/json'}, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()


class EventsTest(ApiCase):
    def test_a_job_is_followed_to_its_end_and_resumed(self):
        sink = Sink(refusals={'bad@example.hk': '550 5.1.1 nobody here'})
        self.addCleanup(sink.close)
        service = self.serve([account(sink.port, 'a')])
        job = service.send(['wong@example.hk', 'bad@example.hk'])
        path = f'/api/v1/messages/{job}/events'
        answer, events = events_of(service, path)
        self.assertEqual((answer.status, answer.headers['Content-Type']), (200, 'text/event-stream'))
        rows = {data['address']: data['status'] for name, data, _ in events if name == 'recipient'}
        self.assertEqual(rows, {'wong@example.hk': 'sent', 'bad@example.hk': 'failed'})
        self.assertEqual([data['state'] for name, data, _ in events if name == 'state'][-1], 'done')
        self.assertEqual([data for name, data, _ in events if name == 'progress'][-1]['sent'], 1)
        first = next(mark for name, _, mark in events if name == 'recipient')
        self.assertEqual(events_of(service, path, last=events[-1][2])[0].status, 204)
        # Resuming in the middle of a job that still runs is the same as never having left.
        waiting = service.send('late@example.hk', sendAt='2099-01-01T09:00:00Z')
        self.assertLess(first, events[-1][2] + '~')
        self.assertEqual(service.call('POST', f'/api/v1/messages/{waiting}/cancel').status, 200)
        _, events = events_of(service, f'/api/v1/messages/{waiting}/events')
        self.assertEqual(events[-1][1], {'state': 'cancelled'})

    def test_streams_end_when_the_service_stops(self):
        service = self.serve([CAPTURE])
        job = service.send('late@example.hk', sendAt='2099-01-01T09:00:00Z')
        connection = http.client.HTTPConnection('127.0.0.1', service.port, timeout=20)
        connection.request('GET', f'/api/v1/messages/{job}/events', headers={'Authorization': f'Bearer {service.key}'})
        answer = connection.getresponse()
        self.assertIn(b'event: ', answer.fp.readline() + answer.fp.readline())
        self.assertEqual(service.stop(), 0, service.log())
        connection.close()
