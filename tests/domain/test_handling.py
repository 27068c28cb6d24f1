"""What people may decide, and what they are told when they may not."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from tests.domain.story import PEOPLE, START, Story, finding
from tidewatch.domain.events import Draft
from tidewatch.domain.finding import FAMILY
from tidewatch.domain.incident import handling, opening
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused

WHY = {"sha256": "x"}
FOUND = dict.fromkeys(handling.FINDINGS, WHY)


@pytest.fixture
def story() -> Story:
    return Story.about()


@pytest.fixture
def bad_predictions() -> Story:
    """An incident that retraining may help."""
    return Story.about(finding("calibration_gap", "calibration_gap"))


def refused(decide: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        decide()
    return str(caught.value)


# --- taking and giving back --------------------------------------------------------------------------------


def acknowledge(story: Story, user: str) -> Incident:
    return story.tell(*handling.acknowledge(story.incident, PEOPLE, user), by=user)


def test_the_first_who_acknowledges_has_it(story: Story) -> None:
    assert acknowledge(story, "U0ANA").owner == "U0ANA"


def test_the_second_is_told_who_has_it_and_since_when(story: Story) -> None:
    story.later(minutes=7)
    acknowledge(story, "U0ANA")
    story.later(minutes=1)
    assert refused(lambda: acknowledge(story, "U0BEN")) == "Ana already took INC-1 at 03:07 UTC."
    assert refused(lambda: acknowledge(story, "U0ANA")) == "You have INC-1 already, since 03:07."
    assert story.incident.owner == "U0ANA"


def test_who_has_it_may_give_it_back_and_somebody_else_take_it(story: Story) -> None:
    acknowledge(story, "U0ANA")
    story.tell(*handling.unacknowledge(story.incident, PEOPLE, "U0ANA"), by="U0ANA")
    assert story.incident.owner == ""
    assert acknowledge(story, "U0BEN").owner == "U0BEN"


def test_only_who_has_it_can_give_it_back(story: Story) -> None:
    acknowledge(story, "U0ANA")
    said = refused(lambda: handling.unacknowledge(story.incident, PEOPLE, "U0BEN"))
    assert said == "You cannot give INC-1 back: Ana has it."


def test_what_nobody_has_cannot_be_given_back(story: Story) -> None:
    said = refused(lambda: handling.unacknowledge(story.incident, PEOPLE, "U0BEN"))
    assert said == "You cannot give INC-1 back: nobody has it."


# --- escalating ---------------------------------------------------------------------------------------------


def escalate(story: Story, user: str = "U0BEN") -> Incident:
    return story.tell(*handling.escalate(story.incident, PEOPLE, user, WHY), by=user)


def test_l1_escalates_to_l2(story: Story) -> None:
    assert escalate(story, "U0ANA").tier == "L2"
    assert story.events[-1].data == {"from": "L1", "to": "L2", "why": "on request", "reason": WHY}


def test_l3_is_called_only_with_l2s_findings(story: Story) -> None:
    escalate(story)
    assert "L3 is called only with L2's findings. Write them first: `findings INC-1" in refused(lambda: escalate(story))
    story.tell(*handling.write_findings(story.incident, PEOPLE, "U0BEN", FOUND), by="U0BEN")
    assert escalate(story).tier == "L3"


def test_l1_cannot_write_l2s_findings(story: Story) -> None:
    escalate(story)
    assert "To findings takes L2 or L3" in refused(
        lambda: handling.write_findings(story.incident, PEOPLE, "U0ANA", FOUND)
    )


def test_there_is_no_tier_above_l3(story: Story) -> None:
    escalate(story)
    story.tell(*handling.write_findings(story.incident, PEOPLE, "U0BEN", FOUND))
    escalate(story)
    assert "there is no tier above" in refused(lambda: escalate(story))


# --- ending -------------------------------------------------------------------------------------------------


def test_what_is_verified_anybody_on_call_may_resolve(story: Story) -> None:
    drafts = handling.resolve(story.incident, PEOPLE, "U0ANA", "weight is usual again", None)
    assert drafts == [Draft("resolved", {"sentence": "weight is usual again"})]


def test_what_is_not_verified_takes_l2(story: Story) -> None:
    said = refused(lambda: handling.resolve(story.incident, PEOPLE, "U0ANA", "", WHY))
    assert said == "To resolve unverified takes L2 or L3; you are L1. Ask Ben or Eva or Cara."


def test_what_is_not_verified_takes_a_reason(story: Story) -> None:
    said = refused(lambda: handling.resolve(story.incident, PEOPLE, "U0BEN", "", None))
    assert said == "The check that opened INC-1 still fails. Resolving it all the same needs a reason."
    (draft,) = handling.resolve(story.incident, PEOPLE, "U0BEN", "", WHY)
    assert draft.data == {"sentence": "resolved by decision, the check still failed", "reason": WHY}


ON_RESOLVED: dict[str, Callable[[Incident], Sequence[Draft]]] = {
    "acknowledge": lambda incident: handling.acknowledge(incident, PEOPLE, "U0BEN"),
    "unacknowledge": lambda incident: handling.unacknowledge(incident, PEOPLE, "U0BEN"),
    "assign": lambda incident: handling.assign(incident, PEOPLE, "U0BEN", "U0EVA"),
    "escalate": lambda incident: handling.escalate(incident, PEOPLE, "U0BEN", WHY),
    "watch": lambda incident: handling.watch(incident, PEOPLE, "U0BEN", START, WHY),
    "resolve": lambda incident: handling.resolve(incident, PEOPLE, "U0BEN", "verified", None),
    "run": lambda incident: handling.start_run(incident, "R1", "mend", "mend it", 60.0),
    "retrain": lambda incident: handling.request_retraining(incident, PEOPLE, "U0BEN", WHY),
}


@pytest.mark.parametrize("verb", ON_RESOLVED)
def test_what_is_over_is_over_and_says_how(bad_predictions: Story, verb: str) -> None:
    story = bad_predictions
    story.later(hours=1)
    story.happened("resolved", sentence="all is well")
    assert refused(lambda: ON_RESOLVED[verb](story.incident)) == "INC-1 was resolved at 02 Mar 04:00 UTC: all is well."


def test_whoever_learns_more_may_write_it_down_even_afterwards(story: Story) -> None:
    story.happened("resolved", sentence="all is well")
    (noted,) = handling.note(story.incident, PEOPLE, "U0BEN", WHY)
    (found,) = handling.write_findings(story.incident, PEOPLE, "U0BEN", FOUND)
    assert noted.data == {"text": WHY} and found.data == FOUND


@pytest.mark.parametrize(
    "typed", ["labels; a feed; a rerun", "labels\na feed\na rerun", " labels ;\n a feed; ;a rerun"]
)
def test_findings_are_typed_with_semicolons_or_lines_between_them(typed: str) -> None:
    assert handling.findings_in(typed) == {"examined": "labels", "cause": "a feed", "tried": "a rerun"}


def test_what_follows_the_third_semicolon_belongs_to_what_was_tried() -> None:
    assert handling.findings_in("a; b; c; d")["tried"] == "c; d"


@pytest.mark.parametrize("typed", ["", "it is broken", "examined; cause", ";;"])
def test_findings_of_fewer_than_three_parts_are_refused_with_what_is_asked(typed: str) -> None:
    said = "Findings are three things, parted by semicolons or lines: what was examined, the suspected cause, what was"
    assert refused(lambda: handling.findings_in(typed)).startswith(said)


# --- handing it to somebody --------------------------------------------------------------------------------


def test_it_is_handed_to_a_named_person_and_has_one_owner(story: Story) -> None:
    acknowledge(story, "U0BEN")
    story.tell(*handling.assign(story.incident, PEOPLE, "U0BEN", "U0EVA"), by="U0BEN")
    assert story.incident.owner == "U0EVA"
    assert [user for user, _ in story.incident.owners_so_far] == ["U0BEN", "U0EVA"]


@pytest.mark.parametrize(
    ("giver", "to", "said"),
    [
        ("U0ANA", "U0EVA", "Ben has INC-1: only Ben or a higher tier hands it to somebody else."),
        ("U0EVA", "U0EVA", "Ben has INC-1: only Ben or a higher tier hands it to somebody else."),
        ("U0BEN", "U0BEN", "Ben has INC-1 already."),
        ("U0BEN", "U0DAN", "Dan cannot take INC-1: it is with L1 of acme/parcels."),
        ("U0BEN", "U0WHO", "I don't know <@U0WHO>: ask for an entry in people.yaml, then assign again."),
    ],
)
def test_a_hand_over_that_cannot_be_says_why(story: Story, giver: str, to: str, said: str) -> None:
    acknowledge(story, "U0BEN")
    assert refused(lambda: handling.assign(story.incident, PEOPLE, giver, to)) == said


def test_a_higher_tier_may_move_it(story: Story) -> None:
    acknowledge(story, "U0BEN")
    story.tell(*handling.assign(story.incident, PEOPLE, "U0CARA", "U0EVA"), by="U0CARA")
    assert story.incident.owner == "U0EVA"


def test_a_lower_tier_cannot_stop_the_clock_of_the_tier_that_is_waited_for(story: Story) -> None:
    story.happened("escalated", to="L2", why="on request")
    assert refused(lambda: acknowledge(story, "U0ANA")).startswith("To acknowledge takes L2 or L3; you are L1.")


def test_it_recovers_after_enough_good_windows_in_a_row(story: Story) -> None:
    assert story.tell(*opening.passed(story.incident, "2026-03-02")).status == "open"
    assert opening.passed(story.incident, "2026-03-02") == []  # the same window again
    incident = story.tell(*opening.passed(story.incident, "2026-03-03"))
    assert (incident.status, incident.recovered) == ("resolved", True)
    assert incident.resolution == "2 good windows in a row, the last 2026-03-03"
    assert opening.passed(incident, "2026-03-04") == []


def test_a_bad_window_in_between_starts_the_count_again(story: Story) -> None:
    story.tell(*opening.passed(story.incident, "2026-03-02"))
    story.happened("observed", findings=[finding().as_dict()])
    assert story.tell(*opening.passed(story.incident, "2026-03-04")).status == "open"


def test_recovery_after_a_promotion_says_so(bad_predictions: Story) -> None:
    story = bad_predictions
    story.happened("promoted", version="2", previous="1")
    for window in ("2026-03-02", "2026-03-03"):
        story.tell(*opening.passed(story.incident, window))
    assert story.incident.resolution == "2 good windows in a row after version 2 was promoted, the last 2026-03-03"


@pytest.mark.parametrize(("days", "back"), [(0, True), (3, True), (3.01, False)])
def test_within_the_reopen_window_the_same_incident_comes_back(story: Story, days: float, back: bool) -> None:
    assert not opening.reopens(story.incident, START)  # never resolved
    story.happened("resolved", sentence="all is well")
    assert opening.reopens(story.incident, START + timedelta(days=days)) is back


# --- runbooks, watching, retraining ---------------------------------------------------------------------------


def test_one_runbook_runs_at_a_time(story: Story) -> None:
    story.tell(*handling.start_run(story.incident, "R1", "mend", "mend it", 60.0))
    again = refused(lambda: handling.start_run(story.incident, "R2", "other", "try another", 60.0))
    assert again == "mend is running already; wait for its verdict."
    story.happened("runbook_finished", run="R1", verdict="failed", sentence="no")
    assert story.tell(*handling.start_run(story.incident, "R2", "other", "try another", 60.0)).running is not None


def test_watching_takes_l2_and_an_end(story: Story) -> None:
    assert "To watch takes L2 or L3" in refused(lambda: handling.watch(story.incident, PEOPLE, "U0ANA", START, WHY))
    until = START + timedelta(days=3)
    assert story.tell(*handling.watch(story.incident, PEOPLE, "U0BEN", until, WHY)).watch_until == until


def retrain(story: Story, user: str = "U0BEN") -> Incident:
    return story.tell(*handling.request_retraining(story.incident, PEOPLE, user, WHY), by=user)


def test_retraining_takes_l2_and_a_problem_it_can_help(story: Story, bad_predictions: Story) -> None:
    assert refused(lambda: retrain(story)) == "INC-1 is about input; retraining on it would learn the fault."
    assert "To retrain takes L2 or L3" in refused(lambda: retrain(bad_predictions, "U0ANA"))
    assert retrain(bad_predictions).retraining == "requested"


@pytest.mark.parametrize("stage", ["requested", "started"])
def test_a_second_retraining_waits_for_the_first(bad_predictions: Story, stage: str) -> None:
    bad_predictions.happened(f"retraining_{stage}")
    assert refused(lambda: retrain(bad_predictions)) == "A retraining for INC-1 is under way already."


def test_after_a_failed_retraining_another_may_be_asked_for(bad_predictions: Story) -> None:
    bad_predictions.happened("retraining_failed")
    assert retrain(bad_predictions).retraining == "requested"


def test_the_titles_of_all_checks_are_about_the_thing() -> None:
    for check in FAMILY:
        assert opening.headline("Parcels", finding(check, "weight")).startswith("Parcels: ")
