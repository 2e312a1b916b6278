"""The oracle of the kill tests: a relay that writes what it takes into a ledger of its own, flushed to the disk
before each 250, a client that remembers what it was told, and the reckoning of both against the database."""

import asyncio
import collections
import http.client
import json
import os
import random
import re
import sqlite3
import threading
import time

from fixture import free_ports

MESSAGE_ID = re.compile(rb'^Message-ID:\s*(<[^>]+>)', re.I | re.M)


class LedgerSink:
    """Takes every mail. `delays`: seconds of waiting before a reply to the dot, chosen at random."""

    def __init__(self, path, delays=(0, 0, 0, 0.002, 0.02), seed=0):
        self.path, self._delays, self._random = path, delays, random.Random(seed)
        self._file = open(path, 'ab', buffering=0)
        [self.port] = free_ports(1)
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    def _run(self, started):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, '127.0.0.1', self.port))
        started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())

    async def _serve(self, reader, writer):
        try:
            writer.write(b'220 ledger\r\n')
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader, writer):
        recipients = []
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b'EHLO':
                writer.write(b'250-ledger\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n')
            elif word == b'MAIL':
                recipients = []
                writer.write(b'250 2.1.0 ok\r\n')
            elif word == b'RCPT':
                recipients.append(line[line.index(b'<') + 1:line.index(b'>')].decode())
                writer.write(b'250 2.1.5 ok\r\n')
            elif word == b'DATA':
                writer.write(b'354 go on\r\n')
                await self._take(recipients, await reader.readuntil(b'\r\n.\r\n'))
                writer.write(b'250 2.0.0 in the ledger\r\n')
            elif word == b'QUIT':
                writer.write(b'221 bye\r\n')
                return
            else:
                writer.write(b'250 ok\r\n')
            await writer.drain()

    async def _take(self, recipients, body):
        found = MESSAGE_ID.search(body)
        for recipient in recipients:
            self._file.write(f'{recipient} {found[1].decode() if found else "-"}\n'.encode())
        os.fsync(self._file.fileno())
        if delay := self._random.choice(self._delays):
            await asyncio.sleep(delay)

    def entries(self):
        """(recipient, Message-ID) of everything that was taken."""
        return [tuple(line.split()) for line in self.path.read_text().splitlines()]

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._file.close()


class Client(threading.Thread):
    """Hands jobs over as fast as they are taken, each until it has an answer, with the same Idempotency-Key."""

    def __init__(self, name, address_of, seed):
        super().__init__(daemon=True)
        self.prefix, self._address_of, self._random = name, address_of, random.Random(seed)
        self.accepted, self.answers = [], collections.Counter()
        self._stopping, self._count = threading.Event(), 0

    def run(self):
        while not self._stopping.is_set():
            recipients = [f'{self.prefix}-{self._count}-{i}@ledger.test' for i in range(self._random.choice((1, 1, 1, 3)))]
            body = json.dumps({'to': recipients, 'subject': 'ledger', 'text': 'x' * self._random.choice((10, 4000)),
                               'kind': 'transactional'})
            if self._hand_over(body, f'{self.prefix}-{self._count}'):
                self.accepted += recipients
            self._count += 1

    def _hand_over(self, body, key):
        for _ in range(3000):
            try:
                status = self._post(body, key)
            except (OSError, http.client.HTTPException):
                status = 0
            self.answers[status] += 1
            if status == 202:
                return True
            if self._stopping.is_set():
                return False
            time.sleep(0.01)
        raise AssertionError(f'no answer for {key}')

    def _post(self, body, key):
        port, secret = self._address_of()
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=5)
        try:
            connection.request('POST', '/api/v1/messages', body, {
                'Authorization': f'Bearer {secret}', 'Content-Type': 'application/json', 'Idempotency-Key': key})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def stop(self):
        self._stopping.set()
        self.join(60)


IN_DOUBT = 5  # as store/job.h numbers the statuses


class Reckoning:
    """What became of everything that was accepted."""

    OPEN = f'SELECT COUNT(*) FROM recipient WHERE done_at IS NULL AND status <> {IN_DOUBT}'

    def __init__(self, accepted, entries, database):
        self.accepted = len(accepted)
        delivered = collections.defaultdict(list)
        for recipient, message_id in entries:
            delivered[recipient].append(message_id)
        rows = self._rows(database)
        self.delivered = len(delivered)
        self.lost = sorted(r for r in accepted if r not in delivered and not self._is_waiting(rows.get(r)))
        self.missing = sorted(r for r in accepted if r not in rows)
        self.duplicates = {r: ids for r, ids in delivered.items() if len(ids) > 1}
        self.unexplained = sorted(r for r, ids in self.duplicates.items()
                                  if len(ids) - 1 > (rows[r]['doubts'] if r in rows else 0))
        self.altered = sorted(r for r, ids in self.duplicates.items() if len(set(ids)) > 1)
        self.doubts = sum(row['doubts'] for row in rows.values())

    @staticmethod
    def _rows(database):
        connection = sqlite3.connect(f'file:{database}?mode=ro', uri=True, timeout=30)
        try:
            found = connection.execute(
                "SELECT address, status, done_at, (SELECT COUNT(*) FROM attempt WHERE attempt.job_id = recipient.job_id"
                " AND attempt.number = recipient.number AND attempt.class = 'in_doubt') FROM recipient")
            return {address: {'status': status, 'done': done, 'doubts': doubts} for address, status, done, doubts in found}
        finally:
            connection.close()

    @staticmethod
    def _is_waiting(row):
        """Written down as in doubt: it is sent again, or a person decides."""
        return row is not None and row['status'] == IN_DOUBT

    def is_right(self):
        return not (self.lost or self.missing or self.unexplained or self.altered)

    def __str__(self):
        return (f'{self.accepted} accepted, {self.delivered} delivered, {len(self.lost) + len(self.missing)} lost, '
                f'{len(self.duplicates)} twice, {self.doubts} in doubt, {len(self.unexplained)} unexplained, '
                f'{len(self.altered)} with other bytes'
                + ''.join(f'\n  {name}: {", ".join(some[:5])}' for name in ('lost', 'missing', 'unexplained', 'altered')
                          if (some := getattr(self, name))))


def open_rows(database):
    """Recipients that still wait for something to happen soon."""
    connection = sqlite3.connect(f'file:{database}?mode=ro', uri=True, timeout=30)
    try:
        return connection.execute(Reckoning.OPEN).fetchone()[0]
    finally:
        connection.close()
