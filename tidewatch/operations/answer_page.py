"""Somebody acknowledged where the page rang. It becomes an acknowledgement in the log, and never anything more."""

import json
from collections.abc import Callable
from typing import Any

from tidewatch.domain import signature
from tidewatch.domain.events import Cause
from tidewatch.domain.incident import handling
from tidewatch.domain.people import UNKNOWN, Refused
from tidewatch.operations.journal import UnknownIncident, load, record_known
from tidewatch.ports import Ports


class NotAnAnswer(ValueError):
    """It is signed with our secret and is no answer to a page."""


def from_pagerduty(ports: Ports, secret: str, body: bytes, signatures: str) -> str:
    """A webhook v3; gives what became of it. Raises Forged and NotAnAnswer.

    Played again it changes nothing, for its id is in the log; and a page that is settled takes no answer.
    """
    signature.check_pagerduty(secret, body, signatures)
    event = _field(_parsed(body), "event", dict)
    agent = event.get("agent") or {}
    if event.get("event_type") != "incident.acknowledged" or agent.get("type") != "user_reference":
        return "Nothing to do: only a person who acknowledges is an answer."
    page = str(_field(event, "data", dict).get("incident_key"))
    user = next((p.id for p in ports.people.everyone if p.pagerduty and p.pagerduty == agent.get("id")), UNKNOWN)
    return _acknowledge(ports, page, Cause(user, "pagerduty", f"pagerduty:{_field(event, 'id', str)}"))


def from_webhook(ports: Ports, secret: str, body: bytes, signed: str) -> str:
    """`{"id": another each time, "page": …, "person": a user id}`, signed minutes ago at most; as `from_pagerduty`."""
    signature.check(secret, body, signed, ports.clock.now())
    answer = _parsed(body)
    person = str(answer.get("person", ""))
    user = person if ports.people.get(person) else UNKNOWN
    cause = Cause(user, "webhook", f"webhook:{_field(answer, 'id', str)}")
    return _acknowledge(ports, _field(answer, "page", str), cause)


def _acknowledge(ports: Ports, page: str, cause: Cause) -> str:
    incident = page.rpartition("-")[0]
    try:
        load(ports, incident)  # what is sent from outside may be no id at all
        after = record_known(
            ports, incident, cause, lambda now: handling.acknowledge_page(now, ports.people, cause.actor, page)
        )  # fmt: skip
    except (Refused, UnknownIncident) as refused:
        return str(refused)
    return f"{incident} is {after.status}."


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnAnswer("the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise NotAnAnswer("the body is not a JSON object")
    return parsed


def _field(record: dict[str, Any], name: str, kind: Callable[..., Any]) -> Any:
    value = record.get(name)
    if not isinstance(value, kind) or not value:  # type: ignore[arg-type]
        raise NotAnAnswer(f"the body has no {name}")
    return value
