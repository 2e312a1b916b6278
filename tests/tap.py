"""Runs the tests of a module and prints one line for each: "ok NAME" or "not ok NAME", as ./test counts them."""

import sys
import time
import traceback
import unittest


class _Result(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def _say(self, test, verdict, reason=''):
        name = test.id().removeprefix('__main__.')
        for line in reason.rstrip().splitlines():
            print('#', line)
        print(f'{verdict} {name} ({time.monotonic() - self.began:.1f} s)', flush=True)

    def addSuccess(self, test):
        self._say(test, 'ok')

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._say(test, 'not ok', ''.join(traceback.format_exception(*error)))

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error:
            self.addFailure(subtest, error)

    def addSkip(self, test, reason):
        self._say(test, 'not ok', f'skipped: {reason}')


def main(*modules, only=()):
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromModule(m) for m in modules)
    tests = [t for t in _flat(suite) if not only or any(word in t.id() for word in only)]
    result = _Result()
    unittest.TestSuite(tests).run(result)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)


def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test
