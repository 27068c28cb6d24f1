"""The incident log as one append blob per incident: at most 50,000 appends each."""

from collections.abc import Iterator, Sequence

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobServiceClient

from tidewatch.adapters.azure.blobs import ensure_container
from tidewatch.adapters.streams import as_lines, as_text, in_order, stream_name, whole_records
from tidewatch.domain.events import Event, parse
from tidewatch.ports.incident_log import Conflict


class AzureIncidentLog:
    """The caller makes the service client, and so decides on credentials. `container` may be immutable, as long
    as it allows protected append writes.
    """

    def __init__(self, service: BlobServiceClient, container: str = "incidents") -> None:
        self._service, self._container = service, container

    def append(self, incident: str, events: Sequence[Event]) -> None:
        """Raises AzureError when the store cannot be reached; whether the events arrived is then unknown, and
        appending them again is safe: they arrive once or meet a Conflict.
        """
        blob = self._blob(incident)
        if not events:
            return
        block = b"".join(as_lines(incident, events))
        before = self._data(incident)
        if events[0].seq != before.count(b"\n") + 1:
            raise Conflict(incident, events[0].seq - 1)
        if not before:
            self._begin(blob)
        try:
            blob.append_block(block, length=len(block), appendpos_condition=len(before))
        except AzureError as error:
            # The answer to our own append may have been lost, and a repetition then meets the block it repeats.
            if self._holds(incident, before, block):
                return
            if getattr(error, "error_code", "") == "AppendPositionConditionNotMet":
                raise Conflict(incident, events[0].seq - 1) from None
            raise

    def read(self, incident: str) -> tuple[Event, ...]:
        """Raises BrokenRecord when a stored line is no event: `log verify` then says more."""
        return tuple(parse(line) for line in as_text(whole_records(self._data(incident))))

    def lines(self, incident: str) -> tuple[str, ...]:
        return as_text(self._data(incident))

    def incidents(self) -> Iterator[str]:
        # A blob without content is a stream that a crash left before its first event.
        try:
            blobs = [
                blob.name for blob in self._service.get_container_client(self._container).list_blobs() if blob.size
            ]
        except ResourceNotFoundError:
            return
        yield from in_order(blobs)

    def _blob(self, incident: str) -> BlobClient:
        return self._service.get_blob_client(self._container, stream_name(incident))

    def _data(self, incident: str) -> bytes:
        try:
            return self._blob(incident).download_blob().readall()
        except ResourceNotFoundError:
            return b""

    def _holds(self, incident: str, before: bytes, block: bytes) -> bool:
        """Whether our block lies at our place; its events carry their hashes, so nobody else's looks the same."""
        return self._data(incident).startswith(before + block)

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
