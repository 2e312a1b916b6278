"""What real servers bear of commands that run ahead of replies: Postfix and Exim take X and B, Haraka takes P."""

import re
import unittest
import uuid

import stage
from fixture import Folder
from haraka import open_haraka
from tool import Tool, account

MAILS = 12


def lines_sent(sent):
    return re.findall(r'> (.*)', sent.err.decode())


class PaceTest(unittest.TestCase):
    def setUp(self):
        self.files = Folder()
        self.addCleanup(self.files.close)
        self.mark = uuid.uuid4().hex[:8]

    def send_list(self, record, refused=None):
        """A mail to each of a list on one connection; every fourth is to nobody at the domain `refused`, if there is one."""
        people = [f'refused{i}@{refused}' if refused and i % 4 == 2 else f'u{i}.{self.mark}@example.hk' for i in range(MAILS)]
        rows = ''.join(f'{address},{i}\n' for i, address in enumerate(people))
        listed = self.files.write('list.csv', 'address,number\n' + rows)
        tool = Tool([record | {'maxConnections': 1}])
        self.addCleanup(tool.folder.close)
        sent = tool.send('--to-file', listed, '--subject', 'S', '--text', '.number {{number}}\n.\nend', '--trace')
        return people, sent

    def look(self, server, record, refused):
        people, sent = self.send_list(record, refused)
        self.assertEqual({r['recipient']: r['status'] for r in sent.results},
                         {a: 'failed' if a.startswith('refused') else 'sent' for a in people}, sent)
        for number, address in enumerate(people):
            if address.startswith('refused'):
                continue
            [message] = server.wait_for_mail(address)
            self.assertEqual(message['Return-Path'].strip('<>'), record['fromMailAddress'])
            self.assertEqual(message.get_content().splitlines()[:3], [f'.number {number}', '.', 'end'])
        return lines_sent(sent)

    def look_at_X(self, server, record, refused):
        lines = self.look(server, record | {'pipelining': 'X'}, refused)
        ends = [i for i, line in enumerate(lines) if line == '.' and i + 1 < len(lines)]
        self.assertTrue(any(lines[i + 1].startswith('MAIL') for i in ends), lines)
        self.assertFalse(any(line.startswith('BDAT') for line in lines))

    def look_at_B(self, server, record, refused):
        lines = self.look(server, record | {'pipelining': 'B', 'pipelineDepth': 8}, refused)
        self.assertEqual(len([line for line in lines if line.endswith(' LAST')]), MAILS)
        self.assertEqual(len([line for line in lines if line.startswith('EHLO')]), 1)
        self.assertNotIn('DATA', lines)

    def test_postfix_takes_X(self):
        self.look_at_X(stage.postfix(), account(stage.postfix().plain, 'x'), 'elsewhere.example')

    def test_postfix_takes_B(self):
        self.look_at_B(stage.postfix(), account(stage.postfix().plain, 'b'), 'elsewhere.example')

    def exim(self, name):
        return account(stage.exim().tls, name, 'at once', stage.USER, ca=stage.certificates().ca)

    def test_exim_takes_X(self):
        self.look_at_X(stage.exim(), self.exim('x'), 'example.hk')

    def test_exim_takes_B(self):
        self.look_at_B(stage.exim(), self.exim('b'), 'example.hk')

    def test_haraka_refuses_X_and_is_served_by_P(self):
        haraka = open_haraka()
        self.addCleanup(haraka.close)
        people, sent = self.send_list(account(haraka.port, 'h'))
        self.assertEqual(sent.status, 0, sent)
        self.assertEqual({len(r['attempts']) for r in sent.results}, {1}, sent)
        self.assertIn(b'503 Bad sequence of commands - pipelined after end of DATA', sent.err)
        self.assertEqual(sorted(to for mail in haraka.kept() for to in mail['to']), sorted(f'<{a}>' for a in people))
        self.assertEqual(len({mail['connection'] for mail in haraka.kept()}), 1)
        lines = lines_sent(sent)
        refused = sum(line.startswith('MAIL') for line in lines) - MAILS
        self.assertEqual(refused, 1, lines)
