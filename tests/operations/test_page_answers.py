"""Who acknowledges where a page rang has it everywhere; whoever forges, replays or comes too late has nothing."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.operations import paged
from tests.operations.house import House
from tests.operations.paged import CALL, INC, SECRET, WITH_ADDRESSES, said
from tests.operations.passing import pass_minutes
from tests.ports.receivers import HttpReceiver
from tidewatch.adapters.webhook import Webhook
from tidewatch.domain.people import UNKNOWN
from tidewatch.domain.signature import Forged, sign
from tidewatch.operations.answer_page import NotAnAnswer, from_pagerduty, from_webhook
from tidewatch.operations.report import report
from tidewatch.operations.respond import acknowledge, escalate, unacknowledge
from tidewatch.render.thread import timeline

pagerduty, opened, rung = paged.pagerduty, paged.opened, paged.rung


def webhook_v3(agent: str | None = "PANA", page: str = CALL, event: str = "01ABC", **fields: Any) -> bytes:
    """As PagerDuty's documentation shows it, cut to what matters."""
    by = {"id": agent, "type": "user_reference", "summary": "somebody"} if agent else None
    told = {"id": event, "event_type": "incident.acknowledged", "resource_type": "incident", "agent": by}
    data = {"id": "PGR0VU2", "type": "incident", "status": "acknowledged", "incident_key": page}
    return json.dumps({"event": told | {"data": data} | fields}).encode()


def pagerduty_says(house: House, body: bytes) -> str:
    return from_pagerduty(
        house.ports, SECRET, body, "v1=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    )


def test_who_acknowledges_in_pagerduty_has_it_everywhere(rung: House, pagerduty: HttpReceiver) -> None:
    assert pagerduty_says(rung, webhook_v3()) == "INC-1001 is acknowledged."
    assert (rung.incident().owner, rung.incident().status) == ("U0ANA", "acknowledged")
    assert (rung.events()[-1].actor, rung.events()[-1].via) == ("U0ANA", "pagerduty")
    pass_minutes(rung, 1)
    assert "👀 Ana has it, by pager." in rung.chat.thread
    assert said(pagerduty)[-1] == ("acknowledge", CALL)


def test_a_stranger_in_pagerduty_is_said_to_be_one_and_whoever_is_known_may_take_over(rung: House) -> None:
    pagerduty_says(rung, webhook_v3("PSTRANGER"))
    assert rung.incident().owner == UNKNOWN
    pass_minutes(rung, 1)
    assert "👀 somebody who is not in people.yaml has it, by pager." in rung.chat.thread
    assert "somebody who is not in people.yaml" in timeline(tuple(rung.events()), WITH_ADDRESSES, lambda _: "")
    acknowledge(rung.ports, INC, rung.by("U0ANA"))
    assert rung.incident().owner == "U0ANA"


def test_somebody_of_another_team_may_no_more_than_in_the_chat(rung: House) -> None:
    assert pagerduty_says(rung, webhook_v3("PDAN")) == "INC-1001 is open."
    pass_minutes(rung, 1)
    assert "somebody who cannot take it: it waits for L1 of acme/demo" in rung.chat.thread[-1]


@pytest.mark.parametrize(("agent", "taken"), [("PSTRANGER", False), ("PANA", False), ("PBEN", True)])
def test_a_page_for_l2_is_taken_by_l2_only(rung: House, agent: str, taken: bool) -> None:
    pass_minutes(rung, 16)
    assert rung.incident().tier == "L2"
    pagerduty_says(rung, webhook_v3(agent, rung.incident().calls[-1].page))
    assert (rung.incident().status == "acknowledged") is taken


def test_an_answer_played_again_changes_nothing(rung: House) -> None:
    pagerduty_says(rung, webhook_v3())
    unacknowledge(rung.ports, INC, rung.by("U0ANA"))
    pagerduty_says(rung, webhook_v3())
    assert rung.incident().status == "open"
    assert "is settled" in pagerduty_says(rung, webhook_v3(event="02DEF"))
    assert rung.incident().status == "open"


def test_an_answer_to_a_page_that_was_handed_up_is_too_late(rung: House) -> None:
    escalate(rung.ports, INC, "no idea", rung.by("U0ANA"))
    assert "is settled" in pagerduty_says(rung, webhook_v3())
    assert rung.incident().status == "open"


@pytest.mark.parametrize(
    "body",
    [webhook_v3(event_type="incident.resolved"), webhook_v3(event_type="pagey.ping"), webhook_v3(None)],
)  # fmt: skip
def test_what_is_no_persons_acknowledgement_does_nothing(rung: House, body: bytes) -> None:
    before = rung.kinds()
    assert "Nothing to do" in pagerduty_says(rung, body)
    assert rung.kinds() == before


def test_a_page_nobody_sent_is_no_incident(rung: House) -> None:
    for page_id in ("INC-7-2", "", "x", "../../x-1", CALL + "1"):
        assert pagerduty_says(rung, webhook_v3(page=page_id))
    assert rung.incident().status == "open"


def test_forgeries_are_refused(rung: House) -> None:
    body = webhook_v3()
    with pytest.raises(Forged):
        from_pagerduty(rung.ports, SECRET, body, "v1=" + hmac.new(b"other", body, hashlib.sha256).hexdigest())
    with pytest.raises(Forged):
        from_webhook(rung.ports, SECRET, b"{}", sign("other", b"{}", rung.ports.clock.now()))
    assert rung.incident().status == "open"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"event": 1}', b"[" * 100000, b'{"event": {}}', b"\xff"])
def test_signed_rubbish_is_no_answer(rung: House, body: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        pagerduty_says(rung, body)


def test_the_webhooks_reply_acknowledges_once_and_only_when_fresh(house: House, pagerduty: HttpReceiver) -> None:
    house.change(people=WITH_ADDRESSES, pagers=[Webhook(pagerduty.url, SECRET, now=lambda: house.ports.clock.now())])
    report(house.ports, [house.finding()], "monday", "blob")
    house.chat.down = True
    pass_minutes(house, 3)
    sent = json.loads(pagerduty.got[0].body)
    answer = json.dumps({"id": "a1", "page": sent["page"], "person": sent["person"]["id"]}).encode()
    signed = sign(SECRET, answer, house.ports.clock.now())
    house.later(minutes=6)
    with pytest.raises(Forged):
        from_webhook(house.ports, SECRET, answer, signed)
    signed = sign(SECRET, answer, house.ports.clock.now())
    for _ in range(2):
        assert from_webhook(house.ports, SECRET, answer, signed) == "INC-1001 is acknowledged."
    assert house.kinds().count("acknowledged") == 1
    assert house.events()[-1].via == "webhook" and house.incident().owner == "U0ANA"
