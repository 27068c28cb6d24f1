"""Bugs put into the product for as long as a test looks whether the proof sees them."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

from tidewatch.adapters.local import queue
from tidewatch.adapters.slack import SlackChat
from tidewatch.operations import report

synced = os.fsync


def _sync_all_but(kind: Callable[[int], bool]) -> AbstractContextManager[object]:
    def sync(handle: int) -> None:
        if not kind(os.fstat(handle).st_mode):
            synced(handle)

    return patch.object(os, "fsync", sync)


@contextmanager
def _no_marker_repair() -> Iterator[None]:
    """A marker that leads to no stream is left alone, instead of being finished by the next finding."""
    claimed: set[str] = set()
    claim, give, record = report._claim, report._release, report.record

    def note_claim(*given: Any) -> Any:
        if marker := claim(*given):
            claimed.add(marker.incident)
        return marker

    def only_mine(ports: Any, incident: str, *given: Any) -> Any:
        if incident in claimed or ports.log.read(incident):
            return record(ports, incident, *given)
        return None

    with patch.multiple(report, _claim=note_claim, _release=give, record=only_mine):
        yield


class _Careless(sqlite3.Connection):
    def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:
        return super().execute(statement.replace("synchronous = FULL", "synchronous = OFF"), *given)


PLANTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "": nullcontext,
    "files are not synced": lambda: _sync_all_but(stat.S_ISREG),
    "folders are not synced": lambda: _sync_all_but(stat.S_ISDIR),
    "markers are not repaired": _no_marker_repair,
    "posts are not looked for": lambda: patch.object(SlackChat, "find", lambda *given, **named: None),
    "the queue is not synced": lambda: patch.object(
        queue.sqlite3, "connect", partial(sqlite3.connect, factory=_Careless)
    ),
}


def planted(name: str) -> AbstractContextManager[Any]:
    return PLANTS[name]()
