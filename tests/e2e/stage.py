"""The servers that many tests share, each started when first asked for."""

import functools

from certificates import Certificates, server_context
from exim import Exim
from fixture import Folder
from postfix import Postfix
from tool import PASSWORD

USER = 'login@example.hk'
_open = []


def _kept(start):
    @functools.cache
    def once():
        _open.append(start())
        return _open[-1]
    return once


@_kept
def folder():
    return Folder()


@functools.cache
def certificates():
    return Certificates(folder())


@_kept
def postfix():
    return Postfix(certificates(), {USER: PASSWORD})


def ways_to_log_in(server):
    """Each mechanism that Dovecot has, with what USER shows by it: the password, or an access token."""
    by_password = ('PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256')
    return dict.fromkeys(by_password, PASSWORD) | dict.fromkeys(('XOAUTH2', 'OAUTHBEARER'), server.token(USER))


@_kept
def exim():
    return Exim(certificates(), USER, PASSWORD)


def tls_context():
    return server_context(certificates().good, certificates().good_key)


def close():
    while _open:
        _open.pop().close()
