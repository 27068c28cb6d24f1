"""PagerDuty's Events API v2: trigger, acknowledge and resolve, one alert a page."""

import json
from collections.abc import Mapping
from typing import Any

from tidewatch.adapters.outgoing import page_over_http
from tidewatch.domain.incident.call import Quiet
from tidewatch.ports.pager import Page, PagerRefused

ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}
SEVERITIES = {"high": "critical", "medium": "error", "low": "warning"}
SUMMARY = 1024  # characters, by its documentation


class PagerDuty:
    """`keys` are integration (routing) keys by TEAM_TIER, TEAM, TIER or "default", in small letters."""

    name = "PagerDuty"

    def __init__(self, keys: Mapping[str, str], url: str) -> None:
        self._keys, self._url = {name.lower(): key for name, key in keys.items()}, url

    def page(self, page: Page) -> str:
        about = {
            "summary": page.subject[:SUMMARY], "source": page.model, "severity": SEVERITIES[page.severity],
            "group": page.team, "class": page.tier, "custom_details": {"incident": page.incident, "text": page.text},
        }  # fmt: skip
        self._send(page, {"event_action": "trigger", "payload": about, "client": "Tidewatch"})
        return page.id

    def quiet(self, page: Page, how: Quiet) -> None:
        self._send(page, {"event_action": ACTIONS[how]})

    def _send(self, page: Page, event: Mapping[str, Any]) -> None:
        body = json.dumps({"routing_key": self._key(page), "dedup_key": page.id, **event}).encode()
        page_over_http("PagerDuty", self._url, body, {}, ": look at the integration key")

    def _key(self, page: Page) -> str:
        team, tier = page.team.replace("-", "_"), page.tier.lower()
        for name in (f"{team}_{tier}", team, tier, "default"):
            if name in self._keys:
                return self._keys[name]
        raise PagerRefused(
            f"no PagerDuty key is set for {page.team} or {page.tier}: set TIDEWATCH_PAGERDUTY_KEYS__{team.upper()}"
        )
