"""Asking a scoring endpoint, as its callers do."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from tidewatch.domain.answer import Answer


class Endpoints(Protocol):
    def ask(self, url: str, body: Mapping[str, Any], timeout: timedelta, secret: str = "") -> Answer:
        """POST `body` as JSON and read the JSON that comes back; over after `timeout` whatever the endpoint does.

        Only http and https, no redirects. `secret` is the name, team/name, of the bearer token to send: tokens stay
        behind this port. Never raises for what the network or the endpoint does: that is the answer's `trouble`.
        A status that is no success is no trouble, and may come without JSON.
        """
