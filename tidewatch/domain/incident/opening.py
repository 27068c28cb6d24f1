"""How a signal becomes an incident, comes back, and recovers by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tidewatch.domain.events import Draft
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import Response, Tier


def opened(
    spec_title: str, findings: Sequence[Finding], response: Response, owners: Mapping[Tier, Sequence[str]],
    quiet: Mapping[str, Any] | None = None,
) -> Draft:  # fmt: skip
    """`quiet` says why nobody is called for it, if that is so."""
    worst = findings[0]
    signal = worst.signal
    return Draft("opened", {
        "signal": {"model": signal.model, "family": signal.family, "group": signal.group},
        "title": worst.evidence.get("title") or headline(spec_title, worst),
        "severity": worst.severity,
        "findings": [finding.as_dict() for finding in findings],
        "response": response.model_dump(mode="json"),
        "owners": {tier: list(users) for tier, users in owners.items()},
        **(quiet or {}),
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
        "storm": f"{finding.subject} of many models",
        "reported": "somebody saw something wrong",
        "poison": f"work in the queue {finding.subject} keeps failing",
        "log_changed": "somebody changed the incident log",
    }
    return f"{spec_title}: {what[finding.check]}"


def seen_again(incident: Incident, findings: Sequence[Finding], more: Mapping[str, Any] | None = None) -> list[Draft]:
    """A finding of a known signal. While a promotion is observed, only windows of the old version are excused.
    `more` goes into the event: how often it was seen, why nobody is called."""
    told = {"findings": [finding.as_dict() for finding in findings], **(more or {})}
    if incident.status == "resolved":
        return [Draft("reopened", told)]
    observed, version = Draft("observed", told), findings[0].evidence.get("version", "")
    excused = incident.watch_until or version == incident.replaced
    if incident.status == "observing" and not excused:
        return [observed, Draft("relapsed", {"version": incident.promoted})]
    return [observed]


def passed(incident: Incident, window: str, counted: Sequence[str] | None = None) -> list[Draft]:
    """A window without a finding of this signal: recovery is believed after several in a row.

    `counted` are good windows that lie beside the log, this one among them; then only the recovery is told.
    """
    if incident.status == "resolved" or window in incident.passed:
        return []
    row = {*incident.passed, *(counted or ()), window}
    drafts = [Draft("window_passed", {"window": window})] if counted is None else []
    needed = incident.response.recover_after
    if len(row) >= needed:
        after = f" after version {incident.promoted} was promoted" if incident.promoted else ""
        sentence = f"{needed} good windows in a row{after}, the last {window}"
        drafts.append(Draft("recovered", {"sentence": sentence} | ({"windows": sorted(row)} if counted else {})))
    return drafts


def reopens(incident: Incident, now: datetime) -> bool:
    return incident.resolved is not None and now - incident.resolved <= incident.response.reopen_within
