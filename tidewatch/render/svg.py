"""What pictures are made of: measured and escaped text, lines, areas, hatching, and the sheet they stand on.

A picture is 1600 by 800 units and carries no ids, so that any number of them can stand in one page.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from tidewatch.render import roboto

WIDTH, HEIGHT, MARGIN = 1600, 800, 64
ROOM = WIDTH - 2 * MARGIN
INK, QUIET, RULE, FAINT, PAPER = "#1b1d21", "#565c64", "#aeb4bc", "#e7e9ec", "#ffffff"
USUAL, USUAL_FILL = "#50637a", "#dde2e8"
NOW, NOW_FILL = "#c2410c", "#f9e1d5"
FINE, FINE_FILL = "#17794a", "#e8f3ed"
FAMILY = "Roboto, 'Helvetica Neue', Arial, sans-serif"
LONGEST = 400  # characters of one text; more never fits

Numbers = NDArray[np.float64]
_REGULAR = dict(zip(roboto.CHARACTERS, roboto.REGULAR, strict=True))
_BOLD = dict(zip(roboto.CHARACTERS, roboto.BOLD, strict=True))


def clean(text: str) -> str:
    """One line without control characters, text direction marks or anything else XML or a reader would trip over."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * LONGEST]).split())[:LONGEST]


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    widths = _BOLD if bold else _REGULAR
    return sum(widths.get(character, roboto.OTHER) for character in text) * size / 2048


def shorten(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits before an ellipsis."""
    text = clean(text)
    if width_of(text, size, bold=bold) <= room:
        return text
    while text and width_of(text + "…", size, bold=bold) > room:
        text = text[:-1]
    return text.rstrip(" ,.;:·") + "…"


def wrap(text: str, size: float, room: float, lines: int, *, bold: bool = False) -> list[str]:
    """At most so many lines; what does not fit is cut with an ellipsis."""
    wrapped: list[str] = []
    rest = clean(text).split(" ")
    while rest and len(wrapped) < lines - 1:
        count = len(rest)
        while count > 1 and width_of(" ".join(rest[:count]), size, bold=bold) > room:
            count -= 1
        wrapped.append(shorten(" ".join(rest[:count]), size, room, bold=bold))
        rest = rest[count:]
    return [*wrapped, shorten(" ".join(rest), size, room, bold=bold)] if rest else wrapped


def text(
    x: float,
    y: float,
    content: str,
    size: float,
    fill: str = INK,
    *,
    anchor: str = "start",
    bold: bool = False,
    halo: bool = False,
) -> str:
    """`y` is the baseline. A halo keeps the words readable where they cross a line."""
    weight = ' font-weight="700"' if bold else ""
    outline = f' stroke="{PAPER}" stroke-width="8" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size:g}" fill="{fill}"{weight}{outline}>{escape(clean(content))}</text>'


def line(
    xs: Sequence[float] | Numbers, ys: Sequence[float] | Numbers, stroke: str, width: float, dash: str = ""
) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    style = f'stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"{dashes}'
    return f'<path d="{_steps(xs, ys)}" fill="none" {style}/>'


def area(xs: Sequence[float] | Numbers, ys: Sequence[float] | Numbers, fill: str, opacity: float = 1.0) -> str:
    return f'<path d="{_steps(xs, ys)}Z" fill="{fill}" fill-opacity="{opacity:g}"/>'


def hatch(xs: Numbers, top: Numbers, bottom: Numbers, stroke: str, *, gap: float = 22.0, width: float = 2.5) -> str:
    """Rising strokes between two curves over the same ascending xs, `gap` apart along the x axis."""
    if len(xs) < 2:
        return ""
    fine = np.linspace(xs[0], xs[-1], max(2, int((xs[-1] - xs[0]) / 1.5)))
    upper, lower = np.interp(fine, xs, top), np.interp(fine, xs, bottom)
    strokes = []
    for crossing in np.arange(xs[0] + upper.min(), xs[-1] + lower.max(), gap):
        height = crossing - fine
        for run in runs((height > upper) & (height < lower)):
            ends = fine[run][[0, -1]], height[run][[0, -1]]
            strokes.append(_steps(*ends))
    return f'<path d="{"".join(strokes)}" fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-opacity=".5"/>'


def runs(mask: NDArray[np.bool_]) -> list[slice]:
    """The stretches of at least two neighbours for which it holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]


def dot(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{PAPER}" stroke-width="3"/>'


def head(title: str, subtitle: str) -> tuple[list[str], float]:
    """Title and subtitle, made smaller and then wrapped when they are long, and the y below which there is room."""
    size, lines = _fit(title, (60, 52), 46, bold=True)
    parts = []
    y = 40.0
    for words in lines:
        y += size * (1.0 if y == 40.0 else 1.15)
        parts.append(text(MARGIN, y - 6, words, size, bold=True))
    size, lines = _fit(subtitle, (36, 32), 30) if clean(subtitle) else (0, [])
    y += 16
    for words in lines:
        y += size * 1.2
        parts.append(text(MARGIN, y - 6, words, size, QUIET))
    return parts, y + 8


def foot(content: str) -> tuple[list[str], float]:
    """Small print on one or two lines at the lower edge, and the baseline of its first line."""
    size, lines = _fit(content, (28, 26), 25)
    first = HEIGHT - 30 - (len(lines) - 1) * size * 1.2
    return [text(MARGIN, first + n * size * 1.2, words, size, QUIET) for n, words in enumerate(lines)], first


def sheet(parts: Sequence[str], alt: str) -> str:
    """The whole picture; `alt` is what a screen reader says in its place."""
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    paper = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>'
    body = "\n".join(part for part in parts if part)
    return f'{opening} aria-label="{escape(clean(alt))}" font-family="{FAMILY}">\n{paper}\n{body}\n</svg>\n'


def _fit(content: str, sizes: tuple[int, ...], wrapped: int, *, bold: bool = False) -> tuple[int, list[str]]:
    for size in sizes:
        if width_of(clean(content), size, bold=bold) <= ROOM:
            return size, [clean(content)]
    return wrapped, wrap(content, wrapped, ROOM, 2, bold=bold)


def _steps(xs: Sequence[float] | Numbers, ys: Sequence[float] | Numbers) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
