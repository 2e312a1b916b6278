#!/usr/bin/python3
"""client.py URL: a caller that knows nothing but the service's OpenAPI document. Sends a job and follows it to its end,
sends another for later and cancels it; prints what it saw as JSON. The key stands in MAILENHANCE_KEY.

Every body that goes out and every answer that comes in is checked against its schema."""

import datetime
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

KINDS = {'object': dict, 'array': list, 'string': str, 'boolean': bool, 'null': type(None), 'integer': int,
         'number': (int, float)}


class Api:
    def __init__(self, url, key):
        self.url, self.key = url.rstrip('/'), key
        with urllib.request.urlopen(f'{self.url}/api/v1/openapi.json') as answer:
            self.document = json.load(answer)
        self.operations = {operation['operationId']: (path, method, operation)
                           for path, methods in self.document['paths'].items()
                           for method, operation in methods.items() if 'operationId' in operation}

    def find(self, path, method):
        """The operation of a path as the document writes it."""
        return self.document['paths'][path][method]['operationId']

    def resolve(self, schema):
        while '$ref' in schema:
            found = self.document
            for part in schema['$ref'].removeprefix('#/').split('/'):
                found = found[part]
            schema = found
        return schema

    def check(self, value, schema, place='body'):
        schema = self.resolve(schema)
        kinds = schema.get('type', list(KINDS))
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(isinstance(value, KINDS[kind]) and not (isinstance(value, bool) and kind in ('integer', 'number'))
                   for kind in kinds):
            raise TypeError(f'{place}: {value!r} is no {kinds}')
        if value is not None and 'enum' in schema and value not in schema['enum']:
            raise ValueError(f'{place}: {value!r} is not among {schema["enum"]}')
        if isinstance(value, dict):
            self.check_members(value, schema, place)
        if isinstance(value, list):
            for index, item in enumerate(value):
                self.check(item, schema.get('items', {}), f'{place}[{index}]')

    def check_members(self, value, schema, place):
        known = schema.get('properties', {})
        missing = set(schema.get('required', [])) - set(value)
        unknown = set(value) - set(known) if schema.get('additionalProperties') is False else set()
        if missing or unknown:
            raise ValueError(f'{place}: missing {missing}, unknown {unknown}')
        for name, member in value.items():
            self.check(member, known.get(name, {}), f'{place}.{name}')

    def open(self, operation_id, body=None, headers=None, **values):
        path, method, operation = self.operations[operation_id]
        for parameter in operation.get('parameters', []):
            if parameter['in'] == 'path':
                path = path.replace('{%s}' % parameter['name'], urllib.parse.quote(values[parameter['name']]))
        headers = {'Authorization': f'Bearer {self.key}', **(headers or {})}
        data = None
        if body is not None:
            self.check(body, operation['requestBody']['content']['application/json']['schema'])
            headers['Content-Type'], data = 'application/json', json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method.upper())
        return operation, urllib.request.urlopen(request, timeout=30)

    def call(self, operation_id, body=None, headers=None, **values):
        operation, answer = self.open(operation_id, body, headers, **values)
        with answer:
            described = operation['responses'][str(answer.status)]['content']['application/json']['schema']
            found = json.load(answer)
        self.check(found, described, operation_id)
        return found

    def events(self, operation_id, last=None, **values):
        """Server-Sent Events: (name, data, id)."""
        headers = {'Last-Event-ID': last} if last else {}
        operation, answer = self.open(operation_id, headers=headers, **values)
        assert 'text/event-stream' in operation['responses']['200']['content']
        with answer:
            event = {}
            for line in answer:
                field, _, value = line.decode().rstrip('\r\n').partition(':')
                if field:
                    event[field] = value.removeprefix(' ')
                elif 'data' in event:
                    yield event.get('event'), json.loads(event['data']), event.get('id')
                    event = {}


def main():
    api = Api(sys.argv[1], os.environ['MAILENHANCE_KEY'])
    send, show = api.find('/api/v1/messages', 'post'), api.find('/api/v1/messages/{id}', 'get')
    follow, cancel = api.find('/api/v1/messages/{id}/events', 'get'), api.find('/api/v1/messages/{id}/cancel', 'post')
    results = api.find('/api/v1/messages/{id}/recipients', 'get')

    accepted = api.call(send, {'to': [{'address': 'wong@example.hk', 'name': '王小明'}, 'lee@example.hk'],
                               'subject': 'From Python', 'text': 'Good day'})
    seen, ids, state = [], [], None
    for name, data, last in api.events(follow, id=accepted['id']):
        seen.append(name)
        ids.append(last)
        state = data['state'] if name == 'state' else state
    # Who comes back after the end is not told the same again.
    again = [event for event in api.events(follow, last=ids[-1], id=accepted['id'])]
    job = api.call(show, id=accepted['id'])
    addresses = {row['address']: row['status'] for row in api.call(results, id=accepted['id'])['items']}

    tomorrow = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat(timespec='seconds')
    later = api.call(send, {'to': ['wong@example.hk'], 'text': 'Never sent', 'sendAt': tomorrow})
    ended = api.call(cancel, id=later['id'])
    refused = None
    try:
        api.open(show, id='0000000000000')
    except urllib.error.HTTPError as answer:
        refused = json.load(answer)
        api.check(refused, {'$ref': '#/components/schemas/Problem'})
    print(json.dumps({'sent': job['counts']['sent'], 'state': state, 'events': sorted(set(seen)), 'again': len(again),
                      'addresses': addresses, 'cancelled': ended['cancelled'],
                      'later': api.call(show, id=later['id'])['state'], 'refused': refused['status']}))


main()
