"""A request is decided once, in time, with a reason, by somebody else than who asked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import pytest

from tests.domain.story import PEOPLE, SPEC, START, Story, finding
from tidewatch.domain.incident import approving, handling
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused

WHY = {"sha256": "x"}


def refused(decide: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        decide()
    return str(caught.value)


@pytest.fixture
def asked() -> Story:
    """Ben asked whether to promote version 2."""
    story = Story.about(finding("calibration_gap", "calibration_gap"))
    evidence = {"version": "2", "champion": "1"}
    story.tell(approving.request_approval(story.incident, SPEC, "Promote version 2?", "U0BEN", evidence, story.now))
    return story


def decide(
    story: Story,
    user: str,
    decision: Literal["approved", "rejected"] = "approved",
    reason: handling.Text | None = WHY,
    request: str = "INC-1-A1",
) -> Incident:
    drafts = approving.decide(story.incident, PEOPLE, user, request, decision, reason, story.now)
    return story.tell(*drafts, by=user)


def test_a_request_has_a_name_approvers_and_an_end(asked: Story) -> None:
    request = asked.incident.pending
    assert request is not None
    assert (request.id, request.approvers, request.expires) == ("INC-1-A1", ("L2", "L3"), START + timedelta(days=2))


@pytest.mark.parametrize("user", ["U0EVA", "U0CARA"])
@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_somebody_else_of_the_named_tiers_decides(
    asked: Story, user: str, decision: Literal["approved", "rejected"]
) -> None:
    (request,) = decide(asked, user, decision).approvals
    assert (request.decision, request.decided_by, request.reason) == (decision, user, WHY)


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_who_asked_never_decides(asked: Story, decision: Literal["approved", "rejected"]) -> None:
    said = refused(lambda: decide(asked, "U0BEN", decision))
    assert said == "You asked for INC-1-A1 yourself: somebody else has to decide."


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_a_decision_needs_a_reason(asked: Story, decision: Literal["approved", "rejected"]) -> None:
    assert "needs a reason" in refused(lambda: decide(asked, "U0EVA", decision, None))


@pytest.mark.parametrize(
    ("user", "why"),
    [("U0ANA", "you are L1"), ("U0DAN", "you look after other"), ("U0EVE", "I don't know you")],
    ids=["below", "another team", "unknown"],
)
@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_others_never_decide(asked: Story, user: str, why: str, decision: Literal["approved", "rejected"]) -> None:
    assert why in refused(lambda: decide(asked, user, decision))
    assert asked.incident.pending is not None


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_what_was_decided_stays_decided(asked: Story, decision: Literal["approved", "rejected"]) -> None:
    decide(asked, "U0EVA", "rejected")
    asked.later(hours=1)
    assert refused(lambda: decide(asked, "U0CARA", decision)) == "INC-1-A1 was rejected by Eva at 03:00 UTC."


@pytest.mark.parametrize(("hours", "late"), [(48, False), (48.01, True)])
def test_a_request_is_open_up_to_its_end(asked: Story, hours: float, late: bool) -> None:
    asked.later(hours=hours)
    if late:
        assert refused(lambda: decide(asked, "U0EVA")) == "INC-1-A1 closed at 04 Mar 03:00 UTC. Ask for it again."
    else:
        assert decide(asked, "U0EVA").approvals[0].decision == "approved"


def test_an_expired_request_is_said_to_be_expired(asked: Story) -> None:
    asked.later(days=3)
    asked.happened("approval_expired", request="INC-1-A1", decision="expired")
    assert refused(lambda: decide(asked, "U0EVA")) == "INC-1-A1 was expired at 03:00 UTC."


def test_a_request_that_was_never_made_cannot_be_decided(asked: Story) -> None:
    assert refused(lambda: decide(asked, "U0EVA", request="INC-1-A2")) == "There is no request INC-1-A2."


def test_a_second_request_has_a_name_of_its_own(asked: Story) -> None:
    decide(asked, "U0EVA", "rejected")
    asked.tell(approving.request_approval(asked.incident, SPEC, "Promote version 3?", "U0BEN", {}, asked.now))
    assert asked.incident.pending is not None and asked.incident.pending.id == "INC-1-A2"


def test_no_retraining_is_asked_for_while_a_request_waits(asked: Story) -> None:
    said = refused(lambda: handling.request_retraining(asked.incident, PEOPLE, "U0BEN", WHY))
    assert said == "INC-1-A1 waits for a decision first."
