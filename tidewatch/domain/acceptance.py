"""A lasting change that somebody accepted: from then on the new is what is usual.

The accepted columns forget the windows before the change and are compared with those since; all other columns stay as
they were. How far windows lie from one another is taken from the old days (the shape changed, not the habit), against
references as short as the new one still is; shares, as that of nulls, can only come from the windows since the change,
and are not judged by levels until there are a few.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tidewatch.domain.baseline import Baseline, Levels, column_levels
from tidewatch.domain.levels import Level, to_normal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.profile import Profile

ENOUGH = 10  # windows since the change: from then on their own distances say how far apart they lie
WEEK = 7
ROWS = "rows"  # among the columns: how many rows a window has
SHARES = ("nulls", "mode", "unseen", "duplicates", "unsure")  # of a window by itself, not its distance from others


def accept(
    spec: ModelSpec, baseline: Baseline, columns: Collection[str], since: Mapping[str, Profile], decision: str
) -> Baseline:
    """With the windows `since` the change, in order of time, as what is usual of these columns (all, when none is
    named). `decision` names the acceptance; the same one again changes nothing. Raises ValueError for no windows."""
    if decision in baseline.decisions:
        return baseline
    if not since:
        raise ValueError("there is no window since the change that could be learnt from")
    known = {name for windows in (baseline.windows, since) for profile in windows.values() for name in profile.columns}
    chosen = set(columns) or known
    new = {window: only(profile, chosen) for window, profile in since.items()}
    old = {w: only(p, chosen) for w, p in {**baseline.windows, **baseline.accepted}.items() if w not in since}
    segments = {name for windows in (old, new) for profile in windows.values() for name in profile.segments}
    return replace(
        baseline,
        windows={window: without(profile, chosen) for window, profile in baseline.windows.items()},
        accepted=_merged({w: without(p, chosen) for w, p in baseline.accepted.items()}, new),
        since={**baseline.since, **dict.fromkeys(sorted(chosen), next(iter(since)))},
        levels=_relearnt(spec, baseline.levels, old, new, chosen),
        segment_levels={
            name: _relearnt(
                spec, baseline.segment_levels.get(name, {}), _part(spec, old, name), _part(spec, new, name), chosen
            )
            for name in sorted(segments)
        },
        rows=_rows(baseline.rows, since) if not columns or ROWS in columns else baseline.rows,
        decisions=(*baseline.decisions, decision),
    )  # fmt: skip


def usual_windows(baseline: Baseline, known: Sequence[tuple[str, Profile]], before: str = "") -> list[Profile]:
    """The windows that later ones are compared with, in order of time: those of the baseline, and those `known`
    since, each without the columns that have changed after it. Only windows `before` this one, where there are any."""
    training = [profile for name, profile in baseline.windows.items() if not before or name < before]
    accepted = {name: profile for name, profile in baseline.accepted.items() if not before or name < before}
    later = {}
    for name, profile in known:
        there = accepted.get(name)
        gone = {c for c, first in baseline.since.items() if name < first or (there and c in there.columns)}
        later[name] = without(profile, gone) if gone else profile
    if accepted:
        later = dict(sorted(_merged(accepted, later).items()))
    return [*(training or baseline.windows.values()), *later.values()]


def only(profile: Profile, columns: Collection[str]) -> Profile:
    return _chosen(profile, {name: column for name, column in profile.columns.items() if name in columns}, columns)


def without(profile: Profile, columns: Collection[str]) -> Profile:
    return only(profile, profile.columns.keys() - set(columns))


def _chosen(profile: Profile, columns: Mapping[str, ColumnProfile], names: Collection[str]) -> Profile:
    return Profile(profile.rows, columns, {segment: only(part, names) for segment, part in profile.segments.items()})


def _merged(these: Mapping[str, Profile], those: Mapping[str, Profile]) -> dict[str, Profile]:
    """Windows with the columns of both; they have none in common."""
    return {
        name: _beside(these[name], those[name]) if name in these and name in those else these.get(name) or those[name]
        for name in {**these, **those}
    }


def _beside(one: Profile, other: Profile) -> Profile:
    return Profile(
        max(one.rows, other.rows), {**one.columns, **other.columns}, _merged(one.segments, other.segments)
    )  # fmt: skip


def _part(spec: ModelSpec, windows: Mapping[str, Profile], segment: str) -> dict[str, Profile]:
    parts = {name: profile.segments[segment] for name, profile in windows.items() if segment in profile.segments}
    return {name: part for name, part in parts.items() if part.rows >= spec.segments.min_rows}


def _relearnt(
    spec: ModelSpec, levels: Levels, old: Mapping[str, Profile], new: Mapping[str, Profile], columns: Collection[str]
) -> Levels:
    """The levels, with those of `columns` learnt again: shares from the new windows; distances too, once there are
    ENOUGH, until then from the old ones where they were looked at, else as they were."""
    relearnt = {name: known for name, known in levels.items() if name not in columns}
    for name in sorted(columns):
        kept = {s: level for s, level in levels.get(name, {}).items() if s not in SHARES}
        own = _levels_of(spec, name, new)
        short = {s: level for s, level in _levels_of(_short(spec, len(new)), name, old).items() if s not in SHARES}
        if known := kept | own if len(new) >= ENOUGH else own | kept | short:
            relearnt[name] = known
    return relearnt


def _levels_of(spec: ModelSpec, column: str, windows: Mapping[str, Profile]) -> dict[str, Level]:
    having = {window: only(profile, {column}) for window, profile in windows.items() if column in profile.columns}
    return dict(column_levels(spec, having).get(column, {}))


def _rows(usual: Level | None, since: Mapping[str, Profile]) -> Level | None:
    """The new middle; as long as there are few windows, with the spread it had."""
    logs = [to_normal("rows", profile.rows) for profile in since.values()]
    if len(logs) >= ENOUGH or usual is None:
        return Level.of("rows", [profile.rows for profile in since.values()])
    return replace(usual, mean=sum(logs) / len(logs))


def _short(spec: ModelSpec, windows: int) -> ModelSpec:
    """Comparisons with as few windows as there are since the change, or will be within a week of daily ones: with one
    or two, weekdays alone would make everything usual."""
    drift = spec.drift.model_copy(update={"compare_with": "trailing", "windows": max(windows, WEEK)})
    return spec.model_copy(update={"drift": drift})
