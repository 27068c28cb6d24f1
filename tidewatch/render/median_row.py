"""The row above the curves of a drift picture, read like a sentence: usual 872 miles, ×1.609, now 1,404."""

import math
from dataclasses import dataclass

from tidewatch.render.axis import told_apart, with_unit
from tidewatch.render.svg import INK, MARGIN, NOW, ROOM, USUAL, WIDTH, area, dot, line, shorten, text, width_of

WORD, VALUE, CHANGE = 38, 60, 50  # sizes of text
WORDS = ("usual", "now")
SAME = "same median"


@dataclass(frozen=True)
class MedianRow:
    """Both medians, each as near to its place on the axis as it can be, and the arrow between them."""

    values: tuple[str, str]
    change: str
    centres: tuple[float, float]
    feet: tuple[float, float]  # x of the medians on the axis; NaN for none

    @staticmethod
    def of(
        before: float, after: float, feet: tuple[float, float], *, change: str, unit: str, unit_now: str
    ) -> "MedianRow":
        """`before` and `after` are the medians in their unit; `change` replaces their difference unless empty."""
        usual, now, difference = told_apart(before, after)
        values = with_unit(usual, _short(unit)), with_unit(now, _short(unit_now))
        same = SAME if math.isfinite(before + after) else ""
        moved = shorten(change, CHANGE, 320, bold=True) if change else difference or same
        widths = _label_width("usual", values[0]), _label_width("now", values[1])
        gap = width_of(moved, CHANGE, bold=True) + 2 * (18 + 14 + 54)
        if sum(widths) + gap > ROOM:
            values = usual, now
            widths = _label_width("usual", usual), _label_width("now", now)
        if not feet[1] < feet[0]:
            centres = _apart(feet, widths, gap)
        else:
            right, left = _apart((feet[1], feet[0]), (widths[1], widths[0]), gap)
            centres = left, right
        return MedianRow(values, moved, centres, feet)

    def edges(self, which: int) -> tuple[float, float]:
        half = _label_width(WORDS[which], self.values[which]) / 2
        return self.centres[which] - half, self.centres[which] + half

    def drawn(self, row: float, tops: tuple[float, float], base: float) -> list[str]:
        """`row` is the height of the arrow; stems lead from the labels by the dots at `tops` down to the axis."""
        parts = []
        for which, (word, fill) in enumerate(zip(WORDS, (USUAL, NOW), strict=True)):
            left, right = self.edges(which)
            foot_x = self.feet[which]
            if math.isfinite(foot_x):
                start = min(max(foot_x, left + 6), right - 6)
                y = tops[which]
                parts.append(line([start, foot_x, foot_x], [row + 34, min(row + 54, y), base], fill, 3, "0.1 9"))
                parts.append(dot(foot_x, y, 11, fill))
            parts.append(text(left, row + 21, word, WORD, fill))
            value_x = left + width_of(word + " ", WORD)
            parts.append(text(value_x, row + 21, self.values[which], VALUE, fill, bold=True))
        return [*parts, *self._arrow(row)]

    def _arrow(self, row: float) -> list[str]:
        """From usual to now, with the change written into it."""
        if not self.change:
            return []
        usual, now = self.edges(0), self.edges(1)
        forward = usual[0] <= now[0]
        start, end, tip = (usual[1] + 18, now[0] - 18, 22) if forward else (usual[0] - 18, now[1] + 18, -22)
        middle = (start + end) / 2
        half = width_of(self.change, CHANGE, bold=True) / 2 + 14
        half = half if forward else -half
        parts = [text(middle, row + 18, self.change, CHANGE, INK, anchor="middle", bold=True)]
        parts.append(line([start, middle - half], [row, row], INK, 5))
        if self.change == SAME:
            return [*parts, line([middle + half, end], [row, row], INK, 5)]
        parts.append(line([middle + half, end - tip / 2], [row, row], INK, 5))
        return [*parts, area([end, end - tip, end - tip], [row, row - 13, row + 13], INK)]


def _short(unit: str) -> str:
    return shorten(unit, VALUE, 300, bold=True) if unit else ""


def _label_width(word: str, value: str) -> float:
    return width_of(word + " ", WORD) + width_of(value, VALUE, bold=True)


def _apart(at: tuple[float, float], widths: tuple[float, float], gap: float) -> tuple[float, float]:
    """Centres of two labels, left and right, moved as little as keeps them apart and inside the frame."""
    places = [WIDTH / 2 if math.isnan(place) else place for place in at]
    left = max(places[0], MARGIN + widths[0] / 2)
    right = min(places[1], WIDTH - MARGIN - widths[1] / 2)
    short = max(0.0, (widths[0] + widths[1]) / 2 + gap - (right - left)) / 2
    left, right = left - short, right + short
    back = max(0.0, MARGIN + widths[0] / 2 - left) - max(0.0, right + widths[1] / 2 - (WIDTH - MARGIN))
    return left + back, right + back
