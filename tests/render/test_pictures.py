"""What must hold for every picture, whatever it is given; how they look is judged by eye."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tidewatch.render.axis import day_ticks, figures, number, ticks, told_apart
from tidewatch.render.category_picture import category_alt, category_picture
from tidewatch.render.density import CELLS, Spread, bandwidth, density, view
from tidewatch.render.drift_picture import drift_alt, drift_picture
from tidewatch.render.metric_picture import Mark, Point, metric_alt, metric_picture
from tidewatch.render.svg import HEIGHT, WIDTH, clean, shorten, width_of, wrap

HOSTILE = "</text><script>alert('&\"')</script>\x00\x1b\u202e\ud800 ]]>"
DAY = date(2013, 10, 1)


def spread_of(values: Sequence[float] | NDArray[Any], label: str = "28 days") -> Spread:
    array = np.asarray(values, dtype=np.float64)
    points, counts = np.unique(array, return_counts=True)
    median = float(np.median(array)) if len(array) else math.nan
    return Spread(points, counts / max(len(array), 1), median, len(array), label)


def drift(usual: Spread, now: Spread, fitted: Spread | None = None, **words: str) -> str:
    said = {
        "title": "Distance has moved",
        "subtitle": "since Monday",
        "axis": "distance",
        "unit": "miles",
        "footer": "",
    }
    return drift_picture(usual=usual, now=now, fitted=fitted, **{**said, **words})


def days(count: int, gap: float = 0.0) -> list[Point]:
    return [Point(DAY + timedelta(days=n), 0.22 + 0.001 * (n % 5), 0.22 + gap * (n > count / 2)) for n in range(count)]


def metric(points: Sequence[Point], marks: Sequence[Mark] = (), limit: float = 0.05, **words: str) -> str:
    said = {"title": "Late flights", "subtitle": "7-day means", "footer": "delays/late v7", **words}
    return metric_picture(points=points, marks=marks, limit=limit, **said)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


Box = tuple[float, float, float, float, str]  # left, top, right, bottom, words


def boxes(svg: str) -> Iterator[Box]:
    for node in parsed(svg).iter("{http://www.w3.org/2000/svg}text"):
        words, size, x, y = (
            node.text or "",
            float(node.attrib["font-size"]),
            float(node.attrib["x"]),
            float(node.attrib["y"]),
        )
        width = width_of(words, size, bold=node.get("font-weight") == "700")
        left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[node.attrib["text-anchor"]]
        yield left, y - 0.72 * size, left + width, y + 0.2 * size, words


def faults(svg: str) -> list[str]:
    """Words that leave the sheet, and words that touch each other."""
    found = list(boxes(svg))
    outside = [f"{w!r} leaves" for x, y, r, b, w in found if x < 0 or y < 0 or r > WIDTH or b > HEIGHT]
    touching = [
        f"{a[4]!r} touches {b[4]!r}"
        for n, a in enumerate(found)
        for b in found[n + 1 :]
        if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1
    ]
    return outside + touching


rng = np.random.default_rng(7)
MILES = rng.gamma(2.0, 400.0, 5000)
CASES: dict[str, Sequence[Any]] = {
    "far apart": (rng.normal(21, 2, 2000), rng.normal(71, 4, 900)),
    "near": (rng.normal(21, 2, 2000), rng.normal(21.3, 2, 900)),
    "to the left": (rng.normal(71, 2, 2000), rng.normal(20, 2, 900)),
    "at the right edge": (np.append(np.full(900, 5.0), [0.0, 1.0]), np.append(np.full(900, 5.1), [1.0, 0.0])),
    "a thousand times": (MILES, MILES / 1000),
    "one row": (MILES, [800.0]),
    "constant": ([5.0] * 90, [5.0] * 7),
    "constant and elsewhere": ([5.0] * 90, [7e9] * 7),
    "heavy tails": (rng.standard_cauchy(5000), 3 * rng.standard_cauchy(900)),
    "mostly zero": (np.where(rng.random(3000) < 0.93, 0.0, MILES[:3000]), MILES[:900]),
    "no rows now": (MILES, []),
    "no rows at all": ([], []),
    "tiny": ([1e-12, 2e-12], [3e-9]),
    "huge": ([1e299, -1e299], [3e298]),
    "infinite": ([1.0, 2.0, math.inf], [math.nan, 3.0]),
    "integers": (rng.poisson(4, 900), rng.poisson(6, 40)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("with_fitted", [False, True])
def test_words_of_a_drift_picture_stay_on_the_sheet_and_apart(name: str, with_fitted: bool) -> None:
    usual, now = (spread_of(values) for values in CASES[name])
    svg = drift(usual, now, usual if with_fitted else None, fitted_label="now ÷ 1.609: fits the usual shape")
    assert faults(svg) == []
    assert "nan" not in svg


@pytest.mark.parametrize("name", CASES)
def test_long_words_wrap_or_shrink_and_still_stay_apart(name: str) -> None:
    usual, now = (spread_of(values, "a very long name of a window " * 5) for values in CASES[name])
    words = {
        key: f"{key} " + "of rather many words " * 20
        for key in ("title", "subtitle", "axis", "unit", "footer", "change")
    }
    svg = drift(usual, now, now, fitted_label="a fitting label that is much too long to fit " * 4, **words)
    assert faults(svg) == []
    assert "…" in svg


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30),
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30),
    st.booleans(),
)
def test_any_two_samples_make_a_picture(usual: list[float], now: list[float], with_fitted: bool) -> None:
    fitted = spread_of(usual) if with_fitted else None
    assert faults(drift(spread_of(usual), spread_of(now), fitted, fitted_label="fits")) == []


@pytest.mark.parametrize("word", ["title", "subtitle", "axis", "unit", "footer", "change", "fitted_label"])
def test_hostile_words_are_shown_and_not_obeyed(word: str) -> None:
    spread = spread_of(MILES)
    root = parsed(drift(spread, spread_of(MILES * 2), spread, **{"fitted_label": "fits", word: HOSTILE}))
    tags = {node.tag.split("}")[1] for node in root.iter()}
    assert tags <= {"svg", "rect", "path", "circle", "text"}
    assert any("</text>" in (node.text or "") for node in root.iter())


def test_pictures_carry_no_ids_so_that_many_stand_in_one_page() -> None:
    assert " id=" not in drift(spread_of(MILES), spread_of(MILES * 2)) + metric(days(30, 0.1))


def test_sample_sizes_are_always_said() -> None:
    said = " ".join(words for *_, words in boxes(drift(spread_of(MILES), spread_of([3.0], "today"))))
    assert "usual: 28 days, 5,000 rows · now: today, 1 row" in said


def test_a_change_label_replaces_the_difference() -> None:
    said = [words for *_, words in boxes(drift(spread_of([2.0, 4.0]), spread_of([5.0]), change="×1.609"))]
    assert "×1.609" in said
    assert "+2" not in said
    assert "+2" in [words for *_, words in boxes(drift(spread_of([2.0, 4.0]), spread_of([5.0])))]


def test_rows_beyond_the_axis_are_said_to_be_there() -> None:
    usual = spread_of([*np.linspace(0, 10, 996), 1e6, 2e6, 3e6, 4e6])
    said = " ".join(words for *_, words in boxes(drift(usual, spread_of(np.linspace(0, 10, 100)))))
    assert "beyond the axis: 0.4 % and none" in said


def test_a_density_holds_all_rows_in_view() -> None:
    spread = spread_of(MILES)
    seen = view([spread])
    curve = density(spread, seen, bandwidth(spread, seen))
    inside = 1.0 - seen.beyond(spread)
    assert curve.sum() * (seen.high - seen.low) / CELLS == pytest.approx(inside, abs=0.005)


def test_the_fitted_shape_snaps_onto_the_usual_one() -> None:
    usual, fitted = spread_of(MILES), spread_of(MILES)
    paths = [node.get("d") for node in parsed(drift(usual, spread_of(MILES * 1.6), fitted)).iter()]
    assert any(path and paths.count(path) == 2 for path in paths)


def test_one_stray_row_does_not_flatten_the_picture() -> None:
    usual = spread_of([*np.linspace(0, 10, 2000), 1e9])
    assert view([usual]).high < 20


@pytest.mark.parametrize("count", [1, 2, 3, 20, 56, 200, 900])
@pytest.mark.parametrize("gap", [0.0, 0.02, 0.3, -0.2])
def test_words_of_a_metric_picture_stay_on_the_sheet_and_apart(count: int, gap: float) -> None:
    marks = [Mark(DAY + timedelta(days=n), n + 1, f"{n + 1} Oct something happened") for n in range(4)]
    assert faults(metric(days(count, gap), marks)) == []
    assert faults(metric(days(count, gap), unit="minutes of delay")) == []


def test_crowded_and_outlying_marks_stay_apart() -> None:
    marks = [Mark(DAY + timedelta(days=n * 100), n, "a label of quite some length " * n) for n in range(9)]
    assert faults(metric(days(12, 0.1), marks)) == []


def test_the_gap_is_filled_only_beyond_the_limit() -> None:
    within, beyond = metric(days(40, 0.049)), metric(days(40, 0.2))
    assert "#f9e1d5" not in within
    assert "#f9e1d5" in beyond


def test_days_without_labels_are_left_open_and_the_last_known_day_is_told() -> None:
    known = days(20, 0.1)
    open_days = [Point(DAY + timedelta(days=20 + n), 0.22, math.nan) for n in range(3)]
    assert faults(metric([*known, *open_days])) == []
    assert "on 2013-10-20 predicted 22.4 %, observed 32.0 %" in metric_alt("Late", [*known, *open_days], 0.05)
    assert "none yet" in metric(open_days)
    assert "no days yet" in metric([])


def test_hostile_marks_are_escaped() -> None:
    root = parsed(metric(days(9), [Mark(DAY, 1, HOSTILE)], title=HOSTILE, subtitle=HOSTILE, footer=HOSTILE))
    assert not [node for node in root.iter() if node.tag.endswith("script")]


@pytest.mark.parametrize("count", [0, 1, 3, 8, 40])
def test_words_of_a_category_picture_stay_on_the_sheet_and_apart(count: int) -> None:
    names = [f"category {HOSTILE} {n} " * (n + 1) for n in range(count)]
    usual = {name: 1 / (n + 2) for n, name in enumerate(names)}
    now = {name: 1 / (count - n + 1) for n, name in enumerate(names[1:])} | {"": 0.2}
    assert faults(category_picture(title="T", subtitle="s", usual=usual, now=now, footer="f")) == []


def test_the_most_changed_categories_come_first_and_the_rest_is_counted() -> None:
    usual = {f"c{n}": 0.05 for n in range(20)}
    now = {f"c{n}": 0.05 + 0.001 * n for n in range(20)}
    said = [w for *_, w in boxes(category_picture(title="T", subtitle="s", usual=usual, now=now, footer="f"))]
    assert [w for w in said if w.startswith("c")] == [f"c{n}" for n in range(19, 11, -1)]
    assert "f · 12 more changed by at most 1.1 points each" in said
    assert category_alt("T", usual, now).startswith("T: c19 usually 5.0 %, now 6.9 %;")


def test_a_screen_reader_gets_the_picture_as_a_sentence() -> None:
    usual, now = spread_of([872.0] * 25000), spread_of([1404.0] * 900)
    alt = drift_alt("Distance is in km", usual, now, "miles", change="×1.609", fitted_label="now ÷ 1.609")
    expected = "Distance is in km: median usually 872 miles (25,000 rows), now 1,404 (900 rows), ×1.609."
    assert alt == f"{expected} Dashed: now ÷ 1.609."
    svg = drift(usual, now, usual, title="Distance is in km", change="×1.609", fitted_label="now ÷ 1.609")
    assert parsed(svg).get("aria-label") == alt


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2, 7.9), (1e-9, 3e-9), (99_000, 1_230_000), (0, 4e12)])
def test_ticks_are_round_inside_and_told_apart(low: float, high: float) -> None:
    places = ticks(low, high)
    assert 5 <= len(places) <= 12
    assert all(low - 1e-6 * (high - low) <= place <= high + 1e-6 * (high - low) for place in places)
    assert len(set(figures(places))) == len(places)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1404.3, "1,404"),
        (21.37, "21.4"),
        (-0.0123, "−0.0123"),
        (3.2e6, "3.2M"),
        (5e-7, "5e−07"),
        (20.0, "20"),
    ],
)
def test_numbers_are_said_with_three_digits(value: float, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (872, 1404, ("872", "1,404", "+532")),
        (20.13, 20.15, ("20.13", "20.15", "+0.02")),
        (871.6, 0.849, ("872", "0.849", "−871")),
        (5, 5, ("5", "5", "")),
        (math.nan, 5, ("none", "5", "")),
    ],
)
def test_two_medians_are_told_apart(first: float, second: float, said: tuple[str, str, str]) -> None:
    assert told_apart(first, second) == said


@pytest.mark.parametrize("span", [0, 1, 5, 9, 30, 60, 120, 400, 2000])
def test_day_ticks_are_few_and_on_memorable_days(span: int) -> None:
    last = DAY + timedelta(days=span)
    marked = [day for day, _ in day_ticks(DAY, last)]
    assert 1 <= len(marked) <= 9
    assert all(DAY <= day <= last for day in marked)
    if span > 20:
        assert all(day.weekday() == 0 for day in marked) or all(day.day == 1 for day in marked)


def test_a_year_begins_with_its_first_of_january() -> None:
    marked = day_ticks(date(2013, 1, 1), date(2013, 12, 31))
    assert marked[:2] == [(date(2013, 1, 1), "Jan 2013"), (date(2013, 3, 1), "Mar")]


def test_text_is_cut_only_when_it_does_not_fit() -> None:
    assert shorten("short", 30, 500) == "short"
    cut = shorten("a sentence that is much longer than its room", 30, 200)
    assert cut.endswith("…")
    assert width_of(cut, 30) <= 200
    assert wrap("one two three more words", 30, 130, 2) == ["one two", "three m…"]
    assert clean("a\x00b\tc  d\u202e") == "a b c d"
