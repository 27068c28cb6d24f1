"""Where batches, labels, profiles, markers and records are kept: named bytes in containers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class BlobInfo:
    name: str
    etag: str  # changes with every write, even of the same bytes
    size: int  # bytes
    modified: datetime  # UTC


class BlobError(Exception):
    def __init__(self, container: str, name: str) -> None:
        self.container, self.name = container, name
        super().__init__(f"{container}/{name} {self.problem}")

    problem = "failed"


class BlobNotFound(BlobError):
    problem = "does not exist"


class BlobExists(BlobError):
    problem = "exists already"


class BlobChanged(BlobError):
    problem = "was changed by somebody else in the meantime"


class Blobs(Protocol):
    """Containers come into being with their first blob. Names may hold slashes; listing is by prefix."""

    def put(
        self, container: str, name: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        """Write the whole blob, durable on return; give its etag.

        `if_absent` raises BlobExists for all but one of any number of racing writers; `if_match` raises
        BlobChanged unless the blob still has that etag.
        """

    def get(self, container: str, name: str) -> bytes:
        """Raises BlobNotFound."""

    def stat(self, container: str, name: str) -> BlobInfo | None: ...

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """In order of name; nothing for a container that does not exist."""

    def delete(self, container: str, name: str, *, if_match: str | None = None) -> None:
        """Quiet when there is nothing to delete. `if_match` raises BlobChanged when it has another etag by now."""
