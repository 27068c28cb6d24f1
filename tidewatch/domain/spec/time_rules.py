"""How long things may take: lengths of time that contradict each other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from tidewatch.domain.finding import Severity
from tidewatch.domain.model_spec import TIERS, ModelSpec, Tier
from tidewatch.domain.response import Response
from tidewatch.domain.spec.remark import Path, Remark, warning


def staleness(spec: ModelSpec) -> Iterator[Remark]:
    """A limit that is passed while everything is on time would always alarm."""
    stale, every = spec.staleness, spec.schedules.batches_every
    latest = every + spec.schedules.batches_grace if every else None
    come = f"batches come every {said(every)} and may be {said(spec.schedules.batches_grace)} late"
    yield from _longer(("staleness", "data"), stale.data, latest, "data", come)
    yield from _longer(
        ("staleness", "model"),
        stale.model,
        spec.schedules.retraining_every,
        "the model",
        f"it is retrained every {said(spec.schedules.retraining_every)}",
    )
    wait = spec.label_delay + (every or timedelta(0))
    because = f"they are known {said(spec.label_delay)} after their window"
    if every:
        because += f" and windows come every {said(every)}"
    yield from _longer(("staleness", "labels"), stale.labels, wait, "labels", because)


def _longer(path: Path, limit: timedelta | None, usual: timedelta | None, what: str, because: str) -> Iterator[Remark]:
    if limit is not None and usual is not None and limit < usual:
        plural = "are" if what in ("data", "labels") else "is"
        yield Remark(
            path,
            f"{what} {plural} called stale after {said(limit)}, but {because}: this would always alarm; "
            f"allow {said(usual)} or more",
        )


def schedules(spec: ModelSpec) -> Iterator[Remark]:
    plan = spec.schedules
    if plan.batches_every and "batches_grace" in plan.model_fields_set and plan.batches_grace > plan.batches_every:
        yield warning(
            ("schedules", "batches_grace"),
            f"a batch is called late {said(plan.batches_grace)} after it was due, when the next has come already "
            f"(every {said(plan.batches_every)}); a shorter grace tells earlier",
        )
    if plan.batches_every is None and "batches_grace" in plan.model_fields_set:
        sentence = "without batches_every no batch is ever late; add it, or leave this out"
        yield warning(("schedules", "batches_grace"), sentence)
    span = plan.batches_every * spec.retraining.holdout_windows if plan.batches_every else None
    if span and plan.retraining_every and span > plan.retraining_every:
        yield warning(
            ("retraining", "holdout_windows"),
            f"{spec.retraining.holdout_windows} windows kept back are {said(span)}, more than the "
            f"{said(plan.retraining_every)} between retrainings: what is newest would never be learnt from",
        )


def response(spec: ModelSpec) -> Iterator[Remark]:
    for found in answering(spec.response):
        in_team = "in_hours" in found.path  # the working hours may be the team's
        yield replace(found, path=("response", *found.path), mistake=found.mistake and not in_team)


def answering(given: Response) -> Iterator[Remark]:
    """What a policy contradicts itself in."""
    for tier in TIERS:
        usual = given.model_copy(update={"severities": {}})
        yield from _in_time(usual, tier, "medium", ("acknowledge_within", tier), "")
        for severity in given.severities:
            path = ("severities", severity, "acknowledge_within", tier)
            yield from _in_time(given, tier, severity, path, f" of {severity} severity")
        for name in ("acknowledge_within", "resolve_within"):
            if tier not in getattr(given, name):
                sentence = f"{name} says nothing for {tier}; add {tier}, or leave all out for the usual times"
                yield warning((name,), sentence)
    for severity, special in given.severities.items():
        for place, tier in enumerate(special.in_hours):
            if tier not in given.working_hours:
                yield Remark(
                    ("severities", severity, "in_hours", str(place)),
                    f"{tier} is called in its working hours only, but working_hours says none for {tier}; add them",
                )
    for place, share in enumerate(given.remind_at):
        if not 0 < share < 1:
            advice = f"{share:g} % is written {share / 100:g}" if 1 < share < 100 else "half of it is 0.5"
            sentence = f"a reminder comes after a share of the time between 0 and 1, not {share:g}; {advice}"
            yield Remark(("remind_at", str(place)), sentence)


def _in_time(given: Response, tier: Tier, severity: Severity, path: Path, of: str) -> Iterator[Remark]:
    take = given.time_for("acknowledge_within", tier, severity)
    resolve = given.time_for("resolve_within", tier, severity)
    if take >= resolve:
        yield Remark(
            path,
            f"{tier} may take {said(take)} to acknowledge{of} but must have resolved it within {said(resolve)}; "
            "give more time to resolve",
        )


def said(span: timedelta | None) -> str:
    """The shortest exact spelling: '36h', '2d'."""
    if span is None:
        return "never"
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


RULES = (
    (staleness, ("label_delay", "staleness", "schedules")),
    (schedules, ("schedules", "retraining.holdout_windows")),
    (response, ("response",)),
)
