"""The profile of a text column: counts by category, the many rare ones sketched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tidewatch.domain.profile.sketches import Distinct, Frequent

SHOWN_FROM = 10  # rows; a rarer category is never told to people: it might be one person
NAMED = 1000  # categories counted by name beside those of the baseline; more are sketched


@dataclass(frozen=True)
class TextProfile:
    """Counts by category. Those of the baseline are always named; beside them up to NAMED others, or else all others
    are in `other`, with their commonest and their number sketched."""

    counts: Mapping[str, int]
    nulls: int = 0
    known: frozenset[str] = frozenset()
    other: int = 0
    frequent: Frequent | None = None  # of the others
    distinct: Distinct | None = None  # of the others

    @cached_property
    def rows(self) -> int:
        return sum(self.counts.values()) + self.other

    @property
    def categories(self) -> float:
        """How many different values; estimated (see Distinct) where there are many."""
        return len(self.counts) + (self.distinct.estimate if self.distinct else 0.0)

    @property
    def mode(self) -> float:
        """Share of the commonest category."""
        return max(self.commonest.values(), default=0) / max(self.rows, 1)

    @property
    def names(self) -> frozenset[str]:
        """The categories it can tell from unseen ones."""
        return self.known | self.counts.keys()

    @property
    def constant(self) -> bool:
        return len(self.counts) == 1 and not self.other

    def unseen(self, names: frozenset[str]) -> dict[str, int]:
        """Rows by category that is not among the names, the commonest first; those it has no name for under ""."""
        new = {name: count for name, count in self.commonest.items() if name not in names}
        rest = self.rows - sum(self.commonest.values())
        return new | ({"": rest} if rest > 0 else {})

    @cached_property
    def commonest(self) -> Mapping[str, int]:
        """Categories with their counts, the commonest first; of sketched ones those that are surely common."""
        counts = dict(self.counts) | (self.frequent.items() if self.frequent else {})
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def plus(self, *others: "TextProfile") -> "TextProfile":
        if any(part.known != self.known for part in others):
            raise ValueError("profiles that name different categories cannot be added up")
        parts, counts = (self, *others), dict(self.counts)
        for part in others:
            for name, count in part.counts.items():
                counts[name] = counts.get(name, 0) + count
        merged = TextProfile(counts, sum(part.nulls for part in parts), self.known, sum(part.other for part in parts))
        for part in parts:
            if part.frequent and part.distinct:
                merged = merged._with(part.frequent, part.distinct)
        return merged.bounded()

    def bounded(self) -> "TextProfile":
        """With no more than NAMED names that the baseline does not know."""
        new = {name: count for name, count in self.counts.items() if name not in self.known}
        if len(new) <= NAMED and not self.frequent:
            return self
        counts = {name: count for name, count in self.counts.items() if name in self.known}
        rest = replace(self, counts=counts, other=self.other + sum(new.values()))
        return rest._with(Frequent.of(new), Distinct.of(new))

    def _with(self, frequent: Frequent, distinct: Distinct) -> "TextProfile":
        if self.frequent and self.distinct:
            frequent, distinct = self.frequent.plus(frequent), self.distinct.plus(distinct)
        return replace(self, frequent=frequent, distinct=distinct)
