"""What time it is. Only ports know; the domain is told."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """UTC, timezone-aware."""


class SimulatedClock(Clock, Protocol):
    """A clock that a story sets; every process of the same home reads it."""

    def set(self, at: datetime, rate: float = 0.0) -> None:
        """From now on it is `at`, going on at `rate` simulated seconds per real second."""
