"""Asking for a decision, and deciding it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from tidewatch.domain.events import Draft
from tidewatch.domain.incident.approval import Approval, Kind
from tidewatch.domain.incident.handling import Text
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import ModelSpec, Tier
from tidewatch.domain.people import MAY, People, Person, Refused

Say = Literal["approved", "rejected"]


@dataclass(frozen=True)
class Ask:
    """What somebody wants decided. Everything but `why` is written by Tidewatch: it enters the log as it is."""

    kind: Kind
    question: str
    requested_by: str
    approvers: Sequence[Tier]
    open_for: timedelta
    evidence: Mapping[str, Any]  # what to decide on; also what must still be true when somebody decides
    consequence: str
    undo: str = ""
    needed: int = 1
    why: Text = field(default_factory=dict)


def promotion(spec: ModelSpec, requested_by: str, why: Text, evidence: Mapping[str, Any]) -> Ask:
    """`evidence`: version, artefact, champion, trained_until, comparison."""
    version, champion = evidence["version"], evidence["champion"]
    return Ask(
        "promotion", f"Promote {spec.title} version {version}?", requested_by, spec.retraining.approvers,
        spec.retraining.approval_expires, evidence, needed=spec.retraining.quorum, why=why,
        consequence=f"Version {version} answers instead of version {champion}, from the next batch on.",
        undo=f"Version {champion} stays in the registry and can be put back in service. "
        f"The incident calls people again by itself when version {version} is bad too.",
    )  # fmt: skip


def request_approval(incident: Incident, ask: Ask, now: datetime) -> Draft:
    return Draft("approval_requested", {
        "request": f"{incident.id}-A{len(incident.approvals) + 1}",
        "kind": ask.kind,
        "question": ask.question,
        "why": ask.why,
        "requested_by": ask.requested_by,
        "approvers": list(ask.approvers),
        "needed": ask.needed,
        "expires": (now + ask.open_for).isoformat(),
        "evidence": ask.evidence,
        "consequence": ask.consequence,
        "undo": ask.undo,
    })  # fmt: skip


def deciders(approval: Approval, people: People, model: str) -> list[Person]:
    """Who may still vote."""
    team, voted = model.partition("/")[0], {vote.by for vote in approval.votes}
    tiers = [tier for tier in approval.approvers if tier >= MAY["approve"]]
    able = [person for tier in tiers for person in people.of_tier(tier, team)]
    return [person for person in able if person.id not in voted | {approval.requested_by}]


def votable(incident: Incident, people: People, user: str, request: str, say: Say, now: datetime) -> Approval:
    """The request, when this person may decide it now. Raises Refused: too late, not theirs, their own, or twice."""
    approval = incident.approval(request)
    if approval is None:
        raise Refused(f"There is no request {request}.")
    if approval.decision != "pending":
        raise Refused(outcome(approval, people))
    if now > approval.expires:
        raise Refused(f"{request} closed at {_clock(approval.expires)}. Ask for it again.")
    people.allow(user, "approve" if say == "approved" else "reject", incident.model, approval.approvers)
    if user == approval.requested_by:
        raise Refused(f"You asked for {request} yourself: somebody else has to decide.")
    for vote in approval.votes:
        if vote.by == user:
            so_far = f"{len(approval.votes)} of {approval.needed} did so far"
            raise Refused(f"You said yes to {request} already, at {_clock(vote.at)}; {so_far}.")
    return approval


def vote(approval: Approval, say: Say, reason: Text | None) -> Draft:
    """Of somebody for whom it is `votable`. Raises Refused for a no without a reason."""
    if say == "rejected" and not reason:
        raise Refused("A no needs a reason: one sentence that whoever asked will understand.")
    return Draft("approval_voted", {"request": approval.id, "decision": say} | ({"reason": reason} if reason else {}))


def staled(request: str, sentence: str) -> Draft:
    """The world is not the one the request was about."""
    return Draft("approval_staled", {"request": request, "sentence": sentence})


def outcome(approval: Approval, people: People) -> str:
    """What became of a request, for whoever comes late."""
    match approval.decision:
        case "pending":
            return f"{approval.id} waits: {len(approval.votes)} of {approval.needed} said yes."
        case "expired":
            return f"{approval.id} expired at {_clock(approval.decided)}: not decided in time. Ask for it again."
        case "staled":
            return f"{approval.id} is out of date since {_clock(approval.decided)}: {approval.sentence}. Ask anew."
    return f"{approval.id} was {approval.decision} by {voters(approval, people)} at {_clock(approval.decided)}."


def voters(approval: Approval, people: People) -> str:
    """Those who decided: for a no the one who said it, for a yes all of them."""
    decisive = approval.votes[-1:] if approval.decision == "rejected" else approval.votes
    names = [people.name(vote.by) for vote in decisive]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _clock(at: datetime | None) -> str:
    return f"{at:%d %b %H:%M} UTC" if at else "an unknown time"
