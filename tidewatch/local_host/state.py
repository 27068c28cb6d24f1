"""What the host must remember when it is killed: one SQLite file that only one host may hold."""

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidewatch.local_host.settings import HostError
from tidewatch.ports.queue import Message

_TABLES = """
CREATE TABLE IF NOT EXISTS timers (function TEXT PRIMARY KEY, fired TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipts (
    function TEXT, container TEXT, name TEXT, etag TEXT NOT NULL, tries INT NOT NULL, due REAL, done INT NOT NULL,
    PRIMARY KEY (function, container, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (
    queue TEXT, id TEXT, body TEXT NOT NULL, dequeue_count INT NOT NULL, lease TEXT NOT NULL,
    PRIMARY KEY (queue, id)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Receipt:
    """What was tried with one version of one blob."""

    etag: str
    tries: int
    due: float  # seconds since 1970, when the next try may begin
    done: bool


class State:
    def __init__(self, folder: Path) -> None:
        """Raises HostError when another host holds the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(folder / "host.sqlite3", timeout=0.5, isolation_level=None, check_same_thread=False)
        try:
            # The exclusive lock goes with the process, however it ends. Without an fsync per commit a power cut may
            # cost the last receipts, never an unprocessed blob: it is delivered once more.
            self._db.executescript(
                f"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                f"BEGIN EXCLUSIVE; {_TABLES} COMMIT;"
            )
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" not in str(error):
                raise
            raise HostError(f"another host is using {folder}: stop it first, or choose another home") from None

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def fired(self, function: str) -> datetime | None:
        rows = self._run("SELECT fired FROM timers WHERE function = ?", function)
        return datetime.fromisoformat(rows[0][0]) if rows else None

    def remember_fired(self, function: str, at: datetime) -> None:
        self._run("REPLACE INTO timers VALUES (?, ?)", function, at.astimezone(UTC).isoformat())

    def receipts(self, function: str, container: str) -> dict[str, Receipt]:
        rows = self._run(
            "SELECT name, etag, tries, due, done FROM receipts WHERE function = ? AND container = ?",
            function,
            container,
        )
        return {name: Receipt(etag, tries, due, bool(done)) for name, etag, tries, due, done in rows}

    def keep_receipt(self, function: str, container: str, name: str, receipt: Receipt) -> None:
        fields = (receipt.etag, receipt.tries, receipt.due, receipt.done)
        self._run("REPLACE INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?)", function, container, name, *fields)

    def hold(self, queue: str, message: Message) -> None:
        """Note that this host has the message, so that its successor can give it back at once."""
        fields = (message.id, message.body, message.dequeue_count, message.lease)
        self._run("REPLACE INTO leases VALUES (?, ?, ?, ?, ?)", queue, *fields)

    def let_go(self, queue: str, message: Message) -> None:
        self._run("DELETE FROM leases WHERE queue = ? AND id = ?", queue, message.id)

    def held(self) -> Iterable[tuple[str, Message]]:
        rows = self._run("SELECT queue, id, body, dequeue_count, lease FROM leases")
        return [(queue, Message(*fields)) for queue, *fields in rows]

    def _run(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()
