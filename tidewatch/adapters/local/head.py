"""How far a stream has been acknowledged: a few bytes beside it, overwritten in place with every append.

They are written after the stream was synced and are not synced themselves. A killed process has written them or not,
and after a power cut they may be older than the stream: either way the stream holds at least what they say, and what
lies beyond them intact counts too. So a stream that holds less was damaged, and not by a crash.
"""

import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tidewatch.adapters.local.durable import sync_folder
from tidewatch.adapters.streams import whole_records
from tidewatch.domain.events import GENESIS, parse

SIZE = 128  # bytes, always: overwriting them needs no room on the disk


@dataclass(frozen=True)
class Head:
    seq: int = 0  # of the last event
    length: int = 0  # bytes up to its end
    hash: str = GENESIS  # its own


def end_of(data: bytes) -> Head:
    """Where the whole records of a stream end. Raises BrokenRecord when the last of them is no event."""
    whole = whole_records(data)
    if not whole:
        return Head()
    last = whole[whole.rfind(b"\n", 0, -1) + 1 : -1]
    return Head(whole.count(b"\n"), len(whole), parse(last.decode(errors="replace")).hash)


def read_head(path: str) -> Head | None:
    """None where there is none yet, or where a power cut left none that can be read."""
    handle = _opened(path, os.O_RDONLY)
    if handle is None:
        return None
    try:
        return _read(handle)
    finally:
        os.close(handle)


class HeadFile:
    """The head of a stream while its lock is held."""

    def __init__(self, path: str) -> None:
        self._path, self._handle = path, _opened(path, os.O_RDWR)
        self.head = None if self._handle is None else _read(self._handle)

    def __enter__(self) -> "HeadFile":
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            os.close(self._handle)

    def establish(self, head: Head) -> None:
        """The first of a stream is written after its folder was synced: a head that can be read says that the
        stream's name is durable.
        """
        if self._handle is None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        sync_folder(Path(self._path).parent)
        _write(self._handle, head)

    def advance(self, head: Head) -> None:
        # The events are on the disk by now: that this failed must not look as if they were not.
        with suppress(OSError):
            assert self._handle is not None  # noqa: S101 - it was established, now or long ago
            _write(self._handle, head)


def _opened(path: str, flags: int) -> int | None:
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        return None


def _read(handle: int) -> Head | None:
    text, _, checked = os.pread(handle, SIZE, 0).rstrip().rpartition(b" ")
    try:
        seq, length, digest = text.split(b" ")
        return Head(int(seq), int(length), digest.decode()) if int(checked) == zlib.crc32(text) else None
    except ValueError:
        return None


def _write(handle: int, head: Head) -> None:
    text = f"{head.seq} {head.length} {head.hash}".encode()
    os.pwrite(handle, (b"%b %d" % (text, zlib.crc32(text))).ljust(SIZE - 1) + b"\n", 0)
