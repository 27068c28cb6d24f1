"""An incident is what its events tell, event by event."""

from datetime import timedelta
from typing import Any

import pytest

from tests.domain.story import SPEC, START, Story, finding
from tidewatch.domain.events import Cause, Draft, chain
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.state import acknowledge_by, resolve_by

REQUEST: dict[str, Any] = {
    "request": "INC-1-A1", "question": "Promote Parcels version 2?", "requested_by": "U0BEN",
    "approvers": ["L2", "L3"], "expires": (START + timedelta(days=2)).isoformat(), "evidence": {"version": "2"},
}  # fmt: skip


@pytest.fixture
def story() -> Story:
    return Story.about()


def test_no_events_tell_of_no_incident() -> None:
    assert fold([]) is None


def test_opened_it_waits_for_l1_under_the_policy_of_that_moment(story: Story) -> None:
    incident = story.incident
    assert (incident.id, incident.status, incident.tier, incident.owner) == ("INC-1", "open", "L1", "")
    assert incident.title == "Parcels: weight arrives in another unit"
    assert (incident.model, incident.signal, incident.severity) == ("acme/parcels", finding().signal, "high")
    assert incident.response == SPEC.response and incident.owners["L2"] == ("U0BEN", "U0EVA")
    assert incident.opened == incident.since == incident.tier_since == incident.last_seen == START
    assert incident.findings == (finding(),) and incident.finding == finding()
    assert incident.running is None and incident.pending is None and not incident.flapping


def test_the_version_and_the_keys_are_those_of_the_stream(story: Story) -> None:
    incident = story.happened("noted", text={"sha256": "x"})
    assert (incident.version, incident.head) == (2, story.events[-1].hash)
    assert incident.keys == {"key-0", "key-1"}


def test_an_event_of_a_later_tidewatch_changes_nothing_but_the_version(story: Story) -> None:
    before = story.incident
    after = story.happened("celebrated", cake=True)
    assert after.version == 2
    assert (after.status, after.tier, after.findings) == (before.status, before.tier, before.findings)


def test_events_without_an_opening_tell_of_no_incident() -> None:
    assert fold(chain("INC-1", [Draft("acknowledged", {"tier": "L1"})], None, Cause("u", "cli", "k"), START)) is None


def test_seen_again_it_keeps_the_first_finding_and_the_latest(story: Story) -> None:
    story.happened("window_passed", window="2026-03-02")
    for value in (0.5, 0.6):
        story.later(days=1)
        incident = story.happened("observed", findings=[finding(value=value).as_dict()])
    assert [found.value for found in incident.findings] == [0.9, 0.6]
    assert incident.finding.value == 0.6
    assert incident.last_seen == START + timedelta(days=2) and incident.opened == START
    assert incident.passed == ()


def test_acknowledged_it_has_an_owner_and_stops_waiting_for_one(story: Story) -> None:
    story.later(minutes=5)
    incident = story.happened("acknowledged", by="U0ANA", tier="L1")
    assert (incident.status, incident.owner, incident.owned_since) == ("acknowledged", "U0ANA", story.now)
    assert acknowledge_by(incident) is None
    assert resolve_by(incident) == START + timedelta(hours=4)


def test_given_back_it_waits_again_from_that_moment(story: Story) -> None:
    story.happened("acknowledged", by="U0ANA")
    story.later(minutes=10)
    incident = story.happened("unacknowledged", by="U0ANA")
    assert (incident.status, incident.owner, incident.owned_since) == ("open", "", None)
    assert acknowledge_by(incident) == story.now + timedelta(minutes=15)


def test_escalated_it_waits_for_the_next_tier_with_its_own_deadlines(story: Story) -> None:
    story.happened("paged", person="U0ANA")
    story.happened("acknowledged", by="U0ANA")
    story.later(hours=1)
    incident = story.happened("escalated", to="L2", why="on request")
    assert (incident.status, incident.tier, incident.owner, incident.paged) == ("open", "L2", "", ())
    assert incident.tiers == ("L1", "L2")
    assert acknowledge_by(incident) == story.now + timedelta(minutes=30)
    assert resolve_by(incident) == story.now + timedelta(days=2)


