"""Small mergeable summaries of data sets: read a batch once, check it many times.

Profiles add up: hours make days, partitions make batches, in any order and grouping. Counts are exact; sums of
values agree to rounding (1e-12); what is sketched has a stated error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidewatch.domain.profile.column import ColumnProfile, dump, load, merge_column
from tidewatch.domain.profile.grid import Grid
from tidewatch.domain.stored import FORMAT, ProfileRecord, read


@dataclass(frozen=True)
class Profile:
    rows: int
    columns: Mapping[str, ColumnProfile]
    segments: Mapping[str, "Profile"] = field(default_factory=dict)  # by segment, "carrier=UA", on coarser grids

    def as_dict(self) -> dict[str, Any]:
        record = {"format": FORMAT, "rows": self.rows, "columns": {n: dump(c) for n, c in self.columns.items()}}
        parts = {name: profile.as_dict() for name, profile in self.segments.items()}
        return record | ({"segments": parts} if parts else {})

    @staticmethod
    def from_dict(
        record: Mapping[str, Any] | bytes | ProfileRecord,
        grids: Mapping[str, Grid],
        words: Mapping[str, frozenset[str]],
        coarse: Mapping[str, Grid] | None = None,
    ) -> "Profile":
        """From what `as_dict` gave, or its JSON. Raises ValueError for what is no profile, is damaged, has another
        format, or was counted on other grids."""
        if not isinstance(record, ProfileRecord):
            record = read(ProfileRecord, record, "a profile")
        return Profile(
            record.rows,
            {n: load(n, c, grids.get(n), words.get(n, frozenset())) for n, c in record.columns.items()},
            {name: Profile.from_dict(part, coarse or {}, words) for name, part in record.segments.items()},
        )


def merge(profiles: Sequence[Profile], *, partial: bool = False) -> Profile:
    """The profile of all the rows together, with the columns that all have; `partial` takes every column from those
    that have it. Raises ValueError for no profiles, unequal grids or unequal types."""
    if not profiles:
        raise ValueError("there is no profile to compare with")
    columns: dict[str, list[ColumnProfile]] = {}
    parts: dict[str, list[Profile]] = {}
    for profile in profiles:
        for name, column in profile.columns.items():
            columns.setdefault(name, []).append(column)
        for name, part in profile.segments.items():
            parts.setdefault(name, []).append(part)
    return Profile(
        sum(profile.rows for profile in profiles),
        {n: merge_column(n, some) for n, some in columns.items() if partial or len(some) == len(profiles)},
        {name: merge(some, partial=partial) for name, some in parts.items()},
    )
