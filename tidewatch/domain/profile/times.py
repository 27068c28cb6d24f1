"""The profile of a column of timestamps: their range, and the hours of the day."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TimeProfile:
    """Of a column of timestamps: seconds since 1970 UTC."""

    earliest: float  # inf and -inf when there is no value
    latest: float
    hours: tuple[int, ...]  # rows by hour of the day, UTC
    nulls: int = 0

    @property
    def rows(self) -> int:
        return sum(self.hours)

    def plus(self, *others: "TimeProfile") -> "TimeProfile":
        parts = (self, *others)
        return TimeProfile(
            min(part.earliest for part in parts), max(part.latest for part in parts),
            tuple(map(sum, zip(*(part.hours for part in parts), strict=True))), sum(part.nulls for part in parts),
        )  # fmt: skip
