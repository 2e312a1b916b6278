"""Haraka with its queue on disk, as a peer of P7: smtp-source -> Haraka -> fastsink. Same face as postfix.Postfix."""

import shutil
import subprocess

from rig import listens, stop, wait_until

PLUGIN = """exports.register = function () {
  this.register_hook('connect', 'trust'); this.register_hook('rcpt', 'take'); this.register_hook('get_mx', 'to_sink')
}
exports.trust = (next, connection) => { connection.relaying = true; next() }
exports.take = (next) => next(OK)
exports.to_sink = (next) => next(OK, { priority: 0, exchange: '127.0.0.1', port: SINK })
"""


def program(place):
    """Its start script, or None where npm could not install it."""
    found = [place.modules / 'node_modules' / name / 'bin' / 'haraka' for name in ('Haraka', 'haraka')]
    return next((path for path in found if path.is_file()), None)


class Haraka:
    def __init__(self, place, port, sink):
        folder = place.folder / 'haraka'
        shutil.rmtree(folder, ignore_errors=True)
        for name in ('config', 'plugins', 'queue'):
            (folder / name).mkdir(parents=True)
        settings = {'smtp.ini': f'listen=127.0.0.1:{port}\n', 'plugins': 'to_sink\n', 'me': 'bench.test\n', 'loglevel': 'LOGERROR\n',
                    'outbound.ini': 'local_mx_ok=true\nconcurrency_max=100\nalways_split=false\n'}
        for name, text in settings.items():
            (folder / 'config' / name).write_text(text)
        shutil.copy(program(place).parent.parent / 'config' / 'connection.ini', folder / 'config')
        (folder / 'plugins' / 'to_sink.js').write_text(PLUGIN.replace('SINK', str(sink)))
        with open(folder / 'log', 'wb') as log:
            self.child = subprocess.Popen(['node', program(place), '-c', folder], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.child.pid
        wait_until(lambda: listens(port) or self.child.poll() is not None, 'Haraka', 30)
        if self.child.poll() is not None:
            raise RuntimeError('Haraka ended:\n' + (folder / 'log').read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.child)
