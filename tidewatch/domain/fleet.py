"""The fleet's decision: which departures, of the windows of thousands of models, are worth calling somebody for.

Each model keeps to its own alarm budget, and 18,000 models at one false alarm a month still make 600 a day. So what
chance can explain is decided once more, over all windows judged within a day. Every window brings the level its budget
allows it and its part: the chance of its least likely departure (Simes 1986: the smallest Benjamini-Hochberg adjusted
chance of its columns) over that level. With u the largest part that passes, `expected` the sum of all levels and
found(u) the number of windows with a part of at most u,

    expected · u <= max(FALSE_SHARE · found(u), FALSE_A_DAY)

On the left stand the false alarms that are to be expected when every level is lowered to u times itself. The first
bound is Benjamini and Hochberg's with the levels as weights (Genovese, Roeder and Wasserman 2006), its families being
the models (Benjamini and Bogomolov 2014); the second is what a person can look at, and lets a small fleet do as its
models say: while the levels add up to at most FALSE_A_DAY, everything passes. Batches come one by one, so the day is a
sliding one, as in false discovery rates with a decaying memory (Ramdas, Yang, Wainwright and Jordan 2017), and what is
held back is looked at again with all that comes within the day. That whole is no theorem; `bench/fleet.py` measures it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tidewatch.domain.finding import Finding

DAY = timedelta(days=1)
FALSE_SHARE = 0.1  # of what is reported
FALSE_A_DAY = 1.0  # of the whole fleet, whatever was found
BEYOND_DOUBT = 1e-6  # so small a chance passes in a fleet of up to a million windows a day: nobody need wait
STAYS, OUT_OF = 3, 5  # strange in so many of so many windows, a column is reported whatever the fleet looks like


@dataclass(frozen=True)
class Arrival:
    """A window that was judged."""

    key: str  # team/name/window/content
    part: float  # its chance over its level; more than 1 of a quiet window
    level: float  # of any false alarm in the window
    waits: bool = False  # its findings are still to be reported


@dataclass(frozen=True)
class Candidate:
    """A window with a departure that chance could explain."""

    key: str
    part: float
    at: datetime
    told: bool


@dataclass(frozen=True)
class Pool:
    """The windows judged within a day. Of the quiet ones only number and levels count, so it stays small."""

    hours: Mapping[str, tuple[float, int]] = field(default_factory=dict)  # hour -> sum of levels, windows
    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()  # keys of the last arrivals: their entries may be seen once more

    @property
    def expected(self) -> float:
        """False alarms, when every model may use up its level."""
        return sum(levels for levels, _ in self.hours.values())

    @property
    def windows(self) -> int:
        return sum(windows for _, windows in self.hours.values())

    @property
    def waiting(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates.values() if not candidate.told]

    def after(self, arrivals: Sequence[Arrival], now: datetime) -> "Pool":
        """With these, and without what is older than a day. The same arrival again changes nothing."""
        new = [a for a in arrivals if a.key not in self.counted and a.key not in self.candidates]
        oldest, hour = _hour(now - DAY), _hour(now)
        levels, windows = self.hours.get(hour, (0.0, 0))
        hours = {name: sums for name, sums in self.hours.items() if name > oldest}
        if new:
            hours[hour] = (levels + sum(arrival.level for arrival in new), windows + len(new))
        kept = {key: candidate for key, candidate in self.candidates.items() if _hour(candidate.at) > oldest}
        kept |= {a.key: Candidate(a.key, a.part, now, not a.waits) for a in new if a.part <= 1}
        return Pool(hours, kept, frozenset(arrival.key for arrival in arrivals))

    def passing(self) -> list[Candidate]:
        """Those waiting that are to be reported now."""
        parts, limit = sorted(candidate.part for candidate in self.candidates.values()), 0.0
        for found, part in enumerate(parts, 1):
            if self.expected * part <= max(FALSE_SHARE * found, FALSE_A_DAY):
                limit = part
        return [candidate for candidate in self.waiting if candidate.part <= limit]

    def told(self, candidates: Iterable[Candidate]) -> "Pool":
        now_told = {candidate.key: replace(candidate, told=True) for candidate in candidates}
        return replace(self, candidates={**self.candidates, **now_told})

    def q(self, part: float) -> float:
        """The share of false alarms to be expected among what is reported, if this part is to be reported."""
        parts = sorted(candidate.part for candidate in self.candidates.values())
        first = max(bisect_right(parts, part), 1)
        ratios = [self.expected * part / first]
        ratios += [self.expected * later / found for found, later in enumerate(parts[first:], first + 1)]
        return min(*ratios, 1.0)

    def as_dict(self) -> dict[str, Any]:
        candidates = [[c.key, c.part, c.at.isoformat(), c.told] for c in self.candidates.values()]
        return {"hours": dict(self.hours), "candidates": candidates, "counted": sorted(self.counted)}

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Pool":
        candidates = [Candidate(key, p, datetime.fromisoformat(at), told) for key, p, at, told in record["candidates"]]
        hours = {hour: (float(levels), int(windows)) for hour, (levels, windows) in record["hours"].items()}
        return Pool(hours, {candidate.key: candidate for candidate in candidates}, frozenset(record["counted"]))


def chance_of(chance: float, level: float) -> dict[str, float]:
    """The evidence of a finding that chance could explain, with three digits."""
    return {"chance": float(f"{chance:.3g}"), "level": float(f"{level:.3g}")}


def part_of(findings: Iterable[Finding]) -> float:
    """Of a window with these findings; 2 of one in which chance explains nothing or everything."""
    parts = [f.evidence["chance"] / f.evidence["level"] for f in findings if "chance" in f.evidence]
    return min(parts, default=2.0)


def waits(finding: Finding) -> bool:
    """Whether the fleet has to decide; what is certain, beyond doubt, or there to stay is reported at once."""
    chance, windows = float(finding.evidence.get("chance", 0)), int(finding.evidence.get("strange_windows", 1))
    return chance > BEYOND_DOUBT and windows < STAYS


def _hour(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H}"
