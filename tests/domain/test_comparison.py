"""Better means better on days, not on rows."""

import numpy as np
import pytest

from tidewatch.domain.performance.comparison import compare_versions
from tidewatch.domain.performance.outcomes import DayOutcome

ROWS = 1000


def scored(losses: list[float], labelled: int = ROWS) -> list[DayOutcome]:
    """A day for each loss, in nats per row."""
    return [
        DayOutcome(f"2026-03-{number:02d}", "1", ROWS, labelled, 0.2 * labelled, 0.25 * labelled, loss * labelled)
        for number, loss in enumerate(losses, 1)
    ]


def test_a_challenger_that_is_better_every_day_is_better() -> None:
    comparison = compare_versions(scored([0.5] * 14), scored([0.45] * 14))
    assert comparison.better
    assert (comparison.gain, comparison.low, comparison.high) == (0.05, 0.05, 0.05)
    assert (comparison.days, comparison.rows, comparison.better_days) == (14, 14 * ROWS, 14)
    assert (comparison.first, comparison.last) == ("2026-03-01", "2026-03-14")


def test_the_same_model_is_not_better_than_itself() -> None:
    losses = [0.4, 0.6, 0.5]
    comparison = compare_versions(scored(losses), scored(losses))
    assert not comparison.better
    assert (comparison.gain, comparison.low, comparison.high, comparison.better_days) == (0, 0, 0, 0)


def test_a_challenger_that_is_better_on_average_only_is_not_better() -> None:
    gains = [0.3, 0.3] + [-0.02] * 12
    comparison = compare_versions(scored([0.5 + gain for gain in gains]), scored([0.5] * 14))
    assert comparison.gain > 0.02
    assert comparison.low < 0 < comparison.high
    assert not comparison.better


def test_a_worse_challenger_is_not_better() -> None:
    comparison = compare_versions(scored([0.45] * 14), scored([0.5] * 14))
    assert comparison.high < 0 and not comparison.better


def test_the_interval_is_as_wide_as_days_differ_however_many_rows_they_have() -> None:
    gains = np.random.default_rng(3).normal(0.01, 0.03, 14)
    champion, challenger = [0.5 + float(gain) for gain in gains], [0.5] * 14
    few, many = (compare_versions(scored(champion, rows), scored(challenger, rows)) for rows in (50, 50_000))
    assert (few.low, few.high) == pytest.approx((many.low, many.high), abs=1e-5)
    by_days = 2 * 1.96 * float(gains.std(ddof=1)) / np.sqrt(14)
    assert few.high - few.low == pytest.approx(by_days, rel=0.15)


def test_every_day_weighs_the_same() -> None:
    champion = scored([0.5], labelled=10) + scored([0.5, 0.5], labelled=1000)[1:]
    challenger = scored([0.4], labelled=10) + scored([0.5, 0.5], labelled=1000)[1:]
    assert compare_versions(champion, challenger).gain == 0.05


def test_the_same_days_give_the_same_interval_whenever_it_is_computed() -> None:
    champion, challenger = scored([0.5, 0.6, 0.4, 0.7]), scored([0.45, 0.61, 0.4, 0.5])
    assert compare_versions(champion, challenger) == compare_versions(champion, challenger)


def test_other_days_cannot_be_compared() -> None:
    days = scored([0.5] * 3)
    for other in (days[:2], days[::-1], days[1:] + days[:1]):
        with pytest.raises(ValueError, match="compared on the same days"):
            compare_versions(days, other)


@pytest.mark.parametrize("many", [0, 1])
def test_one_day_is_not_enough(many: int) -> None:
    with pytest.raises(ValueError, match="at least two held-out days"):
        compare_versions(scored([0.5] * many), scored([0.4] * many))


def test_a_day_without_labels_compares_nothing_and_stops_nothing() -> None:
    waiting = DayOutcome("2026-03-03", "1", ROWS, 0, 0.0, 0.0, 0.0)
    comparison = compare_versions([*scored([0.5, 0.5]), waiting], [*scored([0.4, 0.4]), waiting])
    assert (comparison.days, comparison.gain) == (2, 0.1)


def test_a_comparison_tells_its_verdict_with_its_numbers() -> None:
    told = compare_versions(scored([0.5] * 3), scored([0.45] * 3)).as_dict()
    assert told["better"] is True
    assert told["champion"]["log_loss"] == 0.5 and told["challenger"]["log_loss"] == 0.45
    assert told["champion"]["calibration_gap"] == -0.05
