"""What is due: nobody is forgotten, nobody is called twice, and a late look sees the same."""

from datetime import timedelta

import pytest

from tests.domain.story import PEOPLE, SPEC, START, Story, finding
from tidewatch.domain.events import Draft
from tidewatch.domain.incident.approving import promotion, request_approval
from tidewatch.domain.incident.deadlines import INTERRUPTED_AFTER, NOBODY, Step, due
from tidewatch.domain.incident.happening import event_of

PROMOTION = promotion(SPEC, "U0BEN", {}, {"version": "2", "champion": "1"})


@pytest.fixture
def story() -> Story:
    return Story.about()


@pytest.fixture
def at_l2(story: Story) -> Story:
    """Escalated to L2, and its first was paged."""
    story.happened("paged", person="U0ANA")
    story.happened("escalated", to="L2", why="on request")
    carry_out(story)
    assert story.incident.paged == ("U0BEN",)
    return story


def steps(story: Story, **later: float) -> list[Step]:
    return due(story.incident, story.now + timedelta(**later))


def told(found: list[Step]) -> list[tuple[str, str]]:
    return [(step.kind, step.subject) for step in found]


def carry_out(story: Story) -> list[Step]:
    """One look: what is due, looked at again before each step, becomes events."""
    done = []
    for step in due(story.incident, story.now):
        if step in due(story.incident, story.now):
            done.append(step)
            story.tell(event_of(step, story.incident, story.now, NOBODY))
    return done


# --- calling -------------------------------------------------------------------------------------------------


def test_the_first_owner_is_called_at_once_and_only_once(story: Story) -> None:
    assert told(carry_out(story)) == [("page", "U0ANA")]
    assert carry_out(story) == []


def test_whoever_took_it_before_is_not_called(story: Story) -> None:
    story.happened("acknowledged", by="U0ANA")
    assert steps(story) == []


def test_a_tier_with_nobody_is_passed_over_at_once_and_it_is_said() -> None:
    story = Story()
    story.happened(
        "opened", signal={"model": "acme/parcels", "family": "input", "group": "weight"}, title="t", severity="high",
        findings=[finding().as_dict()], response=SPEC.response.model_dump(mode="json"), owners={"L2": ["U0BEN"]},
    )  # fmt: skip
    (step,) = steps(story)
    assert (step.kind, step.why) == ("escalate", "nobody of L1 is on call")


@pytest.mark.parametrize(("minutes", "late"), [(15, False), (15.1, True)])
def test_l1_has_until_its_deadline_to_take_it(story: Story, minutes: float, late: bool) -> None:
    story.happened("paged", person="U0ANA")
    found = steps(story, minutes=minutes)
    assert told(found) == ([("escalate", "")] if late else [])
    if late:
        assert found[0].why == "nobody of L1 could take it by 02 Mar 03:15 UTC"


def test_an_acknowledgement_stops_the_first_clock_and_not_the_second(story: Story) -> None:
    story.happened("acknowledged", by="U0ANA")
    assert steps(story, hours=3.9) == []
    (step,) = steps(story, hours=4.1)
    assert (step.kind, step.why) == ("escalate", "nobody of L1 could resolve it by 02 Mar 07:00 UTC")


def test_a_passed_deadline_means_l2_which_is_called_in_the_next_breath(story: Story) -> None:
    carry_out(story)
    story.later(minutes=20)
    assert told(carry_out(story)) == [("escalate", "")]
    assert (story.incident.tier, story.incident.tier_since) == ("L2", story.now)
    assert told(carry_out(story)) == [("page", "U0BEN")]


def test_l2_without_findings_wakes_its_second_and_never_l3(at_l2: Story) -> None:
    at_l2.later(minutes=31)
    found = steps(at_l2)
    assert told(found) == [("page", "U0EVA")]
    assert found[0].why == "nobody of L2 could take it by 02 Mar 03:30 UTC"


def test_l2_without_findings_is_never_skipped_however_long_it_takes(at_l2: Story) -> None:
    for _ in range(40):
        at_l2.later(hours=6)
        carry_out(at_l2)
    assert at_l2.incident.tier == "L2"
    assert at_l2.incident.paged == ("U0BEN", "U0EVA", "U0CARA")  # the last is L3's first, as L2's duty manager


def test_everybody_who_could_be_called_is_called_once(at_l2: Story) -> None:
    for _ in range(5):
        at_l2.later(hours=1)
        carry_out(at_l2)
    at_l2.later(days=30)
    assert steps(at_l2) == []


def test_with_l2s_findings_a_passed_deadline_calls_l3(at_l2: Story) -> None:
    at_l2.happened("findings_written", text={})
    at_l2.later(minutes=31)
    assert told(carry_out(at_l2)) == [("escalate", "")]
    assert at_l2.incident.tier == "L3"


def test_above_l3_there_is_nobody(at_l2: Story) -> None:
    at_l2.happened("findings_written", text={})
    at_l2.happened("escalated", to="L3", why="on request")
    carry_out(at_l2)
    assert at_l2.incident.paged == ("U0CARA",)
    assert steps(at_l2, days=30) == []


def test_the_second_has_as_much_time_as_the_first_had(at_l2: Story) -> None:
    at_l2.later(minutes=31)
    carry_out(at_l2)
    at_l2.later(minutes=1)
    assert carry_out(at_l2) == []


