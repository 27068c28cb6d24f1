"""Sweeps come late, twice, or not at all: only the time of what happens may differ."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.oncall.rotas import rota, utc
from tests.domain.story import SPEC, START, Story, finding
from tidewatch.domain.events import Cause, Event, chain
from tidewatch.domain.incident.deadlines import due
from tidewatch.domain.incident.happening import event_of
from tidewatch.domain.incident.opening import opened
from tidewatch.domain.oncall.duty import Duty
from tidewatch.domain.response import Response

HORIZON = 60  # minutes after which nothing more can become due
DUTIES = (
    Duty(),
    Duty({"duty_manager": rota("Asia/Kolkata", {"people": ["U0CARA"]})}),
    Duty({"L1": rota("Europe/Berlin", {"people": ["U0ANA"], "first_day": "2027-01-01"})}),  # nobody yet
    Duty({"L2": rota("Pacific/Auckland", {"people": ["U0EVA", "U0BEN"]})}),
)
PASTS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("acknowledged", "U0ANA"),),
    (("acknowledged", "U0ANA"), ("unacknowledged", "U0ANA")),
    (("escalated", "U0ANA"),),
    (("escalated", "U0ANA"), ("acknowledged", "U0BEN")),
    (("escalated", "U0ANA"), ("findings_written", "U0BEN")),
)
minutes = st.integers(1, 6).map(lambda count: timedelta(minutes=count))


@st.composite
def policies(draw: st.DrawFn) -> Response:
    take = {tier: draw(minutes) for tier in ("L1", "L2", "L3")}
    return Response(
        acknowledge_within=take,
        resolve_within={tier: span + draw(minutes) for tier, span in take.items()},
        remind_at=draw(st.lists(st.sampled_from((0.25, 0.5, 0.8)), unique=True)),
        if_nobody=draw(st.sampled_from(("skip", "wait"))),
    )


def begun(policy: Response, past: Sequence[tuple[str, str]]) -> Story:
    story = Story()
    story.tell(opened("Parcels", [finding()], policy, SPEC.owners))
    for kind, user in past:
        story.happened(
            kind, by=user, **({"from": "L1", "to": "L2", "why": "on request"} if kind == "escalated" else {})
        )
    return story


def swept(story: Story, looks: Sequence[int], duty: Duty) -> list[tuple[str, Any]]:
    """What happened, without its times, when somebody looked in these minutes."""
    for minute in looks:
        now = START + timedelta(minutes=minute)
        while steps := due(story.incident, now, duty):
            draft = event_of(steps[0], story.incident, now, duty)
            cause = Cause("tidewatch", "timer", steps[0].key)
            story.events += chain("INC-1", [draft], story.events[-1], cause, now)
    return [told(event) for event in story.events]


def told(event: Event) -> tuple[str, Any]:
    names = ("person", "role", "entry", "to", "tier")
    return event.kind, {name: event.data[name] for name in names if name in event.data}


@given(policies(), st.sampled_from(PASTS), st.sampled_from(DUTIES), st.lists(st.integers(0, HORIZON), max_size=8))
@settings(max_examples=40, deadline=None)
def test_any_sweeps_lead_to_the_same_events_as_one_every_minute(
    policy: Response, past: Sequence[tuple[str, str]], duty: Duty, looks: list[int]
) -> None:
    punctual = swept(begun(policy, past), range(2 * HORIZON), duty)
    late = swept(begun(policy, past), [*sorted(looks), *range(HORIZON, 8 * HORIZON, 7)], duty)
    assert late == punctual


@given(policies(), st.sampled_from(PASTS), st.sampled_from(DUTIES))
@settings(max_examples=15, deadline=None)
def test_everything_ends_and_nobody_is_called_twice_for_one_wait(
    policy: Response, past: Sequence[tuple[str, str]], duty: Duty
) -> None:
    story = begun(policy, past)
    ended = swept(story, range(2 * HORIZON), duty)
    assert swept(story, range(2 * HORIZON, 5 * 24 * 60, 6 * 60), duty) == ended  # before the rota's next week
    pages = [(data["tier"], data["person"]) for kind, data in ended if kind == "paged"]
    assert len(pages) == len(set(pages))


def test_nobody_is_paged_in_october_for_june() -> None:
    story = begun(Response(), ())
    assert swept(story, [150 * 24 * 60], Duty())[-1][0] == "lapsed"
    assert swept(story, range(151 * 24 * 60, 152 * 24 * 60, 30), Duty())[-1][0] == "lapsed"


def test_what_is_still_seen_is_paged_however_late() -> None:
    story = begun(Response(), ())
    story.now = START + timedelta(days=150)
    story.happened("observed", findings=[finding().as_dict()])
    assert ("paged", "U0ANA") in [(kind, data.get("person")) for kind, data in swept(story, [150 * 24 * 60], Duty())]


def test_a_policy_for_low_severity_wakes_nobody_at_night() -> None:
    policy = Response.model_validate({
        "severities": {"low": {"in_hours": ["L1"]}}, "working_hours": {"L1": {"zone": "America/New_York"}},
    })  # fmt: skip
    story = Story()
    story.tell(opened("Parcels", [finding(severity="low")], policy, SPEC.owners))  # Sunday, 22:00 in New York
    swept(story, range(10 * 60, 12 * 60), Duty())
    paged, escalated = (event for event in story.events if event.kind in ("paged", "escalated") and event.seq < 4)
    assert paged.at == utc("2026-03-02T14:00")
    assert escalated.at == utc("2026-03-02T14:16")
    assert paged.data["by"] == "2026-03-02T14:15:00+00:00" and paged.data["then"] == "U0BEN"
