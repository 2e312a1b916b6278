"""The command line as its users meet it: usage, languages, lists, dry runs, output, and what never may get through."""

import json
import os
import pty
import re
import subprocess
import unittest
from pathlib import Path

from sink import Gate, Scripted, Sink
from tool import BINARY, ENVIRONMENT, Tool, account

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ('send', 'accounts list', 'accounts check', 'accounts secrets', 'accounts login', 'config show',
            'template list', 'template render', 'serve', 'status', 'queue list', 'queue show', 'queue pause', 'queue resume',
            'queue cancel', 'queue retry', 'queue hold', 'queue release', 'keys create', 'keys list', 'keys revoke', 'backup', 'restore',
            'check', 'version', 'help')
# The commands that a manual page is about.
PAGES = {'send': ['send'], 'serve': ['serve'], 'status': ['status'], 'backup': ['backup', 'restore', 'check'],
         'accounts': [c for c in COMMANDS if c.startswith('accounts ')],
         'queue': [c for c in COMMANDS if c.startswith('queue ')], 'keys': [c for c in COMMANDS if c.startswith('keys ')]}
# Nothing that a user reads may be left in English by mistake.
CHINESE = re.compile('[\u4e00-\u9fff]')


def run(*arguments, **environment):
    return subprocess.run([BINARY, *arguments], env={**ENVIRONMENT, **environment}, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)


class UsageTest(unittest.TestCase):
    def assert_usage(self, *arguments, says):
        done = run(*arguments)
        self.assertEqual((done.returncode, done.stdout), (64, b''), done)
        self.assertIn(says, done.stderr.decode())

    def test_wrong_command_lines_end_in_64_and_say_what_was_meant(self):
        good = ['send', '--config', 'x.json', '--to', 'a@example.hk', '--text', 'T']
        for arguments, says in (([], 'help'), (['sned'], '"send"'), (['accounts'], 'accounts list'),
                                (good + ['--subjct', 'x'], '--subject'), (good + ['--to'], '--to ADDR'),
                                (good + ['--config', 'y.json'], 'only once'), (good + ['--json=yes'], 'no value'),
                                (good + ['--priority', 'urgent'], 'high|normal|low'),
                                (good + ['--retry-for', '10'], '10m'), (good + ['--var', 'novalue'], 'NAME=VALUE'),
                                (good + ['--inline', '=logo.png'], 'CID=FILE'), (good + ['--header', 'X'], 'NAME: VALUE'),
                                (good + ['--text-file', '-'], '--text-file'), (good + ['stray'], 'stray'),
                                (good + ['--template', 'Register'], '--template'), (good + ['--lang', 'zh-HK'], '--template'),
                                (['send', '--to', 'a@example.hk'], '--config'),
                                (['send', '--config', 'x.json', '--text', 'T'], '--to'),
                                (good + ['-v'], 'option -v'),
                                (['accounts', 'list', '--config', 'x.json', '--to', 'a@example.hk'], 'accounts list'),
                                (['template', 'render'], '--template')):
            with self.subTest(arguments):
                self.assert_usage(*arguments, says=says)

    def test_the_password_has_no_option(self):
        self.assert_usage('send', '--password', 'x', says='--password')

    def test_usage_errors_speak_the_users_language(self):
        for environment, arguments, says in (({'LANG': 'zh_HK.UTF-8'}, [], '選項'), ({'LANG': 'zh_CN.UTF-8'}, [], '选项'),
                                             ({'LC_ALL': 'en_US.UTF-8', 'LANG': 'zh_CN.UTF-8'}, [], 'option'),
                                             ({}, ['--lang-ui', 'zh-HK'], '選項')):
            with self.subTest(says, **environment):
                done = run('send', '--subjct', 'x', *arguments, **environment)
                self.assertEqual(done.returncode, 64)
                self.assertIn(says, done.stderr.decode())


