"""What people decide about an incident: each function gives the events, or Refused with a sentence for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from tidewatch.domain.events import Draft
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident import Incident
from tidewatch.domain.model_spec import TIERS, ModelSpec, Response, Tier
from tidewatch.domain.people import People, Refused

Text = Mapping[str, str]  # {"sha256": …}: free text lies beside the stream


def opened(
    spec_title: str, findings: Sequence[Finding], response: Response, owners: Mapping[Tier, Sequence[str]]
) -> Draft:
    worst = findings[0]
    signal = worst.signal
    return Draft("opened", {
        "signal": {"model": signal.model, "family": signal.family, "group": signal.group},
        "title": headline(spec_title, worst),
        "severity": worst.severity,
        "findings": [finding.as_dict() for finding in findings],
        "response": response.model_dump(mode="json"),
        "owners": {tier: list(users) for tier, users in owners.items()},
    })  # fmt: skip


def headline(spec_title: str, finding: Finding) -> str:
    """About the thing, never about the state: it stays the same while the incident lives."""
    what = {
        "scale": f"{finding.subject} arrives in another unit",
        "drift": f"{finding.subject} has drifted",
        "missing_feature": f"{finding.subject} is missing",
        "nulls": f"{finding.subject} is often missing",
        "range": f"{finding.subject} has values that are not allowed",
        "unseen_category": f"{finding.subject} has values never seen before",
        "new_segment": f"a new {finding.subject} appeared",
        "frozen": f"{finding.subject} is frozen",
        "duplicates": "a batch repeats rows",
        "output_drift": "its answers are distributed differently",
        "confidence": "it is unsure more often than usual",
        "attribution_drift": "other features decide than before",
        "row_count": "a batch has an unusual number of rows",
        "late_batch": "a batch is late",
        "missing_batch": "a batch is missing",
        "early_batch": "a batch came before its time",
        "stale_model": "the model is older than it may be",
        "stale_data": "no fresh data",
        "stale_labels": "no fresh labels",
        "multivariate": "the columns no longer hang together as usual",
        "unreadable": "a file could not be read",
        "schema": "a batch does not fit its spec",
        "unknown_model": "a file for a model nobody handed over",
        "calibration_gap": "predictions no longer match what happens",
        "log_loss": "predictions have become worse",
        "brier": "predictions have become worse",
        "accuracy": "fewer answers are right",
        "precision": "fewer of its alarms are right",
        "recall": "it misses more of what it should find",
        "f1": "predictions have become worse",
        "roc_auc": "it tells the cases apart less well",
        "mae": "predictions are further off",
        "rmse": "predictions are further off",
        "r2": "predictions explain less",
        "business_cost": "its decisions cost more",
        "concept_drift": "the same inputs lead to worse results",
        "estimated_performance": "its answers are probably worse than usual",
        "labels_unmatched": "labels do not match the predictions",
        "probe_failed": f"the endpoint does not answer the probe {finding.subject}",
        "probe_answer": f"the endpoint answers the probe {finding.subject} wrongly",
        "probe_confidence": f"the endpoint is unsure about the probe {finding.subject}",
        "probe_latency": f"the endpoint is slow to answer the probe {finding.subject}",
        "endpoint_latency": "the endpoint answers slowly",
        "endpoint_errors": "the endpoint fails requests",
        "endpoint_throughput": "the endpoint has too little traffic",
        "endpoint_cpu": "the endpoint runs short of CPU",
        "endpoint_memory": "the endpoint runs short of memory",
        "endpoint_gpu": "the endpoint runs short of GPU",
        "poison": f"work in the queue {finding.subject} keeps failing",
    }
    return f"{spec_title}: {what[finding.check]}"


def acknowledge(incident: Incident, people: People, user: str) -> list[Draft]:
    people.allow(user, "acknowledge", incident.model)
    _must_not_be_resolved(incident)
    if incident.owner == user:
        raise Refused(f"You have {incident.id} already, since {incident.owned_since:%H:%M}.")
    if incident.owner:
        raise Refused(f"{people.name(incident.owner)} already took {incident.id} at {incident.owned_since:%H:%M} UTC.")
    return [Draft("acknowledged", {"tier": incident.tier})]


def unacknowledge(incident: Incident, people: People, user: str) -> list[Draft]:
    people.allow(user, "unacknowledge", incident.model)
    _must_not_be_resolved(incident)
    if incident.owner != user:
        raise Refused(
            f"You cannot give {incident.id} back: {people.name(incident.owner) if incident.owner else 'nobody'} has it."
        )
    return [Draft("unacknowledged")]


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
            f"L3 is called only with L2's findings. Write them first: `findings {incident.id} what was examined, "
            "the suspected cause, what was tried`."
        )
    to = TIERS[TIERS.index(incident.tier) + 1]
    return Draft("escalated", {"from": incident.tier, "to": to, "why": why} | ({"reason": reason} if reason else {}))


def write_findings(incident: Incident, people: People, user: str, text: Text) -> list[Draft]:
    people.allow(user, "findings", incident.model)
    return [Draft("findings_written", {"text": text})]


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
    if not verified and reason is None:
        raise Refused(f"The check that opened {incident.id} still fails. Resolving it all the same needs a reason.")
    how = {"sentence": verified or "resolved by decision, the check still failed"}
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


def request_approval(
    incident: Incident, spec: ModelSpec, question: str, by: str, evidence: Mapping[str, Any], now: datetime
) -> Draft:
    return Draft("approval_requested", {
        "request": f"{incident.id}-A{len(incident.approvals) + 1}",
        "question": question,
        "requested_by": by,
        "approvers": list(spec.retraining.approvers),
        "expires": (now + spec.retraining.approval_expires).isoformat(),
        "evidence": evidence,
    })  # fmt: skip


def decide(
    incident: Incident, people: People, user: str, request: str, decision: Literal["approved", "rejected"],
    reason: Text | None, now: datetime,
) -> list[Draft]:  # fmt: skip
    """Decided once, in time, with a reason, by somebody else than the requester."""
    approval = incident.approval(request)
    if approval is None:
        raise Refused(f"There is no request {request}.")
    if approval.decision != "pending":
        by = f" by {people.name(approval.decided_by)}" if approval.decided_by not in ("", "tidewatch") else ""
        raise Refused(f"{request} was {approval.decision}{by} at {approval.decided:%H:%M} UTC.")
    if now > approval.expires:
        raise Refused(f"{request} closed at {approval.expires:%d %b %H:%M} UTC. Ask for it again.")
    people.allow(user, "approve" if decision == "approved" else "reject", incident.model, approval.approvers)
    if user == approval.requested_by:
        raise Refused(f"You asked for {request} yourself: somebody else has to decide.")
    if reason is None:
        raise Refused("A decision needs a reason: one sentence that whoever reads the log will understand.")
    return [Draft("approval_decided", {"request": request, "decision": decision, "reason": reason})]


def passed(incident: Incident, window: str) -> list[Draft]:
    """A window without a finding of this signal: recovery is believed after several in a row."""
    if incident.status == "resolved" or window in incident.passed:
        return []
    drafts = [Draft("window_passed", {"window": window})]
    needed = incident.response.recover_after
    if len(incident.passed) + 1 >= needed:
        after = f" after version {incident.promoted} was promoted" if incident.promoted else ""
        drafts.append(Draft("recovered", {"sentence": f"{needed} good windows in a row{after}, the last {window}"}))
    return drafts


def reopens(incident: Incident, now: datetime) -> bool:
    return incident.resolved is not None and now - incident.resolved <= incident.response.reopen_within


def _must_not_be_resolved(incident: Incident) -> None:
    if incident.status == "resolved":
        raise Refused(f"{incident.id} was resolved at {incident.resolved:%d %b %H:%M} UTC: {incident.resolution}.")
