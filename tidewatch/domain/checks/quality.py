"""Is each column filled as it should be? Nulls, allowed values, new categories, frozen values, duplicates, rows.

These departures are certain once they are measured, so they alarm with the window they are seen in; only a few more
nulls than usual must persist, as drift must. What is usual is learnt from left-out windows (see levels) with a tenth of
the alarm budget for each check; what the spec allows is allowed, whatever was usual.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tidewatch.domain.alarms import window_level
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.finding import SEVERITIES, Finding, Severity
from tidewatch.domain.fleet import chance_of
from tidewatch.domain.model_spec import Column, ModelSpec
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.text import SHOWN_FROM, TextProfile

PART = 0.1  # of the alarm budget, for each of these checks
FEWEST = 20  # rows; in fewer, a share says little
SMALL = 0.01  # a share of new categories below this is nobody's problem
HOLES = 0.05  # nor are so many more nulls than the reference has
MANY = 0.25  # from this share of nulls above what is usual, nobody waits for another window
REPEATED = 0.005  # share of rows that may repeat an id: joins do that
SOURCE = 3  # columns of one source with the same fault are one problem of that source
NAMED = 3  # categories named in a sentence


@dataclass(frozen=True)
class _Case:
    spec: ModelSpec
    baseline: Baseline
    window: str
    rows: int
    chance: float  # of a false alarm that each check of a column may take

    def finding(
        self, check: str, column: str, statistic: str, value: float, threshold: float, sentence: str,
        severity: Severity, chance: float | None = None,
    ) -> Finding:  # fmt: skip
        """`chance` is that of such a value by itself, where that is what the finding rests on."""
        rounded = (round(value, 4), round(threshold, 4))
        doubt = {} if chance is None else chance_of(chance, self.chance)
        evidence = {"statistics": {statistic: rounded[0]}, "limits": {statistic: rounded[1]}} | doubt
        return Finding(self.spec.model, check, column, statistic, *rounded, severity, self.window, sentence, evidence)

    def limit(self, column: str, statistic: str, otherwise: float) -> float:
        level = self.baseline.levels.get(column, {}).get(statistic)
        return level.limit(statistic, self.chance) if level else otherwise

    def is_unusual(self, column: str, statistic: str, value: float) -> bool:
        level = self.baseline.levels.get(column, {}).get(statistic)
        return level is None or level.p_value(statistic, value) < self.chance

    def may_all(self, rows: int, share: float) -> bool:
        """Whether so many rows can all be what that share of rows usually is, even if they are independent."""
        return share**rows >= self.chance


def findings(
    spec: ModelSpec, baseline: Baseline, usual: Profile, now: Profile, window: str
) -> tuple[list[Finding], list[Finding]]:
    """What is certain, and what is worth an alarm only if it stays."""
    chance = window_level(spec, baseline) * PART / max(len(spec.watched), 1)
    case = _Case(spec, baseline, window, now.rows, chance)
    found = [*_rows(case, now.rows)]
    for name in (name for name in spec.columns if name in now.columns):
        column, profile, before = spec.columns[name], now.columns[name], usual.columns.get(name)
        found += _nulls(case, name, column, profile, before)
        match profile, before:
            case NumberProfile(), _:
                found += _range(case, name, column, profile)
            case TextProfile(), TextProfile():
                found += _categories(case, name, column, profile, before)
            case IdProfile(), _:
                found += _duplicates(case, name, profile)
        if isinstance(profile, NumberProfile | TextProfile) and isinstance(before, NumberProfile | TextProfile):
            found += _frozen(case, name, column, profile, before)
    passing = [finding for finding in found if _may_pass(spec, finding)]
    return [finding for finding in found if finding not in passing], passing


def by_source(spec: ModelSpec, found: Sequence[Finding]) -> list[Finding]:
    """The findings, with those of one check in SOURCE or more columns of one declared source put together: the feed
    is what somebody has to repair."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        column = spec.columns.get(finding.subject)
        # Each column may have another factor, and is converted back by itself.
        source = column.source if column and finding.check != "scale" else ""
        groups.setdefault((finding.check, source), []).append(finding)
    together = []
    for (_, source), group in groups.items():
        together += [_of_source(source, group)] if source and len(group) >= SOURCE else group
    return together


def _of_source(source: str, group: Sequence[Finding]) -> Finding:
    columns = [finding.subject for finding in group]
    worst = max(group, key=lambda finding: (SEVERITIES.index(finding.severity), finding.value))
    sentence = f"{len(group)} columns of the {source} have the same fault ({', '.join(columns)}): {worst.sentence}"
    evidence = {**worst.evidence, "columns": columns}
    return replace(worst, subject=source, sentence=sentence, evidence=evidence)


def _may_pass(spec: ModelSpec, finding: Finding) -> bool:
    if finding.check != "nulls" or spec.columns[finding.subject].max_nulls is not None:
        return False
    return finding.value < finding.threshold + MANY


def _rows(case: _Case, rows: int) -> Iterator[Finding]:
    level = case.baseline.rows
    if level is None:
        return
    chance = level.p_value("rows", rows)
    usual = level.limit("rows", 0.5)
    if min(chance, 1 - chance) < case.chance and not 0.75 <= rows / max(usual, 1) <= 1.33:
        more = "more" if rows > usual else "fewer"
        sentence = f"the batch of {case.window} has {rows:,} rows, far {more} than the usual {usual:,.0f}"
        limit = level.limit("rows", case.chance if rows > usual else 1 - case.chance)
        yield case.finding("row_count", "rows", "rows", rows, limit, sentence, "medium", min(chance, 1 - chance))


