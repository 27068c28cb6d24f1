"""What is usual for a model: the grids its columns are counted on, one profile a window, and how windows vary."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from tidewatch.domain.distance import deciding
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import Column, ModelSpec
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.counting import Counter, IdCounter, NumberCounter, TextCounter, TimeCounter
from tidewatch.domain.profile.grid import Grid
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile, merge
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.profile.times import TimeProfile
from tidewatch.domain.stored import FORMAT, BaselineRecord, Rows, read

Levels = Mapping[str, Mapping[str, Level]]  # column -> statistic -> level


@dataclass(frozen=True, eq=False)
class Baseline:
    grids: Mapping[str, Grid]  # of number columns
    words: Mapping[str, frozenset[str]]  # of text columns: the categories always counted by name
    windows: Mapping[str, Profile]  # by window name, ascending
    levels: Levels = field(default_factory=dict)
    rows: Level | None = None  # rows a window
    coarse: Mapping[str, Grid] = field(default_factory=dict)  # of number columns, for the profiles of segments
    followed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by segment column: the values looked at
    segment_levels: Mapping[str, Levels] = field(default_factory=dict)  # by segment, "carrier=UA"
    metrics: Mapping[str, Level] = field(default_factory=dict)
    segment: str = ""  # the segment this is the baseline of
    accepted: Mapping[str, Profile] = field(default_factory=dict)  # windows since a change, its columns only
    since: Mapping[str, str] = field(default_factory=dict)  # column -> first window since its accepted change
    decisions: tuple[str, ...] = ()  # which acceptances this baseline has learnt

    def with_metrics(self, metrics: Mapping[str, Level]) -> "Baseline":
        """The same columns judged for another version of the model: grids stay, so that profiles keep adding up."""
        return replace(self, metrics=metrics)

    def counters(self, spec: ModelSpec, sampled: int = 0) -> dict[str, Counter]:
        """A fresh counter for every column that is profiled; of number columns it keeps the first `sampled` rows."""
        return {name: _counter(self, spec, name, sampled) for name in profiled(spec)}

    def of_segment(self, segment: str) -> "Baseline":
        """What is usual in one segment: its profiles are counted on the coarse grids."""
        return Baseline(
            self.coarse, self.words, self.windows, self.segment_levels.get(segment, {}), followed=self.followed,
            segment=segment,
        )  # fmt: skip

    def profile_of(self, data: bytes) -> Profile:
        """Raises ValueError for what is no profile, or one of other columns or counted on other grids."""
        profile = Profile.from_dict(data, self.grids, self.words, self.coarse)
        learnt = [*[*self.windows.values()][-1:], *self.accepted.values()]
        if faults := misfits(
            profile, {name: type(column) for known in learnt for name, column in known.columns.items()}
        ):
            raise ValueError("; ".join(faults))
        return profile

    def faults(self, spec: ModelSpec) -> list[str]:
        """Why models of this spec cannot be judged by it, a clause each."""
        if not self.windows:
            return ["there is no profile to compare with"]
        wanted = {name: _profile_type(spec.columns[name]) for name in profiled(spec)}
        return next((faults for profile in self.windows.values() if (faults := misfits(profile, wanted))), [])

    def to_bytes(self) -> bytes:
        record = {
            "format": FORMAT,
            "grids": {name: grid.as_dict() for name, grid in self.grids.items()},
            "words": {name: sorted(words) for name, words in self.words.items()},
            "windows": {name: profile.as_dict() for name, profile in self.windows.items()},
            "levels": _dump(self.levels),
            "rows": _row(self.rows) if self.rows else None,
            "coarse": {name: grid.as_dict() for name, grid in self.coarse.items()},
            "followed": {name: list(values) for name, values in self.followed.items()},
            "segment_levels": {segment: _dump(levels) for segment, levels in self.segment_levels.items()},
            "metrics": {name: _row(level) for name, level in self.metrics.items()},
        }
        if self.decisions:
            accepted = {name: profile.as_dict() for name, profile in self.accepted.items()}
            record |= {"accepted": accepted, "since": dict(self.since), "decisions": list(self.decisions)}
        return json.dumps(record, separators=(",", ":")).encode()

    @staticmethod
    @lru_cache(maxsize=8)  # read for every batch and every label file; megabytes, so only a few are kept
    def from_bytes(data: bytes) -> "Baseline":
        """Raises ValueError for what is no baseline, or one of another format."""
        record = read(BaselineRecord, data, "a baseline")
        grids = {name: Grid.from_dict(grid) for name, grid in record.grids.items()}
        words = {name: frozenset(known) for name, known in record.words.items()}
        coarse = {name: Grid.from_dict(grid) for name, grid in record.coarse.items()}
        return Baseline(
            grids,
            words,
            {name: Profile.from_dict(part, grids, words, coarse) for name, part in record.windows.items()},
            _load(record.levels),
            Level(*record.rows) if record.rows else None,
            coarse,
            {name: tuple(values) for name, values in record.followed.items()},
            {segment: _load(levels) for segment, levels in record.segment_levels.items()},
            {name: Level(*row) for name, row in record.metrics.items()},
            accepted={name: Profile.from_dict(part, grids, words, coarse) for name, part in record.accepted.items()},
            since=record.since,
            decisions=record.decisions,
        )


def misfits(profile: Profile, wanted: Mapping[str, type]) -> list[str]:
    """Which columns are missing in a profile or in a segment of it, or are profiles of something else, a clause
    each."""
    for part in profile.segments.values():
        if faults := misfits(part, wanted):
            return faults
    missing = [name for name in wanted if name not in profile.columns]
    others = [name for name in wanted if name not in missing and type(profile.columns[name]) is not wanted[name]]
    faults = [f"it knows nothing of {', '.join(missing)}"] if missing else []
    return [*faults, *(f"column {name} is of another type in it" for name in others)]


def profiled(spec: ModelSpec) -> list[str]:
    """The columns a profile summarises: those compared, ids for duplicates, timestamps for their range, and
    attributions."""
    others = [n for n, c in spec.columns.items() if c.role in ("id", "timestamp", "attribution")]
    return [*compared(spec), *others, *(name for name in spec.watched if spec.columns[name].type == "time")]


def compared(spec: ModelSpec) -> list[str]:
    """The columns whose distribution is compared; times go on, so they are not."""
    return [*(name for name in spec.watched if spec.columns[name].type != "time"), *spec.of_role("prediction")]


def attributed(spec: ModelSpec) -> dict[str, str]:
    """Attribution column -> the feature it explains."""
    return {name: spec.columns[name].attribution_of or name for name in spec.of_role("attribution")}


def unsure_share(spec: ModelSpec, scores: NumberProfile) -> float:
    """Share of rows whose most likely answer has less probability than the spec's confidence threshold: of a binary
    model's score p that is max(p, 1 - p); of any other task the score is taken to be that of the answer."""
    least = spec.confidence.threshold if spec.confidence else 0.75
    sure = scores.values if spec.task != "binary" else np.maximum(scores.values, 1 - scores.values)
    return float(scores.counts[sure < least].sum()) / max(scores.rows, 1)


