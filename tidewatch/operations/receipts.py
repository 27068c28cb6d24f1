"""Blob events arrive twice, late or never: a receipt per container, name and etag makes taking idempotent."""

from collections.abc import Iterator
from contextlib import contextmanager

from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobNotFound

RECEIPTS = "receipts"


def receipt_name(container: str, name: str, etag: str) -> str:
    return f"{container}/{name}/{etag.strip(chr(34))}"


@contextmanager
def once(ports: Ports, container: str, name: str) -> Iterator[bytes | None]:
    """The blob's bytes, or None when exactly this content was taken before or is gone.

    The receipt is written when the block ends well; what fails half way is taken again from the start, so all that
    the block does must bear repetition.
    """
    info = ports.blobs.stat(container, name)
    if info is None or ports.blobs.stat(RECEIPTS, receipt_name(container, name, info.etag)):
        yield None
        return
    try:
        data = ports.blobs.get(container, name)
    except BlobNotFound:
        yield None
        return
    yield data
    ports.blobs.put(RECEIPTS, receipt_name(container, name, info.etag), b"")