def test_everybody_who_was_paged_is_remembered(story: Story) -> None:
    story.happened("paged", person="U0ANA")
    assert story.happened("paged", person="U0BEN").paged == ("U0ANA", "U0BEN")


def test_a_run_is_under_way_until_it_has_a_verdict(story: Story) -> None:
    running = story.happened("runbook_started", by="U0ANA", run="R1", runbook="mend", title="mend it", timeout=60.0)
    assert running.running is not None
    assert (running.running.id, running.running.by, running.running.started) == ("R1", "U0ANA", START)
    story.later(seconds=9)
    done = story.happened("runbook_finished", run="R1", exit_status=0, verdict="failed", sentence="still strange")
    (run,) = done.runs
    assert done.running is None and done.tried == ["mend"]
    assert (run.verdict, run.sentence, run.exit_status, run.finished) == ("failed", "still strange", 0, story.now)


def test_a_verdict_is_that_of_its_run_only(story: Story) -> None:
    for run in ("R1", "R2"):
        story.happened("runbook_started", run=run, runbook="mend", title="mend it", timeout=60.0)
    incident = story.happened("runbook_finished", run="R2", verdict="interrupted", sentence="its worker is gone")
    assert [run.verdict for run in incident.runs] == ["running", "interrupted"]


def test_written_findings_are_counted(story: Story) -> None:
    story.happened("findings_written", text={"sha256": "x"})
    assert story.happened("findings_written", text={"sha256": "y"}).written_findings == 2


@pytest.mark.parametrize("kind", ["requested", "started", "failed"])
def test_a_retraining_is_where_it_was_last_seen(story: Story, kind: str) -> None:
    state = {"requested": "requested", "started": "running", "failed": "failed"}[kind]
    assert story.happened(f"retraining_{kind}").retraining == state


def test_a_request_is_pending_until_it_is_decided(story: Story) -> None:
    incident = story.happened("approval_requested", **REQUEST)
    asked = incident.pending
    assert asked is not None and incident.approval("INC-1-A1") == asked
    assert (asked.requested_by, asked.approvers, asked.expires) == ("U0BEN", ("L2", "L3"), START + timedelta(days=2))
    assert incident.retraining == "compared" and incident.approval("INC-1-A2") is None


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_a_decision_is_that_of_its_request_with_who_when_and_why(story: Story, decision: str) -> None:
    story.happened("approval_requested", **REQUEST)
    story.happened("approval_requested", **REQUEST | {"request": "INC-1-A2"})
    story.later(hours=1)
    incident = story.happened(
        "approval_decided", by="U0EVA", request="INC-1-A2", decision=decision, reason={"sha256": "x"}
    )
    first, second = incident.approvals
    assert first.decision == "pending" and incident.pending == first
    assert (second.decision, second.decided_by, second.decided) == (decision, "U0EVA", story.now)
    assert second.reason == {"sha256": "x"}


def test_a_request_expires_without_a_reason(story: Story) -> None:
    story.happened("approval_requested", **REQUEST)
    incident = story.happened("approval_expired", request="INC-1-A1", decision="expired")
    assert incident.pending is None and incident.approvals[0].decision == "expired"


def test_after_a_promotion_it_is_observed_and_nobody_is_waited_for(story: Story) -> None:
    story.happened("window_passed", window="2026-03-02")
    incident = story.happened("promoted", version="2", previous="1")
    assert (incident.status, incident.promoted, incident.passed) == ("observing", "2", ())
    assert acknowledge_by(incident) is None and resolve_by(incident) is None


