"""Telling somebody outside that the sweeps still run, so that they notice when this stops."""

from typing import Protocol


class NotHeard(Exception):
    """The message says why, with no secret and no address."""


class Heartbeat(Protocol):
    def beat(self) -> None:
        """Raises NotHeard. Does nothing where nobody listens."""
