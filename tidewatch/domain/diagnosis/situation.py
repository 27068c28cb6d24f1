"""What a diagnosis looks at, and how far each column has departed from what is usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tidewatch.domain import alarms
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks.drift import ColumnResult, compare
from tidewatch.domain.distance import statistics
from tidewatch.domain.finding import Finding
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome
from tidewatch.domain.profile.column import ColumnProfile, merge_column
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.table import Table

SAMPLE = 2_000  # rows among which another unit is looked for
RARE = 0.002  # chance of a window so far away, below which a column has departed


@dataclass(frozen=True)
class Elsewhere:
    """A finding of another model about a column of a source that this model has too."""

    finding: Finding
    source: str


@dataclass(frozen=True, eq=False)
class Situation:
    spec: ModelSpec
    baseline: Baseline
    window: str
    usual: Profile  # what the window is compared with
    now: Profile
    rows: Table  # some rows of the window in their order, all watched columns
    windows: Mapping[str, Profile] = field(default_factory=dict)  # accepted windows before, by name, ascending
    seasons: Mapping[str, Profile] = field(default_factory=dict)  # by what people call them: "the week before"
    elsewhere: Sequence[Elsewhere] = ()
    outcomes: Sequence[DayOutcome] = ()  # the latest run of windows with labels
    earlier: Sequence[DayOutcome] = ()  # those before, of the same version
    stale: Sequence[Finding] = ()  # what of this model is too old

    @cached_property
    def results(self) -> Mapping[str, ColumnResult]:
        known = {name: values for name, values in self.rows.columns.items() if name in self.numbers}
        samples = {name: values[:: max(1, len(values) // SAMPLE)] for name, values in known.items()}
        return {r.column: r for r in compare(self.spec, self.baseline, self.usual, self.now, samples)}

    @property
    def inputs(self) -> list[str]:
        """The columns a model is given and may be wrong, without its own answers."""
        return [name for name in self.spec.watched if self.spec.columns[name].role != "score"]

    @cached_property
    def numbers(self) -> list[str]:
        """Inputs that are numbers and have some, now and usually."""
        return [name for name in self.inputs if self._both(name, NumberProfile)]

    @cached_property
    def texts(self) -> list[str]:
        return [name for name in self.inputs if self._both(name, TextProfile)]

    @cached_property
    def all_windows(self) -> Mapping[str, Profile]:
        return {**self.baseline.windows, **self.windows}

    @property
    def usual_rows(self) -> float:
        """Of a window."""
        rows = [profile.rows for profile in self.all_windows.values()]
        return float(np.median(rows)) if rows else float(self.usual.rows)

    def seen(self, name: str) -> ColumnProfile:
        """Everything that was accepted before of a column, as far as it is known."""
        usual = self.usual.columns[name]
        parts = [window.columns[name] for window in self.all_windows.values() if name in window.columns]
        return merge_column(name, parts) if parts and all(type(part) is type(usual) for part in parts) else usual

    # --- how far away ------------------------------------------------------------------------------------

    def chance(self, name: str, now: ColumnProfile) -> float:
        """Of a window of this column that is so far from the usual ones."""
        return alarms.chance(self.baseline, name, statistics(now, self.usual.columns[name]))

    def excess(self, name: str, distance: float) -> float:
        """How much of a distance is beyond what this column's windows usually have."""
        level = self.level(name, "ks") or self.level(name, "total_variation")
        usual = level.limit("ks", 0.5) if level else 0.0
        return max(0.0, distance - usual)

    def level(self, name: str, statistic: str) -> Level | None:
        return self.baseline.levels.get(name, {}).get(statistic)

    def unlikely(self, name: str, statistic: str, value: float, otherwise: float) -> bool:
        """Whether hardly any window has so large a value; without levels, whether it is beyond `otherwise`."""
        level = self.level(name, statistic)
        return value > otherwise if level is None else level.p_value(statistic, value) < RARE

    def has_departed(self, name: str) -> bool:
        result = self.results.get(name)
        return result is not None and result.chance < RARE

    def _both(self, name: str, kind: type[NumberProfile] | type[TextProfile]) -> bool:
        now, usual = self.now.columns.get(name), self.usual.columns.get(name)
        return isinstance(now, kind) and isinstance(usual, kind) and bool(now.rows and usual.rows)