class HelpTest(unittest.TestCase):
    def options_of(self, command):
        return re.findall(r'^  --([a-z-]+)', run('help', *command.split()).stdout.decode(), re.MULTILINE)

    def test_help_is_there_for_every_command_in_every_language(self):
        for language in ('en', 'zh-HK', 'zh-CN'):
            overview = run('help', '--lang-ui', language).stdout.decode()
            for command in COMMANDS:
                with self.subTest(command, language=language):
                    self.assertIn(f'\n  {command} ', overview)
                    for form in (['help', *command.split()], [*command.split(), '--help']):
                        done = run(*form, '--lang-ui', language)
                        self.assertEqual((done.returncode, done.stderr), (0, b''), done)
                        self.assertIn(command, done.stdout.decode())
                        lines = [line for line in done.stdout.decode().splitlines() if line.startswith('  --')]
                        for line in lines:
                            self.assertEqual(bool(CHINESE.search(line)), language != 'en', line)

    def test_help_for_programs_says_the_same(self):
        commands = [json.loads(line) for line in run('help', '--json').stdout.splitlines()]
        self.assertEqual([f"{c['noun']} {c['verb']}".strip() for c in commands], list(COMMANDS))
        [send] = [json.loads(line) for line in run('help', 'send', '--json').stdout.splitlines()]
        self.assertEqual([option['name'] for option in send['options']], self.options_of('send'))
        [listed] = [json.loads(line) for line in run('help', 'accounts', 'list', '--json').stdout.splitlines()]
        self.assertEqual([option['name'] for option in listed['options'] if option['needed']], ['config'])

    def test_the_manual_pages_have_the_options_of_the_help(self):
        pages = {path.stem.removeprefix('mailenhance-'): path for path in (ROOT / 'docs/man').glob('*.1')}
        self.assertEqual(set(pages), set(PAGES))
        for name, commands in PAGES.items():
            with self.subTest(name):
                described = re.findall(r'^\.It Fl -([a-z-]+)', pages[name].read_text(), re.MULTILINE)
                known = {option for command in commands for option in self.options_of(command)}
                self.assertEqual(sorted(described), sorted(known))

    def test_both_readmes_name_only_options_that_exist(self):
        known = {option for command in COMMANDS for option in self.options_of(command)}
        for name in ('README.md', 'README.zh-HK.md'):
            used = set(re.findall(r'(?<![-\w])--([a-z][a-z-]*)', (ROOT / name).read_text())) - {'cflags', 'libs'}
            self.assertLessEqual(used, known, name)

    def test_version_names_the_libraries(self):
        done = run('version', '--json')
        self.assertEqual(done.returncode, 0)
        self.assertEqual(set(json.loads(done.stdout)['libraries']),
                         {'libuv', 'OpenSSL', 'c-ares', 'jansson', 'libcurl', 'utf8proc', 'libidn2'})
        self.assertTrue(run('--version').stdout.startswith(b'mailenhance '))


