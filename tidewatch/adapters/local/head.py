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


def read_head(path: Path) -> Head | None:
    """None where there is none yet, or where a power cut left none that can be read."""
    try:
        said = path.read_bytes()
        text, _, sum_ = said.strip().decode().rpartition(" ")
        seq, length, digest = text.split(" ")
        return Head(int(seq), int(length), digest) if int(sum_) == zlib.crc32(text.encode()) else None
    except (FileNotFoundError, ValueError):
        return None


def establish(path: Path, head: Head) -> None:
    """The first of a stream is written after its folder was synced: a head that can be read says that the stream's
    name is durable.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        sync_folder(path.parent)
        _write(handle, head)
    finally:
        os.close(handle)


def advance(path: Path, head: Head) -> None:
    # The events are on the disk by now: that this failed must not look as if they were not.
    with suppress(OSError):
        handle = os.open(path, os.O_WRONLY)
        try:
            _write(handle, head)
        finally:
            os.close(handle)


def _write(handle: int, head: Head) -> None:
    text = f"{head.seq} {head.length} {head.hash}"
    os.pwrite(handle, f"{text} {zlib.crc32(text.encode())}".ljust(SIZE - 1).encode() + b"\n", 0)
