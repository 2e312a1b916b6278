"""The checkers of tools/ find what they are for: each gets a small tree with one fault in it."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tests')]

import tap

README = 'Purpose.\n'
HEADER = '/* Purpose. */\n#ifndef X\n#define X\n\n/* Contract. */\nint mes_json_read(int a);\n\n#endif\n'
CODE = '#include "json/read.h"\n\nint mes_json_read(int a)\n{\n    return a;\n}\n'
LAYERS = 'base:\njson: base\nnet: base\n'


class ToolsTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix='mes-')
        self.addCleanup(temporary.cleanup)
        self.tree = Path(temporary.name)
        self.write('LAYERS', LAYERS)
        self.write('.clang-format', (ROOT / '.clang-format').read_text())
        for folder in ('base', 'json', 'net'):
            self.write(f'src/{folder}/README.md', README)
        self.write('src/json/read.h', HEADER)
        self.write('src/json/read.c', CODE)

    def write(self, path, text):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run_tool(self, name, argument=None):
        return subprocess.run([ROOT / 'tools' / name, str(argument or self.tree)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    def assert_reports(self, tool, rule, finding):
        done = self.run_tool(tool)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(f'not ok {tool}: {rule}', done.stdout, done)
        self.assertIn(finding, done.stdout, done)

    def body(self, lines):
        """A function of so many lines."""
        self.write('src/json/read.c', CODE.replace('    return a;\n', '    a++;\n' * (lines - 1) + '    return a;\n'))

    def test_a_good_tree_passes(self):
        for tool in ('style', 'layers'):
            done = self.run_tool(tool)
            self.assertEqual(done.returncode, 0, done)
            self.assertNotIn('not ok', done.stdout)

    def test_layers_include_of_a_folder_not_allowed(self):
        self.write('src/json/read.c', '#include "net/conn.h"\n' + CODE)
        self.assert_reports('layers', 'includes', 'src/json/read.c:1: json may not include "net/conn.h"')

    def test_layers_include_without_folder(self):
        self.write('src/json/read.c', CODE.replace('json/read.h', 'read.h'))
        self.assert_reports('layers', 'includes', 'does not carry its folder')

    def test_layers_cycle(self):
        self.write('LAYERS', 'base: json\njson: base\nnet: base\n')
        self.assert_reports('layers', 'order', 'json does not stand above it')

    def test_layers_unknown_folder(self):
        self.write('src/new/README.md', README)
        self.assert_reports('layers', 'folders', 'src/new: is not in LAYERS')

    def test_layers_platform_header(self):
        self.write('src/json/read.c', '#include <sys/stat.h>\n' + CODE)
        self.assert_reports('layers', 'system headers', '<sys/stat.h> belongs to base and net alone')

    def test_style_long_function(self):
        self.body(61)
        self.assert_reports('style', 'sizes', 'mes_json_read: length 61, at most 60')

    def test_style_ceiling_only_falls(self):
        self.write('tools/style-excuses', 'src/json/read.c mes_json_read length 70\n')
        self.body(70)
        self.assertEqual(self.run_tool('style').returncode, 0)
        self.body(71)
        self.assert_reports('style', 'sizes', 'its ceiling is 70')
        self.body(69)
        self.assert_reports('style', 'sizes', 'now write 69')
        self.body(10)
        self.assert_reports('style', 'sizes', 'no longer needed')

    def test_style_complexity_nesting_parameters(self):
        deep = '    if (a)\n        while (a)\n            for (;;)\n                if (a && a)\n                    a++;\n'
        self.write('src/json/read.c', CODE.replace('    return a;\n', deep + '    if (a || a || a || a || a || a || a || '
                                                   'a || a || a || a || a)\n        a++;\n    return a;\n'))
        self.assert_reports('style', 'sizes', 'nesting 4')
        self.assert_reports('style', 'sizes', 'complexity 18')
        self.write('src/json/read.c', CODE.replace('(int a)', '(int a, int b, int c, int d, int e, int (*f)(int, int))'))
        self.assert_reports('style', 'sizes', 'parameters 6')

    def test_style_banned_call(self):
        for call in ('strcpy(a, b)', 'malloc(1)', 'time(0)', 'printf("")'):
            self.write('src/json/read.c', CODE.replace('return a', f'return {call}'))
            self.assert_reports('style', 'banned calls', call.split('(')[0])
        self.write('src/json/read.c', CODE.replace('return a', 'return a /* malloc(1) */'))
        self.assertNotIn('not ok style: banned', self.run_tool('style').stdout)

    def test_style_names(self):
        self.write('src/json/read.c', CODE.replace('mes_json_read(', 'json_read('))
        self.assert_reports('style', 'names', 'json_read should begin with mes_json_')

    def test_style_labels(self):
        self.write('src/json/read.c', CODE.replace('    return a;\n', 'one:\n    goto two;\ntwo:\n    goto one;\n'))
        self.assert_reports('style', 'labels', 'more than one label')

    def test_style_header_contract(self):
        self.write('src/json/read.h', HEADER.replace('/* Contract. */\n', ''))
        self.assert_reports('style', 'header contracts', 'without contract')

    def test_style_readme(self):
        self.write('src/json/README.md', 'line\n' * 16)
        self.assert_reports('style', 'folder READMEs', '16 lines')

    def test_style_format(self):
        self.write('src/json/read.c', CODE.replace('    return', '  return'))
        self.assert_reports('style', 'clang-format', 'src/json/read.c:')

    def test_ids_row_without_test(self):
        self.write('docs/faults.md', '| A01 | x | y |\n| A02 | x | y |\n')
        self.write('src/json/read_test.c', 'static void A01_works(void **state)\n{\n}\n')
        done = self.run_tool('ids')
        self.assertEqual(done.returncode, 1)
        self.assertIn('ok ids: A01\n', done.stdout)
        self.assertIn('not ok ids: A02 has no test', done.stdout)

    def test_hardening_finds_what_is_missing(self):
        self.write('main.c', '#include <stdio.h>\nint main(void) { char a[99]; return !fgets(a, 99, stdin); }\n')
        subprocess.run(['gcc', '-O0', '-no-pie', '-fno-stack-protector', '-Wl,-z,norelro,-z,lazy,-z,execstack',
                        self.tree / 'main.c', '-o', self.tree / 'mailenhance'], check=True)
        done = self.run_tool('hardening')
        self.assertEqual(done.returncode, 1)
        for what in ('position independent', 'RELRO', 'bound at start', 'stack not executable', 'stack canaries',
                     'fortified calls'):
            self.assertIn(f'not ok hardening: mailenhance: {what}\n', done.stdout)


class AbiTest(unittest.TestCase):
    """tools/abi gets the real headers with one change in them."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix='mes-')
        self.addCleanup(temporary.cleanup)
        self.tree = Path(temporary.name)
        shutil.copytree(ROOT / 'include', self.tree / 'include')
        for path in ('src/mailenhance.map', 'tools/abi.xml', 'build-release/libmailenhance.so'):
            (self.tree / path).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / path, self.tree / path)

    def change(self, path, old, new):
        text = (self.tree / path).read_text()
        self.assertIn(old, text)
        (self.tree / path).write_text(text.replace(old, new))

    def run_tool(self, *options):
        return subprocess.run([ROOT / 'tools/abi', self.tree, *options], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              check=False)

    def assert_breaks(self):
        done = self.run_tool()
        self.assertEqual(done.returncode, 1, done)
        self.assertIn('programs that were built before would break', done.stdout)
        self.assertIn('not ok abi: the headers keep what was promised', done.stdout)
        before = (self.tree / 'tools/abi.xml').read_text()
        self.assertNotEqual(self.run_tool('--update').returncode, 0)
        self.assertEqual((self.tree / 'tools/abi.xml').read_text(), before)

    def test_nothing_changed(self):
        done = self.run_tool()
        self.assertEqual([done.returncode, done.stdout.count('\nok') + 1], [0, 3], done)

    def test_a_function_is_gone(self):
        self.change('src/mailenhance.map', '    mes_send;\n', '')
        self.assert_breaks()

    def test_another_argument(self):
        self.change('include/mes/sender.h', 'int grace_ms', 'long grace_ms')
        self.assert_breaks()

    def test_another_layout(self):
        self.change('include/mes/sender.h', 'bool bulk; ', 'int bulk; ')
        self.assert_breaks()

    def test_a_structure_that_is_only_pointed_to(self):
        self.change('include/mes/report.h', '    const char *enhanced;', '    const char *spam, *enhanced;')
        self.assert_breaks()

    def test_numbers_moved(self):
        self.change('include/mes/report.h', '    MES_STEP_PROXY,\n', '')
        self.assert_breaks()

    def test_another_error_code(self):
        self.change('include/mes/error.def', '(FILE, -6', '(FILE, -66')
        self.assert_breaks()

    def test_a_function_without_version(self):
        self.change('include/mes/mes.h', 'MES_API const', 'MES_API int mes_extra(int a);\nMES_API const')
        done = self.run_tool()
        self.assertIn('mes_extra: not in src/mailenhance.map', done.stdout)
        self.assertIn('not ok abi: every public function has a version', done.stdout)

    def test_an_addition_is_taken_up(self):
        self.change('include/mes/mes.h', 'MES_API const', 'MES_API int mes_extra(int a);\nMES_API const')
        self.change('src/mailenhance.map', 'MAILENHANCE_0.1 {', 'MAILENHANCE_0.2 {\nglobal:\n    mes_extra;\n};\nMAILENHANCE_0.1 {')
        self.assertIn('run tools/abi --update', self.run_tool().stdout)
        done = self.run_tool('--update')
        self.assertIn('\nok abi: every', '\n' + done.stdout)
        self.assertIn("name='mes_extra' version='MAILENHANCE_0.2'", (self.tree / 'tools/abi.xml').read_text())
        self.assertIn('mes_extra@@MAILENHANCE_0.2: only in one of headers and libmailenhance.so', done.stdout)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