def _counter(baseline: Baseline, spec: ModelSpec, name: str, sampled: int) -> Counter:
    kind = _profile_type(spec.columns[name])
    if kind is IdProfile:
        return IdCounter()
    if kind is TimeProfile:
        return TimeCounter()
    if kind is TextProfile:
        return TextCounter(baseline.words.get(name, frozenset()))
    return NumberCounter(baseline.grids.get(name) or Grid.of(np.empty(0)), sampled)


def _profile_type(column: Column) -> type[ColumnProfile]:
    if column.role == "id":
        return IdProfile
    if column.role == "timestamp" or column.type == "time":
        return TimeProfile
    return TextProfile if column.type == "text" else NumberProfile


def reference(spec: ModelSpec, accepted: Sequence[Profile]) -> Profile:
    """What a new window is compared with, out of the accepted windows in order of time; those before a change that was
    accepted lack its columns."""
    latest = accepted[-spec.drift.windows :] if spec.drift.compare_with == "trailing" else accepted
    return merge(latest, partial=True)


def segment_levels(spec: ModelSpec, windows: Mapping[str, Profile]) -> dict[str, Levels]:
    """The levels of every segment, from the windows in which it has enough rows to be judged."""
    names = sorted({name for profile in windows.values() for name in profile.segments})
    parts = {name: {w: p.segments[name] for w, p in windows.items() if name in p.segments} for name in names}
    mine = {n: {w: p for w, p in some.items() if p.rows >= spec.segments.min_rows} for n, some in parts.items()}
    return {name: column_levels(spec, some) for name, some in mine.items()}


def column_levels(spec: ModelSpec, windows: Mapping[str, Profile]) -> dict[str, dict[str, Level]]:
    """From left-out windows: every window compared with those before it (or with all others) as a new one will be."""
    seen = dict[str, dict[str, list[float]]]()
    windows = {name: replace(profile, segments={}) for name, profile in windows.items()}  # not to be added up here
    for name, usual in left_out(spec, windows):
        for column, profile in windows[name].columns.items():
            values = measures(profile, usual.columns[column])
            if isinstance(profile, NumberProfile) and profile.rows and spec.columns[column].role == "score":
                values["unsure"] = unsure_share(spec, profile)
            for statistic, value in values.items():
                seen.setdefault(column, {}).setdefault(statistic, []).append(value)
    return {
        column: {s: level for s, v in values.items() if (level := Level.of(s, v))} for column, values in seen.items()
    }


def left_out(spec: ModelSpec, windows: Mapping[str, Profile]) -> Iterator[tuple[str, Profile]]:
    """Windows with what each is compared with: those before it, from where there are enough of them, or all others."""
    names, profiles = list(windows), list(windows.values())
    if spec.drift.compare_with == "trailing":
        for i in range(max(min(spec.drift.windows, len(names) // 2), 1), len(names)):
            yield names[i], reference(spec, profiles[:i])
        return
    after = [*accumulate(reversed(profiles[1:]), lambda a, b: merge([a, b]))][::-1]
    before: list[Profile] = []
    for i, name in enumerate(names):
        if others := before + after[i : i + 1]:
            yield name, merge(others)
        before = [merge([*before, profiles[i]])]


def measures(now: ColumnProfile, usual: ColumnProfile) -> dict[str, float]:
    """What is learnt of a column's windows: the statistics that decide about drift, and the shares of nulls, of the
    commonest value, of rows in categories that the reference does not have, and of repeated ids."""
    values = {"nulls": now.nulls / max(now.rows + now.nulls, 1)}
    if not now.rows or not usual.rows:
        return values
    match now, usual:
        case IdProfile(), _:
            return values | {"duplicates": now.duplicates / now.rows}
        case TextProfile(), TextProfile():
            values["unseen"] = sum(now.unseen(usual.names).values()) / now.rows
    if isinstance(now, NumberProfile | TextProfile):
        values |= {"mode": now.mode} | deciding(now, usual)
    return values


def _dump(levels: Levels) -> dict[str, Any]:
    return {column: {name: _row(level) for name, level in known.items()} for column, known in levels.items()}


def _load(record: Rows) -> Levels:
    return {column: {name: Level(*row) for name, row in known.items()} for column, known in record.items()}


def _row(level: Level) -> list[float | int]:
    return [level.mean, level.sd, level.windows]
