"""Is the cause found? Faults of many kinds and strengths in real days of flights, alone and by twos, and days without.

`--tune` looks at the other half of the weeks: the one that thresholds were chosen on.
"""

import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bench.flights import Flights, parquet
from bench.report import keep, say, table, verdict
from tidewatch.compose import tables
from tidewatch.domain.baseline import reference
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.ranking import rank
from tidewatch.domain.diagnosis.situation import Situation

# Faults by the kind of cause that they are; a cause of that kind about that column is the right answer.
ANSWERS: Mapping[str, Sequence[str]] = {
    "unit_or_scale": ("unit", "unit_of_one", "other_unit", "decimal_point", "offset"),
    "sign_flip": ("sign",), "noise": ("noise",), "precision_lost": ("rounded",), "frozen_sensor": ("frozen",),
    "clipping": ("clipped",), "null_surge": ("nulls",), "sentinel_values": ("sentinel", "zeros", "outliers"),
    "clock_shift": ("clock",), "category_renamed": ("renamed", "recoded", "truncated", "merged", "divided"),
    "duplicated_rows": ("duplicated",), "mix_changed": ("mix",), "new_segment": ("segment",),
    "upstream_source": ("feed_lags", "feed_is_empty"), "swapped_columns": ("swapped",),
    "label_fault": ("flipped", "misplaced", "withheld"), "concept_drift": ("other_world",),
}  # fmt: skip
KIND = {fault: kind for kind, faults in ANSWERS.items() for fault in faults}
HARMLESS = ("unknown", "seasonality", "nothing")
GAPS = 0.03  # of the rows without weather: on such a day the record itself has a fault, one that no one injected
DAYS_EACH, TWOS, RUN = 2, 100, 7
LEAST_CHANGED = 0.01  # of the rows: rain in millimetres is no fault on a dry day
REQUIRED = {"top1": 0.85, "top3": 0.9, "twos_either": 0.9, "clean": 0.9}


@dataclass(frozen=True)
class Case:
    fault: str
    column: str
    strength: float
    day: str

    @property
    def seed(self) -> int:
        return zlib.crc32(repr(self).encode())

    def place(self, causes: Sequence[Cause]) -> int:
        """Where the right answer stands among the causes, from 0; 99 when it is not there."""
        return next((place for place, cause in enumerate(causes) if self.is_right(cause)), 99)

    def is_right(self, cause: Cause) -> bool:
        about = cause.subject == self.column or (cause.kind == "swapped_columns" and self.column in cause.columns)
        return cause.kind == KIND[self.fault] and (about or self.column == "labels")


