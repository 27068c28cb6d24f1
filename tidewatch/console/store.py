"""What a workspace remembers, in one SQLite file: it survives a killed process."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    channel TEXT, ts TEXT, thread TEXT, visible_to TEXT, at TEXT, body TEXT, PRIMARY KEY (channel, ts));
CREATE INDEX IF NOT EXISTS threads ON messages (channel, thread);
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, upload TEXT UNIQUE, name TEXT, title TEXT, at TEXT, content BLOB, complete INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS views (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, person TEXT, kind TEXT,
    body TEXT, state TEXT, errors TEXT);
CREATE TABLE IF NOT EXISTS triggers (id TEXT PRIMARY KEY, person TEXT, made REAL, spent INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS hooks (
    id TEXT PRIMARY KEY, channel TEXT, person TEXT, ts TEXT, thread TEXT, made REAL, uses INTEGER DEFAULT 0);
"""
_TABLES = ("messages", "files", "views", "triggers", "hooks")


@dataclass(frozen=True)
class Post:
    channel: str
    ts: str  # "1764000000.000100": unique in the channel, increasing
    thread: str | None  # the ts of the message it answers
    visible_to: str | None  # the one person who sees an ephemeral
    at: datetime  # the time shown
    body: Mapping[str, Any]  # Slack's message object

    @property
    def is_reply(self) -> bool:
        return self.thread is not None and self.thread != self.ts


@dataclass(frozen=True)
class File:
    id: str
    name: str
    title: str
    at: datetime
    content: bytes | None
    complete: bool


@dataclass(frozen=True)
class View:
    id: str
    person: str
    kind: str  # modal, home
    body: Mapping[str, Any]  # Slack's view object
    state: Mapping[str, Any]  # what was entered, by block id
    errors: Mapping[str, str]  # by block id; "" speaks of the whole view


@dataclass(frozen=True)
class Hook:
    """A response_url: where it answers to, how old it is (real seconds since 1970) and how often it was used."""

    channel: str
    person: str
    ts: str | None
    thread: str | None
    made: float
    uses: int


