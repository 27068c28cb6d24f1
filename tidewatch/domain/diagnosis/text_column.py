"""One column of text: how its categories' shares differ from the usual ones, and how they vary."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tidewatch.domain.diagnosis.situation import RARE, Situation
from tidewatch.domain.levels import Level
from tidewatch.domain.profile.text import SHOWN_FROM, TextProfile

FEWEST = 5  # rows expected of a category before its absence means anything
PRESENT = 0.9  # share of windows that have a category, above which its absence is strange
Shares = Mapping[str, float]  # of the rows, by category


@dataclass(frozen=True, eq=False)
class TextColumn:
    situation: Situation
    name: str

    @cached_property
    def now(self) -> TextProfile:
        return self._profile(self.situation.now.columns[self.name])

    @cached_property
    def usual(self) -> TextProfile:
        return self._profile(self.situation.usual.columns[self.name])

    @cached_property
    def shares(self) -> Shares:
        return shares(self.now)

    @cached_property
    def usual_shares(self) -> Shares:
        return shares(self.usual)

    @cached_property
    def windows(self) -> list[Shares]:
        """Of all accepted windows."""
        found = (window.columns.get(self.name) for window in self.situation.all_windows.values())
        return [shares(w) for w in found if isinstance(w, TextProfile) and w.rows]

    @cached_property
    def new(self) -> Shares:
        """Of categories never seen, the commonest first."""
        seen = self.situation.seen(self.name)
        names = self.usual.names | (seen.names if isinstance(seen, TextProfile) else frozenset())
        return {category: count / self.now.rows for category, count in self.now.unseen(names).items() if category}

    @cached_property
    def gone(self) -> Shares:
        """Usual shares of categories that nearly every window has and this one has not."""
        missing = {c: s for c, s in self.usual_shares.items() if s * self.now.rows >= FEWEST and c not in self.shares}
        return {c: s for c, s in missing.items() if self._presence(c) > PRESENT}

    def _presence(self, category: str) -> float:
        """Share of windows that have the category."""
        return sum(category in window for window in self.windows) / len(self.windows) if self.windows else 1.0

    @property
    def sensitive(self) -> bool:
        return self.situation.spec.columns[self.name].sensitive

    @cached_property
    def unseen_limit(self) -> float:
        """The share of rows in categories never seen before that hardly any window exceeds."""
        level = self.situation.level(self.name, "unseen")
        return level.limit("unseen", RARE) if level else 0.0

    def told(self, category: str, otherwise: str) -> str:
        """A category for people; nothing of a sensitive column, nor of what might be one person."""
        count = max(self.now.counts.get(category, 0), self.usual.counts.get(category, 0))
        return otherwise if self.sensitive or count < SHOWN_FROM else category

    def chance(self, category: str) -> float:
        """Of a window in which the category has so unusual a share, to either side."""
        history = [window.get(category, 0.0) for window in self.windows]
        share, level = self.shares.get(category, 0.0), Level.of("total_variation", history)
        if level is None:
            usual = self.usual_shares.get(category, 0.0)
            return 0.0 if abs(share - usual) > 0.1 else 1.0
        above = level.p_value("total_variation", share)
        return 2 * min(above, 1 - above)

    def deviations(self, category: str) -> float:
        """How many standard deviations of windows its share lies above the mean of windows."""
        history = np.array([window.get(category, 0.0) for window in self.windows])
        share, mean, sd = self.shares.get(category, 0.0), self.usual_shares.get(category, 0.0), 0.0
        if len(history) > 1:
            mean, sd = float(history.mean()), float(history.std())
        by_rows = math.sqrt(mean * (1 - mean) / max(self.now.rows, 1))
        return (share - mean) / max(sd, by_rows, 1e-9)

    def _profile(self, column: object) -> TextProfile:
        if not isinstance(column, TextProfile):
            raise TypeError(f"{self.name} is not a column of text")
        return column


def shares(profile: TextProfile) -> Shares:
    return {category: count / max(profile.rows, 1) for category, count in profile.counts.items() if count}


def apart(first: Shares, second: Shares) -> float:
    """Total variation, 0 to 1."""
    return 0.5 * sum(abs(first.get(name, 0.0) - second.get(name, 0.0)) for name in first.keys() | second.keys())


def mixed(first: Shares, second: Shares, share: float) -> Shares:
    """Of rows of which `share` are of the second kind."""
    names = first.keys() | second.keys()
    return {name: (1 - share) * first.get(name, 0.0) + share * second.get(name, 0.0) for name in names}
