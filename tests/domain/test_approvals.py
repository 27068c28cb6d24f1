"""Votes are counted: each person's once, in time, with a reason for a no, and never that of who asked."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.domain.story import PEOPLE, SPEC, START, Story, finding, spec_with
from tidewatch.domain.incident import approving, handling, opening
from tidewatch.domain.incident.approving import Say
from tidewatch.domain.incident.deadlines import due
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.people import Refused

WHY = {"sha256": "x"}
SAYS: tuple[Say, ...] = ("approved", "rejected")
EVIDENCE = {"version": "2", "champion": "1"}


def refused(decide: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        decide()
    return str(caught.value)


def ask(story: Story, spec: ModelSpec = SPEC) -> Story:
    """Ben asks whether to promote version 2."""
    asked = approving.promotion(spec, "U0BEN", WHY, EVIDENCE)
    story.tell(approving.request_approval(story.incident, asked, story.now))
    return story


@pytest.fixture
def asked() -> Story:
    return ask(Story.about(finding("calibration_gap", "calibration_gap")))


@pytest.fixture
def asked_two() -> Story:
    """Two must say yes."""
    return ask(Story.about(finding("calibration_gap", "calibration_gap")), spec_with(retraining={"quorum": 2}))


def decide(
    story: Story, user: str, say: Say = "approved", reason: handling.Text | None = WHY, request: str = "INC-1-A1"
) -> Incident:
    approval = approving.votable(story.incident, PEOPLE, user, request, say, story.now)
    return story.tell(approving.vote(approval, say, reason), by=user)


def test_a_request_says_what_why_who_how_many_and_until_when(asked: Story) -> None:
    request = asked.incident.pending
    assert request is not None
    assert (request.id, request.kind, request.question) == ("INC-1-A1", "promotion", "Promote Parcels version 2?")
    assert (request.approvers, request.needed, request.expires) == (("L2", "L3"), 1, START + timedelta(days=2))
    assert (request.why, request.evidence) == (WHY, EVIDENCE)
    assert request.consequence == "Version 2 answers instead of version 1, from the next batch on."


@pytest.mark.parametrize("user", ["U0EVA", "U0CARA"])
@pytest.mark.parametrize("say", SAYS)
def test_somebody_else_of_the_named_tiers_decides(asked: Story, user: str, say: Say) -> None:
    (request,) = decide(asked, user, say).approvals
    assert (request.decision, request.decided_by, request.reason, request.decided) == (say, user, WHY, START)


@pytest.mark.parametrize("say", SAYS)
def test_who_asked_never_decides(asked: Story, say: Say) -> None:
    said = refused(lambda: decide(asked, "U0BEN", say))
    assert said == "You asked for INC-1-A1 yourself: somebody else has to decide."


def test_a_no_needs_a_reason_and_a_yes_may_have_one(asked: Story) -> None:
    assert "needs a reason" in refused(lambda: decide(asked, "U0EVA", "rejected", None))
    assert decide(asked, "U0EVA", "approved", None).approvals[0].decision == "approved"


@pytest.mark.parametrize(
    ("user", "why"),
    [("U0ANA", "you are L1"), ("U0DAN", "you look after other"), ("U0EVE", "I don't know you")],
    ids=["below", "another team", "unknown"],
)
@pytest.mark.parametrize("say", SAYS)
def test_others_never_decide(asked: Story, user: str, why: str, say: Say) -> None:
    assert why in refused(lambda: decide(asked, user, say))
    assert asked.incident.pending is not None


@pytest.mark.parametrize("say", SAYS)
def test_what_was_decided_stays_decided(asked: Story, say: Say) -> None:
    decide(asked, "U0EVA", "rejected")
    asked.later(hours=1)
    assert refused(lambda: decide(asked, "U0CARA", say)) == "INC-1-A1 was rejected by Eva at 02 Mar 03:00 UTC."


def test_with_a_quorum_of_two_one_yes_is_not_enough(asked_two: Story) -> None:
    assert decide(asked_two, "U0EVA").approvals[0].decision == "pending"
    asked_two.later(hours=1)
    (request,) = decide(asked_two, "U0CARA").approvals
    assert (request.decision, request.decided) == ("approved", START + timedelta(hours=1))
    said = refused(lambda: decide(asked_two, "U0EVA"))
    assert said == "INC-1-A1 was approved by Eva and Cara at 02 Mar 04:00 UTC."


def test_nobody_votes_twice_nor_takes_a_vote_back(asked_two: Story) -> None:
    decide(asked_two, "U0EVA")
    for say in SAYS:
        said = refused(lambda say=say: decide(asked_two, "U0EVA", say))  # type: ignore[misc]
        assert said == "You said yes to INC-1-A1 already, at 02 Mar 03:00 UTC; 1 of 2 did so far."


def test_one_no_ends_it_whoever_said_yes_before(asked_two: Story) -> None:
    decide(asked_two, "U0EVA")
    (request,) = decide(asked_two, "U0CARA", "rejected").approvals
    assert (request.decision, request.decided_by) == ("rejected", "U0CARA")


def test_who_may_still_decide_are_those_of_the_tiers_who_did_not_ask_and_did_not_vote(asked_two: Story) -> None:
    def names() -> list[str]:
        request = asked_two.incident.approvals[0]
        return [person.name for person in approving.deciders(request, PEOPLE, "acme/parcels")]

    assert names() == ["Eva", "Cara"]
    decide(asked_two, "U0EVA")
    assert names() == ["Cara"]


@pytest.mark.parametrize(("hours", "late"), [(48, False), (48.01, True)])
def test_a_request_is_open_up_to_its_end(asked: Story, hours: float, late: bool) -> None:
    asked.later(hours=hours)
    if late:
        assert refused(lambda: decide(asked, "U0EVA")) == "INC-1-A1 closed at 04 Mar 03:00 UTC. Ask for it again."
    else:
        assert decide(asked, "U0EVA").approvals[0].decision == "approved"


def test_an_expired_request_is_said_to_be_expired(asked: Story) -> None:
    asked.later(days=3)
    asked.happened("approval_expired", request="INC-1-A1")
    said = refused(lambda: decide(asked, "U0EVA"))
    assert said == "INC-1-A1 expired at 05 Mar 03:00 UTC: not decided in time. Ask for it again."


@pytest.mark.parametrize("voted", [False, True], ids=["before a vote", "after the approval"])
def test_a_request_about_another_world_is_closed_with_the_reason(asked: Story, voted: bool) -> None:
    if voted:
        decide(asked, "U0EVA")
    asked.tell(approving.staled("INC-1-A1", "the champion is version 3 by now"))
    assert asked.incident.approvals[0].decision == "staled"
    said = refused(lambda: decide(asked, "U0CARA"))
    assert said == "INC-1-A1 is out of date since 02 Mar 03:00 UTC: the champion is version 3 by now. Ask anew."


def test_a_request_that_was_never_made_cannot_be_decided(asked: Story) -> None:
    assert refused(lambda: decide(asked, "U0EVA", request="INC-1-A2")) == "There is no request INC-1-A2."


def test_a_second_request_has_a_name_of_its_own(asked: Story) -> None:
    decide(asked, "U0EVA", "rejected")
    ask(asked)
    assert asked.incident.pending is not None and asked.incident.pending.id == "INC-1-A2"


def test_no_retraining_is_asked_for_while_a_request_waits(asked: Story) -> None:
    said = refused(lambda: handling.request_retraining(asked.incident, PEOPLE, "U0BEN", WHY))
    assert said == "INC-1-A1 waits for a decision first."


# --- what was written before there were votes ---------------------------------------------------------------------

BEFORE = {
    "request": "INC-1-A1", "question": "Promote version 2?", "requested_by": "U0BEN", "approvers": ["L2", "L3"],
    "expires": (START + timedelta(days=2)).isoformat(), "evidence": EVIDENCE,
}  # fmt: skip


@pytest.mark.parametrize("say", SAYS)
def test_a_stream_from_when_one_decided_still_tells_who_did(say: Say) -> None:
    story = Story.about(finding("calibration_gap", "calibration_gap"))
    (request,) = story.happened("approval_requested", **BEFORE).approvals
    assert (request.kind, request.needed, request.decision) == ("promotion", 1, "pending")
    assert story.incident.retraining == "compared"
    (request,) = story.happened(
        "approval_decided", by="U0EVA", request="INC-1-A1", decision=say, reason=WHY
    ).approvals  # fmt: skip
    assert (request.decision, request.decided_by, request.reason) == (say, "U0EVA", WHY)


def test_a_promotion_that_was_refused_in_an_old_stream_is_out_of_date() -> None:
    story = Story.about(finding("calibration_gap", "calibration_gap"))
    story.happened("approval_requested", **BEFORE)
    story.happened("approval_decided", by="U0EVA", request="INC-1-A1", decision="approved", reason=WHY)
    (request,) = story.happened("promotion_refused", request="INC-1-A1", sentence="another champion").approvals
    assert (request.decision, request.sentence) == ("staled", "another champion")


def test_an_old_stream_with_an_expired_request_still_folds() -> None:
    story = Story.about()
    story.happened("approval_requested", **BEFORE)
    (request,) = story.happened("approval_expired", request="INC-1-A1", decision="expired").approvals
    assert (request.decision, request.decided_by) == ("expired", "")


def test_a_promotion_after_the_end_does_not_open_the_incident_again(asked: Story) -> None:
    asked.happened("recovered", sentence="all is well")
    assert asked.happened("promoted", version="2", previous="1").status == "resolved"


# --- when the promotion did not help -----------------------------------------------------------------------------


@pytest.fixture
def promoted(asked: Story) -> Story:
    """Version 2 is in service, and what it does is observed."""
    asked.happened("acknowledged", by="U0EVA")
    asked.happened("promoted", version="2", previous="1")
    asked.later(days=1)
    return asked


def bad_window(story: Story, **evidence: object) -> Incident:
    return story.tell(
        *opening.seen_again(story.incident, [finding("calibration_gap", "calibration_gap", evidence=evidence)])
    )  # fmt: skip


@pytest.mark.parametrize("evidence", [{"version": "2"}, {"version": "3"}, {}])
def test_a_bad_window_of_the_promoted_version_calls_people_again(promoted: Story, evidence: dict[str, str]) -> None:
    incident = bad_window(promoted, **evidence)
    assert (incident.status, incident.owner, incident.tier_since) == ("open", "", promoted.now)
    assert [step.kind for step in due(incident, promoted.now)] == ["page"]


def test_a_late_bad_window_of_the_version_before_calls_nobody(promoted: Story) -> None:
    incident = bad_window(promoted, version="1")
    assert incident.status == "observing" and due(incident, promoted.now) == []


def test_a_bad_window_while_somebody_has_it_or_watches_it_calls_nobody(promoted: Story) -> None:
    bad_window(promoted, version="2")
    promoted.happened("acknowledged", by="U0EVA")
    assert bad_window(promoted, version="2").status == "acknowledged"
    promoted.happened("watched", until=(promoted.now + timedelta(days=7)).isoformat())
    assert bad_window(promoted, version="2").status == "observing"
    assert [event.kind for event in promoted.events].count("relapsed") == 1
