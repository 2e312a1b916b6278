"""docs/api.md: its examples in their order, in one shell, against a service that keeps its mails; its table of fields."""

import json
import re
import subprocess
import unittest
from pathlib import Path

from service import Service
from tool import ENVIRONMENT, account

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs/api.md').read_text()


def examples():
    """(commands, the lines that they are said to write): lines that begin with '# ' end an example."""
    for block in re.findall(r'^```sh\n(.*?)^```', PAGE, re.M | re.S):
        for found in re.finditer(r'((?:(?!# ).*\n)+)((?:# .*\n)*)', block):
            yield found[1], re.sub('^# ', '', found[2], flags=re.M).strip()


def fits(said, written):
    """`…` stands for anything."""
    return re.fullmatch('.*'.join(map(re.escape, said.split('…'))), written, re.S)


class ApiExamplesTest(unittest.TestCase):
    def test_every_example_answers_what_the_page_says(self):
        wanted = list(examples())
        self.assertGreater(len(wanted), 30)
        script = ''.join(f"{commands}printf '\\0%d\\0' $?\n" for commands, _ in wanted)
        with Service([account(1, 'capture', transport='capture')]) as service:
            done = subprocess.run(['bash', '-o', 'pipefail', '-c', script], cwd=service.folder.path, capture_output=True,
                                  env={**ENVIRONMENT, 'BASE': service.url, 'KEY': service.key}, timeout=120, check=False)
        written = done.stdout.decode().split('\0')
        self.assertEqual(len(written), 2 * len(wanted) + 1, done.stderr.decode())
        for (commands, said), answer, status in zip(wanted, written[::2], written[1::2]):
            with self.subTest(commands.splitlines()[0]):
                self.assertEqual(status, '0', f'{commands}\n{answer}\n{done.stderr.decode()}')
                answer = answer.replace('\r', '').strip()
                self.assertTrue(fits(said, answer), f'{commands}\nsaid:    {said}\nwritten: {answer}')

    def test_every_field_of_a_message_is_described(self):
        schemas = json.loads((ROOT / 'src/api/schemas/messages.json').read_text())
        section = PAGE.split('\n## 3. ')[1].split('\n## 4. ')[0]
        described = {name for row in re.findall(r'^\| (`.*?) \|', section, re.M) for name in re.findall(r'`(\w+)`', row)}
        self.assertEqual(described, set(schemas['MessageNew']['properties']))
