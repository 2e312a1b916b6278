"""Jobs, lists, uploads, schedules and captured mails through the API of a running service."""

import base64
import hashlib
import json
import os
import socket
import sqlite3
import threading
import unittest

from fixture import wait_for
from service import Service
from sink import Sink
from tool import account

LATER = '2099-01-01T00:00:00Z'


class ResourceCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = Sink(data_size_limit=64 * 1024 * 1024)
        cls.addClassCleanup(cls.sink.close)
        cls.service = Service([account(cls.sink.port, 'a', allowedFrom=['*@sales.example.hk'])])
        cls.addClassCleanup(cls.service.close)

    def setUp(self):
        self.sink.mails.clear()

    def ask(self, method, path, body=None, status=200, **more):
        answer = self.service.call(method, '/api/v1' + path, body, **more)
        self.assertEqual(answer.status, status, answer)
        return answer.json if answer.body else None

    def later(self, **more):
        """A job that waits."""
        return self.ask('POST', '/messages', {'to': ['wong@example.hk'], 'subject': 'S', 'text': 'T', 'sendAt': LATER, **more},
                        202)['id']

    def refused(self, field, status=422, **more):
        problem = self.ask('POST', '/messages', {'to': ['wong@example.hk'], 'text': 'T', **more}, status)
        self.assertEqual(problem['errors'][0]['field'], field, problem)
        return problem

    def rows(self, statement):
        with sqlite3.connect(f'file:{self.service.data}/queue.db?mode=ro', uri=True) as database:
            return database.execute(statement).fetchall()

    def bulk(self, lines, status=202, **headers):
        return self.ask('POST', '/messages/bulk', '\n'.join(json.dumps(line) for line in lines).encode(), status,
                        headers={'Content-Type': 'application/x-ndjson', **headers})


