"""What people do with an incident: each function gives the events, or Refused with a sentence for them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from tidewatch.domain.events import Draft
from tidewatch.domain.incident.paging import waiting
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import TIERS
from tidewatch.domain.people import UNKNOWN, People, Refused

Text = Mapping[str, str]  # {"sha256": …}: free text lies beside the stream
FINDINGS = {"examined": "What was examined", "cause": "The suspected cause", "tried": "What was tried"}  # L2's form
BY_DECISION = "resolved by decision, the check still failed"


def acknowledge(incident: Incident, people: People, user: str) -> list[Draft]:
    """By somebody of the tier that is waited for, or of a higher one: a lower tier's click must not stop its clock."""
    people.allow(user, "acknowledge", incident.model, TIERS[TIERS.index(incident.tier) :])
    _must_not_be_resolved(incident)
    if incident.owner == user:
        raise Refused(f"You have {incident.id} already, since {incident.owned_since:%H:%M}.")
    if incident.owner not in ("", UNKNOWN):
        raise Refused(f"{people.name(incident.owner)} already took {incident.id} at {incident.owned_since:%H:%M} UTC.")
    return [Draft("acknowledged", {"tier": incident.tier})]


def acknowledge_page(incident: Incident, people: People, user: str, page: str) -> list[Draft]:
    """By pager, with no more rights than in the chat. Whoever is not in the roster counts as an L1, until somebody
    who is takes over. What does not count is noted, for the pager itself is quiet now.
    """
    if page not in [call.page for call in waiting(incident) if call.ways]:
        raise Refused(f"{page} is settled: {incident.id} does not wait for it any more.")
    if incident.owner:
        raise Refused(f"{people.name(incident.owner)} already took {incident.id}.")
    _must_not_be_resolved(incident)
    try:
        if user != UNKNOWN:
            acknowledge(incident, people, user)
        elif incident.tier != "L1":
            raise Refused("Only an entry in people.yaml makes somebody more than an L1.")
    except Refused:
        why = (
            f"a page was acknowledged by somebody who cannot take it: it waits for {incident.tier} of {incident.model}"
        )
        return [Draft("noted", {"sentence": why})]
    return [Draft("acknowledged", {"tier": incident.tier, "page": page})]


def unacknowledge(incident: Incident, people: People, user: str) -> list[Draft]:
    people.allow(user, "unacknowledge", incident.model)
    _must_not_be_resolved(incident)
    if incident.owner != user:
        raise Refused(
            f"You cannot give {incident.id} back: {people.name(incident.owner) if incident.owner else 'nobody'} has it."
        )
    return [Draft("unacknowledged")]


def assign(incident: Incident, people: People, user: str, to: str) -> list[Draft]:
    """Hand it to a named person who may take it. What somebody else has, only a higher tier than theirs may move."""
    giver = people.allow(user, "assign", incident.model)
    _must_not_be_resolved(incident)
    if people.get(to) is None:
        raise Refused(f"I don't know {people.name(to)}: ask for an entry in people.yaml, then assign again.")
    try:
        people.allow(to, "acknowledge", incident.model, TIERS[TIERS.index(incident.tier) :])
    except Refused:
        raise Refused(
            f"{people.name(to)} cannot take {incident.id}: it is with {incident.tier} of {incident.model}."
        ) from None
    owner = people.get(incident.owner)
    if incident.owner == to:
        raise Refused(f"{people.name(to)} has {incident.id} already.")
    if owner and owner.id != user and giver.tier <= owner.tier:
        raise Refused(f"{owner.name} has {incident.id}: only {owner.name} or a higher tier hands it to somebody else.")
    return [Draft("assigned", {"to": to})]


def escalate(incident: Incident, people: People, user: str, reason: Text) -> list[Draft]:
    people.allow(user, "escalate", incident.model)
    _must_not_be_resolved(incident)
    return [escalation(incident, "on request", reason)]


def escalation(incident: Incident, why: str, reason: Text | None = None) -> Draft:
    """To the next tier. L3 is called only with L2's written findings."""
    if incident.tier == "L3":
        raise Refused(f"{incident.id} is with L3, the team that built the model; there is no tier above.")
    if incident.tier == "L2" and not incident.written_findings:
        raise Refused(
            f"L3 is called only with L2's findings. Write them first: `findings {incident.id} what was examined; "
            "the suspected cause; what was tried`."
        )
    to = TIERS[TIERS.index(incident.tier) + 1]
    return Draft("escalated", {"from": incident.tier, "to": to, "why": why} | ({"reason": reason} if reason else {}))


