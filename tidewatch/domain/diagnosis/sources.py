"""What several columns of one feed have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.situation import Situation
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile

TOGETHER = 3  # columns of one source with the same fault
LATEST = 8  # windows a feed may be repeating
LATER = 30  # windows set against those before them, to see how far windows are from each other
LEAST = 0.1  # smallest distance between two windows of a feed whose repetition could be told
SAME = 0.5  # of that distance
WORDS = {
    "null_surge": "lack values",
    "frozen_sensor": "do not move",
    "unit_or_scale": "arrive in another unit or scale",
    "sentinel_values": "hold placeholders",
    "clock_shift": "are shifted in time",
    "clipping": "are cut off",
    "noise": "tremble",
    "precision_lost": "have lost precision",
    "sign_flip": "have the wrong sign",
}


def upstream_source(situation: Situation, causes: Sequence[Cause]) -> list[Cause]:
    """Out of what was found column by column, what other models have, and feeds that repeat themselves."""
    found = []
    for source, columns in _columns(situation).items():
        mine = [cause for cause in causes if cause.subject in columns]
        models = sorted({other.finding.model for other in situation.elsewhere if other.source == source})
        cause = _together(source, columns, mine) or _repeats(situation, source, columns)
        if cause is None and models and mine:
            worst = max(mine, key=lambda one: one.score)
            cause = replace(worst, kind="upstream_source", subject=source, runbook=None)
        if cause is not None:
            found.append(_with_models(cause, models))
    return found


def _columns(situation: Situation) -> Mapping[str, list[str]]:
    """The inputs of each declared source."""
    found: dict[str, list[str]] = {}
    for name in situation.inputs:
        if source := situation.spec.columns[name].source:
            found.setdefault(source, []).append(name)
    return found


def _together(source: str, columns: Sequence[str], causes: Sequence[Cause]) -> Cause | None:
    """The same fault in several columns."""
    kinds: dict[str, list[Cause]] = {}
    for cause in causes:
        if cause.kind in WORDS and cause.score >= 0.5:
            kinds.setdefault(cause.kind, []).append(cause)
    groups = [group for group in kinds.values() if len(group) >= TOGETHER or len(group) == len(columns) > 1]
    if not groups:
        return None
    group = max(groups, key=lambda one: (len(one), max(cause.score for cause in one)))
    worst = max(group, key=lambda cause: cause.score)
    names = tuple(cause.subject for cause in group)
    sentence = (
        f"{len(names)} of {len(columns)} columns of the {source} {WORDS[worst.kind]} ({', '.join(names)}): "
        f"{worst.sentence}"
    )
    score = worst.score + 0.6 * (1 - worst.score) * len(names) / len(columns)
    return Cause("upstream_source", source, score, sentence, {"fault": worst.kind}, columns=names)


def _repeats(situation: Situation, source: str, columns: Sequence[str]) -> Cause | None:
    """The feed delivered an earlier window again: all its columns lie nearer to it than any two windows in a row."""
    names = [name for name in columns if name in situation.numbers and not _is_constant(situation.now, name)]
    windows = [*situation.all_windows.items()]
    if len(names) < TOGETHER or len(windows) < 2 * LATEST:
        return None
    now = {window: _farthest(names, situation.now, profile) for window, profile in windows[-LATEST:]}
    nearest = min(now, key=lambda window: now[window])
    latest = [profile for _, profile in windows[-LATER - LATEST :]]
    usual = [_farthest(names, b, a) for i, b in enumerate(latest) for a in latest[max(0, i - LATEST) : i]]
    if min(usual) < LEAST or now[nearest] > SAME * min(usual):
        return None
    sentence = (
        f"the {source} repeats what it delivered for {nearest}: its {len(names)} columns are distributed as they were "
        f"then (Kolmogorov-Smirnov distance at most {now[nearest]:.2f}), where no two windows were nearer than "
        f"{min(usual):.2f}"
    )
    evidence = {"fault": "repeated", "window": nearest, "distance": now[nearest], "usual": min(usual)}
    return Cause("upstream_source", source, 0.9, sentence, evidence, columns=tuple(columns))


def _is_constant(profile: Profile, name: str) -> bool:
    column = profile.columns[name]
    return isinstance(column, NumberProfile) and column.constant


def _farthest(names: Sequence[str], one: Profile, other: Profile) -> float:
    """The largest Kolmogorov-Smirnov distance of any of the columns."""
    distances = [0.0]
    for name in names:
        first, second = one.columns.get(name), other.columns.get(name)
        if isinstance(first, NumberProfile) and isinstance(second, NumberProfile) and first.grid is second.grid:
            known = first.rows and second.rows
            apart = np.abs(first.cumulated / max(first.rows, 1) - second.cumulated / max(second.rows, 1))
            distances.append(float(apart.max()) if known else 1.0)
    return max(distances)


def _with_models(cause: Cause, models: Sequence[str]) -> Cause:
    """Other models with findings about the same source make it surer."""
    if not models:
        return cause
    others = f"{len(models)} other model{'s' if len(models) > 1 else ''} of the same source: {', '.join(models[:3])}"
    evidence = {**cause.evidence, "models": list(models)}
    score = cause.score + 0.5 * (1 - cause.score)
    return replace(cause, score=score, sentence=f"{cause.sentence}; also {others}", evidence=evidence)
