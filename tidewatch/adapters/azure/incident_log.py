"""The incident log as append blobs: one per incident, and a further one long before Azure's limit of 50,000 appends."""

import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, BlobPrefix, BlobServiceClient

from tidewatch.adapters.azure.blobs import ensure_container
from tidewatch.adapters.streams import SUFFIX, as_lines, as_text, in_order, stream_name, whole_records
from tidewatch.domain.events import GENESIS, BrokenRecord, Event, parse
from tidewatch.ports.incident_log import Conflict

MOST_BLOCKS = 25_000  # appends to one blob; whoever meets a fuller one looks for the next, so it must never be lowered
REMEMBERED = 1_000  # ends of streams that a process keeps in mind
PART = re.compile(r"([A-Z]+-[0-9]+)(?:\.([0-9]+))?" + re.escape(SUFFIX))


@dataclass(frozen=True)
class End:
    """Where a stream ended when it was last looked at."""

    part: int = 1  # the blob
    length: int = 0  # of it, in bytes
    blocks: int = 0
    seq: int = 0
    hash: str = GENESIS


class AzureIncidentLog:
    """The caller makes the service client, and so decides on credentials. `container` may be immutable, as long
    as it allows protected append writes.
    """

    def __init__(
        self, service: BlobServiceClient, container: str = "incidents", *, most_blocks: int = MOST_BLOCKS
    ) -> None:
        self._service, self._container, self._most = service, container, most_blocks
        self._ends: OrderedDict[str, End] = OrderedDict()
        self._lock = Lock()

    def append(self, incident: str, events: Sequence[Event]) -> None:
        """Raises AzureError when the store cannot be reached; whether the events arrived is then unknown, and
        appending them again is safe: they arrive once or meet a Conflict.
        """
        stream_name(incident)
        if not events:
            return
        block = b"".join(as_lines(incident, events))
        end = self._end_before(incident, events[0])
        blob = self._blob(incident, end.part)
        if not end.length:
            self._begin(blob)
        try:
            answer = blob.append_block(block, length=len(block), appendpos_condition=end.length)
        except AzureError as error:
            self._remember(incident, None)
            # The answer to our own append may have been lost, and a repetition then meets the block it repeats.
            if _holds(blob, end.length, block):
                return
            if getattr(error, "error_code", "") == "AppendPositionConditionNotMet":
                raise Conflict(incident, events[0].seq - 1) from None
            raise
        blocks = int(str(answer["blob_committed_block_count"]))
        self._remember(
            incident, End(end.part, end.length + len(block), blocks, events[-1].seq, events[-1].hash)
        )  # fmt: skip

    def read(self, incident: str) -> tuple[Event, ...]:
        parts = self._parts(incident)
        events = tuple(parse(line) for data, _ in parts for line in as_text(whole_records(data)))
        if events:
            data, blocks = parts[-1]
            self._remember(incident, End(len(parts), len(data), blocks, events[-1].seq, events[-1].hash))
        return events

    def lines(self, incident: str) -> tuple[str, ...]:
        return as_text(b"".join(data for data, _ in self._parts(incident)))

    def incidents(self) -> Iterator[str]:
        yield from (incident for incident, _ in self.stamps())

    def stamps(self) -> Iterator[tuple[str, str]]:
        etags: dict[str, list[str]] = defaultdict(list)
        try:
            # By hierarchy, so that the checkpoints, which live here too, are not listed one by one.
            for blob in self._service.get_container_client(self._container).walk_blobs(delimiter="/"):
                # A blob without content is a stream that a crash left before its first event.
                if not isinstance(blob, BlobPrefix) and blob.size and (named := PART.fullmatch(blob.name)):
                    etags[named[1]].append(str(blob.etag).strip('"'))
        except ResourceNotFoundError:
            return
        for incident in in_order(name + SUFFIX for name in etags):
            yield incident, "+".join(sorted(etags[incident]))

    def _end_before(self, incident: str, event: Event) -> End:
        """Where the event belongs. Raises Conflict when the stream is longer or shorter; when it only was so in this
        process's memory, the store finds out."""
        end = self._ends.get(incident) or (End() if event.seq == 1 else None)
        if end is None or (end.seq + 1, end.hash) != (event.seq, event.prev):
            self.read(incident)
            end = self._ends.get(incident, End())
        if event.seq != end.seq + 1:
            raise Conflict(incident, event.seq - 1)
        if event.prev != end.hash:
            raise BrokenRecord(f"{incident}: event {end.seq} is not the one that was read a moment ago")
        return End(end.part + 1, 0, 0, end.seq, end.hash) if end.blocks >= self._most else end

    def _remember(self, incident: str, end: End | None) -> None:
        with self._lock:
            self._ends.pop(incident, None)
            if end is not None:
                self._ends[incident] = end
            while len(self._ends) > REMEMBERED:
                self._ends.popitem(last=False)

    def _blob(self, incident: str, part: int) -> BlobClient:
        name = stream_name(incident)
        return self._service.get_blob_client(
            self._container, name if part == 1 else f"{name.removesuffix(SUFFIX)}.{part}{SUFFIX}"
        )

    def _parts(self, incident: str) -> list[tuple[bytes, int]]:
        """Content and number of blocks of each blob of the stream, the last of which may not be there yet."""
        parts: list[tuple[bytes, int]] = []
        while not parts or parts[-1][1] >= self._most:
            try:
                found = self._blob(incident, len(parts) + 1).download_blob()
                parts.append((found.readall(), found.properties.append_blob_committed_block_count or 0))
            except ResourceNotFoundError:
                parts.append((b"", 0))
        return parts

    def _begin(self, blob: BlobClient) -> None:
        try:
            _create(blob)
        except ResourceNotFoundError:
            ensure_container(self._service, self._container)
            _create(blob)


def _create(blob: BlobClient) -> None:
    try:
        blob.create_append_blob(match_condition=MatchConditions.IfMissing)
    except (ResourceExistsError, ResourceModifiedError):
        return  # whose event comes first is decided by the append


def _holds(blob: BlobClient, place: int, block: bytes) -> bool:
    """Whether our block lies at our place; its events carry their hashes, so nobody else's looks the same."""
    try:
        return blob.download_blob(place, len(block)).readall() == block
    except HttpResponseError as error:
        if isinstance(error, ResourceNotFoundError) or error.status_code == 416:  # nothing lies there
            return False
        raise