@pytest.mark.parametrize("kind", ["unacknowledged", "watch_ended"])
def test_when_the_wait_begins_anew_the_tier_is_asked_anew(at_l2: Story, kind: str) -> None:
    at_l2.happened("findings_written", text={})
    at_l2.happened("escalated", to="L3", why="on request")
    carry_out(at_l2)
    at_l2.happened("acknowledged", by="U0CARA")
    at_l2.later(hours=5)
    at_l2.happened(kind, by="U0CARA")
    assert told(steps(at_l2)) == [("page", "U0CARA")]


# --- resting and ending ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["resolved", "recovered"])
def test_once_it_is_over_nothing_is_due_but_the_end_of_what_still_runs(at_l2: Story, kind: str) -> None:
    at_l2.happened("runbook_started", run="R1", runbook="mend", title="mend it", timeout=60.0)
    at_l2.happened(kind, sentence="all is well")
    at_l2.later(days=400)
    assert told(carry_out(at_l2)) == [("interrupt", "R1")]
    assert carry_out(at_l2) == []


def test_a_request_outlives_its_incident_until_that_cannot_come_back_any_more(at_l2: Story) -> None:
    asked = request_approval(at_l2.incident, PROMOTION, at_l2.now)
    at_l2.tell(Draft(asked.kind, {**asked.data, "expires": (START + timedelta(days=90)).isoformat()}))
    at_l2.happened("recovered", sentence="all is well")
    assert steps(at_l2, days=3) == []
    assert told(steps(at_l2, days=3, seconds=1)) == [("expire", "INC-1-A1")]


def test_a_watched_incident_rests_until_its_time_is_over(at_l2: Story) -> None:
    at_l2.happened("watched", until=(at_l2.now + timedelta(days=14)).isoformat(), reason={})
    assert steps(at_l2, days=14) == []
    (step,) = steps(at_l2, days=14, minutes=1)
    assert (step.kind, step.why) == ("end_watch", "the time to watch is over")
    at_l2.later(days=14, minutes=1)
    carry_out(at_l2)
    assert at_l2.incident.status == "open"
    assert steps(at_l2, minutes=31) != []


def test_a_watch_that_somebody_ended_does_not_end_again(at_l2: Story) -> None:
    at_l2.happened("watched", until=(at_l2.now + timedelta(days=1)).isoformat(), reason={})
    at_l2.happened("acknowledged", by="U0BEN")
    assert steps(at_l2, days=1.5) == []


# --- runs and requests ------------------------------------------------------------------------------------------


@pytest.fixture
def running(story: Story) -> Story:
    story.happened("acknowledged", by="U0ANA")
    story.happened("runbook_started", run="INC-1-R1", runbook="mend", title="mend it", timeout=120.0)
    return story


def test_a_run_whose_worker_died_is_called_interrupted(running: Story) -> None:
    whole = timedelta(seconds=120) + INTERRUPTED_AFTER
    assert due(running.incident, START + whole) == []
    running.now = START + whole + timedelta(seconds=1)
    (step,) = carry_out(running)
    assert (step.kind, step.subject, step.key) == ("interrupt", "INC-1-R1", "interrupted:INC-1-R1")
    assert running.incident.runs[0].verdict == "interrupted"
    assert carry_out(running) == []


def test_a_run_that_ended_is_not_interrupted(running: Story) -> None:
    running.happened("runbook_finished", run="INC-1-R1", verdict="failed", sentence="no")
    assert steps(running, hours=1) == []


def test_a_request_expires_after_its_end_and_once(story: Story) -> None:
    story.happened("acknowledged", by="U0ANA")
    asked = request_approval(story.incident, PROMOTION, story.now)
    story.tell(Draft(asked.kind, {**asked.data, "expires": (START + timedelta(hours=1)).isoformat()}))
    assert steps(story, hours=1) == []
    story.later(hours=1, seconds=1)
    assert told(carry_out(story)) == [("expire", "INC-1-A1")]
    assert story.incident.approvals[0].decision == "expired"
    assert carry_out(story) == []


# --- whenever somebody looks -------------------------------------------------------------------------------------


def test_a_look_at_any_later_moment_gives_the_same_step_with_the_same_key(story: Story) -> None:
    story.happened("paged", person="U0ANA")
    assert steps(story, minutes=16) == steps(story, hours=3) == steps(story, days=6)


def test_looking_changes_nothing(story: Story) -> None:
    before = story.incident
    assert steps(story, hours=9) == steps(story, hours=9)
    assert story.incident == before


def test_after_a_long_silence_one_look_catches_up_without_leaving_anybody_out(running: Story) -> None:
    running.later(days=5)
    assert told(carry_out(running)) == [("interrupt", "INC-1-R1"), ("escalate", "")]
    assert told(carry_out(running)) == [("page", "U0BEN")]


def test_the_steps_of_different_waits_have_different_keys(story: Story) -> None:
    (first,) = steps(story)
    story.happened("escalated", to="L2", why="on request")
    story.happened("resolved", sentence="all is well")
    story.later(days=1)
    story.happened("reopened", findings=[finding().as_dict()])
    (again,) = steps(story)
    assert told([first]) == told([again]) == [("page", "U0ANA")]
    assert first.key != again.key


def test_the_names_on_the_steps_are_of_people_who_exist(at_l2: Story) -> None:
    assert all(PEOPLE.get(step.subject) for step in steps(at_l2, days=9) if step.kind == "page")
