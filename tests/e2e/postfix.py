"""A real Postfix with Dovecot's login, apart from the machine's own: own folders, loopback, unprivileged ports.

Every address in example.hk has a mailbox, but unknown@ is refused and greylisted@ put off. A user logs in by a password
in every way that Dovecot has, or by an access token from `token`."""

import base64
import email.policy
import hashlib
import hmac
import json
import os
import pwd
import time

from fixture import Folder, Process, free_ports, is_listening, run, wait_for

DOMAIN = 'example.hk'

_MAIN = '''
compatibility_level = 3.6
queue_directory = {path}/queue
data_directory = {path}/data
mail_owner = postfix
maillog_file = {path}/log/postfix.log
maillog_file_prefixes = {path}
myhostname = mail.example.hk
myorigin = $myhostname
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
biff = no
message_size_limit = {size_limit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = example.hk
virtual_mailbox_base = {path}/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_loglevel = 2
smtpd_recipient_restrictions = check_recipient_access regexp:{path}/config/access, permit
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
'''

_MASTER = '''
{starttls} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
{tls} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
{plain} inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
tlsmgr    unix - - n 1000? 1 tlsmgr
anvil     unix - - n - 1 anvil
proxymap  unix - - n - - proxymap
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
postlog   unix-dgram n - n - 1 postlogd
'''

_DOVECOT = '''
protocols =
base_dir = {path}/dovecot
state_dir = {path}/dovecot
log_path = {path}/log/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer
auth_failure_delay = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {path}/config/tokens.conf
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
  args = scheme=PLAIN username_format=%u {path}/config/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {path}/queue/private/auth {{
    mode = 0666
  }}
}}
'''


# Dovecot checks a token by itself: a JSON Web Token (RFC 7519), signed with a key that both sides have.
_TOKENS = '''
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={path}/config/keys/
username_attribute = sub
'''


def _part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b'=')


class Postfix:
    def __init__(self, certificates, users, certificate=None, key=None, size_limit=64 * 1024 * 1024):
        """`users` is a dictionary from user name to password."""
        self.folder = Folder()
        self.starttls, self.tls, self.plain = free_ports(3)
        self._dovecot = None
        uid = pwd.getpwnam('nobody').pw_uid
        values = {'path': self.folder.path, 'uid': uid, 'size_limit': size_limit, 'starttls': self.starttls,
                  'tls': self.tls, 'plain': self.plain, 'certificate': certificate or certificates.good,
                  'key': key or certificates.good_key}
        self.folder.make('mail', uid)
        self.folder.make('log')
        self.folder.make('queue')
        self.folder.make('data', pwd.getpwnam('postfix').pw_uid)
        self._config = self.folder.write('config/main.cf', _MAIN.format(**values)).parent
        self.folder.write('config/master.cf', _MASTER.format(**values))
        self.folder.write('config/access', '/^unknown@/ 550 5.1.1 no such user here\n'
                                           '/^greylisted@/ 451 4.7.1 greylisted, come back later\n')
        self.folder.write('config/users', ''.join(f'{user}:{{PLAIN}}{word}\n' for user, word in users.items()))
        self._key = os.urandom(32)
        self.folder.write('config/tokens.conf', _TOKENS.format(**values))
        self.folder.write('config/keys/default/HS256/default', base64.b64encode(self._key).decode())
        dovecot = self.folder.write('config/dovecot.conf', _DOVECOT.format(**values))
        try:
            self._start(dovecot)
        except BaseException:
            self.close()
            raise

    def _start(self, dovecot):
        run('postfix', '-c', self._config, 'start')
        self._dovecot = Process('dovecot', '-F', '-c', dovecot, log=self.folder.path / 'log/dovecot.out')
        wait_for((self.folder.path / 'queue/private/auth').exists, 'Dovecot')
        for port in (self.starttls, self.tls, self.plain):
            wait_for(lambda: is_listening(port), f'Postfix on port {port}')

    def close(self):
        """Stops both servers, no others, and removes everything."""
        try:
            run('postfix', '-c', self._config, 'abort')
        except RuntimeError as error:
            if 'not running' not in str(error):
                raise
        finally:
            if self._dovecot:
                self._dovecot.close()
            self.folder.close()

    def token(self, user, seconds=600):
        """An access token of the user, good for so long."""
        now = int(time.time())
        claims = {'sub': user, 'iat': now - 1000, 'nbf': now - 1000, 'exp': now + seconds}
        signed = _part({'typ': 'JWT', 'alg': 'HS256'}) + b'.' + _part(claims)
        return (signed + b'.' + _part(hmac.digest(self._key, signed, hashlib.sha256))).decode()

    def log(self):
        path = self.folder.path / 'log/postfix.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def raw_messages(self, address):
        """What was delivered to `address`, as bytes, in no order. All mail lies in one Maildir."""
        wanted = b'\nDelivered-To: ' + address.encode() + b'\n'
        found = (item.read_bytes() for item in (self.folder.path / 'mail/inbox/new').glob('*'))
        return [raw for raw in found if wanted in raw[:2000]]

    def messages(self, address):
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw_messages(address)]

    def wait_for_mail(self, address, count=1):
        """The messages for `address` as soon as there are `count`; the queue works a moment after its 250."""
        return wait_for(lambda: len(found := self.messages(address)) >= count and found, f'mail for {address}')
