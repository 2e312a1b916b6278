"""A name server for a network of the tests: `names.py ADDRESS` answers on port 53, as the first label of a name says."""

import socket
import struct
import sys

# Label: the addresses, or the code of the answer; None is silence.
ANSWERS = {'relay': ['192.0.2.1'], 'missing': 3, 'broken': 2, 'refused': 5, 'nothing': [], 'silent': None,
           'nowhere': ['192.0.2.9'], 'many': [f'192.0.2.{i}' for i in range(200, 225)] + ['192.0.2.1'],
           'mixed': ['2001:db8:1::1', '192.0.2.1'], 'dead': ['2001:db8:dead::1', '192.0.2.1'],
           'closed': ['2001:db8:1::1', '2001:db8:2::1', '2001:db8:3::1', '192.0.2.9', '192.0.2.1']}


def answer(question):
    """The whole packet, or None."""
    size = question[12]
    known = ANSWERS.get(question[13:13 + size].decode('ascii', 'replace').lower(), 3)
    end = question.index(b'\0', 12) + 5
    kind = struct.unpack('>H', question[end - 4:end - 2])[0]
    if known is None:
        return None
    code, addresses = (known, []) if isinstance(known, int) else (0, known)
    family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
    found = [socket.inet_pton(family, a) for a in addresses if (':' in a) == (kind == 28)] if family else []
    records = b''.join(struct.pack('>HHHIH', 0xc00c, kind, 1, 60, len(raw)) + raw for raw in found)
    return question[:2] + struct.pack('>BBHHHH', 0x81, 0x80 | code, 1, len(found), 0, 0) + question[12:end] + records


def main():
    server = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    while True:
        question, client = server.recvfrom(1500)
        reply = answer(question)
        if reply:
            server.sendto(reply, client)


if __name__ == '__main__':
    main()
