"""The incident log as one file of lines per incident."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from tidewatch.adapters.local.durable import fresh_file, make_folder, sync_folder
from tidewatch.adapters.local.head import Head, HeadFile, end_of, read_head
from tidewatch.adapters.streams import SUFFIX, as_lines, as_text, in_order, stream_name, whole_records
from tidewatch.domain.events import BrokenRecord, Event, parse
from tidewatch.ports.incident_log import Conflict

HEAD = ".head"


class LocalIncidentLog:
    """An append that a crash interrupted is not part of its stream; the next append cuts it off and says so in
    repairs.log, with the bytes it cut. What was acknowledged is never cut: where it is torn or missing, reading and
    appending raise BrokenRecord until the file is restored.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def append(self, incident: str, events: Sequence[Event]) -> None:
        """Raises OSError when the disk refuses (the stream is then as before), ValueError for foreign events."""
        stream, head = self._paths(incident)
        if not events:
            return
        lines, conflict = as_lines(incident, events), Conflict(incident, events[0].seq - 1)
        try:
            handle = os.open(stream, os.O_RDWR)
        except FileNotFoundError:
            self._begin(incident, lines, conflict, events)
            return
        with _locked(handle, fcntl.LOCK_EX), HeadFile(head) as file:
            end, excess = _end(incident, handle, file.head)
            if events[0].seq != end.seq + 1:
                raise conflict
            if events[0].prev != end.hash:
                raise BrokenRecord(f"{incident}: event {end.seq} is not the one that was read a moment ago")
            if excess:
                self._write_down(
                    f"{incident}: cut {len(excess)} bytes behind event {end.seq}, "
                    f"an append that never returned: {excess!r}"
                )
                os.ftruncate(handle, end.length)
            if file.head is None:
                file.establish(end)
            _extend(handle, end.length, lines)
            file.advance(Head(events[-1].seq, end.length + sum(map(len, lines)), events[-1].hash))

    def read(self, incident: str) -> tuple[Event, ...]:
        data, acknowledged = self._data(incident)
        _check(incident, data, acknowledged)
        return tuple(parse(line) for line in as_text(whole_records(data)))

    def lines(self, incident: str) -> tuple[str, ...]:
        return as_text(self._data(incident)[0])

    def incidents(self) -> Iterator[str]:
        """Also a stream whose file has disappeared: its head says that it was there. One that cannot be read does not:
        a power cut can leave its name, of a stream that nobody was told of.
        """
        streams = {path.name for path in self._root.glob(f"*{SUFFIX}") if path.stat().st_size}
        heads = {path.name.replace(HEAD, SUFFIX): path for path in self._root.glob(f"*{HEAD}")}
        yield from in_order({*streams, *(name for name in heads.keys() - streams if read_head(str(heads[name])))})

    def stamps(self) -> Iterator[tuple[str, str]]:
        for incident in self.incidents():
            with suppress(FileNotFoundError):
                stat = os.stat(self._paths(incident)[0])
                yield incident, f"{stat.st_size:x}-{stat.st_mtime_ns:x}-{stat.st_ino:x}"

    def _paths(self, incident: str) -> tuple[str, str]:
        """Of the stream and of its head; strings, because pathlib takes as long as half an append."""
        stream = f"{self._root}/{stream_name(incident)}"
        return stream, stream.removesuffix(SUFFIX) + HEAD

    def _data(self, incident: str) -> tuple[bytes, Head | None]:
        """What lies there, and how far it was acknowledged."""
        stream, head = self._paths(incident)
        try:
            handle = os.open(stream, os.O_RDONLY)
        except FileNotFoundError:
            acknowledged = read_head(head)  # before looking again: a stream is there before its head
            return b"", None if os.path.exists(stream) else acknowledged
        # A reader waits for a writer's sync: nobody decides on an event that a power cut could still take back.
        with _locked(handle, fcntl.LOCK_SH):
            return _content(handle), read_head(head)

    def _begin(self, incident: str, lines: Sequence[bytes], conflict: Conflict, events: Sequence[Event]) -> None:
        """A new stream appears whole, or not at all."""
        _check(incident, *self._data(incident))
        if events[0].seq != 1:
            raise conflict
        stream, head = self._paths(incident)
        with fresh_file(self._root / ".tmp", b"".join(lines)) as fresh:
            try:
                os.link(fresh, stream)
            except FileExistsError:
                raise conflict from None
        with _locked(os.open(stream, os.O_RDWR), fcntl.LOCK_EX), HeadFile(head) as file:
            if file.head is None:  # else somebody has continued the stream
                file.establish(Head(events[-1].seq, sum(map(len, lines)), events[-1].hash))

    def _write_down(self, repair: str) -> None:
        make_folder(self._root)
        with (self._root / "repairs.log").open("a") as repairs:
            repairs.write(f"{datetime.now(UTC).isoformat()} {repair}\n")
            repairs.flush()
            os.fsync(repairs.fileno())
        sync_folder(self._root)


def _check(incident: str, data: bytes, acknowledged: Head | None) -> None:
    """Raises BrokenRecord where less is left than was acknowledged, or something else."""
    if acknowledged is None:
        return
    if not data:
        raise BrokenRecord(f"{incident}: the stream has disappeared; it had {acknowledged.seq} events")
    if end_of(data[: acknowledged.length]) != acknowledged:
        raise BrokenRecord(
            f"{incident}: event {acknowledged.seq} was acknowledged and is torn, missing or another one by now"
        )


def _end(incident: str, handle: int, acknowledged: Head | None) -> tuple[Head, bytes]:
    """Where the next event belongs, and what an unfinished append left behind that place. Nothing is read of a stream
    that ends where its head says."""
    if acknowledged and os.fstat(handle).st_size == acknowledged.length:
        return acknowledged, b""
    data = _content(handle)
    _check(incident, data, acknowledged)
    end = end_of(data)
    return end, data[end.length :]


@contextmanager
def _locked(handle: int, lock: int) -> Iterator[None]:
    """Closes the handle in the end, and so lets go."""
    try:
        fcntl.flock(handle, lock)
        yield
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
