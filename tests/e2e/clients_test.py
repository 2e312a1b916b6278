"""Callers written from the OpenAPI document alone: one in Python, one for Node, both without any package."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from service import Service
from sink import Sink
from tool import account

CLIENTS = Path(__file__).parent / 'clients'
EXPECTED = {'sent': 2, 'state': 'done', 'events': ['progress', 'recipient', 'state'], 'again': 0,
            'addresses': {'wong@example.hk': 'sent', 'lee@example.hk': 'sent'}, 'cancelled': 1, 'later': 'cancelled',
            'refused': 404}


class ClientsTest(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.close)
        self.service = Service([account(self.sink.port, 'a')])
        self.addCleanup(self.service.close)

    def assert_works(self, *command):
        key = self.service.call('POST', '/api/v1/keys', {'name': 'client', 'scopes': ['send', 'read']}).json['key']
        done = subprocess.run([*command, self.service.url], env={**os.environ, 'MAILENHANCE_KEY': key}, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(json.loads(done.stdout), EXPECTED)
        self.assertEqual(sorted(recipients for _, recipients, _ in self.sink.mails),
                         [['lee@example.hk'], ['wong@example.hk']])
        self.assertIn('王小明', str(self.sink.messages()[0]['To']) + str(self.sink.messages()[1]['To']))

    def test_python_sends_follows_and_cancels(self):
        self.assert_works('/usr/bin/python3', '-B', CLIENTS / 'client.py')

    def test_node_sends_follows_and_cancels(self):
        self.assert_works('node', CLIENTS / 'client.mjs')
