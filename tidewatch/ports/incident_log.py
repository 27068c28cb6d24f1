"""The central record: one append-only stream of events per incident."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from tidewatch.domain.events import Event


class Conflict(Exception):
    """Somebody appended first. Read again, decide again."""

    def __init__(self, incident: str, expected: int) -> None:
        self.incident, self.expected = incident, expected
        super().__init__(f"{incident} no longer ends at event {expected}: somebody else was faster")


class IncidentLog(Protocol):
    """No update, no delete. An append is durable when it returns, whole or not at all."""

    def append(self, incident: str, events: Sequence[Event]) -> None:
        """Add events that continue the stream (`events[0].seq` is its length + 1); raises Conflict otherwise."""

    def read(self, incident: str) -> tuple[Event, ...]:
        """Every event in order; empty for an incident that does not exist.

        Raises BrokenRecord when a stored line is no event, or when an acknowledged one is known to be missing.
        """

    def lines(self, incident: str) -> tuple[str, ...]:
        """The stored records as they lie there, for `log verify`: nothing parsed, nothing forgiven."""

    def incidents(self) -> Iterator[str]:
        """The ids of every stream ever created, in order."""

    def stamps(self) -> Iterator[tuple[str, str]]:
        """Every stream that is there, in order, with something that changes whenever the stream does. Reads none."""
