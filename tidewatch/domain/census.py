"""Counting the rows of a file by window and by segment, in one pass."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.baseline import Baseline, profiled
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.counting import SAMPLE, Codes, Divided
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.table import Sink

ALL = "all"  # the one window of data without windows
Rows = NDArray[np.int32]  # a number for every row of a file


class Census:
    """Counts the rows of each window (or of ALL), and within it those of each followed segment."""

    def __init__(
        self, spec: ModelSpec, baseline: Baseline, segments: Mapping[str, Codes], windows: Codes | None = None
    ) -> None:
        self.columns, self.by, self.windows = profiled(spec), segments, windows
        self.places = windows.places if windows else {ALL: 0}
        sampled = 0 if windows else SAMPLE
        self.whole = {label: baseline.counters(spec, sampled) for label in self.places}
        small = replace(baseline, grids=baseline.coarse)
        self.followed = {
            column: {value: known.places[value] for value in baseline.followed[column] if value in known.places}
            for column, known in segments.items()
        }
        self.parts = {
            (label, f"{column}={value}"): small.counters(spec)
            for label in self.places
            for column, values in self.followed.items()
            for value in values
        }
        self.rows = dict.fromkeys(self.parts, 0)

    def sinks(self) -> dict[str, list[Sink]]:
        by_segment = {column: self._numbered(column) for column in self.followed}
        return {name: self._sinks(name, by_segment) for name in self.columns}

    def segments(self, label: str) -> dict[str, Profile]:
        return {
            segment: Profile(self.rows[mine, segment], {name: c.profile() for name, c in counters.items()})
            for (mine, segment), counters in self.parts.items()
            if mine == label and self.rows[mine, segment]
        }

    def _sinks(self, name: str, by_segment: Mapping[str, tuple[Rows, dict[int, tuple[str, str]]]]) -> list[Sink]:
        if self.windows is None:
            sinks: list[Sink] = [self.whole[ALL][name].add]
        else:
            mine = {place: self.whole[label][name] for label, place in self.places.items()}
            sinks = [Divided(self.windows.codes, mine).add]
        for codes, parts in by_segment.values():
            sinks.append(Divided(codes, {code: self.parts[part][name] for code, part in parts.items()}).add)
        return sinks

    def _numbered(self, column: str) -> tuple[Rows, dict[int, tuple[str, str]]]:
        """One code for window and segment together, for every row; and what each code means."""
        codes, many = self.by[column].codes, len(self.by[column].places)
        if self.windows is not None:
            windows = self.windows.codes
            codes = np.where((windows < 0) | (codes < 0), -1, windows * many + codes).astype(np.int32)
        meaning = {
            place * many + code: (label, f"{column}={value}")
            for label, place in self.places.items()
            for value, code in self.followed[column].items()
        }
        counts = np.bincount(codes[codes >= 0], minlength=many * len(self.places))
        self.rows |= {part: int(counts[code]) for code, part in meaning.items()}
        return codes, meaning