class SendTest(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.close)
        self.tool = Tool([account(self.sink.port, 'a'), account(self.sink.port, 'b')])
        self.addCleanup(self.tool.folder.close)

    def write(self, name, content):
        path = self.tool.folder.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def sent(self):
        """Who got a mail, by transaction."""
        return [recipients for _, recipients, _ in self.sink.mails]

    def test_each_recipient_gets_a_mail_of_its_own(self):
        done = self.tool.send('--to', 'a@example.hk', '--to', 'b@example.hk', '--cc', 'c@example.hk', '--bcc',
                              'd@example.hk', '--text', 'T')
        self.assertEqual(done.status, 0, done)
        self.assertEqual(sorted((r['recipient'], r['role']) for r in done.results),
                         sorted([('a@example.hk', 'to'), ('b@example.hk', 'to'),
                                 *[('c@example.hk', 'cc')] * 2, *[('d@example.hk', 'bcc')] * 2]))
        self.assertEqual(sorted(self.sent()), [['a@example.hk', 'c@example.hk', 'd@example.hk'],
                                               ['b@example.hk', 'c@example.hk', 'd@example.hk']])
        for recipients, message in zip(self.sent(), self.sink.messages()):
            self.assertEqual((message['To'], message['Cc']), (recipients[0], 'c@example.hk'))
        self.assertIn(b'2 mails each', done.err)

    def test_a_repeated_address_counts_once(self):
        done = self.tool.send('--to', 'a@example.hk', '--to', 'a@example.hk', '--cc', 'c@example.hk', '--text', 'T')
        self.assertEqual((done.status, self.sent()), (0, [['a@example.hk', 'c@example.hk']]), done)
        self.assertNotIn(b'mails each', done.err)

    def test_nobody_to_send_to_is_told(self):
        for empty in ('', ' , '):
            done = self.tool.send('--to', empty, '--text', 'T')
            self.assertEqual((done.status, self.sink.mails), (65, []), done)
            self.assertIn(b'Nobody to send to', done.err)

    def test_a_retry_that_comes_too_late_is_told(self):
        relay = Scripted({'RCPT': '451 4.7.1 Later'})
        self.addCleanup(relay.close)
        tool = Tool([account(relay.port, 'a')])
        self.addCleanup(tool.folder.close)
        done = tool.send('--to', 'a@example.hk', '--text', 'T', '--retry-for', '1s', json=False)
        self.assertEqual(done.status, 75, done)
        self.assertIn(b'within the time of --retry-for', done.err)

    def test_D10_bcc_stands_nowhere_in_the_mail(self):
        self.tool.send('--to', 'a@example.hk', '--bcc', 'secret@example.hk', '--text', 'T')
        [(_, recipients, content)] = self.sink.mails
        self.assertIn('secret@example.hk', recipients)
        self.assertNotIn(b'secret', content)
        self.assertNotIn(b'bcc', content.lower())

    def test_lists_and_full_width_signs(self):
        done = self.tool.send('--to', 'a@example.hk; Wong <b@example.hk>，c＠example.hk、"L, D" <d@example.hk>', '--to',
                              'a@example.hk', '--text', 'T')
        self.assertEqual(done.status, 0, done)
        self.assertEqual(sorted(r['recipient'] for r in done.results),
                         [f'{name}@example.hk' for name in 'abcd'])
        self.assertIn('c＠example.hk', done.err.decode())

    def test_all_bad_addresses_are_listed_at_once(self):
        done = self.tool.send('--to', 'good@example.hk', '--to', 'a@@x; b@-x.hk', '--cc', 'nobody', '--text', 'T')
        self.assertEqual((done.status, done.out, self.sink.mails), (65, b'', []), done)
        for word in ('a@@x', 'b@-x.hk', 'nobody', '--cc', '--skip-invalid'):
            self.assertIn(word, done.err.decode())

    def test_D01_line_ends_in_an_address_are_refused(self):
        for address in ('a@example.hk\r\nRCPT TO:<b@example.hk>', 'a@example.hk\nb@example.hk', 'a@example.hk\n',
                        '"a\r\nb"@example.hk', 'a\r@example.hk', 'Name\n <a@example.hk>'):
            for option in ('--to', '--cc', '--bcc', '--reply-to', '--from'):
                with self.subTest(address, option=option):
                    done = self.tool.send('--to', 'good@example.hk', option, address, '--text', 'T')
                    self.assertEqual((done.status, done.out, self.sink.mails), (65, b'', []), done)

    def test_D04_line_ends_in_headers_are_refused(self):
        for arguments in (['--subject', 'a\nBcc: x@example.hk'], ['--from-name', 'a\r\nX: y'], ['--header', 'X: a\nY: b'],
                          ['--header', 'X\nY: b'], ['--header', 'Content-Type: text/plain'], ['--header', 'Received: x']):
            with self.subTest(arguments):
                done = self.tool.send('--to', 'good@example.hk', '--text', 'T', *arguments)
                self.assertEqual((done.status, done.out, self.sink.mails), (65, b'', []), done)

    def test_D08_addresses_that_are_too_long_or_like_options_are_refused(self):
        for address in ('', 'x' * 65 + '@example.hk', 'a@' + 'b.' * 130 + 'hk', '-oQ/tmp@example.hk'):
            with self.subTest(address):
                done = self.tool.send('--to=' + address, '--text', 'T')
                self.assertEqual((done.status, self.sink.mails), (65, []), done)

    def test_skipped_addresses_have_a_line_too(self):
        done = self.tool.send('--to', 'a@example.hk, nobody', '--skip-invalid', '--text', 'T')
        self.assertEqual((done.status, len(self.sink.mails)), (69, 1), done)
        statuses = {r['recipient']: r['status'] for r in done.results}
        self.assertEqual(statuses, {'a@example.hk': 'sent', 'nobody': 'failed'})
        none = self.tool.send('--to', 'nobody', '--skip-invalid', '--text', 'T')
        self.assertEqual(none.status, 65, none)

    def test_a_list_brings_its_variables(self):
        path = self.write('list.csv', 'Address,Name,order\r\na@example.hk,"Wong, A",7\r\nb@example.hk,,8\r\n')
        done = self.tool.send('--to-file', path, '--subject', 'Order {{order}}', '--text', 'For {{address}}: {{shop}}',
                              '--var', 'shop=Luk')
        self.assertEqual(done.status, 0, done)
        messages = sorted(self.sink.messages(), key=lambda m: m['To'])
        self.assertEqual([m['Subject'] for m in messages], ['Order 7', 'Order 8'])
        self.assertEqual([m.get_content().strip() for m in messages], ['For a@example.hk: Luk', 'For b@example.hk: Luk'])
        self.assertEqual(messages[0]['To'].addresses[0].display_name, 'Wong, A')

    def test_every_bad_row_is_listed_with_its_line(self):
        path = self.write('list.csv', 'address,city\na@example.hk,HK\nnobody,HK\n\nb@example.hk\nc@x@y,"H\nK"\nd@example.hk,HK\n')
        done = self.tool.send('--to-file', path, '--text', 'T')
        self.assertEqual((done.status, done.out, self.sink.mails), (65, b'', []), done)
        self.assertEqual(re.findall(r'list\.csv:(\d+): ', done.err.decode()), ['3', '5', '6'])
        done = self.tool.send('--to-file', path, '--text', 'T', '--skip-invalid')
        self.assertEqual((done.status, len(self.sink.mails)), (69, 2), done)

    def test_what_is_put_right_in_a_list_is_told_with_its_line(self):
        path = self.write('list.csv', 'address\na@example.hk\nｂ＠example.hk\n')
        done = self.tool.send('--to-file', path, '--text', 'T')
        self.assertEqual((done.status, self.sent()), (0, [['a@example.hk'], ['b@example.hk']]), done)
        self.assertIn('list.csv:3: ', done.err.decode())

    def test_a_repeated_address_keeps_its_own_variables(self):
        path = self.write('list.csv', 'address,n\na@example.hk,1\nb@example.hk,2\na@example.hk,3\n')
        done = self.tool.send('--to-file', path, '--text', 'n is {{n}}')
        self.assertEqual((done.status, len(self.sink.mails)), (0, 2), done)
        texts = {m['To']: m.get_content().strip() for m in self.sink.messages()}
        self.assertEqual(texts['b@example.hk'], 'n is 2')

    def test_lists_that_are_none_are_refused(self):
        for content in ('', 'address\n', 'email,name\na@example.hk,A\n', b'address\n\xff\xfe\x00'):
            with self.subTest(content):
                done = self.tool.send('--to-file', self.write('list.csv', content), '--text', 'T')
                self.assertEqual((done.status, self.sink.mails), (65, []), done)
                self.assertIn(b'list.csv', done.err)

    def test_a_long_list_in_big5(self):
        rows = ''.join(f'user{n}@example.hk,陳大文{n}\r\n' for n in range(100_000))
        path = self.write('list.csv', ('address,name\r\n' + rows).encode('big5'))
        done = self.tool.send('--to-file', path, '--text', 'Dear {{name}}', '--dry-run', json=False)
        self.assertEqual(done.status, 0, done.err)
        self.assertIn(b'To: =?UTF-8?', done.out)
        self.assertIn(b'100000', done.err)

    def test_a_dry_run_prints_the_mail_and_sends_nothing(self):
        done = self.tool.send('--to', 'a@example.hk', '--bcc', 'd@example.hk', '--subject', '你好', '--text', '測試',
                              '--priority', 'high', '--header', 'X-Shop: Luk', '--dry-run', json=False)
        self.assertEqual((done.status, self.sink.mails), (0, []), done)
        message = __import__('email').message_from_bytes(done.out, policy=__import__('email.policy').policy.default)
        self.assertEqual((message['To'], message['Subject'], message['X-Shop'], message['Bcc']),
                         ('a@example.hk', '你好', 'Luk', None))
        self.assertEqual(message.get_content().strip(), '測試')
        self.assertNotIn(b'\n', done.out.replace(b'\r\n', b''))

    def test_text_comes_from_standard_input(self):
        done = subprocess.run(self.tool.command('send', '--config', self.tool.config, '--to', 'a@example.hk', '--text-file',
                                                '-'), env=ENVIRONMENT, input=b'\xef\xbb\xbfline one\nline two\n',
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.sink.messages()[0].get_content().splitlines(), ['line one', 'line two'])

    def test_text_with_a_nul_is_refused(self):
        done = self.tool.send('--to', 'a@example.hk', '--text-file', self.write('t.txt', b'a\0b'))
        self.assertEqual((done.status, self.sink.mails), (65, []), done)

    def test_one_account_alone(self):
        done = self.tool.send_plain('a@example.hk', '--account', 'b')
        self.assertEqual((done.status, done.result['account']), (0, 'b'), done)
        done = self.tool.send_plain('a@example.hk', '--account', 'nobody')
        self.assertEqual((done.status, done.out), (78, b''), done)
        self.assertIn(b'nobody', done.err)

    def test_missing_files_end_in_65_or_78(self):
        for arguments in (['--attach', '/nonexistent'], ['--html-file', '/nonexistent'], ['--inline', 'a=/nonexistent'],
                          ['--to-file', '/nonexistent'], ['--attach', '/tmp']):
            with self.subTest(arguments):
                done = self.tool.send('--to', 'a@example.hk', '--text', 'T', *arguments)
                self.assertEqual((done.status, self.sink.mails), (65, []), done)
                self.assertIn(arguments[1].split('=')[-1], done.err.decode())
        for language, says in (('en', 'Check the path'), ('zh-HK', '請檢查路徑'), ('zh-CN', '请检查路径')):
            done = self.tool.send('--to', 'a@example.hk', '--attach', '/nonexistent', '--lang-ui', language)
            self.assertIn(says, done.err.decode())
        done = run('send', '--config', '/nonexistent', '--to', 'a@example.hk', '--text', 'T')
        self.assertEqual(done.returncode, 78, done)

    def test_results_speak_the_users_language(self):
        for language, words in (('en', 'sent through a'), ('zh-HK', '已經 a 發送'), ('zh-CN', '已通过 a 发送')):
            with self.subTest(language):
                done = self.tool.send('--to', 'a@example.hk', '--text', 'T', '--lang-ui', language, json=False)
                self.assertIn(words, done.out.decode())
                self.assertEqual(done.out.count(b'\n'), 1)
                self.assertIn(str(self.tool.config), done.err.decode())

    def test_full_output_stops_and_ends_in_74(self):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run(self.tool.command('send', '--config', self.tool.config, '--to', 'a@example.hk', '--text',
                                                    'T'), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 74, done)
        self.assertIn(b'No space left', done.stderr)

    def test_closed_standard_output_ends_in_74(self):
        done = subprocess.run(['/bin/sh', '-c', '"$@" >&-', 'sh', *self.tool.command(
            'send', '--config', self.tool.config, '--to', 'a@example.hk', '--text', 'T')], env=ENVIRONMENT,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 74, done)

    def test_an_interrupt_ends_in_75_and_says_what_is_left(self):
        gate = Gate('250 2.1.5 OK')
        relay = Scripted({'RCPT': gate})
        self.addCleanup(relay.close)
        tool = Tool([account(relay.port, 'a')])
        self.addCleanup(tool.folder.close)
        done = tool.send_and_interrupt(gate, '--to', 'a@example.hk', '--to', 'b@example.hk', '--text', 'T')
        self.assertEqual(done.status, 75, done)
        self.assertEqual(sorted(r['recipient'] for r in done.results), ['a@example.hk', 'b@example.hk'])

    def test_a_terminal_gets_a_bar_and_clean_lines(self):
        master, slave = pty.openpty()
        done = subprocess.run(self.tool.command('send', '--config', self.tool.config, '--to',
                                                'a@example.hk, b@example.hk, c@example.hk', '--text', 'T'),
                              env={**ENVIRONMENT, 'TERM': 'xterm'}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=slave, timeout=60)
        os.close(slave)
        shown = os.read(master, 65536).decode()
        os.close(master)
        self.assertEqual((done.returncode, done.stdout.count(b'\n')), (0, 3), done)
        self.assertNotIn(b'\x1b', done.stdout)
        self.assertRegex(shown, r'\r1/3 .*1 sent')
        self.assertIn('3 sent, 0 failed, 0 deferred, 0 in doubt', shown)


