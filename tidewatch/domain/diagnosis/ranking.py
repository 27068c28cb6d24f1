"""All explanations together, the best first."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tidewatch.domain.diagnosis.categories import categories
from tidewatch.domain.diagnosis.cause import CHECKS, Cause, Kind
from tidewatch.domain.diagnosis.clock import clock_shift
from tidewatch.domain.diagnosis.extremes import clipping, sentinel_values
from tidewatch.domain.diagnosis.missing import duplicated_rows, null_surge
from tidewatch.domain.diagnosis.mix import mix_changed
from tidewatch.domain.diagnosis.number_column import NumberColumn
from tidewatch.domain.diagnosis.outcomes import concept_drift, label_fault, staleness
from tidewatch.domain.diagnosis.scaling import sign_flip, unit_or_scale
from tidewatch.domain.diagnosis.seasons import seasonality
from tidewatch.domain.diagnosis.situation import Situation
from tidewatch.domain.diagnosis.sources import upstream_source
from tidewatch.domain.diagnosis.stuck import frozen_sensor, noise, precision_lost
from tidewatch.domain.diagnosis.swapped import swapped_columns
from tidewatch.domain.diagnosis.text_column import TextColumn
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.runbook import Runbook, special_first

OF_NUMBERS: tuple[Callable[[NumberColumn], Cause | None], ...] = (
    unit_or_scale, sign_flip, sentinel_values, clipping, frozen_sensor, precision_lost, noise,
)  # fmt: skip
OF_ALL: tuple[Callable[[Situation], list[Cause]], ...] = (
    null_surge, duplicated_rows, clock_shift, seasonality, label_fault, concept_drift, staleness,
)  # fmt: skip
SURE = 0.7  # from this score on, a cause makes those that look like it less likely …
NEARLY = 0.08  # … unless they are surer by more than this
ELSEWHERE = 0.6  # of its score has a cause that is not about the finding
# What else a cause looks like in the same column.
LOOKS_LIKE: dict[Kind, tuple[Kind, ...]] = {
    "swapped_columns": (
        "unit_or_scale", "sign_flip", "clipping", "precision_lost", "noise", "new_segment", "mix_changed",
        "category_renamed", "null_surge", "clock_shift", "sentinel_values", "frozen_sensor",
    ),
    "unit_or_scale": ("precision_lost", "clipping", "noise", "frozen_sensor"),
    "sign_flip": ("clipping", "noise"),
    "precision_lost": ("clipping", "frozen_sensor", "sentinel_values"),
    "category_renamed": ("mix_changed",),
    "new_segment": ("mix_changed",),
    "sentinel_values": ("clipping", "frozen_sensor"),
    "frozen_sensor": ("clipping",),
    "duplicated_rows": ("mix_changed",),
}  # fmt: skip


def rank(situation: Situation, runbooks: Sequence[Runbook] = ()) -> list[Cause]:
    """Causes by score. "unknown" is among them, with what is left to explain; none when nothing has departed."""
    with np.errstate(all="ignore"):  # whatever numbers came in: what overflows explains nothing
        causes = _all(situation)
    causes = [_beside(cause, causes) for cause in causes]
    causes += _unknown(situation, causes)
    return [_with_runbook(c, runbooks) for c in sorted(causes, key=lambda c: (-c.score, c.kind, c.subject))]


def _all(situation: Situation) -> list[Cause]:
    numbers = [column for name in situation.numbers if len((column := NumberColumn(situation, name)).values)]
    texts = [TextColumn(situation, name) for name in situation.texts]
    causes = [cause for column in numbers for find in OF_NUMBERS if (cause := find(column))]
    causes += [cause for column in texts for cause in (*categories(column), mix_changed(column)) if cause]
    causes += [cause for find in OF_ALL for cause in find(situation)]
    causes += swapped_columns(numbers, texts)
    return causes + upstream_source(situation, causes)


def focused(causes: Sequence[Cause], finding: Finding, spec: ModelSpec) -> list[Cause]:
    """The causes again, those that have nothing to do with the finding less sure."""
    column = spec.columns.get(finding.subject)
    if finding.family != "input" or (column is None and not _is_source(finding.subject, spec)):
        return list(causes)
    source = column.source if column else finding.subject
    about = {finding.subject, source} | {n for n, c in spec.columns.items() if column is None and c.source == source}

    def weighted(cause: Cause) -> Cause:
        near = cause.kind == "unknown" or cause.subject in about or not about.isdisjoint(cause.columns)
        return cause if near else replace(cause, score=cause.score * ELSEWHERE)

    return sorted(map(weighted, causes), key=lambda cause: -cause.score)


def _is_source(subject: str, spec: ModelSpec) -> bool:
    return any(column.source == subject for column in spec.columns.values())


def _beside(cause: Cause, causes: Sequence[Cause]) -> Cause:
    """Half as sure where another cause is sure and looks like this one."""
    for other in causes:
        like = cause.kind in LOOKS_LIKE.get(other.kind, ()) and other.score >= cause.score - NEARLY
        same = cause.kind == other.kind == "mix_changed" and other.score > cause.score
        part = other.kind == "upstream_source" and other.evidence.get("fault") == cause.kind
        if (like or same or part) and other.score >= SURE and cause.subject in other.columns:
            return replace(cause, score=cause.score / 2)
    return cause


def _unknown(situation: Situation, causes: Sequence[Cause]) -> list[Cause]:
    departed = [name for name in situation.spec.watched if situation.has_departed(name)]
    if not departed and not causes:
        return []
    best = max((cause.score for cause in causes), default=0.0)
    explained = {column for cause in causes if cause.score >= 0.5 for column in cause.columns}
    left = [name for name in departed if name not in explained]
    score = max(1 - best, 0.5 * len(left) / max(len(departed), 1))
    sentence = "there may be a cause that is not known here"
    if left:
        sentence = f"nothing known here explains why {', '.join(left)} differ{'s' if len(left) == 1 else ''}"
    return [Cause("unknown", left[0] if left else "", score, sentence, {"departed": departed}, columns=tuple(left))]


def _with_runbook(cause: Cause, runbooks: Sequence[Runbook]) -> Cause:
    checks = CHECKS.get(cause.kind, ())
    if cause.kind == "unit_or_scale" and "scale" not in cause.evidence:
        checks = ()  # the runbook converts by what the check of the scale has measured
    if cause.kind == "staleness":
        checks = (cause.evidence["check"],)  # labels are asked for again, a model is not
    chosen = next((runbook for runbook in special_first(runbooks) if set(runbook.when.covers) & set(checks)), None)
    return replace(cause, runbook=chosen.name) if chosen else cause
