"""Read a data file once, in constant memory, and count it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tidewatch.domain.baseline import Baseline, column_levels, profiled, segment_levels
from tidewatch.domain.census import ALL, Census
from tidewatch.domain.checks.intake import KINDS, kinds_of, misfits
from tidewatch.domain.exact import doane_edges
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.multivariate.row_choice import ChosenRows
from tidewatch.domain.performance.outcomes import DayOutcome, outcomes_by_window
from tidewatch.domain.performance.usual import metric_levels
from tidewatch.domain.profile.counting import Codes, NumberCounter, Sampler, Words
from tidewatch.domain.profile.grid import Grid, Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.table import Piece, Sink, Table
from tidewatch.ports.tables import Contents, Tables, UnreadableTable

SEGMENT_SHARE = 0.005  # of a column in one bin of a segment's profile
MOST_WORDS = 1000  # categories of the baseline that are always counted by name, the commonest


Watch = Callable[[int], None]


@dataclass(frozen=True)
class Counted:
    profile: Profile
    samples: Mapping[str, Numbers]  # the first rows of number columns
    contents: Contents


def count(
    tables: Tables, source: bytes | Path, name: str, spec: ModelSpec, baseline: Baseline, watch: Watch | None = None
) -> Counted:
    """Profile every column that the spec watches, on the baseline's grids. `watch` is told how many values more were
    read. Raises UnreadableTable."""
    census = Census(spec, baseline, _codes(tables, source, name, spec, list(baseline.followed)))
    contents = _feed(tables, source, name, spec, _watched(census.sinks(), watch))
    counters = census.whole[ALL]
    columns = {column: counter.profile() for column, counter in counters.items()}
    samples = {column: c.sample for column, c in counters.items() if isinstance(c, NumberCounter)}
    return Counted(Profile(contents.rows, columns, census.segments(ALL)), samples, contents)


def learn(
    tables: Tables, source: bytes | Path, name: str, spec: ModelSpec, watch: Watch | None = None
) -> tuple[Baseline, Contents]:
    """The baseline of reference data, read twice: for the grids, then for one profile a window.

    Without the spec's window column all rows are one window, "all". Raises UnreadableTable.
    """
    window = Codes()
    texts, numbers = _first_look(spec)
    first: dict[str, list[Sink]] = {column: [c.add] for column, c in (texts | numbers).items()}
    first.setdefault(spec.only("window"), []).append(window.add)
    contents = _feed(tables, source, name, spec, _watched(first, watch))
    if faults := _faults(spec, contents, window):
        raise UnreadableTable("; ".join(faults))
    grids = {column: _grid(spec, sampler.values) for column, sampler in numbers.items()}
    words = {column: frozenset(w for w, _ in c.counts.most_common(MOST_WORDS)) for column, c in texts.items()}
    baseline = Baseline(grids, words, {})
    if spec.segmented:
        whole = count(tables, source, name, spec, baseline, watch).profile
        baseline = replace(baseline, coarse=_coarse(whole), followed=_followed(spec, whole))
    windows = _by_window(tables, source, name, spec, baseline, window, watch)
    learnt = replace(
        baseline, windows=windows, levels=column_levels(spec, windows),
        rows=Level.of("rows", [profile.rows for profile in windows.values()]),
        segment_levels=segment_levels(spec, windows),
        metrics=metric_levels(spec, _outcomes(tables, source, name, spec, contents)),
    )  # fmt: skip
    return learnt, contents


def _faults(spec: ModelSpec, contents: Contents, window: Codes) -> list[str]:
    """Why nothing can be learnt from reference data, a clause each."""
    present = [column for column in spec.columns if column in contents.kinds]
    faults = misfits(spec, contents.kinds, [*spec.watched, *present])
    if not contents.rows:
        return [*faults, "there are no rows"]
    if window.parts and not window.places:
        faults.append(f"the column {spec.only('window')} has no value in any row")
    return faults


def _coarse(whole: Profile) -> dict[str, Grid]:
    numbers = {name: profile for name, profile in whole.columns.items() if isinstance(profile, NumberProfile)}
    return {name: profile.grid.coarse(profile.counts, SEGMENT_SHARE) for name, profile in numbers.items()}


def _followed(spec: ModelSpec, whole: Profile) -> dict[str, tuple[str, ...]]:
    """The commonest values of each segment column."""
    texts = {name: whole.columns[name] for name in spec.segmented}
    return {
        name: tuple(list(profile.commonest)[: spec.segments.most])
        for name, profile in texts.items()
        if isinstance(profile, TextProfile)
    }


def _outcomes(tables: Tables, source: bytes | Path, name: str, spec: ModelSpec, contents: Contents) -> list[DayOutcome]:
    """How the left-out predictions in the reference data turned out, where it has labels."""
    wanted = [n for role in ("window", "score", "prediction", "label") for n in spec.of_role(role)]
    wanted = [column for column in [*wanted, *spec.segmented] if column in contents.kinds]
    if not {*spec.of_role("window"), *spec.of_role("label")} <= set(wanted):
        return []
    kept = {column: ChosenRows(np.ones(contents.rows, dtype=bool)) for column in wanted}
    _feed(tables, source, name, spec, {column: [rows.add] for column, rows in kept.items()})
    table = Table({column: rows.values for column, rows in kept.items()}, kinds_of(spec))
    return outcomes_by_window(table, spec, "left-out")


def _first_look(spec: ModelSpec) -> tuple[dict[str, Words], dict[str, Sampler]]:
    plain = [name for name in profiled(spec) if spec.columns[name].role not in ("id", "timestamp")]
    texts = {name: Words() for name in plain if spec.columns[name].type == "text"}
    numbers = {name: Sampler() for name in plain if KINDS[spec.columns[name].type] == "number"}
    return texts, numbers


def _grid(spec: ModelSpec, values: Numbers) -> Grid:
    return Grid.of(values, doane_edges(values) if spec.drift.binning == "doane" else None)


def _codes(
    tables: Tables, source: bytes | Path, name: str, spec: ModelSpec, columns: Sequence[str]
) -> dict[str, Codes]:
    """Whole text columns as codes, those that the file has."""
    codes = {column: Codes() for column in columns}
    if codes:
        _feed(tables, source, name, spec, {column: [sink.add] for column, sink in codes.items()})
    return {column: sink for column, sink in codes.items() if sink.parts}


def _by_window(
    tables: Tables, source: bytes | Path, name: str, spec: ModelSpec, baseline: Baseline, windows: Codes,
    watch: Watch | None,
) -> dict[str, Profile]:  # fmt: skip
    if not windows.parts:
        return {ALL: count(tables, source, name, spec, baseline, watch).profile}
    census = Census(spec, baseline, _codes(tables, source, name, spec, list(baseline.followed)), windows)
    _feed(tables, source, name, spec, _watched(census.sinks(), watch))
    rows = np.bincount(windows.codes[windows.codes >= 0], minlength=len(windows.places))
    columns = {label: {n: c.profile() for n, c in counters.items()} for label, counters in census.whole.items()}
    return {
        label: Profile(int(rows[windows.places[label]]), columns[label], census.segments(label))
        for label in sorted(windows.places)
    }


def _feed(
    tables: Tables, source: bytes | Path, name: str, spec: ModelSpec, sinks: Mapping[str, Sequence[Sink]]
) -> Contents:
    return tables.feed(source, name, {column: _fan(some) for column, some in sinks.items()}, kinds_of(spec))


def _watched(sinks: dict[str, list[Sink]], watch: Watch | None) -> dict[str, list[Sink]]:
    if watch is None:
        return sinks
    return {column: [*some, lambda piece: watch(len(piece))] for column, some in sinks.items()}


def _fan(sinks: Sequence[Sink]) -> Sink:
    def add(piece: Piece) -> None:
        for sink in sinks:
            sink(piece)

    return add if len(sinks) > 1 else sinks[0]