class TemplateTest(unittest.TestCase):
    def test_built_in_templates_are_listed(self):
        listed = [json.loads(line) for line in run('template', 'list', '--json').stdout.splitlines()]
        self.assertEqual({(t['name'], t['language'], t['builtIn']) for t in listed},
                         {(n, l, True) for n in ('Register', 'ForgetPassword') for l in ('zh-HK', 'zh-CN', 'en-US')})

    def test_a_template_is_rendered(self):
        url = 'https://example.hk/c?a=1&b=2'
        html = run('template', 'render', '--template', 'Register', '--lang', 'zh-HK', '--var', 'callbackurl=' + url)
        self.assertEqual(html.returncode, 0, html)
        self.assertIn(b'https://example.hk/c?a=1&amp;b=2', html.stdout)
        text = run('template', 'render', '--template', '0', '--lang', 'en', '--part', 'text', '--var',
                   'callbackurl=' + url)
        self.assertIn(url.encode(), text.stdout)

    def test_another_language_than_the_wished_one_is_told(self):
        for language, is_told in (('fr', True), ('en', False), ('zh-TW', False)):
            done = run('template', 'render', '--template', 'Register', '--lang', language, '--var', 'callbackurl=x')
            self.assertEqual((done.returncode, b'not there in' in done.stderr), (0, is_told), done)

    def test_a_missing_variable_or_template_ends_in_65(self):
        for arguments in (['Register'], ['Nothing']):
            done = run('template', 'render', '--template', *arguments)
            self.assertEqual((done.returncode, done.stdout), (65, b''), done)
