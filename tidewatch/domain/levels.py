"""How much a statistic varies from window to window when nothing is wrong.

Rows of one day are not independent, so nothing is concluded from their number: each window of the reference data is
compared with the windows before it exactly as a new one will be. The values are made roughly normal (logit for shares
and distances between 0 and 1, logarithm for sizes); a new value is judged by the t distribution of the next
observation, heavier in the tail the fewer windows there were:

    t = (x - mean) / (sd · √(1 + 1/m)),  m - 1 degrees of freedom

A storm every week makes a storm usual.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

FEW = 3  # with fewer left-out windows than this, a level says nothing; with few, t has a heavy tail
SHARES = ("ks", "total_variation", "nulls", "mode", "unseen", "duplicates", "unsure")  # between 0 and 1
LEAST_SHARE = 1e-4
LEAST_SIZE = 1e-3
SMALLEST = 1e-300  # chance that is told from none
LONGEST = 700.0  # logarithm of a size
NORMAL = NormalDist()


@dataclass(frozen=True)
class Level:
    """Mean and standard deviation over left-out windows, on the transformed scale of the statistic."""

    mean: float
    sd: float
    windows: int

    @staticmethod
    def of(statistic: str, values: Sequence[float]) -> "Level | None":
        """None for fewer than FEW values."""
        if len(values) < FEW:
            return None
        changed = [to_normal(statistic, value) for value in values]
        mean = math.fsum(changed) / len(changed)
        sd = math.sqrt(math.fsum((value - mean) ** 2 for value in changed) / (len(changed) - 1))
        return Level(mean, sd, len(changed))

    def p_value(self, statistic: str, value: float) -> float:
        """Chance that the next window lies as high, if nothing is wrong."""
        off = to_normal(statistic, value) - self.mean
        spread = self.sd * math.sqrt(1 + 1 / self.windows)
        if spread <= 1e-12:
            return 1.0 if off <= 1e-9 else 0.0
        return t_tail(off / spread, self.windows - 1)

    def limit(self, statistic: str, chance: float) -> float:
        """The value that the next window exceeds with that chance, on the statistic's own scale."""
        t = t_quantile(chance, self.windows - 1)
        return from_normal(statistic, self.mean + t * self.sd * math.sqrt(1 + 1 / self.windows))


def to_normal(statistic: str, value: float) -> float:
    if statistic in SHARES:
        bounded = min(max(value, LEAST_SHARE), 1 - LEAST_SHARE)
        return math.log(bounded / (1 - bounded))
    if statistic in ("effect", "rows"):
        return math.log(value + LEAST_SIZE)
    return value  # metrics are used as they are


def from_normal(statistic: str, value: float) -> float:
    if statistic in SHARES:
        return 1 / (1 + math.exp(-value))
    if statistic in ("effect", "rows"):
        return math.exp(min(value, LONGEST)) - LEAST_SIZE
    return value


def t_tail(t: float, freedom: int) -> float:
    """Chance that Student's t is larger: Wallace's normal approximation (1959); of a chance of 1e-5 it makes 8 % too
    much with 9 degrees, 2 % with 19, and next to never too little."""
    z = (8 * freedom + 1) / (8 * freedom + 3) * math.sqrt(freedom * math.log1p(t * t / freedom))
    return math.erfc(math.copysign(z, t) / math.sqrt(2)) / 2


def t_quantile(chance: float, freedom: int) -> float:
    """The t that is exceeded with that chance: the inverse of `t_tail`."""
    z = -NORMAL.inv_cdf(min(max(chance, SMALLEST), 1 - 1e-16)) * (8 * freedom + 3) / (8 * freedom + 1)
    return math.copysign(math.sqrt(freedom * math.expm1(z * z / freedom)), z)
