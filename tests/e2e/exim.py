"""A real Exim with TLS and AUTH on loopback. Its package would replace the machine's mail server, so it is unpacked
aside; its user, which only the package's installation makes, is shown to it by nss_wrapper."""

import email.policy
import grp
import pwd
import shutil
from pathlib import Path

from fixture import Folder, Process, free_ports, is_listening, wait_for

# Where tools/setup puts it.
_PROGRAM = Path(__file__).resolve().parents[2] / '.cache/exim/usr/sbin/exim4'
_USER = 'Debian-exim'

_CONFIG = '''
exim_path = {program}
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = {path}/spool
log_file_path = {path}/log/%slog
pid_file_path = {path}/exim.pid
primary_hostname = exim.example.hk
local_interfaces = 127.0.0.1
daemon_smtp_ports = {starttls} : {tls}
tls_on_connect_ports = {tls}
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
host_lookup =
rfc1413_query_timeout = 0s
message_size_limit = 64M
smtp_accept_max = 20
smtp_enforce_sync = true
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny local_parts = ^refused
    message = no such user
  accept authenticated = *
  deny message = authentication required
begin routers
all:
  driver = accept
  transport = inbox
begin transports
inbox:
  driver = appendfile
  maildir_format
  directory = {path}/mail/inbox
  create_directory
  delivery_date_add
  envelope_to_add
  return_path_add
  user = {uid}
  group = {gid}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
'''


class Exim:
    def __init__(self, certificates, user, password):
        self.folder = Folder()
        uid, gid = pwd.getpwnam('nobody').pw_uid, grp.getgrnam('nogroup').gr_gid
        self.starttls, self.tls = free_ports(2)
        # Exim runs itself as its user, who may not enter the folder of the repository.
        program = shutil.copy(_PROGRAM, self.folder.path / 'exim4')
        for name in ('spool', 'log', 'mail'):
            self.folder.make(name, uid)
        passwd = self.folder.write('passwd', Path('/etc/passwd').read_text()
                                   + f'{_USER}:x:{uid}:{gid}::/nonexistent:/usr/sbin/nologin\n')
        group = self.folder.write('group', Path('/etc/group').read_text() + f'{_USER}:x:{gid}:\n')
        config = self.folder.write('exim.conf', _CONFIG.format(
            program=program, path=self.folder.path, starttls=self.starttls, tls=self.tls, uid=uid, gid=gid,
            certificate=certificates.good, key=certificates.good_key, user=user, password=password))
        environment = {'LD_PRELOAD': 'libnss_wrapper.so', 'NSS_WRAPPER_PASSWD': str(passwd),
                       'NSS_WRAPPER_GROUP': str(group)}
        self._process = Process(program, '-C', config, '-bdf', environment=environment,
                                log=self.folder.path / 'log/out')
        try:
            for port in (self.starttls, self.tls):
                wait_for(lambda: is_listening(port), 'Exim')
        except BaseException:
            print(self.log())
            self.close()
            raise

    def log(self):
        return ''.join(path.read_text(errors='replace') for path in (self.folder.path / 'log').iterdir())

    def close(self):
        self._process.close()
        self.folder.close()

    def messages(self, address):
        found = [item.read_bytes() for item in (self.folder.path / 'mail/inbox/new').glob('*')]
        read = [email.message_from_bytes(raw, policy=email.policy.default) for raw in found]
        return [message for message in read if message['Envelope-To'] == address]

    def wait_for_mail(self, address, count=1):
        return wait_for(lambda: len(found := self.messages(address)) >= count and found, f'mail for {address}')
