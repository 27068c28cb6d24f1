"""A number column that moved: both distributions over one axis, their medians, and the way between them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidewatch.render.axis import figures, log_ticks, number, ticks, told_apart, with_unit
from tidewatch.render.density import CELLS, Numbers, Spread, View, bandwidth, density, view
from tidewatch.render.median_row import WORDS, MedianRow
from tidewatch.render.svg import (
    MARGIN,
    NOW,
    NOW_FILL,
    QUIET,
    ROOM,
    RULE,
    USUAL,
    USUAL_FILL,
    WIDTH,
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

BELOW = 140.0  # from the axis down to the small print
NOTE, TICK, NAME = 34, 34, 32  # sizes of text
LOG_RATIO = 30.0  # from here on a linear axis would show the smaller distribution as a needle
FEW = 40  # up to so many rows are also shown one by one
LOWEST = 0.3  # a flat distribution is drawn at least so high, in parts of the higher one


def drift_picture(
    *,
    title: str,
    subtitle: str,
    usual: Spread,
    now: Spread,
    fitted: Spread | None = None,
    fitted_label: str = "",
    change: str = "",
    axis: str,
    unit: str,
    footer: str,
) -> str:
    """An SVG. `fitted` is the batch after undoing the hypothesis, drawn dashed, with `fitted_label` beside it.

    `change` stands on the arrow between the medians ("×1.609"); without it their difference does. `unit` is the
    one the model expects; with a fitted spread, which doubts it, today's median goes without. Heights have no
    scale: a distribution much flatter than the other is raised until it can be seen.
    """
    alt = drift_alt(title, usual, now, unit, change=change, fitted_label=fitted_label if fitted else "")
    above, top = head(title, subtitle)
    scene = _Scene.of(usual.finite(), now.finite(), fitted.finite() if fitted else None)
    below, print_y = foot("  ·  ".join(part for part in (_sizes(usual, now), footer, _outside(scene)) if part))
    base, row = print_y - BELOW, top + 56
    feet = scene.x(scene.usual.median), scene.x(scene.now.median)
    unit_now = "" if fitted else unit
    medians = MedianRow.of(usual.median, now.median, feet, change=change, unit=unit, unit_now=unit_now)
    curves = _curves(scene, row + 74, base)
    tops = float(np.interp(feet[0], scene.xs, curves[0])), float(np.interp(feet[1], scene.xs, curves[1]))
    parts = [*_axis(scene, axis, base), *_shapes(scene, curves, base), *medians.drawn(row, tops, base)]
    if fitted:
        parts += _note(fitted_label, curves, feet, row + 60, base)
    return sheet([*above, *parts, *below], alt)


def drift_alt(title: str, usual: Spread, now: Spread, unit: str, *, change: str = "", fitted_label: str = "") -> str:
    """What the picture shows as sentences for a screen reader."""
    before, after, difference = told_apart(usual.median, now.median)
    moved = change or difference
    sizes = f"median usually {with_unit(before, unit)} ({usual.rows:,} rows), now {after} ({now.rows:,} rows)"
    return f"{title}: {sizes}{f', {moved}' if moved else ''}.{f' Dashed: {fitted_label}.' if fitted_label else ''}"


@dataclass(frozen=True)
class _Scene:
    """Everything on the shared axis; after a change of scale, as exponents of ten."""

    usual: Spread
    now: Spread
    fitted: Spread | None
    seen: View
    logarithmic: bool

    @staticmethod
    def of(usual: Spread, now: Spread, fitted: Spread | None) -> "_Scene":
        spreads = [spread for spread in (usual, now, fitted) if spread and len(spread.values)]
        positive = bool(spreads) and all(spread.quantile(0.001) > 0 and spread.median > 0 for spread in spreads)
        medians = [spread.median for spread in spreads]
        logarithmic = positive and max(medians) / min(medians) >= LOG_RATIO
        if logarithmic:
            usual, now, fitted = usual.as_log10(), now.as_log10(), fitted.as_log10() if fitted else None
        return _Scene(usual, now, fitted, view([s for s in (usual, now, fitted) if s]), logarithmic)

    def x(self, value: float) -> float:
        """NaN for NaN; what lies beyond the axis stands at its end."""
        if not math.isfinite(value):
            return math.nan
        share = (value - self.seen.low) / (self.seen.high - self.seen.low)
        return MARGIN + ROOM * min(max(share, 0.0), 1.0)

    @property
    def xs(self) -> Numbers:
        return MARGIN + (np.arange(CELLS) + 0.5) * ROOM / CELLS


def _curves(scene: _Scene, top: float, base: float) -> list[Numbers]:
    """The heights as y of the picture: usual, now and, where there is one, fitted (smoothed and scaled as usual)."""
    alike = [spread for spread in (scene.usual, scene.fitted) if spread]
    width = max(bandwidth(spread, scene.seen) for spread in alike)
    usual = density(scene.usual, scene.seen, width)
    now = density(scene.now, scene.seen, bandwidth(scene.now, scene.seen))
    highest = max(usual.max(), now.max()) or 1.0
    raise_usual, raise_now = (max(1.0, LOWEST * highest / (curve.max() or highest)) for curve in (usual, now))
    curves = [usual * raise_usual, now * raise_now]
    if scene.fitted:
        curves.append(density(scene.fitted, scene.seen, width) * raise_usual)
    highest = max(float(curve.max()) for curve in curves) or 1.0
    return [base - (base - top) * curve / highest for curve in curves]


def _shapes(scene: _Scene, curves: Sequence[Numbers], base: float) -> list[str]:
    """All areas first, so that no outline is hidden."""
    areas, outlines = [], []
    for number_, (curve, stroke, width) in enumerate(zip(curves, (USUAL, NOW, NOW), (6, 5, 4.5), strict=False)):
        drawn = np.flatnonzero(curve < base - 0.4)
        if not len(drawn):
            continue
        xs, ys = scene.xs[drawn[0] : drawn[-1] + 1], curve[drawn[0] : drawn[-1] + 1]
        outlines.append(line(xs, ys, stroke, width, "3 11" if number_ == 2 else ""))
        closed = np.concatenate([xs[:1], xs, xs[-1:]]), np.concatenate([[base], ys, [base]])
        if number_ == 0:
            areas.append(area(*closed, USUAL_FILL))
        elif number_ == 1:
            areas += [area(*closed, NOW_FILL, 0.75), hatch(xs, ys, np.full(len(xs), base), NOW)]
    for spread, stroke in ((scene.usual, USUAL), (scene.now, NOW)):
        if spread.rows <= FEW:
            outlines += [line([scene.x(v)] * 2, [base - 2, base - 26], stroke, 4) for v in spread.values]
    return [*areas, *outlines]


def _axis(scene: _Scene, name: str, base: float) -> list[str]:
    parts = [line([MARGIN, WIDTH - MARGIN], [base, base], RULE, 2.5)]
    for place, label in _marked(scene):
        x, half = scene.x(place), width_of(label, TICK) / 2
        parts.append(line([x, x], [base, base + 10], RULE, 2.5))
        if half < min(x, WIDTH - x) - 6:
            parts.append(text(x, base + 46, label, TICK, QUIET, anchor="middle"))
    aside = " (log axis)" if scene.logarithmic else ""
    name = shorten(name, NAME, ROOM - width_of(aside, NAME))
    return [*parts, text(WIDTH / 2, base + 92, name + aside, NAME, QUIET, anchor="middle")]


def _marked(scene: _Scene) -> list[tuple[float, str]]:
    """Places on the axis and what is written there: as many as fit beside each other."""
    low, high = scene.seen.low, scene.seen.high
    negative = any(len(s.values) and s.values[0] < 0 for s in (scene.usual, scene.now, scene.fitted) if s)
    for target in (8, 5, 3):
        if scene.logarithmic:
            places = log_ticks(low, high, target)
            labels = [number(10**place) for place in places]
        else:
            places = [place for place in ticks(low, high, target) if place >= 0 or negative]
            labels = figures(places)
        widest = max((width_of(label, TICK) for label in labels), default=0.0)
        if len(places) < 2 or widest + 24 < scene.x(places[1]) - scene.x(places[0]):
            break
    return list(zip(places, labels, strict=True))


def _note(label: str, curves: Sequence[Numbers], feet: tuple[float, float], top: float, base: float) -> list[str]:
    """The words beside the dashed curve, where they touch neither curve nor stem, as near as that allows."""
    label = shorten(label, NOTE, ROOM * 0.6)
    width = width_of(label, NOTE)
    skyline = np.minimum(np.minimum(curves[0], curves[1]), curves[2])
    dashed = curves[2]
    peak = int(np.argmin(dashed))
    aim = base - 0.72 * (base - float(dashed[peak]))
    high = np.flatnonzero(dashed <= aim)
    cell = ROOM / CELLS
    flanks = (MARGIN + high[0] * cell, MARGIN + high[-1] * cell)
    best = (math.inf, MARGIN + ROOM / 2 - width / 2, top + NOTE, flanks[1])
    for left in np.arange(MARGIN, WIDTH - MARGIN - width, 16):
        first, last = int((left - 16 - MARGIN) / cell), int((left + width + 16 - MARGIN) / cell)
        free = float(skyline[max(first, 0) : last + 1].min())
        crossed = sum(left - 16 < place < left + width + 16 for place in feet)
        for bottom in np.arange(top + NOTE + 8, min(free - 10, base - 60), 16):
            right = left > flanks[1]
            flank = flanks[1] if left + width / 2 > (flanks[0] + flanks[1]) / 2 else flanks[0]
            gap = max(left - flank, flank - left - width, 0.0)
            cost = math.hypot(gap, bottom - NOTE / 2 - aim) + 2000 * crossed - 60 * right
            if cost < best[0]:
                best = (cost, float(left), float(bottom), flank)
    _, left, bottom, flank = best
    start = min(max(flank, left), left + width)
    beside = start != flank
    start_y = bottom - NOTE * 0.35 if beside else bottom + 6
    start += (-10 if start > flank else 10) if beside else 0
    return [line([start, flank], [start_y, aim], NOW, 2.5), text(left, bottom, label, NOTE, NOW, halo=True)]


def _sizes(usual: Spread, now: Spread) -> str:
    return "  ·  ".join(
        f"{word}: {f'{spread.label}, ' if spread.label else ''}{spread.rows:,} row{'' if spread.rows == 1 else 's'}"
        for word, spread in zip(WORDS, (usual, now), strict=True)
    )


def _outside(scene: _Scene) -> str:
    """Says that rows beyond the ends of the axis are not lost."""
    beyond = scene.seen.beyond(scene.usual), scene.seen.beyond(scene.now)
    return f"beyond the axis: {_percent(beyond[0])} and {_percent(beyond[1])}" if any(beyond) else ""


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else "under 0.1 %" if share else "none"