class Store:
    """One connection behind one lock: every method may be called from any thread."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._now = now
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "console.sqlite3", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        self.changes = 0  # grows with every change that somebody could see

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def clear(self) -> None:
        """Forget everything: the story starts over."""
        with self._writing():
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self.changes += 1

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    # messages

    def add(self, channel: str, body: Mapping[str, Any], *, thread: str | None, visible_to: str | None) -> Post:
        """The clock may stand still or go back; a ts never does."""
        now = self._now()
        with self._writing():
            last = self._db.execute("SELECT max(ts) FROM messages WHERE channel = ?", (channel,)).fetchone()[0]
            ticks = round(now.timestamp() * 1e6)
            if last:
                ticks = max(ticks, int(last.replace(".", "")) + 100)
            ts = f"{ticks // 1_000_000:010d}.{ticks % 1_000_000:06d}"
            self._db.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)",
                (channel, ts, thread, visible_to, now.isoformat(), json.dumps(dict(body) | {"ts": ts})),
            )
        return Post(channel, ts, thread, visible_to, now, dict(body) | {"ts": ts})

    def post(self, channel: str, ts: str) -> Post | None:
        rows = self._rows("SELECT * FROM messages WHERE channel = ? AND ts = ?", channel, ts)
        return _post(rows[0]) if rows else None

    def posts(self, channel: str) -> list[Post]:
        """Everything in the channel in order of ts: replies and ephemerals too."""
        return [_post(row) for row in self._rows("SELECT * FROM messages WHERE channel = ? ORDER BY ts", channel)]

    def newest(self, channel: str) -> str:
        """The ts of the last message that everybody sees; "" for an empty channel."""
        query = "SELECT coalesce(max(ts), '') FROM messages WHERE channel = ? AND visible_to IS NULL"
        return str(self._rows(query, channel)[0][0])

    def mentions(self, channel: str, person: str, after: str) -> int:
        """How many messages after this ts name the person; as in Slack, attachments call nobody."""
        query = (
            "SELECT count(*) FROM messages WHERE channel = ? AND ts > ? AND coalesce(visible_to, ?) = ?"
            " AND (instr(coalesce(body ->> 'text', '') || coalesce(body ->> 'blocks', ''), ?)"
            " OR instr(coalesce(body ->> 'text', '') || coalesce(body ->> 'blocks', ''), ?))"
        )
        names = (f"<@{person}>", f"<@{person}|")
        return int(self._rows(query, channel, after, person, person, *names)[0][0])

    def rewrite(self, channel: str, ts: str, body: Mapping[str, Any]) -> None:
        with self._writing():
            self._db.execute(
                "UPDATE messages SET body = ? WHERE channel = ? AND ts = ?", (json.dumps(dict(body)), channel, ts)
            )

    def remove(self, channel: str, ts: str) -> None:
        with self._writing():
            self._db.execute("DELETE FROM messages WHERE channel = ? AND ts = ?", (channel, ts))

    # files

    def expect_file(self, name: str, title: str) -> tuple[str, str]:
        """(file id, secret part of its upload address)."""
        file_id, upload = "F" + secrets.token_hex(5).upper(), secrets.token_urlsafe(24)
        with self._writing():
            self._db.execute(
                "INSERT INTO files (id, upload, name, title, at) VALUES (?, ?, ?, ?, ?)",
                (file_id, upload, name, title, self._now().isoformat()),
            )
        return file_id, upload

    def fill_file(self, upload: str, content: bytes) -> bool:
        """False when nobody expects such an upload, or it has come already."""
        with self._writing():
            query = "UPDATE files SET content = ? WHERE upload = ? AND content IS NULL"
            return self._db.execute(query, (content, upload)).rowcount == 1

    def complete_file(self, file_id: str, title: str | None) -> None:
        with self._writing():
            self._db.execute("UPDATE files SET complete = 1, title = coalesce(?, title) WHERE id = ?", (title, file_id))

    def file(self, file_id: str) -> File | None:
        rows = self._rows("SELECT * FROM files WHERE id = ?", file_id)
        if not rows:
            return None
        row = rows[0]
        at = datetime.fromisoformat(row["at"])
        return File(row["id"], row["name"], row["title"], at, row["content"], bool(row["complete"]))

    # views

    def put_view(self, view: View) -> None:
        """A new view lies on top of the person's others; a known one keeps its place."""
        entered, errors = json.dumps(dict(view.state)), json.dumps(dict(view.errors))
        with self._writing():
            self._db.execute(
                "INSERT INTO views (id, person, kind, body, state, errors) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id)"
                " DO UPDATE SET body = excluded.body, state = excluded.state, errors = excluded.errors",
                (view.id, view.person, view.kind, json.dumps(dict(view.body)), entered, errors),
            )

    def view(self, view_id: str) -> View | None:
        rows = self._rows("SELECT * FROM views WHERE id = ?", view_id)
        return _view(rows[0]) if rows else None

    def views(self, person: str, kind: str) -> list[View]:
        """The topmost is the last."""
        query = "SELECT * FROM views WHERE person = ? AND kind = ? ORDER BY place"
        return [_view(row) for row in self._rows(query, person, kind)]

    def all_views(self) -> list[View]:
        return [_view(row) for row in self._rows("SELECT * FROM views ORDER BY place")]

    def remove_view(self, view_id: str) -> None:
        with self._writing():
            self._db.execute("DELETE FROM views WHERE id = ?", (view_id,))

    # capabilities that are handed out: `made` is the real time

    def new_trigger(self, person: str, made: float) -> str:
        trigger = f"{round(made * 1000)}.{secrets.token_hex(8)}"
        with self._writing():
            self._db.execute("INSERT INTO triggers (id, person, made) VALUES (?, ?, ?)", (trigger, person, made))
        return trigger

    def spend_trigger(self, trigger: str) -> tuple[str, float, bool] | None:
        """(person, when it was made, whether it had been spent before); None for one we never gave out."""
        with self._writing():
            row = self._db.execute("SELECT * FROM triggers WHERE id = ?", (trigger,)).fetchone()
            self._db.execute("UPDATE triggers SET spent = 1 WHERE id = ?", (trigger,))
        return (row["person"], row["made"], bool(row["spent"])) if row else None

    def new_hook(self, channel: str, person: str, ts: str | None, thread: str | None, made: float) -> str:
        hook = secrets.token_urlsafe(24)
        with self._writing():
            self._db.execute(
                "INSERT INTO hooks (id, channel, person, ts, thread, made) VALUES (?, ?, ?, ?, ?, ?)",
                (hook, channel, person, ts, thread, made),
            )
        return hook

    def use_hook(self, hook: str) -> Hook | None:
        """Counts the use; gives the hook as it was before."""
        with self._writing():
            row = self._db.execute("SELECT * FROM hooks WHERE id = ?", (hook,)).fetchone()
            self._db.execute("UPDATE hooks SET uses = uses + 1 WHERE id = ?", (hook,))
        if row is None:
            return None
        return Hook(row["channel"], row["person"], row["ts"], row["thread"], row["made"], row["uses"])


def _post(row: sqlite3.Row) -> Post:
    at = datetime.fromisoformat(row["at"])
    return Post(row["channel"], row["ts"], row["thread"], row["visible_to"], at, json.loads(row["body"]))


def _view(row: sqlite3.Row) -> View:
    body, state, errors = (json.loads(row[name]) for name in ("body", "state", "errors"))
    return View(row["id"], row["person"], row["kind"], body, state, errors)
