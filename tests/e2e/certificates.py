"""A certificate authority for the tests, and what it signed."""

import ssl

from fixture import run

_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-batch']


class Certificates:
    def __init__(self, folder):
        self.folder = folder
        self.ca = folder.path / 'ca.pem'
        self._ca_key = folder.path / 'ca.key'
        run('openssl', 'req', '-x509', *_KEY, '-subj', '/CN=Test authority', '-days', '30', '-keyout', self._ca_key,
            '-out', self.ca, '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
        self.good, self.good_key = self.issue('good', 'DNS:localhost,IP:127.0.0.1')

    def issue(self, name, alternative_names, days=30):
        """A server's certificate and key, readable by the servers' users."""
        certificate, key = self.folder.path / f'{name}.pem', self.folder.path / f'{name}.key'
        run('openssl', 'req', '-x509', *_KEY, '-CA', self.ca, '-CAkey', self._ca_key, '-subj', f'/CN={name}',
            '-days', days, '-keyout', key, '-out', certificate, '-addext', f'subjectAltName={alternative_names}',
            '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth')
        key.chmod(0o644)
        return certificate, key


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
