"""The profile of a column of ids: how many rows repeat one."""

from dataclasses import dataclass

from tidewatch.domain.profile.sketches import Distinct


@dataclass(frozen=True)
class IdProfile:
    """Of a column whose values should all differ."""

    rows: int
    nulls: int
    distinct: Distinct

    @property
    def duplicates(self) -> int:
        """Rows beyond the first of each id: certain ones only, given the sketch's error."""
        return max(0, round(self.rows - self.distinct.upper))

    def plus(self, *others: "IdProfile") -> "IdProfile":
        parts = (self, *others)
        distinct = self.distinct.plus(*(part.distinct for part in others))
        return IdProfile(sum(part.rows for part in parts), sum(part.nulls for part in parts), distinct)