def _nulls(
    case: _Case, name: str, column: Column, profile: ColumnProfile, usual: ColumnProfile | None
) -> Iterator[Finding]:
    total = profile.rows + profile.nulls
    share = profile.nulls / max(total, 1)
    before = usual.nulls / max(usual.rows + usual.nulls, 1) if usual else 0.0
    if total and not profile.rows:
        if case.may_all(total, before) or not case.is_unusual(name, "nulls", 1.0):
            return
        sentence = (
            f"{name} has no value in any of the {total:,} rows of {case.window}; usually {1 - before:.0%} have one"
        )
        yield case.finding("missing_feature", name, "nulls", 1.0, before, sentence, column.importance)
        return
    learnt = case.limit(name, "nulls", before + 4 * np.sqrt(before * (1 - before) / max(total, 1)))
    limit = column.max_nulls if column.max_nulls is not None else max(learnt, before + HOLES)
    if share > limit and total >= FEWEST:
        allowed = "allowed" if column.max_nulls is not None else "usual"
        what = f"{name} is missing in {share:.0%} of the {total:,} rows of {case.window}"
        sentence = f"{what}, where up to {limit:.1%} is {allowed}"
        level = case.baseline.levels.get(name, {}).get("nulls")
        chance = level.p_value("nulls", share) if level and column.max_nulls is None else None
        yield case.finding("nulls", name, "nulls", share, limit, sentence, column.importance, chance)


def _range(case: _Case, name: str, column: Column, profile: NumberProfile) -> Iterator[Finding]:
    if column.range is None or not profile.rows:
        return
    low, high = (-np.inf if column.range[0] is None else column.range[0], column.range[1])
    high = np.inf if high is None else high
    outside = int(profile.counts[(profile.values < low) | (profile.values > high)].sum())
    extreme = profile.low if profile.low < low else profile.high
    if low <= profile.low and profile.high <= high and not profile.infinite:
        return
    outside = max(outside, profile.infinite, 1)
    ends = [f"{word}{end:g}" for word, end in (("from ", low), ("to ", high)) if np.isfinite(end)]
    allowed = " ".join(ends).removeprefix("from " if len(ends) > 1 else "") + (f" {column.unit}" if column.unit else "")
    told = "" if column.sensitive or profile.infinite else f", such as {extreme:g}"
    sentence = (
        f"{name} is outside of the allowed {allowed} in {outside:,} of {profile.rows:,} rows{told}, {case.window}"
    )
    share = outside / profile.rows
    yield case.finding("range", name, "share outside", share, 0.0, sentence, column.importance)


def _categories(case: _Case, name: str, column: Column, profile: TextProfile, usual: TextProfile) -> Iterator[Finding]:
    new = profile.unseen(frozenset(column.categories) or usual.names)
    rows = sum(new.values())
    share = rows / max(profile.rows, 1)
    unnamed = usual.other / max(usual.rows, 1)
    limit = 0.0 if column.categories else max(case.limit(name, "unseen", SMALL), SMALL + unnamed)
    if share <= limit or (rows < FEWEST and not column.categories):
        return
    named = "" if column.sensitive else _named(new)
    what = "that is not allowed" if column.categories else "never seen before"
    sentence = f"{rows:,} of {profile.rows:,} rows ({share:.0%}) of {case.window} have a {name} {what}"
    sentence += f": {named}" if named else ""
    yield case.finding("unseen_category", name, "share of rows", share, limit, sentence, column.importance)


def _named(counts: Mapping[str, int]) -> str:
    """The commonest categories; rare ones are put together, because they might be one person."""
    shown = {name: count for name, count in counts.items() if name and count >= SHOWN_FROM}
    first = list(shown.items())[:NAMED]
    other = sum(counts.values()) - sum(count for _, count in first)
    words = [f"{name} ({count:,})" for name, count in first] + ([f"other ({other:,})"] if other and first else [])
    return ", ".join(words)


def _frozen(
    case: _Case, name: str, column: Column, profile: NumberProfile | TextProfile, usual: NumberProfile | TextProfile
) -> Iterator[Finding]:
    """One value in every row, where windows usually have several."""
    if not profile.constant or usual.constant or not usual.rows or profile.rows < FEWEST:
        return
    if case.may_all(profile.rows, usual.mode) or not case.is_unusual(name, "mode", 1.0):
        return
    value = (
        f"{profile.low:g} {column.unit}".strip() if isinstance(profile, NumberProfile) else next(iter(profile.counts))
    )
    told = "" if column.sensitive else f", {value},"
    sentence = (
        f"{name} has one and the same value{told} in all {profile.rows:,} rows of {case.window}; "
        f"usually the commonest has {usual.mode:.0%} of them"
    )
    limit = case.limit(name, "mode", usual.mode)
    yield case.finding("frozen", name, "share of one value", 1.0, min(limit, 1.0), sentence, column.importance)


def _duplicates(case: _Case, name: str, profile: IdProfile) -> Iterator[Finding]:
    if not profile.duplicates:
        return
    share = profile.duplicates / profile.rows
    limit = max(case.limit(name, "duplicates", 0.0), REPEATED)
    if share > limit:
        what = f"{profile.duplicates:,} of the {profile.rows:,} rows of {case.window}"
        sentence = f"at least {what} repeat the {name} of another"
        yield case.finding("duplicates", name, "share of rows", share, limit, sentence, "medium")
