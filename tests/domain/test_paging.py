"""When a call leaves the chat, and when the pager is quieted."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidewatch.domain.events import Cause, Draft, Event, chain
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident import paging
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.opening import opened
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import Response
from tidewatch.domain.oncall.duty import Duty

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OWNERS = {"L1": ["U0ANA"], "L2": ["U0BEN", "U0EVA"], "L3": ["U0CARA"]}
FINDING = Finding("acme/demo", "drift", "weight", "ks", 0.9, 0.1, "high", "2026-02-01", "weight drifted")
RESPONSE = Response()
ALL = 1000  # the chat has shown everything


@dataclass
class Story:
    """An incident told event by event."""

    response: Response = RESPONSE
    events: list[Event] = field(default_factory=list)

    def tell(self, kind: str, minute: float, actor: str = "tidewatch", **data: Any) -> "Story":
        draft = opened("Demo", [FINDING], self.response, OWNERS) if kind == "opened" else Draft(kind, data)  # type: ignore[arg-type]
        cause = Cause(actor, "timer", f"{len(self.events)}")
        last = self.events[-1] if self.events else None
        self.events += chain("INC-1001", [draft], last, cause, NOON + timedelta(minutes=minute))
        return self

    def paged(self, person: str, minute: float, tier: str = "L1") -> "Story":
        return self.tell("paged", minute, tier=tier, person=person, why="asked to take it")

    def out(self, page: str, pager: str = "PagerDuty") -> "Story":
        return self.tell("paged_out", 9, page=page, pager=pager, person="U0ANA", why="", receipt="r")

    @property
    def incident(self) -> Incident:
        state = fold(self.events)
        assert state is not None
        return state

    def pages(self, minute: float, shown: int = ALL) -> list[tuple[str, str]]:
        now = NOON + timedelta(minutes=minute)
        return [(out.call.person, out.why) for out in paging.to_page(self.incident, shown, now)]

    def quieted(self) -> list[tuple[str, str]]:
        return [(each.call.page, each.how) for each in paging.to_quiet(self.incident)]


@pytest.fixture
def called() -> Story:
    return Story().tell("opened", 0).paged("U0ANA", 1)


def test_what_the_chat_shows_in_time_stays_in_the_chat(called: Story) -> None:
    assert called.pages(10, shown=2) == []


@pytest.mark.parametrize(("minute", "pages"), [(2.9, 0), (3, 1), (60, 1)])
def test_what_the_chat_has_not_shown_two_minutes_after_the_call_goes_out(
    called: Story, minute: float, pages: int
) -> None:
    assert len(called.pages(minute, shown=1)) == pages
    assert [why for _, why in called.pages(3, shown=1)] == ["the chat did not show it within 2 minutes"]


def test_a_severity_that_the_policy_names_goes_out_at_once() -> None:
    named = Story(Response(page_severities=["high"])).tell("opened", 0).paged("U0ANA", 1)
    assert named.pages(1) == [("U0ANA", "incidents of severity high are always paged")]
    other = Story(Response(page_severities=["low"])).tell("opened", 0).paged("U0ANA", 1)
    assert other.pages(1) == []


def test_after_a_silence_the_one_who_was_called_is_paged_and_so_is_the_next_tier_at_once(called: Story) -> None:
    assert called.pages(15.9) == []
    assert called.pages(16) == [("U0ANA", "nobody has taken it since 02 Mar 12:01 UTC")]
    called.tell("escalated", 16.5, **{"from": "L1", "to": "L2", "why": "missed"}).paged("U0BEN", 16.5, "L2")
    assert called.pages(16.5) == [("U0BEN", "nobody has taken it since 02 Mar 12:01 UTC")]


def test_somebody_who_hands_it_up_has_answered(called: Story) -> None:
    called.tell("escalated", 10, "U0ANA", **{"from": "L1", "to": "L2", "why": "asked"}).paged("U0BEN", 10, "L2")
    assert called.pages(20) == []
    assert called.pages(25) != []


@pytest.mark.parametrize("end", ["acknowledged", "resolved", "recovered", "watched"])
def test_nobody_is_paged_for_what_somebody_has_or_what_is_over(called: Story, end: str) -> None:
    called.tell(end, 2, "U0ANA", tier="L1", sentence="fine", until=(NOON + timedelta(days=1)).isoformat())
    assert called.pages(500, shown=0) == []


def test_taking_it_acknowledges_every_pager_and_the_end_resolves_them(called: Story) -> None:
    called.out("INC-1001-2").out("INC-1001-2", "mail")
    assert called.quieted() == []
    called.tell("acknowledged", 10, "U0ANA", tier="L1")
    assert called.quieted() == [("INC-1001-2", "acknowledged")] * 2
    for pager in ("PagerDuty", "mail"):
        called.tell("page_quieted", 10, page="INC-1001-2", pager=pager, how="acknowledged")
    assert called.quieted() == []
    called.tell("resolved", 11, "U0ANA", sentence="fixed")
    assert called.quieted() == [("INC-1001-2", "resolved")] * 2


def test_what_is_silenced_is_quiet_and_is_paged_anew_when_the_silence_ends(called: Story) -> None:
    called.out("INC-1001-2").tell("silenced", 10, "U0ANA", silence="S1")
    assert called.pages(60, shown=0) == []
    assert called.quieted() == [("INC-1001-2", "acknowledged")]
    called.tell("silence_ended", 60, silence="S1").paged("U0ANA", 60)
    assert called.quieted() == [("INC-1001-2", "resolved")]
    assert called.pages(74) == [] and called.pages(75) != []


def test_whoever_was_passed_over_is_left_in_peace(called: Story) -> None:
    called.out("INC-1001-2").tell("escalated", 16, **{"from": "L1", "to": "L2", "why": "missed"})
    called.paged("U0BEN", 16, "L2").out("INC-1001-5")
    assert called.quieted() == [("INC-1001-2", "resolved")]


def test_what_was_never_out_is_not_quieted(called: Story) -> None:
    refused = {"page": "INC-1001-2", "pager": "mail", "person": "U0ANA", "why": "no address", "again": False}
    called.tell("page_failed", 3, **refused).tell("resolved", 4, sentence="fixed")
    assert called.quieted() == []


def test_a_pager_that_refused_is_not_tried_again_and_one_that_was_busy_is(called: Story) -> None:
    about = {"page": "INC-1001-2", "person": "U0ANA", "why": "x"}
    called.tell("page_failed", 3, pager="mail", again=False, **about)
    called.tell("page_failed", 3, pager="webhook", again=True, **about)
    [call] = called.incident.calls
    assert paging.untried(call, ["mail", "webhook", "PagerDuty"]) == ["webhook", "PagerDuty"]
    assert paging.unreachable(call, ["mail"]) and not paging.unreachable(call, ["mail", "webhook"])


def test_the_next_person_is_of_the_tier_and_then_of_the_one_above(called: Story) -> None:
    def after(incident: Incident) -> str:
        step = paging.next_call(incident, incident.calls[-1], NOON, Duty())
        return step.subject if step else ""

    assert after(called.incident) == "U0BEN"
    called.tell("escalated", 2, **{"from": "L1", "to": "L2", "why": "x"}).paged("U0BEN", 2, "L2")
    assert after(called.incident) == "U0EVA"
    assert after(replace(called.incident, tier="L3", paged=("U0CARA",))) == ""
    assert after(called.tell("acknowledged", 3, "U0BEN", tier="L2").incident) == ""


@pytest.mark.parametrize(("kind", "data"), [("silenced", {"silence": "S1"}), ("joined_storm", {"storm": "INC-1002"})])
def test_nobody_is_paged_for_what_is_silenced_or_part_of_a_storm(
    called: Story, kind: str, data: dict[str, str]
) -> None:
    assert called.pages(60, shown=0) != []
    assert called.tell(kind, 1, **data).pages(60, shown=0) == []


def test_a_pager_that_rings_is_quieted_when_its_incident_joins_a_storm(called: Story) -> None:
    called.out(called.incident.calls[0].page)
    assert called.quieted() == []
    called.tell("joined_storm", 10, storm="INC-1002")
    assert called.quieted() == [(called.incident.calls[0].page, "acknowledged")]