class Examination:
    def __init__(self, flights: Flights, tune: bool) -> None:
        import faults  # noqa: PLC0415 - the example's, found once flights.py was imported

        self.flights, self.faults = flights, faults
        weather = [name for name in faults.WEATHER if name != "pressure"]  # which is often missing
        gaps = {day: float(flights.inputs(day)[weather].isna().mean().max()) for day in flights.days}
        self.broken = {day for day, share in gaps.items() if share > GAPS}
        weeks = enumerate(flights.days)
        self.days = [day for n, day in weeks if n >= RUN and (n // 7) % 2 == (not tune) and day not in self.broken]
        self.chance = np.random.default_rng(2013)

    def singles(self) -> Iterator[Case]:
        for fault, kind in self.faults.FAULTS.items():
            for column in kind.columns:
                for strength in kind.strengths:
                    for day in self.chance.choice(self.days, DAYS_EACH, replace=False):
                        yield Case(fault, column, float(strength), str(day))

    def twos(self) -> Iterator[tuple[Case, Case]]:
        """Two faults of different kinds in different columns of one day, neither in its mildest form."""
        kinds = [(fault, c, k.strengths[-1]) for fault, k in self.faults.FAULTS.items() for c in k.columns]
        for _ in range(TWOS):
            day = str(self.chance.choice(self.days))
            while True:
                first, second = (kinds[i] for i in self.chance.choice(len(kinds), 2, replace=False))
                if KIND[first[0]] != KIND[second[0]] and not self._same_columns(first[1], second[1]):
                    break
            yield Case(*first, day), Case(*second, day)

    def labels(self) -> Iterator[Case]:
        for fault, (strengths, _) in self.faults.LABEL_FAULTS.items():
            for strength in strengths:
                for day in self.chance.choice(self.days[14:], 6, replace=False):
                    yield Case(fault, "labels", float(strength), str(day))

    def _same_columns(self, first: str, second: str) -> bool:
        twins = self.faults.TWINS
        wide = {"weather feed": set(self.faults.WEATHER)}
        mine, theirs = (
            wide.get(c, {c, twins.get(c, c)} | {k for k, t in twins.items() if t == c}) for c in (first, second)
        )
        return bool(mine & theirs)

    # --- what is diagnosed -------------------------------------------------------------------------------

    def injected(self, *cases: Case) -> pd.DataFrame | None:
        """The day with the faults in it; None when one of them changes next to nothing."""
        day = cases[0].day
        frame = self.flights.inputs(day)
        before = self.flights.inputs(self.flights.days[self.flights.days.index(day) - 1])
        for case in cases:
            changed = self.faults.inject(case.fault, frame, before, case.column, case.strength, case.seed)
            if not _differ(frame, changed):
                return None
            frame = changed
        return frame

    def situation(self, day: str, frame: pd.DataFrame, months: int = 0) -> Situation:
        """As it would be diagnosed on that day, or with nothing accepted for so many months."""
        flights, place = self.flights, self.flights.days.index(day)
        end = place - 30 * months
        known = [d for d in flights.days[max(0, end - 28) : max(0, end)] if d not in self.broken]
        windows = {d: flights.profiles[d] for d in known}
        usual = reference(flights.spec, [*flights.baseline.windows.values(), *windows.values()])
        batch = flights.scored(frame)
        rows = tables().read(parquet(batch), "day.parquet", flights.spec.watched)
        seasons = {"the same weekday a week before": flights.profiles[flights.days[place - 7]]}
        now = flights.count(batch).profile
        return Situation(flights.spec, flights.baseline, day, usual, now, rows, windows, seasons)

    def with_labels(self, case: Case | None, day: str) -> Situation:
        """The day as it was, the labels of its run of days with the fault."""
        flights, place = self.flights, self.flights.days.index(day)
        run, earlier = flights.days[place - RUN + 1 : place + 1], flights.days[max(0, place - 28) : place - RUN + 1]
        outcomes = [flights.outcomes[d] for d in run]
        if case is not None:
            faulty = [self.faults.inject_labels(case.fault, flights.labels(d), case.strength, case.seed) for d in run]
            outcomes = [flights.outcome(d, labels) for d, labels in zip(run, faulty, strict=True)]
        found = self.situation(day, flights.inputs(day))
        return replace(found, outcomes=outcomes, earlier=[flights.outcomes[d] for d in earlier])


def _differ(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    if len(before) != len(after):
        return True
    same = [(before[c] == after[c]) | (before[c].isna() & after[c].isna()) for c in before if c != "id"]
    return float((~np.logical_and.reduce(same)).mean()) >= LEAST_CHANGED


def _first(causes: Sequence[Cause]) -> str:
    return causes[0].kind if causes else "nothing"


Tally = dict[str, list[tuple[int, bool]]]  # by fault: place of the right answer, whether anything was found


def _alone(examination: Examination, wrong: Counter[str]) -> Tally:
    places: Tally = {}
    for case in examination.singles():
        frame = examination.injected(case)
        if frame is None:
            continue
        causes = rank(examination.situation(case.day, frame))
        place = case.place(causes)
        places.setdefault(case.fault, []).append((place, bool(causes)))
        if place:
            wrong[f"{case.fault} {case.column} {case.strength:g} -> {_first(causes)}"] += 1
    for case in examination.labels():
        causes = rank(examination.with_labels(case, case.day))
        places.setdefault(case.fault, []).append((case.place(causes), bool(causes)))
    return places


def _by_twos(examination: Examination) -> list[tuple[int, int]]:
    places = []
    for first, second in examination.twos():
        frame = examination.injected(first, second)
        if frame is not None:
            causes = rank(examination.situation(first.day, frame))
            places.append((first.place(causes), second.place(causes)))
    return places


def _clean(examination: Examination) -> dict[str, Counter[str]]:
    """What days without a fault are called."""
    found: dict[str, Counter[str]] = {"days as they were": Counter(), "their labels": Counter()}
    for day in examination.days:
        found["days as they were"][_first(rank(examination.situation(day, examination.flights.inputs(day))))] += 1
    for day in examination.days[21::6]:
        found["their labels"][_first(rank(examination.with_labels(None, day)))] += 1
    for months in (2, 4, 6):
        name = f"against days {months} months before"
        found[name] = Counter()
        for day in examination.days[::4]:
            if examination.flights.days.index(day) >= 30 * months:
                causes = rank(examination.situation(day, examination.flights.inputs(day), months))
                found[name][_first(causes)] += 1
    return found


def _share(places: Sequence[int], within: int) -> float:
    return float(np.mean([place < within for place in places])) if places else float("nan")


def _rows(places: Tally, of: Callable[[str], str]) -> list[list[str]]:
    groups: Tally = {}
    for fault, found in places.items():
        groups.setdefault(of(fault), []).extend(found)
    rows = []
    for name, found in groups.items():
        ranks, silent = [place for place, _ in found], sum(not any_cause for _, any_cause in found)
        rows.append([name, f"{len(found)}", f"{_share(ranks, 1):.2f}", f"{_share(ranks, 3):.2f}", f"{silent}"])
    return rows


def main() -> int:
    tune, start = "--tune" in sys.argv, time.perf_counter()
    examination, wrong = Examination(Flights(), tune), Counter[str]()
    places = _alone(examination, wrong)
    all_places = [place for found in places.values() for place, _ in found]
    told = [place for found in places.values() for place, any_cause in found if any_cause]
    pairs, clean = _by_twos(examination), _clean(examination)
    say(f"{len(all_places)} days with one fault, {len(pairs)} with two; {time.perf_counter() - start:.0f} s")
    head = ["fault", "days", "first", "among three", "nothing found"]
    table(head, _rows(places, str))
    table(["cause", *head[1:]], _rows(places, lambda fault: KIND[fault]))
    table(["days without a fault", "what they are called"], [[name, dict(counts)] for name, counts in clean.items()])
    for text, times in wrong.most_common():
        say(f"not first: {text}" + (f" ({times})" if times > 1 else ""))
    days = clean["days as they were"] + sum((c for n, c in clean.items() if n.startswith("against")), Counter[str]())
    figures = {
        "top1": _share(all_places, 1), "top3": _share(all_places, 3), "top1_of_those_told": _share(told, 1),
        "twos_either": float(np.mean([min(pair) == 0 for pair in pairs])),
        "twos_both": float(np.mean([max(pair) < 3 for pair in pairs])),
        "clean": sum(days[kind] for kind in HARMLESS) / days.total(),
    }  # fmt: skip
    kinds = {row[0]: {"days": int(row[1]), "top1": float(row[2]), "top3": float(row[3])} for row in _rows(places, str)}
    keep(
        "diagnosis",
        {"figures": figures, "faults": kinds, "clean": {n: dict(c) for n, c in clean.items()}, "tune": tune},
    )
    held = [verdict(n, v, f"at least {REQUIRED[n]}", v >= REQUIRED[n]) for n, v in figures.items() if n in REQUIRED]
    for name in figures.keys() - REQUIRED.keys():
        say(f"     {name}: {figures[name]:.3f}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
