"""Does a column arrive in another unit?

Measured columns live on a grid: route lengths, whole minutes, tenths of a hectopascal. In another unit every value
falls off that grid, and division by the right factor puts it back: on values that were there before, or, where the
season has brought others, on the steps in which the column is recorded. No weather does that, so the check is certain
where plain drift can only be suspicious.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tidewatch.domain.lattice import NEAR, Lattice
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.profile.number import NumberProfile


@dataclass(frozen=True)
class Pair:
    """Value in the second unit = factor × value in the first + offset."""

    first: str
    second: str
    factor: float
    offset: float = 0.0

    def turned(self) -> "Pair":
        return Pair(self.second, self.first, 1 / self.factor, -self.offset / self.factor)


_PAIRS = (
    Pair("miles", "kilometres", 1.609344),
    Pair("miles", "nautical miles", 0.868976),
    Pair("feet", "metres", 0.3048),
    Pair("inches", "millimetres", 25.4),
    Pair("inches", "centimetres", 2.54),
    Pair("knots", "miles per hour", 1.15078),
    Pair("miles per hour", "metres per second", 0.44704),
    Pair("miles per hour", "kilometres per hour", 1.609344),
    Pair("knots", "metres per second", 0.514444),
    Pair("knots", "kilometres per hour", 1.852),
    Pair("hectopascals", "inches of mercury", 0.02953),
    Pair("hectopascals", "millimetres of mercury", 0.750062),
    Pair("pounds", "kilograms", 0.45359237),
    Pair("hours", "minutes", 60.0),
    Pair("°F", "°C", 5 / 9, -160 / 9),
    Pair("°C", "kelvin", 1.0, 273.15),
)
PAIRS = (*_PAIRS, *(pair.turned() for pair in _PAIRS))
SPELLINGS = {  # as specs write them
    "miles": "miles mile mi", "kilometres": "kilometres kilometers km", "feet": "feet foot ft",
    "metres": "metres meters m", "inches": "inches inch in", "millimetres": "millimetres millimeters mm",
    "centimetres": "centimetres centimeters cm", "knots": "knots kt kn", "miles per hour": "mph",
    "metres per second": "m/s", "kilometres per hour": "km/h kmh kph", "hectopascals": "hpa mbar millibar",
    "nautical miles": "nmi", "inches of mercury": "inhg", "millimetres of mercury": "mmhg torr",
    "pounds": "pounds pound lb lbs", "kilograms": "kilograms kilogram kg",
    "hours": "hours hour h", "minutes": "minutes minute min", "°F": "°f f fahrenheit degf",
    "°C": "°c c celsius degc", "kelvin": "kelvin k",
}  # fmt: skip
POWERS = (10.0, 100.0, 1000.0)
DECIMAL = tuple(Pair("", "", factor) for power in POWERS for factor in (power, 1 / power))  # the point has moved
SAMPLE = 10_000  # rows; so many values show a unit as well as all of them
COMMON = 8  # values tried against the commonest before: their order may change
FEW = 3  # different values; fewer prove nothing: the next month is no other unit
SEVERAL = 5  # different values; fewer are divided onto any grid by some ratio, so only known units are tried
ENOUGH = 8  # different values; so many are not on the usual steps by accident
STRANGE = 0.5  # from this share of unknown values on, another unit is worth a thought
RESTORED = 0.9  # a factor is believed when it gives so many rows a known value again
ROUNDING = 2.0**-11  # relative: values sent with four digits or more are divided back to what they were
SAME = 0.002  # relative: 1.609 and 1.609344 are one factor; a fed-in 1.609 is named as measured


@dataclass(frozen=True)
class ScaleChange:
    factor: float  # the column arrives multiplied by this …
    offset: float  # … with this added
    pair: str  # "miles → kilometres", or "" for a factor of no known pair
    off_grid: float  # share of rows with a value that never occurred before
    restored: float  # share of rows with a known value after conversion back, or one on the usual steps
    ks_after: float  # Kolmogorov-Smirnov distance after conversion back
    usual_median: float
    now_median: float

    @property
    def told(self) -> str:
        """What happened to the values."""
        named = f" ({self.pair})" if self.pair else ""
        if self.offset:
            return f"multiplied by {self.factor:.4g}, {self.offset:+.4g}{named}"
        return f"multiplied by {self.factor:g}{named}"

    def as_dict(self) -> dict[str, Any]:
        return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()}


def find_scale(values: Numbers, usual: NumberProfile, unit: str = "") -> ScaleChange | None:
    """The change of unit that explains a column of unknown values, if there is one; `unit` is the spec's.

    Looks at the values themselves, not at their profile: profiled on the grid of the usual unit, values in another
    unit are too coarse to be converted back. A known pair of units is preferred.
    """
    values = values[np.isfinite(values)][:SAMPLE]
    usual_steps = _left_steps(values, usual) if unit else None
    if not (usual.on_grid or usual_steps) or len(np.unique(values)) < FEW:
        return None
    strange, before = _fit(values, usual)
    if strange < STRANGE:
        return None
    fits = []
    for change in _candidates(values, usual, unit):
        with np.errstate(over="ignore"):
            back = (values - change.offset) / change.factor
        unknown, distance = _fit(back, usual)
        if 1 - unknown < RESTORED or distance >= max(before, 0.05):
            if not (usual_steps and change.first and usual_steps.takes(back, change, usual, distance < before)):
                continue
            unknown = usual_steps.missed_by(back)
        trust = 0 if change.first else 1 if change in DECIMAL else 2
        fits.append(((trust, round(unknown, 2), distance), change))
    if not fits:
        return None
    (_, unrestored, distance), change = min(fits, key=lambda fit: fit[0])
    pair = f"{change.first} → {change.second}" if change.first else ""
    medians = (usual.quantile(0.5), float(np.median(values)))
    return ScaleChange(change.factor, change.offset, pair, strange, 1 - unrestored, distance, *medians)


def known_changes(unit: str) -> list[Pair]:
    """From the declared unit into others that are known, in one step or two; of a column without a unit every pair.
    A moved decimal point is always possible."""
    named = [pair for pair in PAIRS if not unit or unit.casefold() in SPELLINGS[pair.first].split()]
    further = [
        Pair(pair.first, other.second, pair.factor * other.factor, pair.offset * other.factor + other.offset)
        for pair in named if unit for other in PAIRS if other.first == pair.second and other.second != pair.first
    ]  # fmt: skip
    return [*named, *further, *DECIMAL]


@dataclass(frozen=True)
class _Steps:
    """The steps of the usual values, which most values now lie between."""

    usual: Lattice
    now: Lattice | None

    def missed_by(self, values: Numbers) -> float:
        """Share of the values that do not lie on them."""
        return 1 - float(self.usual.holds(values).mean())

    def takes(self, values: Numbers, change: Pair, usual: NumberProfile, nearer: bool) -> bool:
        """Whether values that were converted back are the usual ones again, of a season that may be another: on the
        steps, and no farther outside of what was seen than that is wide. Finer or coarser steps are as well more digits
        or fewer in the same unit; then the values must also be `nearer` to the usual than before the conversion."""
        span = usual.high - usual.low
        within = usual.low - span <= np.median(values) <= usual.high + span
        same = self.now is not None and abs(self.now.step / (abs(change.factor) * self.usual.step) - 1) < SAME
        return bool(within) and (same or nearer) and self.missed_by(values) <= 1 - RESTORED


def _left_steps(values: Numbers, usual: NumberProfile) -> _Steps | None:
    """The usual steps, if the values now have left them."""
    distinct, usual_steps = np.unique(values), Lattice.of(usual.grid.atoms)
    if usual_steps is None or len(distinct) < ENOUGH or usual_steps.holds(values, NEAR / 2).mean() > 1 - STRANGE:
        return None
    return _Steps(usual_steps, Lattice.of(distinct))


def snapped(values: Numbers, usual: NumberProfile) -> Numbers:
    """The values, those within rounding of a usual repeated one as that one."""
    atoms = usual.grid.atoms
    if not len(atoms):
        return values
    above = np.clip(np.searchsorted(atoms, values), 0, len(atoms) - 1)
    below = np.maximum(above - 1, 0)
    with np.errstate(over="ignore"):
        nearest = atoms[np.where(values - atoms[below] < atoms[above] - values, below, above)]
        gap = np.where(above > below, atoms[above] - atoms[below], np.inf)
        near = np.abs(values - nearest) <= np.minimum(ROUNDING * np.abs(values), gap / 8)
    return np.where(near & np.isfinite(values), nearest, values)


def _fit(values: Numbers, usual: NumberProfile) -> tuple[float, float]:
    """Share of values that never occurred in `usual`, and the Kolmogorov-Smirnov distance from it."""
    grid = usual.grid
    counts = np.bincount(grid.index(snapped(values, usual)), minlength=grid.bins + 1)[:-1]
    unknown = float(counts[usual.counts == 0].sum()) / len(values)
    return unknown, float(np.abs(np.cumsum(counts / len(values) - usual.shares)).max())


def _candidates(values: Numbers, usual: NumberProfile, unit: str) -> list[Pair]:
    """The known changes, and the ratios of the commonest values now to the commonest before. A ratio that is a
    pair's, rounded as people round it, is named after the pair."""
    known, (distinct, counts) = known_changes(unit), np.unique(values, return_counts=True)
    if len(distinct) < SEVERAL:
        return known
    mine = distinct[np.argsort(-counts, kind="stable")[:COMMON]]
    theirs = usual.grid.atoms[np.argsort(-usual.counts[usual.grid.atom_bins], kind="stable")[:40]]
    ratios = {float(f"{a / b:.4g}") for a in mine for b in theirs if a and b and a * b > 0}
    return known + [_named(ratio, known) for ratio in sorted(ratios) if abs(ratio - 1) > 0.02]


def _named(ratio: float, known: list[Pair]) -> Pair:
    for pair in known:
        if pair.first and not pair.offset and abs(ratio / pair.factor - 1) < SAME:
            return Pair(pair.first, pair.second, ratio)
    return Pair("", "", ratio)