def test_watched_it_rests_until_then_and_opens_again(story: Story) -> None:
    story.happened("acknowledged", by="U0BEN")
    until = START + timedelta(days=3)
    watching = story.happened("watched", by="U0BEN", until=until.isoformat(), reason={"sha256": "x"})
    assert (watching.status, watching.watch_until) == ("observing", until)
    assert acknowledge_by(watching) is None and resolve_by(watching) is None
    story.later(days=3, minutes=1)
    incident = story.happened("watch_ended")
    assert (incident.status, incident.owner, incident.watch_until) == ("open", "", None)
    assert acknowledge_by(incident) == story.now + timedelta(minutes=15)


@pytest.mark.parametrize("kind", ["acknowledged", "promoted", "escalated"])
def test_who_acts_on_a_watched_incident_ends_the_watch(story: Story, kind: str) -> None:
    story.happened("watched", until=(START + timedelta(days=3)).isoformat(), reason={})
    assert story.happened(kind, by="U0BEN", to="L2", version="2").watch_until is None


@pytest.mark.parametrize(("kind", "by_itself"), [("resolved", False), ("recovered", True)])
def test_it_ends_by_somebody_or_by_itself(story: Story, kind: str, by_itself: bool) -> None:
    story.later(hours=1)
    incident = story.happened(kind, sentence="weight is usual again")
    assert (incident.status, incident.resolved, incident.resolution, incident.recovered) == (
        "resolved", story.now, "weight is usual again", by_itself,
    )  # fmt: skip
    assert acknowledge_by(incident) is None and resolve_by(incident) is None


def test_good_windows_are_counted_in_order(story: Story) -> None:
    story.happened("window_passed", window="2026-03-02")
    assert story.happened("window_passed", window="2026-03-03").passed == ("2026-03-02", "2026-03-03")


def test_reopened_it_begins_again_at_l1_and_remembers(story: Story) -> None:
    story.happened("runbook_started", run="R1", runbook="mend", title="mend it", timeout=60.0)
    story.happened("runbook_finished", run="R1", verdict="passed", sentence="mended")
    story.happened("escalated", to="L2", why="on request")
    story.happened("paged", person="U0BEN")
    story.happened("acknowledged", by="U0BEN")
    story.happened("resolved", by="U0BEN", sentence="mended")
    story.later(days=1)
    incident = story.happened("reopened", findings=[finding(value=0.7).as_dict()])
    assert (incident.status, incident.tier, incident.owner, incident.paged) == ("open", "L1", "", ())
    assert (incident.resolved, incident.reopened) == (None, 1)
    assert incident.since == incident.tier_since == incident.last_seen == story.now and incident.opened == START
    assert incident.finding.value == 0.7
    assert len(incident.runs) == 1 and incident.tried == []  # what helped once may help again


def test_reopened_three_times_it_is_flapping(story: Story) -> None:
    for times in (1, 2, 3):
        story.happened("resolved", sentence="mended")
        incident = story.happened("reopened", findings=[finding().as_dict()])
        assert incident.flapping is (times == 3)


def test_of_findings_that_came_together_the_worst_speaks() -> None:
    worst, mild = finding("calibration_gap", "calibration_gap"), finding("log_loss", "log_loss")
    story = Story.about(worst, mild)
    assert story.incident.finding.check == "calibration_gap"


def test_deadlines_the_policy_does_not_name_have_a_bound(story: Story) -> None:
    story.events.clear()
    other = finding()
    silent = SPEC.response.model_copy(update={"acknowledge_within": {}, "resolve_within": {}})
    story.happened(
        "opened", signal={"model": other.model, "family": "input", "group": "weight"}, title="t", severity="high",
        findings=[other.as_dict()], response=silent.model_dump(mode="json"), owners={},
    )  # fmt: skip
    assert acknowledge_by(story.incident) == START + timedelta(hours=1)
    assert resolve_by(story.incident) == START + timedelta(days=7)
