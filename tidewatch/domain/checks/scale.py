"""Does a column arrive in another unit?

Measured columns live on a grid: route lengths, whole minutes, tenths of a hectopascal. In another unit every value
falls off that grid, and division by the right factor puts it back. No weather does that, so the check is certain
where plain drift can only be suspicious.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

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
    Pair("feet", "metres", 0.3048),
    Pair("inches", "millimetres", 25.4),
    Pair("inches", "centimetres", 2.54),
    Pair("knots", "miles per hour", 1.15078),
    Pair("miles per hour", "metres per second", 0.44704),
    Pair("miles per hour", "kilometres per hour", 1.609344),
    Pair("knots", "metres per second", 0.514444),
    Pair("hectopascals", "inches of mercury", 0.02953),
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
    "inches of mercury": "inhg", "pounds": "pounds pound lb lbs", "kilograms": "kilograms kilogram kg",
    "hours": "hours hour h", "minutes": "minutes minute min", "°F": "°f f fahrenheit degf",
    "°C": "°c c celsius degc", "kelvin": "kelvin k",
}  # fmt: skip
POWERS = (10.0, 100.0, 1000.0)
SAMPLE = 10_000  # rows; so many values show a unit as well as all of them
COMMON = 8  # values tried against the commonest before: their order may change
FEW = 3  # different values; fewer prove nothing: the next month is no other unit
SEVERAL = 5  # different values; fewer are divided onto any grid by some ratio, so only known units are tried
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
    restored: float  # share of rows with a known value after conversion back
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
    if not usual.on_grid or len(np.unique(values)) < FEW:
        return None
    strange, before = _fit(values, usual)
    if strange < STRANGE:
        return None
    believed = []
    for change in _candidates(values, usual, unit):
        with np.errstate(over="ignore"):
            unknown, distance = _fit((values - change.offset) / change.factor, usual)
        if 1 - unknown >= RESTORED and distance < max(before, 0.05):
            plain = not change.first and change.factor not in POWERS and 1 / change.factor not in POWERS
            believed.append(((plain, round(unknown, 2), distance), change))
    if not believed:
        return None
    (_, unrestored, distance), change = min(believed, key=lambda item: item[0])
    pair = f"{change.first} → {change.second}" if change.first else ""
    medians = (usual.quantile(0.5), float(np.median(values)))
    return ScaleChange(change.factor, change.offset, pair, strange, 1 - unrestored, distance, *medians)


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
    """The known pairs that start from the spec's unit, powers of ten, and the ratios of the commonest values now to
    the commonest before. A ratio that is a pair's, rounded as people round it, is named after the pair."""
    known = [pair for pair in PAIRS if not unit or unit.casefold() in SPELLINGS[pair.first].split()]
    plain = [Pair("", "", factor) for power in POWERS for factor in (power, 1 / power)]
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < SEVERAL:
        return known + plain
    mine = distinct[np.argsort(-counts, kind="stable")[:COMMON]]
    theirs = usual.grid.atoms[np.argsort(-usual.counts[usual.grid.atom_bins], kind="stable")[:40]]
    ratios = {float(f"{a / b:.4g}") for a in mine for b in theirs if a and b and a * b > 0}
    measured = [_named(ratio, known) for ratio in sorted(ratios) if abs(ratio - 1) > 0.02]
    return known + plain + measured


def _named(ratio: float, known: list[Pair]) -> Pair:
    for pair in known:
        if not pair.offset and abs(ratio / pair.factor - 1) < SAME:
            return Pair(pair.first, pair.second, ratio)
    return Pair("", "", ratio)
