#!/usr/bin/python3 -B
"""memory_test.py BINARY: what a large attachment costs in memory. Apart from the others because only a program built
without sanitizers can show it."""

import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

here = Path(__file__).resolve().parent
if __name__ == '__main__':
    os.environ['MAILENHANCE'] = str(Path(sys.argv[1]).resolve())
    sys.path[:0] = [str(here), str(here.parent)]

import stage
import tap
from fixture import Folder
from tool import Tool, account

MEGABYTE = 1024 * 1024


class MemoryTest(unittest.TestCase):
    def peak(self, tool, *arguments):
        """The most memory that one run of the program held, in bytes. The kernel's count for an ended child would
        include this Python, which it was forked from; so the count is read while it runs."""
        command = tool.command('send', '--config', tool.config, '--json', '--text', 'T', *arguments)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as child:
            status, highest = Path(f'/proc/{child.pid}/status'), 0
            while child.poll() is None:
                found = re.search(r'VmHWM:\s+(\d+) kB', status.read_text())
                highest = int(found.group(1)) * 1024 if found else highest
                time.sleep(0.002)
        self.assertEqual(child.returncode, 0)
        return highest

    def test_25_megabytes_cost_at_most_6(self):
        server = stage.postfix()
        files = Folder()
        self.addCleanup(files.close)
        small, big = files.path / 'small.bin', files.path / 'big.bin'
        small.write_bytes(os.urandom(1024))
        big.write_bytes(os.urandom(25 * MEGABYTE))
        record = account(server.starttls, 'a', 'starttls', stage.USER, ca=stage.certificates().ca)
        one = ['--to', 'wong@example.hk']
        many = [word for i in range(10) for word in ('--to', f'wong{i}@example.hk')]
        with Tool([record]) as tool:
            least = self.peak(tool, *one, '--attach', small)
            for to in (one, many):
                cost = self.peak(tool, *to, '--attach', big) - least
                print(f'# {len(to) // 2} recipients: {cost / MEGABYTE:.1f} MB above the {least / MEGABYTE:.1f} MB of a '
                      'small mail')
                self.assertLess(cost, 6 * MEGABYTE)


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__])
    finally:
        stage.close()
