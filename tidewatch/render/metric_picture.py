"""A metric over days: what was predicted, what came true, and where they are further apart than allowed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tidewatch.render.axis import day_ticks, figures, number, ticks, told_apart, with_unit
from tidewatch.render.svg import (
    FAINT,
    FINE,
    FINE_FILL,
    MARGIN,
    NOW,
    NOW_FILL,
    PAPER,
    QUIET,
    ROOM,
    RULE,
    USUAL,
    WIDTH,
    Numbers,
    area,
    dot,
    foot,
    hatch,
    head,
    line,
    runs,
    sheet,
    shorten,
    text,
    width_of,
)

VALUE, WORD, TICK, KEY = 60, 34, 34, 34  # sizes of text
BADGE = 23  # radius of a mark
BELOW = 104.0  # from the axis down to the small print
WIDEST = 300  # of a value at the end with its unit; a longer unit stands at the axis only
MANY = 130  # days; for more the line is thinner
FINER = 8  # steps a day when looking for the moment a limit is crossed
TONES = {"plain": QUIET, "bad": NOW, "good": FINE}


@dataclass(frozen=True)
class Reading:
    """What the two lines are, and to which side of the second the first is bad."""

    observed: str = "observed"
    predicted: str = "predicted"
    bad: Literal["either side", "above", "below"] = "either side"

    def beyond(self, observed: Numbers, predicted: Numbers, limit: float) -> NDArray[np.bool_]:
        off = observed - predicted
        return (off > limit if self.bad != "below" else off < -limit) | (self.bad == "either side") & (off < -limit)


PREDICTIONS = Reading()


@dataclass(frozen=True)
class Point:
    """Shares between 0 and 1 when the unit is "%"; otherwise in that unit. NaN: not known (yet)."""

    day: date
    predicted: float
    observed: float


@dataclass(frozen=True)
class Mark:
    day: date
    number: int
    label: str  # the key says it beside the number
    tone: Literal["plain", "bad", "good"] = "plain"


def metric_picture(
    *,
    title: str,
    subtitle: str,
    points: Sequence[Point],
    limit: float,
    marks: Sequence[Mark] = (),
    unit: str = "%",
    footer: str,
    reading: Reading = PREDICTIONS,
) -> str:
    """An SVG. `points` in order of days; `limit` is the allowed distance between predicted and observed."""
    above, top = head(title, subtitle)
    below, print_y = foot(footer)
    keys, top = _keys(marks, top)
    if not points:
        parts = [text(WIDTH / 2, (top + print_y) / 2, "no days yet", VALUE, QUIET, anchor="middle")]
    else:
        scale = 100.0 if unit == "%" else 1.0
        scaled = [Point(p.day, p.predicted * scale, p.observed * scale) for p in points]
        chart = _Chart.of(
            scaled, limit * scale, unit, reading, top + (2 * BADGE + 26 if marks else 20), print_y - BELOW
        )
        parts = [*chart.ground(), *chart.badges(marks), *chart.series(), *chart.ends()]
    return sheet([*above, *keys, *parts, *below], metric_alt(title, points, limit, unit, reading))


def metric_alt(
    title: str, points: Sequence[Point], limit: float, unit: str = "%", reading: Reading = PREDICTIONS
) -> str:
    """What the picture shows as a sentence for a screen reader."""
    known = [point for point in points if math.isfinite(point.observed) and math.isfinite(point.predicted)]
    if not known:
        return f"{title}: nothing has been observed yet."
    last, scale = known[-1], 100.0 if unit == "%" else 1.0
    predicted, observed, _ = told_apart(last.predicted * scale, last.observed * scale)
    allowed = number(limit * scale)
    observations, predictions = np.array([(point.observed, point.predicted) for point in known]).T
    beyond = int(reading.beyond(observations, predictions, limit).sum())
    words = ", ".join(
        f"{word} {with_unit(value, unit)}"
        for word, value in ((reading.predicted, predicted), (reading.observed, observed))
    )
    far = f"further apart than the allowed {allowed}" if limit else "beyond it"
    return f"{title}: on {last.day:%Y-%m-%d} {words}; {beyond} of {len(known)} days were {far}."


@dataclass(frozen=True)
class _Chart:
    days: Numbers  # since the first day
    predicted: Numbers
    observed: Numbers
    limit: float
    unit: str
    reading: Reading
    first: date
    ending: "_Ending"
    left: float
    right: float
    top: float
    base: float
    low: float
    high: float

    @staticmethod
    def of(points: Sequence[Point], limit: float, unit: str, reading: Reading, top: float, base: float) -> "_Chart":
        days = np.array([(point.day - points[0].day).days for point in points], dtype=np.float64)
        predicted = np.array([point.predicted for point in points])
        observed = np.array([point.observed for point in points])
        shown = np.concatenate([predicted - limit, predicted + limit, observed])
        shown = shown[np.isfinite(shown)] if np.isfinite(shown).any() else np.array([0.0, 1.0])
        low, high = float(shown.min()), float(shown.max())
        pad = 0.06 * (high - low) or abs(high) / 4 or 1.0
        floor = 0.0 if np.nanmin([*predicted, *observed, 0.0]) >= 0 else -math.inf
        low, high = max(low - pad, floor), high + pad
        gutter = max(width_of(with_unit(label, unit), TICK) for label in figures(ticks(low, high, 4)))
        ending = _Ending.of(predicted, observed, limit, unit, reading)
        left, right = MARGIN + gutter + 18, WIDTH - MARGIN - ending.width - 30
        return _Chart(
            days, predicted, observed, limit, unit, reading, points[0].day, ending, left, right, top, base, low, high
        )

    def x(self, days: Numbers) -> Numbers:
        return self.left + (self.right - self.left) * days / max(float(self.days[-1]), 1.0)

    def y(self, values: Numbers) -> Numbers:
        return self.base - (self.base - self.top) * (np.maximum(values, self.low) - self.low) / (self.high - self.low)

    def ground(self) -> list[str]:
        """Grid, days and the calm band of what is allowed."""
        places = ticks(self.low, self.high, 4)
        parts = []
        for y, label in zip(self.y(np.array(places)), figures(places), strict=True):
            parts.append(line([self.left, self.right], [y, y], FAINT, 2))
            parts.append(text(self.left - 16, y + 12, with_unit(label, self.unit), TICK, QUIET, anchor="end"))
        xs = self.x(self.days)
        for run in runs(np.isfinite(self.predicted)):
            upper, lower = self.y(self.predicted[run] + self.limit), self.y(self.predicted[run] - self.limit)
            parts.append(
                area(np.concatenate([xs[run], xs[run][::-1]]), np.concatenate([upper, lower[::-1]]), FINE_FILL)
            )
        parts.append(line([self.left, self.right], [self.base, self.base], RULE, 2.5))
        last = self.first + timedelta(days=int(self.days[-1]))
        for day, label in day_ticks(self.first, last, int((self.right - self.left) / 145)):
            x = float(self.x(np.array([(day - self.first).days]))[0])
            half = width_of(label, TICK) / 2
            parts.append(line([x, x], [self.base, self.base + 10], RULE, 2.5))
            parts.append(text(max(x, MARGIN + half), self.base + 46, label, TICK, QUIET, anchor="middle"))
        return parts

    def series(self) -> list[str]:
        fine = np.linspace(0.0, float(self.days[-1]), max(2, int(self.days[-1]) * FINER + 1))
        predicted, observed = (np.interp(fine, self.days, values) for values in (self.predicted, self.observed))
        xs, over = self.x(fine), self.reading.beyond(observed, predicted, self.limit)
        broad = 6 if len(self.days) <= MANY else 3.5
        parts = []
        for run in runs(over):
            edge = predicted[run] + np.sign(observed[run] - predicted[run]) * self.limit
            inner, outer = self.y(edge), self.y(observed[run])
            parts.append(area(np.concatenate([xs[run], xs[run][::-1]]), np.concatenate([outer, inner[::-1]]), NOW_FILL))
            parts.append(hatch(xs[run], np.minimum(inner, outer), np.maximum(inner, outer), NOW))
        parts += [line(xs[run], self.y(predicted[run]), FINE, 4, "14 10") for run in runs(np.isfinite(predicted))]
        parts += [line(xs[run], self.y(observed[run]), USUAL, broad) for run in runs(np.isfinite(observed))]
        return parts + [line(xs[run], self.y(observed[run]), NOW, broad + 1) for run in runs(over)]

    def badges(self, marks: Sequence[Mark]) -> list[str]:
        """Numbered marks above the chart, side by side where days are close, each with a line down to its day."""
        parts: list[str] = []
        ordered = sorted(marks, key=lambda mark: mark.day)
        days = np.array([(mark.day - self.first).days for mark in ordered], dtype=np.float64)
        feet = np.clip(self.x(days), self.left, self.right)
        for mark, foot_x, x in zip(ordered, feet, _side_by_side(feet, 2 * BADGE + 6, self.right), strict=True):
            y, fill = self.top - BADGE - 22, TONES[mark.tone]
            parts.append(line([x, foot_x, foot_x], [y + BADGE, self.top - 4, self.base], fill, 3, "0.1 9"))
            parts += _badge(float(x), y, mark)
        return parts

    def ends(self) -> list[str]:
        """The last values, large, at the right end."""
        last = self.ending.last
        if last is None:
            return [text(self.right + 30, (self.top + self.base) / 2, "none yet", WORD, QUIET)]
        over = self.reading.beyond(self.observed[[last]], self.predicted[[last]], self.limit)
        fill = NOW if over[0] else USUAL
        x = float(self.x(self.days[[last]])[0])
        y_predicted, y_observed = (float(self.y(values[[last]])[0]) for values in (self.predicted, self.observed))
        entries = [(y_observed, *self.ending.observed, fill), (y_predicted, *self.ending.predicted, FINE)]
        entries.sort(key=lambda entry: entry[0])
        parts = [dot(x, y_predicted, 9, FINE), dot(x, y_observed, 13, fill)]
        step, lowest = VALUE + WORD + 8, self.base - WORD - 12
        first = min(max(entries[0][0], self.top + 24), lowest - step)
        second = min(max(entries[1][0], first + step), lowest)
        for y, (_, value, word, colour) in zip((first, second), entries, strict=True):
            parts.append(text(self.right + 30, y + 16, value, VALUE, colour, bold=True))
            parts.append(text(self.right + 30, y + 20 + WORD, word, WORD, colour))
        return parts


@dataclass(frozen=True)
class _Ending:
    """The last day on which both are known, and what is written at the right end: values with words below."""

    last: int | None
    observed: tuple[str, str]
    predicted: tuple[str, str]

    @staticmethod
    def of(predicted: Numbers, observed: Numbers, limit: float, unit: str, reading: Reading) -> "_Ending":
        known = np.flatnonzero(np.isfinite(observed) & np.isfinite(predicted))
        last = int(known[-1]) if len(known) else None
        values = told_apart(float(predicted[last]), float(observed[last]))[:2] if last is not None else ("", "")
        with_units = [with_unit(value, unit) for value in values]
        if max(width_of(value, VALUE, bold=True) for value in with_units) > WIDEST:
            with_units = list(values)
        band = f" ±{number(limit)}" if limit else ""
        return _Ending(last, (with_units[1], reading.observed), (with_units[0], reading.predicted + band))

    @property
    def width(self) -> float:
        ends = (self.observed, self.predicted)
        return max(max(width_of(value, VALUE, bold=True), width_of(word, WORD)) for value, word in ends)


def _keys(marks: Sequence[Mark], top: float) -> tuple[list[str], float]:
    """What the numbers mean, on one or two lines; and the y below."""
    parts: list[str] = []
    x, y = float(MARGIN), top + 44
    for mark in marks:
        label = shorten(mark.label, KEY, ROOM / 2 - 3 * BADGE)
        width = 2 * BADGE + 14 + width_of(label, KEY)
        if x > MARGIN and x + width > WIDTH - MARGIN:
            if y > top + 44:
                break
            x, y = float(MARGIN), y + 2 * BADGE + 10
        parts += _badge(x + BADGE, y - 12, mark)
        parts.append(text(x + 2 * BADGE + 14, y, label, KEY, TONES[mark.tone]))
        x += width + 44
    return parts, y + 18 if marks else top


def _badge(x: float, y: float, mark: Mark) -> list[str]:
    return [
        dot(x, y, BADGE, TONES[mark.tone]),
        text(x, y + 11, str(mark.number), 30, PAPER, anchor="middle", bold=True),
    ]


def _side_by_side(feet: Numbers, step: float, right: float) -> Numbers:
    """Ascending places at least a step apart, pushed right where they must be, and back from the right edge."""
    places = feet.copy()
    for place in range(1, len(places)):
        places[place] = max(places[place], places[place - 1] + step)
    limit = right
    for place in range(len(places) - 1, -1, -1):
        places[place] = min(places[place], limit)
        limit = places[place] - step
    return places
