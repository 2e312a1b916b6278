"""bindings/dotnet as a .NET program meets it: compiled and run by Mono, through the library and through the service."""

import hashlib
import http.server
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tests/e2e'), str(ROOT / 'tests')]
os.environ.setdefault('MAILENHANCE', str(ROOT / 'build-release/mailenhance'))

import stage
import tap
from fixture import wait_for
from service import Service
from sink import Cut, Gate, Scripted, Sink
from tool import PASSWORD, Tool, account

BUILD = ROOT / 'build-release'
BINDING = ROOT / 'bindings/dotnet'
REFERENCES = ['-r:System.Net.Http', '-r:System.Runtime.Serialization']
# C# 7.2 is the newest that Debian's compiler knows.
COMPILER = ['mcs', '-langversion:7.2', '-warn:4', '-warnaserror']


def compile_all(folder):
    def build(*arguments):
        done = subprocess.run([*COMPILER, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
    sources = sorted((BINDING / 'src').rglob('*.cs'))
    library, abstractions = folder / 'MailEnhanceService.dll', folder / 'Abstractions.dll'
    build('-t:library', f'-out:{folder}/Plain.dll', *REFERENCES, *sources)
    build('-t:library', f'-out:{abstractions}', ROOT / 'tests/dotnet/Abstractions.cs')
    build('-t:library', '-d:MAILENHANCE_DI', f'-out:{library}', *REFERENCES, f'-r:{abstractions}', *sources)
    build(f'-out:{folder}/Probe.exe', f'-r:{library}', f'-r:{abstractions}', ROOT / 'tests/dotnet/Probe.cs')
    build(f'-out:{folder}/Example.exe', f'-r:{library}', BINDING / 'example/Program.cs')


class Run:
    """A finished program; `lines` are the fields of what it said."""

    def __init__(self, status, out, err):
        self.status, self.err = status, err
        self.lines = [line.split('\t') for line in out.splitlines()]

    def of(self, kind):
        return [line[1:] for line in self.lines if line[0] == kind]

    def statuses(self):
        return {line[0]: line[1] for line in self.of('recipient')}

    def __repr__(self):
        return f'{self.status}\n{self.lines}\n{self.err}'


class Refusing(http.server.BaseHTTPRequestHandler):
    """Before a service: gives the answers of `server.first` before it lets anything through."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.server.keys.append(self.headers.get('Idempotency-Key'))
        if self.server.first:
            status, headers = self.server.first.pop(0)
            if status == 'cut':  # the service has it, its answer gets lost
                self.server.behind.call('POST', self.path, body, headers=self.passed())
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {'Content-Length': '0', **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            return
        self.answer(self.server.behind.call('POST', self.path, body, headers=self.passed()))

    def do_GET(self):
        self.answer(self.server.behind.call('GET', self.path, headers=self.passed()))

    def passed(self):
        return {name: self.headers[name] for name in ('Content-Type', 'Idempotency-Key', 'Accept-Language') if name in self.headers}

    def answer(self, answer):
        self.send_response(answer.status)
        self.send_header('Content-Type', answer.headers['Content-Type'])
        self.send_header('Content-Length', str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        pass


class DotnetTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix='mes-')
        cls.folder = Path(cls.temporary.name)
        compile_all(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def sink(self, **options):
        sink = Sink(**options)
        self.addCleanup(sink.close)
        return sink

    def scripted(self, replies):
        relay = Scripted(replies)
        self.addCleanup(relay.close)
        return relay

    def native(self, *accounts):
        """The environment of a program that sends by itself."""
        tool = Tool(list(accounts))
        self.addCleanup(tool.folder.close)
        return {'MAILENHANCE_CONFIG': str(tool.config)}

    def service(self, *accounts, **settings):
        service = Service(list(accounts), settings)
        self.addCleanup(service.close)
        return service

    @staticmethod
    def through(service):
        return {'MAILENHANCE_URL': service.url, 'MAILENHANCE_KEY': service.key}

    def start(self, program, *arguments, environment, library=BUILD):
        return subprocess.Popen(
            ['mono', str(self.folder / program), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', 'HOME': str(self.folder),
                                         'LD_LIBRARY_PATH': str(library), **environment})

    @staticmethod
    def finish(child, said=b''):
        out, err = child.communicate(said, timeout=90)
        return Run(child.returncode, out.decode(), err.decode())

    def run_it(self, *arguments, environment, program='Probe.exe', library=BUILD):
        return self.finish(self.start(program, *arguments, environment=environment, library=library))

    def send(self, environment, to='wong@example.hk', subject='S', template='NO_TEMPLATE', body='T', language='zh-HK', url='',
             files=()):
        return self.run_it('send', to, subject, template, body, language, url, *files, environment=environment)


class Both:
    """The same through the library and through the service; `reach` gives the environment that leads to `accounts`."""

    def test_a_mail_in_chinese_arrives(self):
        sink = self.sink()
        run = self.send(self.reach(account(sink.port, 'a')), subject='測試郵件主題', body='<p>你好，<b>王先生</b> 😀</p>')
        self.assertEqual([run.of('success')[0][0], run.status], ['True', 0], run)
        [message] = sink.messages()
        self.assertEqual([message['Subject'], message['To']], ['測試郵件主題', 'wong@example.hk'])
        self.assertIn('你好，<b>王先生</b> 😀', message.get_body(('html',)).get_content())
        self.assertIn('你好，王先生 😀', message.get_body(('plain',)).get_content())
        [[address, status, name, code, *_, message_id]] = run.of('recipient')
        self.assertEqual([address, status, name, code, message_id], ['wong@example.hk', 'Sent', 'a', '250', message['Message-ID']])

    def test_templates_by_old_and_new_names(self):
        for template in ('REGISTER', 'Register', 'FORGET_PASSWORD'):
            sink = self.sink()
            run = self.send(self.reach(account(sink.port, 'a')), subject='', template=template, body='not used',
                            url='https://example.hk/confirm?a=1&b=2')
            self.assertEqual(run.of('success')[0][0], 'True', run)
            [message] = sink.messages()
            self.assertIn('https://example.hk/confirm?a=1&amp;b=2', message.get_body(('html',)).get_content())
            self.assertNotIn('not used', str(message))
            self.assertGreater(len(message['Subject']), 3)

    def test_a_template_that_is_missing_is_never_sent(self):
        sink = self.sink()
        run = self.send(self.reach(account(sink.port, 'a')), template='PRIVACY_CONTENT')
        self.assertEqual([run.status, sink.mails], [1, []], run)
        self.assertIn('PrivacyContent', run.of('exception')[0][1])

    def test_a_missing_link_of_a_template_is_told(self):
        sink = self.sink()
        environment = self.reach(account(sink.port, 'a'))
        self.assertEqual(self.send(environment, template='REGISTER', url='javascript:alert(1)').status, 1)
        self.assertEqual(sink.mails, [])

    def test_old_bodies_mean_what_they_say(self):
        sink = self.sink()
        run = self.send(self.reach(account(sink.port, 'a')), subject='{{x}} {{{y}}}', url='https://example.hk/?a=1&b=2',
                        body='<p title="{{=<% %>=}}">{{{{#a}} {callbackurl} <a href="{CallbackUrl}">here</a></p>')
        self.assertEqual(run.of('success')[0][0], 'True', run)
        [message] = sink.messages()
        self.assertEqual(message['Subject'], '{{x}} {{{y}}}')
        self.assertIn('<p title="{{=<% %>=}}">{{{{#a}} https://example.hk/?a=1&amp;b=2 <a href="https://example.hk/?a=1&amp;b=2">',
                      message.get_body(('html',)).get_content())
        self.assertIn('{{{{#a}} https://example.hk/?a=1&b=2', message.get_body(('plain',)).get_content())

    def test_plain_bodies_stay_plain_and_give_the_subject(self):
        sink = self.sink()
        run = self.send(self.reach(account(sink.port, 'a')), subject='', body='一二三四五六七八九十一二三四五六七八九十百 a < b')
        self.assertEqual(run.of('success')[0][0], 'True', run)
        [message] = sink.messages()
        self.assertEqual([message['Subject'], message.get_content_type()], ['一二三四五六七八九十一二三四五六七八九十', 'text/plain'])
        self.assertIn('百 a < b', message.get_content())

    def test_attachments_of_any_size_arrive_whole(self):
        sink = self.sink(data_size_limit=0)
        small, large = self.folder / '價目表 2026.txt', self.folder / 'large.bin'
        small.write_text('你好')
        large.write_bytes(os.urandom(26_000_000))
        run = self.send(self.reach(account(sink.port, 'a')), files=[small, large])
        self.assertEqual(run.of('success')[0][0], 'True', run)
        [message] = sink.messages()
        first, second = message.iter_attachments()
        self.assertEqual([first.get_filename(), first.get_payload(decode=True)], ['價目表 2026.txt', '你好'.encode()])
        self.assertEqual(hashlib.sha256(second.get_content()).digest(), hashlib.sha256(large.read_bytes()).digest())

    def test_an_attachment_that_is_missing_stops_it(self):
        sink = self.sink()
        run = self.send(self.reach(account(sink.port, 'a')), files=['/nowhere/price.pdf'])
        self.assertEqual([run.status, sink.mails], [1, []])
        self.assertIn('/nowhere/price.pdf', run.of('exception')[0][1])

    def test_each_recipient_has_its_own_fate(self):
        sink = self.sink(refusals={'gone@example.hk': '550 5.1.1 no such user'})
        run = self.send(self.reach(account(sink.port, 'a')), to='wong@example.hk;gone@example.hk;nobody at home;Chan <chan@example.hk>')
        self.assertEqual(run.of('success')[0][0], 'False')
        self.assertEqual(run.statuses(), {'wong@example.hk': 'Sent', 'gone@example.hk': 'Failed', 'nobody at home': 'Rejected',
                                          'chan@example.hk': 'Sent'})
        reasons = {line[0]: line[5] for line in run.of('recipient')}
        self.assertIn('550 5.1.1 no such user', reasons['gone@example.hk'])
        self.assertIn('blank', reasons['nobody at home'])
        self.assertEqual(sorted(str(message['To']) for message in sink.messages()), ['Chan <chan@example.hk>', 'wong@example.hk'])

    def test_nobody_to_send_to_is_no_success(self):
        sink = self.sink()
        run = self.send(self.reach(account(sink.port, 'a')), to='nobody at home;@')
        self.assertEqual([run.of('success')[0][0], run.statuses(), sink.mails],
                         ['False', {'nobody at home': 'Rejected', '@': 'Rejected'}, []])

    def test_what_cannot_be_an_address_or_header_is_refused(self):
        sink = self.sink()
        run = self.run_it('strings', environment=self.reach(account(sink.port, 'a')))
        self.assertEqual([status for _, status, *_ in run.of('recipient')].count('Rejected'), 3, run)
        self.assertEqual(run.statuses()['wong@example.hk'], 'Sent')
        self.assertEqual(len(run.of('refused')), 2, run)
        self.assertEqual([recipients for _, recipients, _ in sink.mails], [['wong@example.hk']])

    def test_many_calls_at_a_time(self):
        sink = self.sink()
        run = self.run_it('many', 40, environment=self.reach(account(sink.port, 'a', maxConnections=3)))
        self.assertEqual(run.of('sent'), [['40']], run)
        self.assertEqual(sorted(recipients[0] for _, recipients, _ in sink.mails), sorted(f'to{i}@example.hk' for i in range(40)))

    def test_calls_that_are_cancelled_disturb_no_others(self):
        sink = self.sink()
        run = self.run_it('storm', 100, environment=self.reach(account(sink.port, 'a', maxConnections=3)))
        [[sent, odd, whole]] = run.of('storm')
        self.assertEqual([odd, whole, len(sink.mails)], ['0', '50', int(sent)], run)

    def test_a_thread_that_waits_is_not_waited_for(self):
        sink = self.sink()
        run = self.run_it('window', 'wong@example.hk', environment=self.reach(account(sink.port, 'a')))
        self.assertEqual(run.statuses(), {'wong@example.hk': 'Sent'}, run)

    def test_cancelled_before_it_began(self):
        sink = self.sink()
        run = self.run_it('cancel', 'already', 'wong@example.hk', environment=self.reach(account(sink.port, 'a')))
        self.assertEqual([run.lines, sink.mails], [[['cancelled']], []])

    def test_cancelled_in_the_middle(self):
        """Of what the relay is taking its answer is waited for, of the rest nothing is begun. The service has written down the dots
        of a few mails ahead, and lets these go on."""
        gate = Gate('250 2.0.0 queued as T1')
        relay = self.scripted({'DOT': [gate, '250 2.0.0 queued as T2']})
        environment = self.reach(account(relay.port, 'a', maxConnections=1))
        child = self.start('Probe.exe', 'cancel', 'later', *(f'to{i}@example.hk' for i in range(12)), environment=environment)
        self.assertTrue(gate.reached.wait(30))
        child.stdin.write(b'\n')
        child.stdin.flush()
        threading.Timer(0.7, gate.open).start()  # the cancellation is well on its way then
        run = self.finish(child)
        self.assertEqual(run.of('success')[0][0], 'False', run)
        fates = list(run.statuses().values())
        self.assertEqual([len(fates), set(fates)], [12, {'Cancelled', 'Sent'}], run)
        self.assertEqual(len(relay.bodies), fates.count('Sent'))
        self.assertLessEqual(len(relay.bodies), 6)

    def test_a_real_server_with_tls_and_login(self):
        server = stage.postfix()
        to = f'dotnet-{type(self).__name__.lower()}@example.hk'
        record = account(server.starttls, 'postfix', 'starttls', stage.USER, ca=stage.certificates().ca)
        run = self.send(self.reach(record), to=to, subject='報價', body='<p>一百</p>')
        self.assertEqual(run.statuses(), {to: 'Sent'}, run)
        [message] = server.wait_for_mail(to)
        self.assertEqual(message['Subject'], '報價')

    def test_only_the_named_account_sends(self):
        first, second = self.sink(), self.sink()
        run = self.send({**self.reach(account(first.port, 'a'), account(second.port, 'b')), 'PROBE_ACCOUNT': 'b'})
        self.assertEqual([run.of('recipient')[0][2], len(first.mails), len(second.mails)], ['b', 0, 1], run)

    def test_the_example(self):
        sink = self.sink()
        price = self.folder / 'price.txt'
        price.write_text('100')
        run = self.run_it('wong@example.hk', price, environment=self.reach(account(sink.port, 'a')), program='Example.exe')
        self.assertEqual([run.status, run.lines[0][0]], [0, 'wong@example.hk: Sent, a: 250 2.0.0 queued as 1'], run)
        [message] = sink.messages()
        self.assertEqual([message['Subject'], len(list(message.iter_attachments()))], ['歡迎', 1])

    def test_the_company_has_its_own_accounts(self):
        general, own = self.sink(), self.sink()
        environment = self.reach(account(general.port, 'general'), company=account(own.port, 'own'))
        run = self.run_it('di', 'wong@example.hk', environment=environment)
        self.assertEqual(run.lines[0], ['MailEnhanceService.EmailAppService', 'Singleton'])
        self.assertEqual(run.of('recipient')[0][:3], ['wong@example.hk', 'Sent', 'own'], run)
        self.assertEqual([len(general.mails), len(own.mails)], [0, 1])


def write_company(folder, record):
    import json
    (folder / 'Config').mkdir(exist_ok=True)
    (folder / 'Config/SenderEmailAccountList_6000014.json').write_text(json.dumps([record]))


class LibraryTest(Both, DotnetTest):
    def reach(self, *accounts, company=None):
        environment = self.native(*accounts)
        if company:
            write_company(Path(environment['MAILENHANCE_CONFIG']).parent, company)
        return environment

    def test_the_second_account_sends_and_the_first_one_s_failure_is_told(self):
        refusing, sink = self.scripted({'GREETING': '554 5.3.2 not today'}), self.sink()
        run = self.send(self.native(account(refusing.port, 'first'), account(sink.port, 'second')))
        [[_, status, name, _, count, _, attempts, _]] = run.of('recipient')
        self.assertEqual([status, name, count, attempts], ['Sent', 'second', '2', 'first greeting 554,second dot 250'])

    def test_every_account_fails(self):
        relay = self.scripted({'EHLO': '250-test\n250 AUTH PLAIN', 'AUTH': '535 5.7.8 wrong'})
        run = self.send(self.native(account(relay.port, 'a', user='me', allowPlaintextAuth=True)))
        self.assertEqual([run.status, run.of('success')[0][0], run.statuses()['wong@example.hk']], [0, 'False', 'Deferred'], run)
        self.assertIn('535 5.7.8 wrong', run.of('recipient')[0][5])
        self.assertNotIn(PASSWORD, str(run))

    def test_in_doubt_is_neither_sent_nor_failed(self):
        relay = self.scripted({'DOT': Cut()})
        self.assertEqual(self.send(self.native(account(relay.port, 'a'))).statuses(), {'wong@example.hk': 'InDoubt'})

    def test_a_missing_library_says_what_to_install(self):
        run = self.run_it('send', 'a@b.hk', 'S', 'NO_TEMPLATE', 'T', '', '', environment=self.native(account(1, 'a')), library='/nowhere')
        [[code, text]] = run.of('exception')
        self.assertEqual([run.status, code], [1, 'LIBRARY'])
        for word in ('libmailenhance.so.0', 'Install mailenhance', 'MAILENHANCE_URL'):
            self.assertIn(word, text)

    def test_a_missing_account_file_says_where_it_was_looked_for(self):
        run = self.run_it('send', 'a@b.hk', 'S', 'NO_TEMPLATE', 'T', '', '', environment={})
        self.assertEqual(run.of('exception')[0][0], 'CONFIG')
        self.assertIn(str(self.folder), run.of('exception')[0][1])

    def test_a_wrong_account_file_is_told_with_its_line(self):
        run = self.send(self.native(account(25, 'a', enableSSL=True, enableTSL=True)))
        self.assertEqual([run.status, run.of('exception')[0][0]], [1, 'CONFIG'])
        self.assertRegex(run.of('exception')[0][1], r'AppSetting.json:\d+')

    def test_warnings_about_the_account_file_are_told(self):
        run = self.send(self.native(account(self.sink().port, 'a', tls='at once', mailTool=0)))
        self.assertIn('mailTool', str(run.of('notice')))

    def test_errors_come_in_chinese(self):
        run = self.send({**self.native(account(25, 'a', enableSSL=True, enableTSL=True)), 'LANG': 'zh_HK.UTF-8'})
        self.assertRegex(run.of('exception')[0][1], '同時是')

    def test_disposing_ends_what_is_under_way(self):
        gate = Gate('250 2.1.5 OK')
        relay = self.scripted({'RCPT': gate})
        child = self.start('Probe.exe', 'dispose', 'wong@example.hk', environment=self.native(account(relay.port, 'a')))
        self.assertTrue(gate.reached.wait(30))
        run = self.finish(child, b'\n')
        gate.open()
        self.assertEqual([run.statuses(), run.lines[-1]], [{'wong@example.hk': 'Deferred'}, ['ObjectDisposedException']], run)

    def test_structures_are_those_of_the_headers(self):
        """Each struct of NativeMethods.cs names the members of its twin, in their order."""
        source = (BINDING / 'src/Native/NativeMethods.cs').read_text()
        headers = ''.join(path.read_text() for path in (ROOT / 'include/mes').glob('*.h'))
        for mine, theirs in (('SenderOptions', 'mes_sender_options'), ('Result', 'mes_result'), ('Attempt', 'mes_attempt')):
            body = re.search(rf'struct {mine}\n    {{(.*?)\n    }}', source, re.S)[1]
            names = [name for line in re.findall(r'internal \w+ ([\w, ]+);', body) for name in line.split(', ')]
            body = re.sub(r'/\*.*?\*/', '', re.search(rf'struct {theirs} {{(.*?)\n}};', headers, re.S)[1], flags=re.S)
            members = re.findall(r'\(\*(\w+)\)\(|(\w+?)_?(?:\[(\d)\])?;', body)
            wanted = []
            for function, name, count in members:
                wanted += [f'{name}{i}' for i in range(int(count))] if count else [function] if function else [name] if name else []
            wanted = [re.sub('_ms$', '_milliseconds', name) for name in wanted]
            self.assertEqual([name.lower() for name in names], [name.replace('_', '') for name in wanted], mine)

    def test_functions_are_those_of_the_headers(self):
        source = (BINDING / 'src/Native/NativeMethods.cs').read_text()
        symbols = subprocess.run(['nm', '-D', '--defined-only', BUILD / 'libmailenhance.so'], capture_output=True, text=True, check=True)
        self.assertEqual(set(re.findall(r'\b(mes_\w+)\(', source)) - set(re.findall(r'(mes_\w+)@', symbols.stdout)), set())


class ServiceTest(Both, DotnetTest):
    def reach(self, *accounts, company=None):
        service = Service(list(accounts), start=False)
        self.addCleanup(service.close)
        if company:
            write_company(service.folder.path, company)
        service.start()
        return self.through(service)

    def proxy(self, service, *first):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Refusing)
        server.first, server.behind, server.keys = list(first), service, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server, {'MAILENHANCE_URL': f'http://127.0.0.1:{server.server_port}/', 'MAILENHANCE_KEY': service.key}

    def test_a_busy_service_is_asked_again(self):
        sink = self.sink()
        service = self.service(account(sink.port, 'a'))
        server, environment = self.proxy(service, (429, {'Retry-After': '1'}), (503, {}))
        self.assertEqual(self.send(environment).statuses(), {'wong@example.hk': 'Sent'})
        self.assertEqual([len(server.keys), len(set(server.keys)), len(sink.mails)], [3, 1, 1])

    def test_a_service_that_stays_busy_is_told(self):
        service = self.service(account(1, 'a'))
        server, environment = self.proxy(service, *[(503, {'Retry-After': '1'})] * 9)
        run = self.send({**environment, 'PROBE_RETRY': '1.5'})
        self.assertEqual([run.status, len(server.keys)], [1, 2], run)

    def test_a_lost_answer_sends_no_second_mail(self):
        sink = self.sink()
        service = self.service(account(sink.port, 'a'))
        server, environment = self.proxy(service, ('cut', {}))
        self.assertEqual(self.send(environment).statuses(), {'wong@example.hk': 'Sent'})
        self.assertEqual([len(server.keys), len(set(server.keys)), len(sink.mails)], [2, 1, 1])

    def test_nobody_answers(self):
        run = self.send({'MAILENHANCE_URL': 'http://127.0.0.1:1', 'MAILENHANCE_KEY': 'x', 'PROBE_RETRY': '0'})
        [[code, text]] = run.of('exception')
        self.assertEqual([run.status, code], [1, 'UNREACHABLE'])
        self.assertIn('http://127.0.0.1:1/', text)

    def test_something_else_answers(self):
        server, environment = self.proxy(self.service(account(1, 'a')), (302, {'Location': 'http://127.0.0.1:1/'}))
        run = self.send(environment)
        self.assertEqual([run.of('exception')[0][0], len(server.keys)], ['UNREACHABLE', 1], run)

    def test_a_wrong_key_is_told(self):
        service = self.service(account(1, 'a'))
        run = self.send({**self.through(service), 'MAILENHANCE_KEY': 'wrong-key'})
        self.assertEqual([run.status, run.of('exception')[0][0]], [1, 'no-valid-key'])
        self.assertNotIn('wrong-key', str(run))

    def test_what_the_service_keeps_trying_is_no_success(self):
        service = self.service(account(1, 'dead'))
        run = self.send({**self.through(service), 'PROBE_WAIT': '1'})
        self.assertEqual(run.of('success')[0][0], 'False')
        self.assertIn(run.statuses()['wong@example.hk'], ('Deferred', 'Queued'))
        self.assertEqual(service.job(run.of('success')[0][1])['counts']['sent'], 0)

    def test_a_key_that_may_not_read_hears_that_it_is_queued(self):
        sink = self.sink()
        service = self.service(account(sink.port, 'a'))
        key = service.call('POST', '/api/v1/keys', {'name': 'blind', 'scopes': ['send']}).json['key']
        run = self.send({**self.through(service), 'MAILENHANCE_KEY': key}, to='wong@example.hk;@')
        self.assertEqual(run.statuses(), {'wong@example.hk': 'Queued', '@': 'Rejected'})
        self.assertEqual([run.status, len(run.of('warning'))], [0, 1], run)
        wait_for(lambda: sink.mails, 'the mail')

    def test_no_library_is_needed(self):
        sink = self.sink()
        service = self.service(account(sink.port, 'a'))
        run = self.run_it('send', 'a@b.hk', 'S', 'NO_TEMPLATE', 'T', '', '', environment=self.through(service), library='/nowhere')
        self.assertEqual(run.statuses(), {'a@b.hk': 'Sent'})

    def test_every_block_of_the_pages_compiles_and_runs(self):
        """What the pages leave out is given by Blocks.cs; `{0}` in it is where a block goes."""
        frame = (ROOT / 'tests/dotnet/Blocks.cs').read_text()
        pages = [ROOT / 'docs/library.md', ROOT / 'docs/migrate.md', BINDING / 'README.md']
        blocks = [block for page in pages for block in re.findall(r'^```cs\n(.*?)^```', page.read_text(), re.M | re.S)]
        self.assertGreater(len(blocks), 3)
        for number, block in enumerate(blocks):
            sink = self.sink()
            source, program = self.folder / f'Block{number}.cs', self.folder / f'Block{number}.exe'
            source.write_text(frame.replace('/* block */', block))
            done = subprocess.run([*COMPILER, '-nowarn:219', f'-out:{program}', f'-r:{self.folder}/MailEnhanceService.dll',
                                   f'-r:{self.folder}/Abstractions.dll', source], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, block + done.stdout + done.stderr)
            environment = self.native(account(sink.port, 'a'))
            (self.folder / 'price.pdf').write_bytes(b'%PDF-1.4')
            run = self.run_it(environment['MAILENHANCE_CONFIG'], 'wong@example.hk', environment=environment, program=program.name)
            self.assertEqual([run.status, run.err], [0, ''], block)
            self.assertEqual(len(sink.mails) > 0, 'RunAsync' in block, block)


class PackageTest(unittest.TestCase):
    def test_project_and_package_name_what_there_is(self):
        project = xml.etree.ElementTree.parse(BINDING / 'MailEnhanceService.csproj')
        self.assertEqual(project.findtext('.//TargetFramework'), 'netstandard2.0')
        package = (BINDING / 'MailEnhanceService.nuspec').read_text()
        xml.etree.ElementTree.fromstring(package)
        for pattern in re.findall(r'<file src="([^"]+)"', package):
            self.assertTrue(list(BINDING.glob(pattern)), pattern)
        version = re.search(r"version: '([\d.]+)'", (ROOT / 'meson.build').read_text())[1]
        self.assertEqual([project.findtext('.//Version'), re.search('<version>(.*?)<', package)[1]], [version, version])


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__], only=sys.argv[1:])
    finally:
        stage.close()
