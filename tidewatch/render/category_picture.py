"""A text column that moved: the categories whose shares changed most, usual and now side by side."""

from collections.abc import Mapping, Sequence

import numpy as np

from tidewatch.render.svg import (
    INK,
    MARGIN,
    NOW,
    NOW_FILL,
    QUIET,
    ROOM,
    RULE,
    USUAL,
    USUAL_FILL,
    WIDTH,
    Numbers,
    area,
    foot,
    hatch,
    head,
    line,
    sheet,
    shorten,
    text,
    width_of,
)

MOST = 8  # categories in a picture
NAME, VALUE, CHANGE = 34, 30, 38  # sizes of text


def category_picture(
    *, title: str, subtitle: str, usual: Mapping[str, float], now: Mapping[str, float], footer: str
) -> str:
    """An SVG. `usual` and `now` give the share of rows (0 to 1) of each category; one that is missing has none."""
    above, top = head(title, subtitle)
    chosen, rest = _most_changed(usual, now)
    below, print_y = foot(f"{footer}  ·  {rest}" if footer and rest else footer or rest)
    if chosen:
        parts = _bars(chosen, usual, now, top + 16, print_y - 56)
    else:
        parts = [text(WIDTH / 2, (top + print_y) / 2, "no values", 60, QUIET, anchor="middle")]
    return sheet([*above, *parts, *below], category_alt(title, usual, now))


def category_alt(title: str, usual: Mapping[str, float], now: Mapping[str, float]) -> str:
    """What the picture shows as a sentence for a screen reader: the three largest changes."""
    changes = [
        f"{name or '(empty)'} usually {_percent(usual.get(name, 0.0))}, now {_percent(now.get(name, 0.0))}"
        for name in _most_changed(usual, now)[0][:3]
    ]
    return f"{title}: {'; '.join(changes) or 'no values'}."


def _most_changed(usual: Mapping[str, float], now: Mapping[str, float]) -> tuple[list[str], str]:
    """The names, most changed first, and a clause about those that were left out."""
    change = {name: abs(now.get(name, 0.0) - usual.get(name, 0.0)) for name in [*usual, *now]}
    ordered = sorted(change, key=lambda name: (-change[name], name))
    left = ordered[MOST:]
    if not left:
        return ordered, ""
    return ordered[:MOST], f"{len(left):,} more changed by at most {_percent(change[left[0]], '')} points each"


def _bars(
    names: Sequence[str], usual: Mapping[str, float], now: Mapping[str, float], top: float, base: float
) -> list[str]:
    labels = [shorten(name or "(empty)", NAME, ROOM * 0.3) for name in names]
    left = MARGIN + max(width_of(label, NAME) for label in labels) + 24
    right = WIDTH - MARGIN - 400  # beyond it: the value of a full bar, and the change
    longest = max(max(usual.get(name, 0.0), now.get(name, 0.0)) for name in names) or 1.0
    height = min((base - top) / len(names), 120.0)
    bar = height * 0.4
    parts = []
    for row, (name, label) in enumerate(zip(names, labels, strict=True)):
        middle = top + (row + 0.5) * height
        parts.append(text(left - 24, middle + 12, label, NAME, INK, anchor="end"))
        for side, shares, colour, word in ((-1, usual, USUAL, "usual"), (1, now, NOW, "now")):
            share = shares.get(name, 0.0)
            ends = np.array([left, left + max((right - left) * share / longest, 3.0)])
            edges = sorted((middle, middle + side * bar))
            parts += _bar(ends, edges[0], edges[1], colour)
            value = f"{_percent(share)} {word}" if row == 0 else _percent(share)
            parts.append(text(ends[1] + 14, middle + side * bar / 2 + 10, value, VALUE, colour, bold=side == 1))
        points = _points(now.get(name, 0.0) - usual.get(name, 0.0))
        parts.append(text(WIDTH - MARGIN, middle + 13, points, CHANGE, INK, anchor="end", bold=True))
    return [*parts, line([left, left], [top, top + len(names) * height], RULE, 2.5)]


def _bar(ends: Numbers, top: float, base: float, colour: str) -> list[str]:
    corners = [ends[0], ends[1], ends[1], ends[0]], [top, top, base, base]
    filled = [area(*corners, NOW_FILL if colour == NOW else USUAL_FILL)]
    if colour == NOW:
        filled.append(hatch(ends, np.full(2, top), np.full(2, base), NOW))
    return [*filled, line([*corners[0], ends[0]], [*corners[1], top], colour, 3)]


def _percent(share: float, unit: str = " %") -> str:
    percent = 100 * share
    if 0 < percent < 0.05:
        return f"under 0.1{unit}"
    return f"{percent:.{1 if 0 < percent < 10 else 0}f}{unit}"


def _points(change: float) -> str:
    if not change:
        return "±0 pts"
    points = 100 * abs(change)
    digits = 0 if points >= 10 else 1 if points >= 0.1 else 2
    return f"{'+' if change > 0 else '−'}{points:.{digits}f} pts"
