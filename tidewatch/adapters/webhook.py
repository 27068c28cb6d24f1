"""A page as a signed POST, for whatever pager speaks HTTP."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tidewatch.adapters.outgoing import page_over_http
from tidewatch.domain.incident.call import Quiet
from tidewatch.domain.signature import sign
from tidewatch.ports.pager import Page

SIGNATURE = "X-Tidewatch-Signature"


class Webhook:
    """`reply` is where the receiver may acknowledge; empty when nobody outside can reach us."""

    name = "webhook"

    def __init__(
        self, url: str, secret: str, reply: str = "", now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._url, self._secret, self._reply, self._now = url, secret, reply, now

    def page(self, page: Page) -> str:
        person = {"id": page.person.id, "name": page.person.name}
        about = {
            "model": page.model, "severity": page.severity, "tier": page.tier, "person": person,
            "subject": page.subject, "text": page.text, "reply": self._reply,
        }  # fmt: skip
        return f"HTTP {self._send(page, 'page', about)}"

    def quiet(self, page: Page, how: Quiet) -> None:
        self._send(page, how, {})

    def _send(self, page: Page, event: str, about: Mapping[str, Any]) -> int:
        body = json.dumps({"event": event, "page": page.id, "incident": page.incident, **about}).encode()
        signed = {SIGNATURE: sign(self._secret, body, self._now())}
        return page_over_http("the webhook", self._url, body, signed)
