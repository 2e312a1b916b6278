"""A whole relay with its queue on disk, as the peer of P7: smtp-source -> Postfix -> fastsink."""

import shutil
import subprocess
import time

from rig import Sink, cpu, listens, wait_until

MASTER = """127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = """compatibility_level=3.6
queue_directory={folder}/q
data_directory={folder}/data
daemon_directory=/usr/lib/postfix/sbin
command_directory=/usr/sbin
myhostname=bench.test
inet_interfaces=127.0.0.1
inet_protocols=ipv4
mydestination=
mynetworks=127.0.0.0/8
smtpd_relay_restrictions=permit_mynetworks,reject
relayhost=[127.0.0.1]:{sink}
smtp_dns_support_level=disabled
smtp_host_lookup=native
alias_maps=
maillog_file={folder}/log/mail.log
maillog_file_prefixes={folder}
{more}
"""


class Postfix:
    """A Postfix with a configuration of its own. Needs root."""

    def __init__(self, place, port, sink, more=''):
        self.folder = place.folder / 'postfix'
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ('etc', 'q', 'data', 'log'):
            (self.folder / name).mkdir(parents=True)
        shutil.chown(self.folder / 'data', 'postfix')
        for parent in self.folder.parents:  # its processes run as `postfix` and must reach it
            if not parent.stat().st_mode & 0o001:
                raise RuntimeError(f'{parent} is closed to the user postfix')
        etc = self.folder / 'etc'
        shutil.copy('/etc/postfix/postfix-files', etc)
        (etc / 'main.cf').write_text(MAIN.format(folder=self.folder, sink=sink, more=more))
        (etc / 'master.cf').write_text(MASTER.format(port=port))
        self._do('start')
        wait_until(lambda: listens(port), 'Postfix', 30)
        self.pid = int((self.folder / 'q' / 'pid' / 'master.pid').read_text())

    def _do(self, verb):
        with open(self.folder / 'start.log', 'ab') as log:
            subprocess.run(['postfix', '-c', self.folder / 'etc', verb], stdout=log, stderr=log, timeout=60, check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._do('stop')


def through(place, relay, port, sink, count):
    """`count` mails of 4 KB over 10 connections. Gives mails/s end to end, mails/s accepted, CPU s per 1000."""
    with Sink(place, sink, wanted=count) as end:
        used, began = cpu(relay.pid), time.monotonic()
        subprocess.run(['smtp-source', '-d', '-s', '10', '-m', str(count), '-l', '4096', '-f', 'a@x.test', '-t', 'b@y.test',
                        f'127.0.0.1:{port}'], timeout=300, check=True)
        accepted = time.monotonic() - began
        end.wait(300)
        took = time.monotonic() - began
        return count / took, count / accepted, (cpu(relay.pid) - used) * 1000 / count
