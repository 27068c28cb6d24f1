"""Queues in one SQLite file: a row per message, safe among threads and processes."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from tidewatch.adapters.local.durable import locked, make_folder
from tidewatch.ports.queue import Message

BODY_LIMIT = 48 * 1024  # bytes; Azure's 64 KiB after base64
PATIENCE = 30.0  # seconds that a writer waits for the others

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL,
    visible_at REAL NOT NULL,
    dequeue_count INTEGER NOT NULL DEFAULT 0,
    lease TEXT
);
CREATE INDEX IF NOT EXISTS due ON messages (queue, visible_at, id);
"""
TAKE = """
UPDATE messages SET lease = ?, visible_at = ?, dequeue_count = dequeue_count + 1
WHERE id = (SELECT id FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, id LIMIT 1)
RETURNING id, body, dequeue_count
"""


class LocalQueue:
    """A lease that ran out stays good until somebody else receives the message, as on Azure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        make_folder(path.parent)
        with locked(path.with_name(f".{path.name}.lock")), self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)

    def send(self, queue: str, body: str, *, delay: float = 0.0) -> None:
        size = len(body.encode())
        if size > BODY_LIMIT:
            raise ValueError(
                f"a message of {size} bytes does not fit into queue {queue} ({BODY_LIMIT} at most): send ids, not data"
            )
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO messages (queue, body, visible_at) VALUES (?, ?, ?)", (queue, body, time.time() + delay)
            )

    def receive(self, queue: str, *, visibility: float) -> Message | None:
        now, lease = time.time(), uuid4().hex
        with self._connection() as connection:
            row = connection.execute(TAKE, (lease, now + visibility, queue, now)).fetchone()
        return Message(str(row[0]), row[1], row[2], lease) if row else None

    def delete(self, queue: str, message: Message) -> bool:
        with self._connection() as connection:
            cursor = connection.execute("DELETE FROM messages WHERE id = ? AND lease = ?", (message.id, message.lease))
            return cursor.rowcount == 1

    def release(self, queue: str, message: Message, *, delay: float = 0.0) -> bool:
        with self._connection() as connection:
            cursor = connection.execute(
                "UPDATE messages SET lease = NULL, visible_at = ? WHERE id = ? AND lease = ?",
                (time.time() + delay, message.id, message.lease),
            )
            return cursor.rowcount == 1

    def length(self, queue: str) -> int:
        with self._connection() as connection:
            return int(connection.execute("SELECT count(*) FROM messages WHERE queue = ?", (queue,)).fetchone()[0])

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # One connection per call: they may not be shared over a fork, and opening costs less than the sync of a write.
        with closing(sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
