"""The incident log as one file of lines per incident."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tidewatch.adapters.local.durable import fresh_file, make_folder, sync_folder
from tidewatch.adapters.streams import as_lines, as_text, in_order, stream_name, whole_records
from tidewatch.domain.events import Event, parse
from tidewatch.ports.incident_log import Conflict


class LocalIncidentLog:
    """An append that a crash interrupted is not part of its stream; the next append cuts it off and says so in
    repairs.log, with the bytes it cut.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def append(self, incident: str, events: Sequence[Event]) -> None:
        """Raises OSError when the disk refuses (the stream is then as before), ValueError for foreign events."""
        stream = self._root / stream_name(incident)
        if not events:
            return
        lines = as_lines(incident, events)
        if not stream.exists():
            self._begin(stream, lines, Conflict(incident, events[0].seq - 1), first=events[0].seq)
            return
        with _opened(stream, os.O_RDWR, fcntl.LOCK_EX) as handle:
            data = _content(handle)
            whole = whole_records(data)
            if events[0].seq != whole.count(b"\n") + 1:
                raise Conflict(incident, events[0].seq - 1)
            if len(data) > len(whole):
                self._write_down(
                    f"{incident}: cut {len(data) - len(whole)} bytes behind event {events[0].seq - 1}, "
                    f"an append that never returned: {data[len(whole) :]!r}"
                )
                os.ftruncate(handle, len(whole))
            _extend(handle, len(whole), lines)

    def read(self, incident: str) -> tuple[Event, ...]:
        """Raises BrokenRecord when a stored line is no event: `log verify` then says more."""
        return tuple(parse(line) for line in as_text(whole_records(self._data(incident))))

    def lines(self, incident: str) -> tuple[str, ...]:
        return as_text(self._data(incident))

    def incidents(self) -> Iterator[str]:
        yield from in_order(path.name for path in self._root.glob("*.jsonl") if path.stat().st_size)

    def _data(self, incident: str) -> bytes:
        try:
            # A reader waits for a writer's sync: nobody decides on an event that a power cut could still take back.
            with _opened(self._root / stream_name(incident), os.O_RDONLY, fcntl.LOCK_SH) as handle:
                return _content(handle)
        except FileNotFoundError:
            return b""

    def _begin(self, stream: Path, lines: Sequence[bytes], conflict: Conflict, first: int) -> None:
        """A new stream appears whole, or not at all."""
        if first != 1:
            raise conflict
        with fresh_file(self._root / ".tmp", b"".join(lines)) as fresh:
            try:
                os.link(fresh, stream)
            except FileExistsError:
                raise conflict from None
            sync_folder(self._root)

    def _write_down(self, repair: str) -> None:
        make_folder(self._root)
        with (self._root / "repairs.log").open("a") as repairs:
            repairs.write(f"{datetime.now(UTC).isoformat()} {repair}\n")
            repairs.flush()
            os.fsync(repairs.fileno())
        sync_folder(self._root)


@contextmanager
def _opened(stream: Path, flags: int, lock: int) -> Iterator[int]:
    handle = os.open(stream, flags)
    try:
        fcntl.flock(handle, lock)
        yield handle
    finally:
        os.close(handle)


def _content(handle: int) -> bytes:
    size = os.fstat(handle).st_size
    data = b""
    while len(data) < size and (chunk := os.pread(handle, size - len(data), len(data))):
        data += chunk
    return data


def _extend(handle: int, end: int, lines: Sequence[bytes]) -> None:
    """Several events become valid together: the later ones are synced first, behind a hole of NULs, which only
    the first line closes.
    """
    first, rest = lines[0], b"".join(lines[1:])
    try:
        if rest:
            _write(handle, rest, end + len(first))
            os.fsync(handle)
        _write(handle, first, end)
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, end)
        raise


def _write(handle: int, data: bytes, offset: int) -> None:
    if os.pwrite(handle, data, offset) != len(data):
        raise OSError(f"only a part of {len(data)} bytes could be written to the incident log: is the disk full?")