class MessageTest(ResourceCase):
    def test_F05_a_hundred_calls_with_one_key_are_one_job(self):
        body = json.dumps({'to': ['wong@example.hk'], 'text': 'F05', 'sendAt': LATER}).encode()
        headers = {'Idempotency-Key': 'f05', 'Content-Type': 'application/json'}
        gate, answers = threading.Barrier(100), []

        def call():
            gate.wait()
            answers.append(self.service.call('POST', '/api/v1/messages', body, headers=headers))

        threads = [threading.Thread(target=call) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({answer.status for answer in answers}, {202})
        self.assertEqual(len({answer.body for answer in answers}), 1)
        self.assertEqual(len(self.ask('GET', '/messages?text=F05')['items']), 1)
        other = self.ask('POST', '/messages', {'to': ['chan@example.hk'], 'text': 'F05'}, 409, headers=headers)
        self.assertEqual(other['field'], 'Idempotency-Key')
        self.assertEqual(len(self.ask('GET', '/messages?text=F05')['items']), 1)

    def test_F05_a_key_holds_after_a_kill(self):
        body, headers = {'to': ['wong@example.hk'], 'text': 'T', 'sendAt': LATER}, {'Idempotency-Key': 'kill'}
        first = self.ask('POST', '/messages', body, 202, headers=headers)
        self.service.kill()
        self.service.start()
        self.assertEqual(self.ask('POST', '/messages', body, 202, headers=headers), first)

    def test_F10_nothing_is_fetched_and_nothing_unknown_is_taken(self):
        for name in ('path', 'href', 'raw', 'file', 'url'):
            for value in ('/etc/passwd', 'file:///etc/passwd', '\\\\host\\share\\a', 'http://127.0.0.1/'):
                self.refused(name, 400, **{name: value})
                self.refused(f'attachments[0].{name}', 400, attachments=[{name: value, 'name': 'a'}])
                self.refused(f'to[0].{name}', 400, to=[{'address': 'wong@example.hk', name: value}])
        self.refused('subjct', 400, subjct='x')
        self.assertEqual(self.sink.mails, [])

    def test_F11_files_are_named_by_ids_alone(self):
        for name in ('../../etc/passwd', '%2e%2e%2fqueue.db', 'queue.db', '1' * 13 + '/..', '0' * 12 + 'U'):
            self.refused('attachments[0]', attachments=[{'uploadId': name}])
        for path in ('/uploads/..%2f..%2fqueue.db', '/uploads/%2e%2e', '/captured/..%2f..%2fqueue.db/raw',
                     '/templates/..%2f..%2fetc%2fpasswd', '/messages/..%2f..%2fqueue.db'):
            method = 'DELETE' if path.startswith('/uploads') else 'GET'
            self.assertIn(self.service.call(method, '/api/v1' + path).status, (400, 404), path)

    def test_D01_line_ends_send_nothing(self):
        for bad in ('x@example.hk\r\nBcc: y@example.hk', '"x\n"@example.hk', 'x@example.hk\n'):
            self.refused('to[1]', to=['wong@example.hk', bad])
            self.refused('cc[0]', cc=[bad])
            self.refused('bcc[0]', bcc=[bad])
            self.refused('replyTo', replyTo=bad)
            self.refused('from', **{'from': bad})
        problem = self.ask('POST', '/messages', b'{"to":["wong@example.hk\\u0000"],"text":"t"}', 400,
                           headers={'Content-Type': 'application/json'})
        self.assertTrue(problem['type'].endswith('malformed-json'))
        self.assertEqual(self.rows("select count(*) from recipient where address like 'y@%'"), [(0,)])

    def test_D02_full_width_letters_are_put_right(self):
        job = self.service.wait_job(self.service.send('wong＠example．hk'))
        self.assertEqual(job['counts']['sent'], 1)
        self.assertEqual(self.sink.mails[0][1], ['wong@example.hk'])

    def test_D03_D04_the_header_fields_that_arrive_are_those_that_were_sent(self):
        self.refused('subject', subject='a\r\nBcc: x@example.hk')
        self.refused('headers.X-A', headers={'X-A': 'b\r\nBcc: x@example.hk'})
        for name in ('Bcc', 'Received', 'Content-Type', 'Message-ID', 'From', 'X A', 'X-A\r\nBcc'):
            self.assertEqual(self.ask('POST', '/messages', {'to': ['wong@example.hk'], 'text': 'T', 'headers': {name: 'x'}},
                                      422)['status'], 422)
        self.service.wait_job(self.service.send(headers={'X-Ticket': '17'}, bcc=['secret@example.hk']))
        [(_, envelope, raw)] = self.sink.mails
        self.assertEqual(sorted(envelope), ['secret@example.hk', 'wong@example.hk'])
        head = raw.split(b'\r\n\r\n')[0]
        names = sorted(line.split(b':')[0].decode() for line in head.split(b'\r\n') if line[:1] not in b' \t')
        self.assertEqual(names, ['Content-Transfer-Encoding', 'Content-Type', 'Date', 'From', 'MIME-Version', 'Message-ID',
                                 'Subject', 'To', 'X-Ticket'])

    def test_D10_bcc_never_arrives(self):
        self.service.wait_job(self.service.send(cc=['open@example.hk'], bcc=[{'address': 'secret@example.hk', 'name': 'Secret'}]))
        [(_, envelope, raw)] = self.sink.mails
        self.assertIn('secret@example.hk', envelope)
        self.assertNotIn(b'secret', raw.lower())
        self.assertIn(b'Cc: open@example.hk', raw)

    def test_D12_a_line_of_a_megabyte_arrives_whole(self):
        line = '你' + 'x' * 1024 * 1024
        self.service.wait_job(self.service.send(text=line))
        raw = self.sink.mails[0][2]
        self.assertLessEqual(max(map(len, raw.split(b'\r\n'))), 998)
        self.assertEqual(self.sink.messages()[0].get_content().rstrip('\r\n'), line)
        self.ask('POST', '/messages', b'{"to":["wong@example.hk"],"text":"\xff"}', 400,
                 headers={'Content-Type': 'application/json'})

    def test_good_addresses_are_taken_and_bad_ones_told(self):
        answer = self.ask('POST', '/messages', {'to': ['a@example.hk', 'bad', {'address': 'a@EXAMPLE.hk'}], 'text': 'T',
                                                'sendAt': LATER}, 202)
        self.assertEqual((answer['accepted'], answer['recipients'], answer['duplicates']), (1, 1, 1))
        self.assertEqual([(one['index'], one['address']) for one in answer['rejected']], [(1, 'bad')])
        problem = self.ask('POST', '/messages', {'to': ['bad', 'worse'], 'text': 'T'}, 422)
        self.assertEqual([one['field'] for one in problem['errors']], ['to[0]', 'to[1]'])

    def test_variables_and_attachments_of_each_recipient(self):
        upload = self.service.call('POST', '/api/v1/uploads?name=%E5%96%AE.pdf', b'%PDF own',
                                   headers={'Content-Type': 'application/octet-stream'}).json
        self.assertEqual((upload['type'], upload['sha256']), ('application/pdf', hashlib.sha256(b'%PDF own').hexdigest()))
        answer = self.ask('POST', '/messages', {
            'to': [{'address': 'a@example.hk', 'vars': {'n': 'A'}, 'attachments': [{'uploadId': upload['id']}]},
                   {'address': 'b@example.hk', 'vars': {'n': 7}}],
            'subject': 'S {{n}}', 'text': 'T',
            'attachments': [{'base64': base64.b64encode(b'shared').decode(), 'name': 'shared.txt'}]}, 202)
        self.service.wait_job(answer['id'])
        mails = {mail['To']: mail for mail in self.sink.messages()}
        self.assertEqual([mails[to]['Subject'] for to in ('a@example.hk', 'b@example.hk')], ['S A', 'S 7'])
        files = {to: sorted(part.get_filename() for part in mail.iter_attachments()) for to, mail in mails.items()}
        self.assertEqual(files, {'a@example.hk': ['shared.txt', '單.pdf'], 'b@example.hk': ['shared.txt']})
        self.refused('to[0].vars.n', text='{{n}}')
        self.refused('to[0].attachments[0]', to=[{'address': 'a@example.hk', 'attachments': [{'uploadId': '0' * 13}]}])
        self.ask('DELETE', f'/uploads/{upload["id"]}', status=204)
        self.ask('DELETE', f'/uploads/{upload["id"]}', status=404)

    def test_an_attachment_of_25_megabytes_may_stand_in_the_message(self):
        content = os.urandom(25_000_000)
        job = self.ask('POST', '/messages', {'to': ['wong@example.hk'], 'text': 'T', 'attachments': [
            {'base64': base64.b64encode(content).decode(), 'name': 'film.bin'}]}, 202)['id']
        self.service.wait_job(job, seconds=60)
        [mail] = self.sink.messages()
        [part] = mail.iter_attachments()
        self.assertEqual(part.get_content(), content)
        # One that is too large hears so, also when it sends on without looking.
        problem = self.ask('POST', '/messages', b' ' * 60_000_000, 413, headers={'Content-Type': 'application/json'})
        self.assertIn('/uploads', problem['advice'])

    def test_F21_few_large_bodies_are_held_at_a_time(self):
        head = (f'POST /api/v1/messages HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {self.service.key}\r\n'
                'Content-Type: application/json\r\nContent-Length: 20000000\r\n\r\n').encode()
        held = []
        for _ in range(4):
            held.append(socket.create_connection(('127.0.0.1', self.service.port), 20))
            self.addCleanup(held[-1].close)
            held[-1].sendall(head + b' ' * 9_000_000)
        answer = wait_for(lambda: (found := self.service.call('POST', '/api/v1/messages', b' ' * 9_000_000, headers={
            'Content-Type': 'application/json'})).status == 503 and found, 'the fifth to be refused')
        self.assertGreater(int(answer.headers['Retry-After']), 0)
        self.assertEqual(self.service.wait_job(self.service.send())['counts']['sent'], 1)
        for connection in held:
            connection.close()
        wait_for(lambda: self.service.call('POST', '/api/v1/messages', b' ' * 9_000_000, headers={
            'Content-Type': 'application/json'}).status == 400, 'room for it')

    def test_the_proof_tells_the_bytes_that_were_sent(self):
        job = self.service.send(subject='proof')
        self.service.wait_job(job)
        lines = [json.loads(line) for line in self.service.call('GET', '/api/v1/proofs').body.splitlines()]
        [proof] = [line for line in lines if line.get('messageId') == job]
        self.assertEqual(lines[-1], {'complete': True, 'count': len(lines) - 1})
        self.assertEqual(proof['sha256'], hashlib.sha256(self.sink.mails[-1][2]).hexdigest())
        self.assertEqual(self.service.call('GET', f'/api/v1/messages/{job}/source/0').body, self.sink.mails[-1][2])
        [item] = self.ask('GET', f'/messages/{job}/transcript')['items']
        self.assertEqual((item['step'], item['class'], item['code']), ('dot', '', 250))

    def test_a_waiting_job_can_be_changed(self):
        job = self.later(text='T {{n | default: ""}}')
        changed = self.ask('PATCH', f'/messages/{job}', {'subject': 'New', 'html': '<p>H</p>', 'sendAt': '2098-01-01T08:00',
                                                         'timeZone': 'Asia/Hong_Kong', 'from': {'name': '李'}})
        self.assertEqual((changed['subject'], changed['sendAt'], changed['state']), ('New', '2098-01-01T00:00:00Z', 'scheduled'))
        source = self.service.call('GET', f'/api/v1/messages/{job}/source/0').body
        self.assertIn(b'Subject: New', source)
        self.assertIn(b'<p>H</p>', source)
        self.assertNotIn(b'\r\nT\r\n', source)
        self.assertEqual(self.ask('PATCH', f'/messages/{job}', {'text': '{{gone}}'}, 422)['status'], 422)
        self.assertEqual(self.ask('PATCH', f'/messages/{job}', {'to': []}, 400)['field'], 'to')
        self.assertEqual(self.ask('PATCH', f'/messages/{job}', {'expiresAt': '2097-01-01T00:00:00Z'}, 422)['field'], 'expiresAt')
        self.ask('PATCH', f'/messages/{job}', {'sendAt': '2020-01-01T00:00:00Z'})
        self.service.wait_job(job)
        self.assertEqual(self.sink.messages()[0]['Subject'], 'New')
        self.ask('PATCH', f'/messages/{job}', {'subject': 'Too late'}, 409)

    def test_what_waits_for_an_account_is_sent_as_it_was_changed(self):
        self.ask('POST', '/accounts/a/rest', status=204)
        job = self.service.send(subject='Old')
        self.ask('PATCH', f'/messages/{job}', {'subject': 'New'})
        self.ask('POST', '/accounts/a/wake', status=204)
        self.service.wait_job(job)
        self.assertEqual([mail['Subject'] for mail in self.sink.messages()], ['New'])

    def test_pause_resume_hold_release_cancel_retry(self):
        job = self.later()
        for action, state in (('pause', 'paused'), ('resume', 'scheduled'), ('hold', 'held'), ('release', 'scheduled')):
            self.ask('POST', f'/messages/{job}/{action}')
            self.assertEqual(self.ask('GET', f'/messages/{job}')['state'], state, action)
        self.assertEqual(self.ask('POST', f'/messages/{job}/cancel')['cancelled'], 1)
        self.assertEqual(self.ask('GET', f'/messages/{job}')['state'], 'cancelled')
        self.ask('POST', f'/messages/{job}/resume', status=409)
        self.ask('POST', '/messages/0000000000000/cancel', status=404)
        self.ask('POST', f'/messages/{job}/recipients/0/resolve', {'delivered': True}, 409)

    def test_pages_follow_one_another(self):
        jobs = [self.later(subject=f'page {n}') for n in range(5)]
        found, path = [], '/messages?text=page&state=scheduled&limit=2'
        while path:
            page = self.ask('GET', path)
            found += [item['id'] for item in page['items']]
            path = page['next'] and f'/messages?text=page&state=scheduled&limit=2&cursor={page["next"]}'
        self.assertEqual(found, jobs[::-1])
        self.ask('GET', '/messages?cursor=x', status=422)
        self.ask('GET', '/messages?state=gone', status=422)


class BulkTest(ResourceCase):
    def test_a_list_is_taken_line_by_line(self):
        people = [{'address': f'u{n}@example.hk', 'vars': {'n': n}} for n in range(2500)]
        answer = self.bulk([{'subject': 'S {{n}}', 'text': 'T', 'sendAt': LATER}, *people, 'bad', {'address': 'x@example.hk'}])
        self.assertEqual((answer['accepted'], answer['rejectedCount']), (2500, 2))
        self.assertEqual([one['index'] for one in answer['rejected']], [2500, 2501])
        job = self.ask('GET', f'/messages/{answer["id"]}')
        self.assertEqual((job['state'], job['counts']['queued'], job['kind']), ('scheduled', 2500, 'notice'))
        [last] = self.ask('GET', f'/messages/{answer["id"]}/recipients?text=u2499')['items']
        self.assertIn(b'Subject: S 2499',
                      self.service.call('GET', f'/api/v1/messages/{answer["id"]}/source/{last["number"]}').body)

    def test_what_is_broken_off_leaves_nothing_behind(self):
        before = self.rows('select count(*) from job')
        people, line = "select count(*) from recipient where address like 'broken%'", b'{"address":"broken%d@example.hk"}\n'
        body = b'{"text":"T"}\n' + b''.join(line % n for n in range(5000))
        with socket.create_connection(('127.0.0.1', self.service.port)) as connection:
            connection.sendall(b'POST /api/v1/messages/bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer '
                               + self.service.key.encode() + b'\r\nContent-Type: application/x-ndjson\r\n'
                               b'Content-Length: 99999999\r\n\r\n' + body)
            # An end that comes together with the last bytes is only seen when the connection has been idle for 30 s.
            wait_for(lambda: self.rows(people)[0][0] >= 3000, 'slices are stored')
        wait_for(lambda: self.rows('select count(*) from job') == before, 'the job is gone', 45)
        self.assertEqual(self.rows(people), [(0,)])
        self.assertEqual(self.ask('GET', '/messages?state=queued')['items'], [])

    def test_a_line_that_is_wrong_ends_it_all(self):
        before = self.rows('select count(*) from job where state != 0')  # 0: of calls before, and about to go
        head = {'text': 'T', 'sendAt': LATER}
        for lines, status, field in (([head, {'address': 'a@example.hk', 'path': '/'}], 400, 'recipients[0].path'),
                                     ([head, 'a@example.hk', {'address': 'b@example.hk\r\n'}], 422, 'recipients[1].address'),
                                     ([head, 'bad'], 422, 'recipients[0]'), ([head], 422, 'recipients'),
                                     ([{'text': '{{n'}, 'a@example.hk'], 422, None), ([{'raw': 1}, 'a@example.hk'], 400, 'raw')):
            self.assertEqual(self.bulk(lines, status).get('field'), field)
        wait_for(lambda: self.rows('select count(*) from job') == before, 'nothing is left')

    def test_a_broken_line_is_told_by_its_number(self):
        problem = self.ask('POST', '/messages/bulk', b'{"text": "T"}\n\n"a@example.hk"\n{broken\n', 400,
                           headers={'Content-Type': 'application/x-ndjson'})
        self.assertIn('Line 4, column 2', problem['reason'])

    def test_a_form_holds_what_is_wanted_and_nothing_else(self):
        def form(*parts):
            pieces = [f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{text}\r\n' for name, more, text in parts]
            return (''.join(pieces) + '--b--\r\n').encode()

        multipart = {'Content-Type': 'multipart/form-data; boundary=b'}
        head, rows = ('head', '', '{"text": "T"}'), ('recipients', '', 'address\na@example.hk\n')
        for parts, says in (((head, ('other', '', 'x')), '"other"'), ((head, rows, rows), '"recipients"'), ((rows, head), 'head')):
            problem = self.ask('POST', '/messages/bulk', form(*parts), 422, headers=multipart)
            self.assertIn(says, problem['reason'])
        two = form(*[('file', f'; filename="{name}"', 'x') for name in ('a', 'b')])
        self.assertIn('more than one', self.ask('POST', '/uploads', two, 422, headers=multipart)['reason'])

    def test_E04_a_list_that_a_kill_cut_off_is_taken_once(self):
        """As long as no 202 came there is nothing of it; the same call with its key makes it whole, and once."""
        sink = Sink()
        self.addCleanup(sink.close)
        with Service([account(sink.port, 'a')]) as service:
            body = '\n'.join([json.dumps({'text': 'T'})] + [f'"u{i}@example.hk"' for i in range(9000)]).encode()
            head = {'Content-Type': 'application/x-ndjson', 'Idempotency-Key': 'list-1'}
            for sent in (200, len(body) // 2, len(body) - 1):
                with socket.create_connection(('127.0.0.1', service.port), 20) as connection:
                    connection.sendall((f'POST /api/v1/messages/bulk HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {service.key}\r\n'
                                        f'Content-Length: {len(body)}\r\n').encode())
                    connection.sendall(''.join(f'{name}: {value}\r\n' for name, value in head.items()).encode() + b'\r\n')
                    connection.sendall(body[:sent])
                    if sent > 200:
                        wait_for(lambda: self.count(service, 'recipient') > 0, 'rows of it')
                    service.kill()
                service.start()
                wait_for(lambda: self.count(service, 'recipient') == 0, 'nothing is left')
                self.assertEqual(self.count(service, 'job'), 0)
            answers = [service.call('POST', '/api/v1/messages/bulk', body, headers=head) for _ in range(2)]
            self.assertEqual([(answer.status, answer.json['accepted']) for answer in answers], [(202, 9000)] * 2)
            wait_for(lambda: len(sink.mails) > 100, 'it is being sent')
            service.kill()
            service.start()
            service.wait_job(answers[0].json['id'], seconds=60)
            doubts = self.count(service, "attempt WHERE class = 'in_doubt'")
            delivered = [recipients[0] for _, recipients, _ in sink.mails]
            self.assertEqual(len(set(delivered)), 9000)
            self.assertLessEqual(len(delivered) - 9000, doubts)

    @staticmethod
    def count(service, what):
        with sqlite3.connect(f'file:{service.data}/queue.db?mode=ro', uri=True) as database:
            return database.execute(f'SELECT COUNT(*) FROM {what}').fetchone()[0]

    def test_F05_a_list_with_a_known_key_is_compared_to_its_end(self):
        lines, key = [{'text': 'T', 'sendAt': LATER}, 'a@example.hk'], {'Idempotency-Key': 'bulk'}
        first = self.bulk(lines, **key)
        self.assertEqual(self.bulk(lines, **key), first)
        self.bulk([*lines, 'b@example.hk'], 409, **key)
        self.assertEqual(self.rows("select count(*) from recipient where address = 'b@example.hk'"), [(0,)])

    def test_spreadsheets_in_any_charset(self):
        for charset in ('utf-8-sig', 'big5', 'gb18030', 'utf-16'):
            table = 'address;name;城市\r\nwong@example.hk;黃先生;香港九龍新界\r\nbad;;\r\n'.encode(charset)
            body = (b'--b\r\nContent-Disposition: form-data; name="head"\r\n\r\n'
                    + json.dumps({'subject': '{{城市}}', 'text': 'T', 'sendAt': LATER}).encode()
                    + b'\r\n--b\r\nContent-Disposition: form-data; name="recipients"; filename="a.csv"\r\n'
                    b'Content-Type: text/csv\r\n\r\n' + table + b'\r\n--b--\r\n')
            answer = self.ask('POST', '/messages/bulk', body, 202, headers={'Content-Type': 'multipart/form-data; boundary=b'})
            self.assertEqual((answer['accepted'], answer['rejectedCount']), (1, 1), charset)
            [one] = self.ask('GET', f'/messages/{answer["id"]}/recipients')['items']
            self.assertEqual(one['name'], '黃先生', charset)


class OtherTest(ResourceCase):
    def old(self, **body):
        return json.loads(self.service.call('POST', '/MailService/SendMail', body).body)

    def test_callers_of_the_old_service(self):
        content = base64.b64encode('<p>你好</p>'.encode()).decode()
        answer = self.old(mainComId='6000014', mailto='wong@example.hk; chan@example.hk，bad', subject='你好',
                          emailContent=content, mailTemplateEnum='NO_TEMPLATE')
        self.assertEqual(answer['meta'], {'success': True, 'message': 'OK', 'errorCode': ''})
        self.assertEqual((answer['data']['accepted'], answer['data']['rejectedCount']), (2, 1))
        self.service.wait_job(answer['data']['id'])
        self.assertEqual(self.sink.messages()[0].get_body(('html',)).get_content().strip(), '<p>你好</p>')
        self.assertEqual(self.ask('GET', f'/messages/{answer["data"]["id"]}')['company'], '6000014')
        self.sink.mails.clear()
        for template in ('forget_password', 1, '1'):
            answer = self.old(mailto='wong@example.hk', languageCode='zh-HK', mailTemplateEnum=template,
                              callbackUrlEncode='https%3a%2f%2fx.hk%2fa%3fb%3d1')
            self.service.wait_job(answer['data']['id'])
        self.assertEqual(len(self.sink.mails), 3)
        self.assertIn('https://x.hk/a?b=1', self.sink.messages()[0].get_body(('html',)).get_content())
        # It could have been meant as it is written: no markup, nothing beyond ASCII.
        for template in (None, -1, '-1'):  # the old enumeration's number for no template
            answer = self.old(mailto='wong@example.hk', emailContent=base64.b64encode(b'test').decode(), mailTemplateEnum=template)
            self.service.wait_job(answer['data']['id'])
            self.assertEqual(self.sink.messages()[-1].get_content().strip(), 'dGVzdA==')

    def test_the_old_envelope_tells_what_is_wrong(self):
        for body in ({'mailto': 'bad', 'emailContent': 'x'}, {'mailto': 'wong@example.hk'}, {'emailContent': 'x'},
                     {'mailto': 'a@example.hk\r\nb@example.hk', 'emailContent': 'x'},
                     {'mailto': 'a@example.hk', 'mailTemplateEnum': 'NONE'}, {'mailto': 'a@example.hk', 'attachment': 'x'}):
            answer = self.old(**body)
            self.assertFalse(answer['meta']['success'], body)
            self.assertEqual((answer['meta']['errorCode'] != '', answer['data']), (True, {}))
        self.assertEqual(self.service.call('POST', '/MailService/SendMail', {}, key='x' * 52).status, 401)

    def test_schedules_show_their_next_times(self):
        schedule = self.ask('POST', '/schedules', {'name': 'n', 'cron': '30 9 * * MON-FRI', 'timeZone': 'Asia/Hong_Kong',
                                                   'message': {'to': ['wong@example.hk'], 'text': 'T'}}, 201)
        self.assertEqual(len(schedule['nextTimes']), 5)
        self.assertTrue(all(time.endswith('T01:30:00Z') for time in schedule['nextTimes']), schedule)
        path = f'/schedules/{schedule["id"]}'
        self.assertEqual(self.ask('GET', path), schedule)
        self.assertEqual(self.ask('PATCH', path, {'paused': True})['nextTimes'], [])
        changed = self.ask('PATCH', path, {'paused': False, 'cron': '@monthly', 'message': {'to': ['b@example.hk'], 'text': 'U'}})
        self.assertEqual((changed['cron'], changed['message']['text']), ('@monthly', 'U'))
        self.assertEqual(self.ask('PATCH', path, {'cron': '61 * * * *'}, 422)['field'], 'cron')
        self.assertEqual(self.ask('PATCH', path, {'message': {'to': ['bad'], 'text': 'U'}}, 422)['field'], 'message.to[0]')
        self.ask('DELETE', path, status=204)
        self.ask('GET', path, status=404)

    def test_templates(self):
        self.assertIn({'name': 'Register', 'language': 'zh-HK', 'builtIn': True}, self.ask('GET', '/templates')['items'])
        template = self.ask('GET', '/templates/register?lang=en')
        self.assertIn({'name': 'callbackurl', 'required': True}, template['variables'])
        self.assertEqual(self.ask('POST', '/templates/Register/render', {}, 422)['field'], 'vars')
        shown = self.ask('POST', '/templates/Register/render', {'lang': 'en', 'vars': {'callbackurl': 'https://x.hk/?a=<b>'}})
        self.assertIn('https://x.hk/?a=%3Cb%3E', shown['html'])
        self.ask('GET', '/templates/Nothing', status=404)


class CapturedTest(unittest.TestCase):
    def test_captured_mails_can_be_looked_at(self):
        with Service([account(1, 'a', transport='capture')]) as service:
            job = service.send('陳大文 <chan@example.hk>', subject='你好', html='<script>x</script>',
                               attachments=[{'base64': 'UE5H', 'name': '圖.png'}])
            service.wait_job(job)
            [item] = service.call('GET', '/api/v1/captured').json['items']
            self.assertEqual((item['messageId'], item['recipients'], item['subject']), (job, ['chan@example.hk'], '你好'))
            mail = service.call('GET', f'/api/v1/captured/{item["id"]}').json
            self.assertIn({'name': 'To', 'value': '陳大文 <chan@example.hk>'}, mail['headers'])
            self.assertEqual([(part['type'], part['name']) for part in mail['parts']],
                             [('text/plain', None), ('text/html', None), ('image/png', '圖.png')])
            self.assertIn('<script>', mail['parts'][1]['text'])
            raw = service.call('GET', f'/api/v1/captured/{item["id"]}/raw')
            self.assertEqual(len(raw.body), item['size'])
            self.assertEqual(raw.headers['Content-Type'], 'message/rfc822')
            self.assertTrue(raw.headers['Content-Disposition'].startswith('attachment'))
            self.assertIn("default-src 'none'", raw.headers['Content-Security-Policy'])
            self.assertEqual(raw.headers['X-Content-Type-Options'], 'nosniff')
