"""The library as another program meets it: installed to a prefix, found by pkg-config, built and run."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tests/e2e'), str(ROOT / 'tests')]

os.environ['MAILENHANCE'] = str(ROOT / 'build-release/mailenhance')

import tap
from fixture import wait_for
import stage
from service import Service
from sink import Scripted, Sink
from tool import Tool, account

BUILD = ROOT / 'build-release'


def out_of(*command, **environment):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment}, timeout=120)
    if done.returncode:
        raise AssertionError(f'{command}: {done.returncode}\n{done.stdout}{done.stderr}')
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix='mes-')
        cls.destination = Path(cls.temporary.name)
        out_of('ninja', '-C', BUILD, 'install', DESTDIR=cls.destination)
        [package] = cls.destination.rglob('mailenhance.pc')
        cls.packages = package.parent
        cls.libraries = package.parent.parent

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def build(self, name):
        """An example by its file's name, or another by its path: the command that runs it."""
        source = ROOT / 'examples' / name
        program = self.destination / source.name.replace('.', '-')
        compiler = {'.c': ['gcc', '-std=gnu17'], '.cpp': ['g++', '-std=c++17', '-pedantic']}.get(source.suffix)
        if not compiler:
            return ['/usr/bin/python3', '-B', source]
        flags = out_of('pkg-config', '--define-variable=prefix=' + str(self.destination / 'usr/local'), '--cflags',
                       '--libs', 'mailenhance', PKG_CONFIG_PATH=str(self.packages)).split()
        out_of(*compiler, '-Wall', '-Wextra', '-Werror', source, '-o', program, *flags)
        return [program]

    def run_example(self, name, *options):
        """Through a list whose first account fails; then through a real server with TLS and a login."""
        refusing, sink = Scripted({'GREETING': '554 5.3.2 not today'}), Sink()
        self.addCleanup(refusing.close)
        self.addCleanup(sink.close)
        command = [*self.build(name), *options]
        with Tool([account(refusing.port, 'first'), account(sink.port, 'second')]) as tool:
            out = out_of(*command, tool.config, 'wong@example.hk', LD_LIBRARY_PATH=str(self.libraries))
        self.assertEqual([recipients for _, recipients, _ in sink.mails], [['wong@example.hk']])
        server = stage.postfix()
        with Tool([account(server.starttls, 'postfix', 'starttls', stage.USER, ca=stage.certificates().ca)]) as tool:
            to = name.replace('.', '-') + ''.join(options) + '@example.hk'
            self.assertIn(f'{to}: sent', out_of(*command, tool.config, to, LD_LIBRARY_PATH=str(self.libraries)))
        server.wait_for_mail(to)
        return out

    def test_what_is_installed(self):
        there = {str(path.relative_to(self.destination / 'usr/local')) for path in (self.destination / 'usr/local').rglob('*')}
        for header in (ROOT / 'include/mes').iterdir():
            self.assertIn(f'include/mes/{header.name}', there)
        for name in ('bin/mailenhance', 'share/man/man1/mailenhance-send.1', 'share/doc/mailenhance/LICENSE',
                     'share/man/man1/mailenhance-serve.1', 'lib/systemd/system/mailenhance.service', 'lib/systemd/system/mailenhance.socket',
                     'lib/sysusers.d/mailenhance.conf', 'lib/tmpfiles.d/mailenhance.conf'):
            self.assertIn(name, there)

    def unit(self):
        return self.destination / 'usr/local/lib/systemd/system/mailenhance.service'

    def test_the_unit_is_closed_to_what_it_does_not_need(self):
        out = out_of('systemd-analyze', 'security', '--offline=true', '--no-pager', self.unit())
        self.assertLessEqual(float(re.search(r'Overall exposure level for \S+: ([\d.]+)', out)[1]), 1.5, out)

    def test_the_unit_is_understood(self):
        program = self.destination / 'usr/local/bin/mailenhance'
        unit = self.destination / 'mailenhance.service'
        unit.write_text(self.unit().read_text().replace('/usr/local/bin/mailenhance', str(program)))
        opener = self.destination / 'mailenhance.socket'
        opener.write_text(self.unit().with_suffix('.socket').read_text())
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', unit, opener], capture_output=True, text=True,
                              timeout=60)
        self.assertNotIn('mailenhance.', done.stderr + done.stdout)

    def test_the_unit_allows_every_call_that_the_service_makes(self):
        """The filter's sets are systemd's; the calls are those of a run with a mail, a reload and a stop."""
        allowed, refused = self.filtered_calls()
        sink = Sink()
        self.addCleanup(sink.close)
        trace = self.destination / 'calls'
        with Service([account(sink.port, 'a')], start=False) as service:
            service.start(under=['strace', '-D', '-f', '-qq', '-e', 'signal=none', '-o', str(trace)])
            service.wait_job(service.send())
            service.signal(signal.SIGHUP)
            wait_for(lambda: service.events('settings.taken_over'), 'the settings')
            service.stop()
        used = set(re.findall(r'^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)', trace.read_text(), re.M))
        self.assertIn('sendto', used)
        # The program asks for the first two and goes on when it may not; the third is SQLite's, and only as root.
        self.assertLessEqual(used - allowed | used & refused, {'prlimit64', 'setrlimit', 'fchown'})

    def filtered_calls(self):
        def expand(name):
            calls = set()
            for word in out_of('systemd-analyze', 'syscall-filter', name).split('\n')[1:]:
                word = word.strip()
                calls |= expand(word) if word.startswith('@') else {word} if word and word[0] != '#' else set()
            return calls
        # What every program needs to be started at all is always allowed.
        return expand('@system-service') | expand('@default'), expand('@privileged') | expand('@resources')

    def test_only_the_public_functions_leave_the_library(self):
        headers = ''.join(path.read_text() for path in (ROOT / 'include/mes').glob('*.h'))
        promised = set(re.findall(r'MES_API[^;]*?\b(mes_\w+)\(', headers, re.S))
        symbols = out_of('nm', '-D', '--defined-only', self.libraries / 'libmailenhance.so')
        exported = set(re.findall(r' [^A ] (\w+)', symbols))
        self.assertEqual(exported, promised)

    def test_each_header_stands_alone(self):
        for header in sorted((ROOT / 'include/mes').glob('*.h')):
            for dialect in ('c11', 'c17'):
                program = self.destination / 'alone.c'
                program.write_text(f'#include <mes/{header.name}>\nint main(void)\n{{\n    return 0;\n}}\n')
                out_of('gcc', f'-std={dialect}', '-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                       '-I', ROOT / 'include', program)
            for dialect in ('c++11', 'c++17', 'c++20'):
                program = self.destination / 'alone.cpp'
                program.write_text(f'#include <mes/{header.name}>\nint main() {{}}\n')
                out_of('g++', f'-std={dialect}', '-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                       '-I', ROOT / 'include', program)

    def test_example_that_waits(self):
        out = self.run_example('send.c')
        self.assertIn('wong@example.hk: sent', out)
        self.assertIn('first: 554 5.3.2 not today', out)

    def test_example_with_a_loop_of_its_own(self):
        self.assertIn('wong@example.hk: sent', self.run_example('loop.c'))

    def test_example_in_cpp(self):
        out = self.run_example('send.cpp')
        self.assertIn('wong@example.hk: sent', out)
        self.assertIn('first: 554 not today', out)

    def test_example_in_python(self):
        out = self.run_example('send.py')
        self.assertIn('wong@example.hk: sent', out)
        self.assertIn('first: 554 not today', out)

    def test_example_in_python_beside_other_work(self):
        self.assertIn('second: 250 ', self.run_example('send.py', '--loop'))

    def test_examples_say_what_is_wrong(self):
        for name in ('send.c', 'send.cpp', 'send.py'):
            done = subprocess.run([*self.build(name), '/nowhere.json', 'wong@example.hk'], capture_output=True, text=True,
                                  env={**os.environ, 'LD_LIBRARY_PATH': str(self.libraries)}, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, name)
            self.assertIn('/nowhere.json', done.stderr)

    def test_python_s_structures_are_those_of_the_headers(self):
        """Sizes and places of the members, as the compiler and as ctypes see them."""
        example = ROOT / 'examples/send.py'
        places = out_of('/usr/bin/python3', '-B', '-c', f'import runpy; e = runpy.run_path({str(example)!r})\n'
                        'for n in "Result", "Attempt":\n'
                        '    print(n, *(getattr(e[n], f[0]).offset for f in e[n]._fields_), __import__("ctypes").sizeof(e[n]))',
                        LD_LIBRARY_PATH=str(self.libraries))
        source = ['#include <mes/mes.h>', '#include <stdio.h>', '#include <stddef.h>', 'int main(void) {']
        for name, members in (('Result', 'recipient role status message_id attempts attempt_count dsn'),
                              ('Attempt', 'account step class_ code enhanced reply advice_id milliseconds')):
            struct = f'struct mes_{name.lower()}'
            wanted = [f'offsetof({struct}, {member})' for member in members.split()] + [f'sizeof({struct})']
            source.append(f'printf("{name}{" %zu" * len(wanted)}\\n", {", ".join(wanted)});')
        (self.destination / 'places.c').write_text('\n'.join([*source, '}']))
        out_of('gcc', '-I', ROOT / 'include', self.destination / 'places.c', '-o', self.destination / 'places')
        self.assertEqual(places, out_of(self.destination / 'places'))

    def test_every_function_has_a_manual_page(self):
        folder = self.destination / 'usr/local/share/man/man3'
        headers = ''.join(path.read_text() for path in (ROOT / 'include/mes').glob('*.h'))
        for name in set(re.findall(r'MES_API[^;]*?\b(mes_\w+)\(', headers, re.S)):
            page = (folder / f'{name}.3').read_text()
            if page.startswith('.so '):
                page = (folder.parent / page[4:].strip()).read_text()
            self.assertIn(f'.Fo {name}\n', page)
        shown = out_of('man', '--pager=cat', 'mes_send', MANPATH=str(folder.parent), MANWIDTH='80')
        self.assertIn('#include <mes/sender.h>', shown)
        self.assertIn('read the report', shown)

    def test_manual_pages_are_well_formed(self):
        pages = [page for page in (self.destination / 'usr/local/share/man').rglob('*.[13]') if not page.read_text().startswith('.so ')]
        self.assertGreater(len(pages), 12)
        for page in pages:
            lint = subprocess.run(['mandoc', '-Tlint', '-Wwarning', page], capture_output=True, text=True, check=False)
            self.assertEqual(lint.stdout, '')
            groff = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-Tutf8', '-Z', '-l', page], capture_output=True, text=True,
                                   check=False)
            self.assertEqual([groff.returncode, groff.stderr], [0, ''])

    # ---- docs/library.md ----

    def blocks(self, language):
        found = re.findall(rf'^```{language}\n(.*?)^```', (ROOT / 'docs/library.md').read_text(), re.M | re.S)
        self.assertTrue(found, language)
        return found

    def run_block(self, name, text, *arguments):
        source = self.destination / name
        source.write_text(text)
        return out_of(*self.build(source), *arguments, LD_LIBRARY_PATH=str(self.libraries), PYTHONPATH=str(ROOT / 'examples'))

    def test_programs_of_the_page_send(self):
        programs = [('block.c', text) for text in self.blocks('c') if text.startswith('#include')]
        programs += [('block.cpp', text) for text in self.blocks('cpp')] + [('block.py', text) for text in self.blocks('python')]
        self.assertEqual(len(programs), 4)
        for name, text in programs:
            sink = Sink()
            self.addCleanup(sink.close)
            with Tool([account(sink.port, 'only')]) as tool:
                out = self.run_block(name, text, tool.config, 'wong@example.hk')
            if name == 'block.cpp':  # it lists the accounts
                self.assertEqual(out, 'only\n')
            else:
                self.assertIn('wong@example.hk: sent', out)
                self.assertEqual(len(sink.mails), 1)

    def test_pieces_of_the_page_send(self):
        """Those that define something stand before the others; each of the others runs in a function of its own."""
        pieces = [text for text in self.blocks('c') if not text.startswith('#include')]
        outer = [text for text in pieces if text.startswith('static ')]
        inner = [text for text in pieces if not text.startswith('static ')]
        self.assertGreater(min(len(outer), len(inner)), 1)
        program = ['#include <mes/mes.h>', '#include <stdio.h>', '#include <string.h>', *outer]
        for number, text in enumerate(inner):
            program.append(f'static int piece{number}(struct mes_account_list *list, struct mes_sender *sender, struct mes_message *message,'
                           f' struct mes_error *error)\n{{\n(void)list; (void)sender; (void)message;\nint code;\n{text}\nreturn code;\n}}')
        program.append(PIECES % ', '.join(f'piece{number}' for number in range(len(inner))))
        refusing, sink = Scripted({'GREETING': '554 5.3.2 not today'}), Sink()
        self.addCleanup(refusing.close)
        self.addCleanup(sink.close)
        with Tool([account(refusing.port, 'first'), account(sink.port, 'second')]) as tool:
            out = self.run_block('pieces.c', '\n'.join(program), tool.config)
        self.assertIn('  first, greeting: 554 ', out)
        self.assertIn('second, dot: 250 ', out)
        self.assertRegex(out, r'notes kept: [1-9]')
        messages = sink.messages()
        self.assertIn('News from Your Shop', [message['Subject'] for message in messages])
        self.assertIn('報價 2026.csv', [part.get_filename() for message in messages for part in message.walk()])
        self.assertTrue(any('https://example.hk/confirm' in message.as_string() for message in messages))


# Runs each piece with a fresh message, and sends that afterwards.
PIECES = """
static int (*const all[])(struct mes_account_list *, struct mes_sender *, struct mes_message *, struct mes_error *) = {%s};

int main(int argc, char **argv)
{
    struct mes_error error = {0};
    struct mes_account_list *list = NULL;
    struct mes_sender *sender = NULL;
    char text[2048];
    int code = argc != 2 || mes_account_list_load(argv[1], NULL, NULL, NULL, &list, &error) != 0 ||
               mes_sender_new(list, NULL, &sender, &error) != 0;
    for (size_t i = 0; code == 0 && i < sizeof all / sizeof all[0]; i++) {
        struct mes_message *message = mes_message_new();
        struct mes_report *report = NULL;
        if (mes_message_add_recipient(message, MES_ROLE_TO, "wong@example.hk", NULL, &error) != 0 ||
            mes_message_set_text(message, "x", &error) != 0 || all[i](list, sender, message, &error) != 0 ||
            mes_send(sender, message, &report, &error) != 0)
            code = 1;
        mes_report_free(&report);
        mes_message_free(&message);
    }
    unsigned kept = 0;
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        kept += notes[i].key[0] != 0;
    printf("notes kept: %%u\\n", kept);
    if (code != 0)
        fprintf(stderr, "%%s\\n", mes_error_text(&error, MES_EN, text, sizeof text));
    mes_sender_free(&sender);
    mes_account_list_free(&list);
    return code;
}
"""


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__], only=sys.argv[1:])
    finally:
        stage.close()