def write_findings(incident: Incident, people: People, user: str, findings: Mapping[str, Text]) -> list[Draft]:
    """`findings` are references by the names of FINDINGS."""
    people.allow(user, "findings", incident.model)
    return [Draft("findings_written", findings)]


def findings_in(text: str) -> dict[str, str]:
    """The three parts of L2's findings as one types them: parted by semicolons or lines. Raises Refused."""
    parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    if len(parts) < len(FINDINGS):
        asked = ", ".join(name[0].lower() + name[1:] for name in FINDINGS.values())
        raise Refused(f"Findings are three things, parted by semicolons or lines: {asked}.")
    return dict(zip(FINDINGS, [*parts[:2], "; ".join(parts[2:])], strict=True))


def note(incident: Incident, people: People, user: str, text: Text) -> list[Draft]:
    people.allow(user, "note", incident.model)
    return [Draft("noted", {"text": text})]


def watch(incident: Incident, people: People, user: str, until: datetime, reason: Text) -> list[Draft]:
    people.allow(user, "watch", incident.model)
    _must_not_be_resolved(incident)
    return [Draft("watched", {"until": until.isoformat(), "reason": reason})]


def resolve(incident: Incident, people: People, user: str, verified: str, reason: Text | None) -> list[Draft]:
    """`verified` is the sentence of a check that passed; without one, a higher tier and a reason are needed."""
    people.allow(user, "resolve" if verified else "resolve_unverified", incident.model)
    _must_not_be_resolved(incident)
    if incident.signal.family == "storm" and not verified:
        raise Refused(
            f"{incident.id} ends with the last of its incidents; `status {incident.id}` lists those still bad. Split "
            "off what is another matter, or silence it."
        )
    if not verified and reason is None:
        if incident.signal.family == "reported":
            raise Refused(f"A person reported {incident.id}, so no check can say that it is over: give a reason.")
        raise Refused(f"The check that opened {incident.id} still fails. Resolving it all the same needs a reason.")
    how = {"sentence": verified or BY_DECISION}
    return [Draft("resolved", how | ({"reason": reason} if reason else {}))]


def accept(
    incident: Incident, people: People, user: str, columns: Sequence[str], windows: Sequence[str], reason: Text
) -> list[Draft]:
    """The change stays and is right: `windows`, those since the change, say what is usual of `columns` from now on; of
    the whole model, when none is named."""
    people.allow(user, "accept", incident.model)
    _must_not_be_resolved(incident)
    if not incident.may_be_accepted:
        raise Refused(
            f"{incident.id} is about {incident.finding.check.replace('_', ' ')}, which no baseline has learnt: change "
            "the spec and hand the model over again, or retrain."
        )
    if not windows:
        raise Refused(f"No window since the change is left that could be learnt from; see `status {incident.id}`.")
    what = ", ".join(columns) or "the whole model"
    sentence = f"accepted as usual: {what} as in {windows[0]} and since"
    accepted = {"columns": list(columns), "windows": list(windows), "sentence": sentence, "reason": reason}
    return [Draft("accepted_as_usual", accepted)]


def start_run(incident: Incident, run: str, runbook: str, title: str, timeout: float) -> list[Draft]:
    _must_not_be_resolved(incident)
    if incident.running:
        raise Refused(f"{incident.running.runbook} is running already; wait for its verdict.")
    return [Draft("runbook_started", {"run": run, "runbook": runbook, "title": title, "timeout": timeout})]


def request_retraining(incident: Incident, people: People, user: str, reason: Text) -> list[Draft]:
    people.allow(user, "retrain", incident.model)
    _must_not_be_resolved(incident)
    if not incident.may_be_retrained:
        raise Refused(f"{incident.id} is about {incident.signal.family}; retraining on it would learn the fault.")
    if incident.retraining in ("requested", "running"):
        raise Refused(f"A retraining for {incident.id} is under way already.")
    if incident.pending:
        raise Refused(f"{incident.pending.id} waits for a decision first.")
    return [Draft("retraining_requested", {"reason": reason})]


def _must_not_be_resolved(incident: Incident) -> None:
    if incident.status == "resolved":
        raise Refused(f"{incident.id} was resolved at {incident.resolved:%d %b %H:%M} UTC: {incident.resolution}.")
