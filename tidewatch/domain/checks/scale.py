"""Does a column arrive in another unit?

Measured columns live on a grid: route lengths, whole minutes, tenths of a hectopascal. In another unit every value
falls off that grid, and division by the right factor puts it back. No weather does that, so the check is certain
where plain drift can only be suspicious.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tidewatch.domain.distance import kolmogorov, off_grid
from tidewatch.domain.profile import NumberProfile, Numbers, profile_numbers

# value in the second unit = factor × value in the first
PAIRS: dict[tuple[str, str], float] = {
    ("miles", "kilometres"): 1.609344,
    ("feet", "metres"): 0.3048,
    ("inches", "millimetres"): 25.4,
    ("inches", "centimetres"): 2.54,
    ("knots", "miles per hour"): 1.15078,
    ("miles per hour", "metres per second"): 0.44704,
    ("knots", "metres per second"): 0.514444,
    ("hectopascals", "inches of mercury"): 0.02953,
    ("pounds", "kilograms"): 0.45359237,
    ("hours", "minutes"): 60.0,
}
POWERS = (10.0, 100.0, 1000.0)
SAMPLE = 10_000  # rows; so many values show a unit as well as all of them
FEW = 3  # different values; fewer prove nothing: the next month is no other unit
SEVERAL = 5  # different values; fewer are divided onto any grid by some ratio, so only known units are tried
STRANGE = 0.5  # from this share of unknown values on, another unit is worth a thought
RESTORED = 0.9  # a factor is believed when it gives so many rows a known value again
SAME = 0.002  # relative: 1.609 and 1.609344 are one factor; a fed-in 1.609 is named as measured


@dataclass(frozen=True)
class ScaleChange:
    factor: float  # the column arrives multiplied by this
    pair: str  # "miles → kilometres", or "" for a factor of no known pair
    off_grid: float  # share of rows with a value that never occurred before
    restored: float  # share of rows with a known value after division
    ks_after: float  # Kolmogorov-Smirnov distance after division
    usual_median: float
    now_median: float

    @property
    def pair_text(self) -> str:
        return f" ({self.pair})" if self.pair else ""

    def as_dict(self) -> dict[str, Any]:
        return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()}


def find_scale(values: Numbers, usual: NumberProfile) -> ScaleChange | None:
    """The factor that explains a column of unknown values, if there is one.

    Looks at the values themselves, not at their profile: profiled under the scale of the usual unit, values in
    another unit are too coarse to be divided back onto the grid. A factor of a known pair of units is preferred.
    """
    values = values[np.isfinite(values)][:SAMPLE]
    now = profile_numbers(values, usual.scale)
    strange = off_grid(now, usual)
    if not usual.on_grid or strange < STRANGE or len(now.keys) < FEW:
        return None
    believed = []
    for factor in _candidates(values, usual):
        divided = profile_numbers(values / factor, usual.scale)
        restored, distance = 1 - off_grid(divided, usual), kolmogorov(divided, usual)
        if restored >= RESTORED and distance < max(kolmogorov(now, usual), 0.05):
            believed.append((not _known(factor), round(1 - restored, 2), distance, factor))
    if not believed:
        return None
    _, unrestored, distance, factor = min(believed)
    medians = (usual.quantile(0.5), float(np.median(values)))
    return ScaleChange(factor, _pair(factor), strange, 1 - unrestored, distance, *medians)


def _candidates(values: Numbers, usual: NumberProfile) -> list[float]:
    """Known factors both ways, and the ratios of the commonest values now to the commonest before."""
    known = [f for factor in (*PAIRS.values(), *POWERS) for f in (factor, 1 / factor)]
    distinct, counts = np.unique(values, return_counts=True)
    mine = distinct[np.argsort(-counts, kind="stable")[:3]]
    theirs = usual.values[np.argsort(-usual.counts, kind="stable")[:40]]
    if len(distinct) < SEVERAL:
        return known
    ratios = {float(f"{a / b:.4g}") for a in mine for b in theirs if a and b and a * b > 0}
    return known + sorted(ratio for ratio in ratios if abs(ratio - 1) > 0.02)


def _known(factor: float) -> bool:
    return bool(_pair(factor)) or factor in POWERS or 1 / factor in POWERS


def _pair(factor: float) -> str:
    for (first, second), known in PAIRS.items():
        if abs(factor / known - 1) < SAME:
            return f"{first} → {second}"
        if abs(factor * known - 1) < SAME:
            return f"{second} → {first}"
    return ""
