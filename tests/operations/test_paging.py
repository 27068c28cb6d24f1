"""Pages: out by real servers when the chat is silent, quiet again when somebody has it, and never lost."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.operations.house import House
from tests.ports.receivers import HttpReceiver, MailReceiver, http_receiver, mail_receiver
from tidewatch.adapters.mail import Mail
from tidewatch.adapters.pagerduty import PagerDuty
from tidewatch.adapters.webhook import Webhook
from tidewatch.domain.people import UNKNOWN, People, Person
from tidewatch.domain.signature import Forged, sign
from tidewatch.operations.answer_page import NotAnAnswer, from_pagerduty, from_webhook
from tidewatch.operations.journal import PAGES
from tidewatch.operations.page import page
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.respond import acknowledge, escalate, unacknowledge
from tidewatch.operations.sweep import sweep
from tidewatch.ports.chat import ChatUnavailable
from tidewatch.ports.pager import Page
from tidewatch.render.thread import timeline

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]
INC, CALL = "INC-1001", "INC-1001-2"
SECRET = "not-a-real-secret"
PEOPLE = People(
    (
        Person("U0ANA", "Ana", "L1", email="ana@example.org", pagerduty="PANA"),
        Person("U0BEN", "Ben", "L2", email="ben@example.org", pagerduty="PBEN"),
        Person("U0DAN", "Dan", "L2", ("other",), pagerduty="PDAN"),
        Person("U0CARA", "Cara", "L3"),
    )
)


@pytest.fixture
def pagerduty() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def smtp() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver


@pytest.fixture
def opened(house: House, pagerduty: HttpReceiver) -> House:
    """An incident nobody has taken, and PagerDuty."""
    house.change(people=PEOPLE, pagers=[PagerDuty({"default": "key"}, pagerduty.url)])
    report(house.ports, [house.finding()], "monday", "blob")
    return house


def mail(smtp: MailReceiver) -> Mail:
    return Mail("127.0.0.1", smtp.port, "tidewatch@example.org", starttls=False)


def said(receiver: HttpReceiver) -> list[tuple[str, str]]:
    events = [json.loads(got.body) for got in receiver.got]
    return [(event["event_action"], event["dedup_key"]) for event in events]


def pass_minutes(house: House, minutes: int) -> None:
    """What the timers and queues do each minute, whatever the chat says to it."""
    for _ in range(minutes):
        sweep(house.ports)
        try:
            house.run_jobs()
        except ChatUnavailable:
            house.forget_jobs()
        house.run_jobs(PAGES)
        house.later(minutes=1)


def test_while_the_chat_works_and_somebody_comes_nobody_is_paged(opened: House, pagerduty: HttpReceiver) -> None:
    pass_minutes(opened, 5)
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    pass_minutes(opened, 20)
    assert pagerduty.got == []
    assert opened.kinds() == ["opened", "paged", "acknowledged"]


def test_the_chat_is_down_for_an_hour(opened: House, pagerduty: HttpReceiver) -> None:
    opened.chat.down = True
    pass_minutes(opened, 2)
    assert pagerduty.got == []
    pass_minutes(opened, 13)
    assert said(pagerduty) == [("trigger", CALL)]
    pass_minutes(opened, 45)
    calls = [f"{INC}-{event.seq}" for event in opened.events() if event.kind == "paged"]
    assert [page for action, page in said(pagerduty) if action == "trigger"] == calls
    assert [event.data["tier"] for event in opened.events() if event.kind == "paged"] == ["L1", "L2", "L2"]
    opened.chat.down = False
    pass_minutes(opened, 2)
    assert opened.chat.posted.count("1:card") == 1
    assert len(opened.chat.posted) == len(set(opened.chat.posted))
    acknowledge(opened.ports, INC, opened.by("U0BEN"))
    opened.run_jobs(PAGES)
    assert said(pagerduty)[-2:] == [("acknowledge", call) for call in calls[1:]]
    assert said(pagerduty).count(("resolve", CALL)) == 1, "L1 was left in peace when L2 was called"
    told = " ".join(opened.chat.thread)
    assert "The call went out by PagerDuty, because the chat did not show it within 2 minutes" in told


def test_a_page_says_what_the_chat_says_and_what_to_do_first(opened: House, smtp: MailReceiver) -> None:
    opened.change(pagers=[mail(smtp)])
    opened.chat.down = True
    pass_minutes(opened, 3)
    [got] = smtp.got
    opened.chat.down = False
    pass_minutes(opened, 1)
    text = got.get_payload(decode=True).decode()
    assert got["Subject"] == "[INC-1001] Demo: weight has drifted"
    for words in (
        "Weight is distributed differently.", "acme/demo, severity high, since Mon 2 Mar 03:00 UTC",
        "Please take INC-1001: L1 is asked to take it",
        "If nobody does, Ben is paged at 03:15 UTC",
        "/ml ack INC-1001", "nothing in this mail can be pressed", "the chat did not show it within 2 minutes",
    ):  # fmt: skip
        assert words in text, text
    assert "L1 is asked to take it. If nobody does, Ben is paged at 03:15 UTC" in opened.chat.thread[0]


def test_no_value_of_a_sensitive_column_is_paged(house: House, smtp: MailReceiver) -> None:
    house.change(people=PEOPLE, pagers=[mail(smtp)])
    house.batch("2026-02-01", income=house.day("2026-02-01").columns["income"] * 1.609344)
    house.chat.down = True
    pass_minutes(house, 3)
    assert house.incident().finding.subject == "income"
    assert "median" not in smtp.got[0].get_payload(decode=True).decode()


def test_everybodys_silence_pages_the_next_tier(opened: House, pagerduty: HttpReceiver) -> None:
    pass_minutes(opened, 18)
    assert opened.incident().tier == "L2"
    out = [event.data for event in opened.events() if event.kind == "paged_out"]
    assert out[-1]["person"] == "U0BEN" and "nobody has taken it since 02 Mar 03:00" in out[-1]["why"]


def test_a_pager_that_is_busy_is_asked_again_not_before_it_wants_and_people_are_told(
    opened: House, pagerduty: HttpReceiver
) -> None:
    opened.chat.down = True
    pagerduty.status, pagerduty.retry_after = 429, "300"
    pass_minutes(opened, 7)
    assert len(pagerduty.got) == 1
    pagerduty.status = 202
    pass_minutes(opened, 2)
    assert said(pagerduty) == [("trigger", CALL)] * 2
    assert opened.kinds().count("page_failed") == 1 and opened.kinds().count("paged_out") == 1
    opened.chat.down = False
    pass_minutes(opened, 1)
    assert any("did not take it for now (HTTP 429)" in line for line in opened.chat.thread)


def test_a_busy_pager_is_not_waited_for_once_somebody_has_it(opened: House, pagerduty: HttpReceiver) -> None:
    opened.chat.down, pagerduty.status = True, 503
    pass_minutes(opened, 4)
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    tried = len(pagerduty.got)
    pagerduty.status = 202
    pass_minutes(opened, 30)
    assert len(pagerduty.got) == tried


def test_whoever_no_pager_can_reach_is_named_and_the_next_is_called(opened: House, smtp: MailReceiver) -> None:
    nameless = [Person("U0ANA", "Ana", "L1"), *PEOPLE.everyone[1:]]
    opened.change(pagers=[mail(smtp)], people=People(tuple(nameless)))
    opened.chat.down = True
    pass_minutes(opened, 7)
    assert [event.data["person"] for event in opened.events() if event.kind == "paged"] == ["U0ANA", "U0BEN"]
    assert [got["To"] for got in smtp.got] == ["ben@example.org"]
    opened.chat.down = False
    pass_minutes(opened, 1)
    assert any("people.yaml has no email for U0ANA" in line for line in opened.chat.thread)


def test_every_pager_is_used_and_one_that_fails_keeps_no_other_back(
    opened: House, smtp: MailReceiver, pagerduty: HttpReceiver
) -> None:
    opened.change(pagers=[*opened.ports.pagers, mail(smtp)])
    opened.chat.down, pagerduty.status = True, 500
    pass_minutes(opened, 3)
    assert len(smtp.got) == 1 and len(pagerduty.got) == 1


def test_doubled_and_racing_jobs_page_once(opened: House, smtp: MailReceiver) -> None:
    opened.change(pagers=[mail(smtp)])
    sweep(opened.ports)
    opened.later(minutes=2)
    with ThreadPoolExecutor(8) as pool:
        for racer in [pool.submit(page, opened.ports, INC) for _ in range(16)]:
            racer.result()
    assert len(smtp.got) == 1
    assert opened.kinds().count("paged_out") == 1


def test_a_page_that_died_anywhere_is_finished_and_quieted(
    opened: House, deaths: Deaths, pagerduty: HttpReceiver
) -> None:
    sweep(opened.ports)
    opened.later(minutes=2)
    pagers, copies = opened.ports.pagers, 0
    for mortal in deaths(opened, lambda mortal: (mortal.change(pagers=pagers, people=PEOPLE), page(mortal.ports, INC))):
        pagerduty.got.clear()
        mortal.change(pagers=pagers, people=PEOPLE)
        mortal.chat.down = True
        pass_minutes(mortal, 3)
        assert mortal.kinds().count("paged_out") == 1
        assert set(said(pagerduty)) <= {("trigger", CALL)}
        acknowledge(mortal.ports, INC, mortal.by("U0ANA"))
        pass_minutes(mortal, 2)
        assert ("acknowledge", CALL) in said(pagerduty)
        copies += 1
    assert copies > 4


def test_a_page_cut_off_by_a_crash_for_what_somebody_took_meanwhile_is_quieted(
    opened: House, pagerduty: HttpReceiver
) -> None:
    class Dying:
        name = "PagerDuty"

        def page(self, page: Page) -> str:
            live[0].page(page)
            raise KeyboardInterrupt

    live = opened.ports.pagers
    sweep(opened.ports)
    opened.later(minutes=2)
    opened.change(pagers=[Dying()])
    with pytest.raises(KeyboardInterrupt):
        page(opened.ports, INC)
    opened.change(pagers=live)
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    pass_minutes(opened, 3)
    assert said(pagerduty) == [("trigger", CALL), ("acknowledge", CALL)]


def test_quieting_is_tried_until_it_is_heard(opened: House, pagerduty: HttpReceiver) -> None:
    opened.chat.down = True
    pass_minutes(opened, 3)
    pagerduty.status = 503
    for window in ("2026-02-10", "2026-02-11"):
        note_good_window(opened.ports, "acme/demo", window, [opened.incident().signal], "blob")
    pass_minutes(opened, 3)
    assert "page_quieted" not in opened.kinds()
    pagerduty.status = 202
    pass_minutes(opened, 5)
    assert said(pagerduty)[-1] == ("resolve", CALL)
    assert opened.kinds().count("page_quieted") == 1


# --- answers ------------------------------------------------------------------------------------------------


@pytest.fixture
def rung(opened: House) -> House:
    """Ana's page is out; the chat came back."""
    opened.chat.down = True
    pass_minutes(opened, 3)
    opened.chat.down = False
    return opened


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


def test_who_acknowledges_in_pagerduty_has_it_everywhere(
    rung: House, smtp: MailReceiver, pagerduty: HttpReceiver
) -> None:
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
    assert "somebody who is not in people.yaml" in timeline(tuple(rung.events()), PEOPLE, lambda _: "")
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
    house.change(people=PEOPLE, pagers=[Webhook(pagerduty.url, SECRET, now=lambda: house.ports.clock.now())])
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
