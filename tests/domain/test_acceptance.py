"""What a baseline says once a change was accepted."""

import numpy as np
import pytest

from tests.domain.columns import learnt
from tests.domain.test_segments import FOLLOWED
from tests.domain.watched import SPEC, days, parcels, profiled
from tidewatch.domain.acceptance import ENOUGH, accept, usual_windows
from tidewatch.domain.baseline import Baseline, reference
from tidewatch.domain.profile.profile import Profile

DECISION = "INC-1001#3"


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(), FOLLOWED)


def heavy(baseline: Baseline, first: int, last: int) -> dict[str, Profile]:
    """Days on which everything weighs 30 pounds more, and half of the heights are missing."""
    windows = {}
    for number in range(first, last + 1):
        columns = parcels(number, f"day {number:03d}")
        holes = np.arange(len(columns["height"])) % 2 == 0
        changed = {"weight": columns["weight"] + 30, "height": np.where(holes, np.nan, columns["height"])}
        windows[f"day {number:03d}"] = profiled(baseline, columns | changed, FOLLOWED)
    return windows


def test_the_accepted_column_is_compared_with_the_windows_since_and_the_others_with_all(baseline: Baseline) -> None:
    after = accept(FOLLOWED, baseline, ["weight"], heavy(baseline, 50, 51), DECISION)
    usual = reference(FOLLOWED, usual_windows(after, [], before="day 060"))
    before = reference(FOLLOWED, usual_windows(baseline, [], before="day 060"))
    assert usual.columns["weight"].quantile(0.5) == pytest.approx(50, abs=1)  # type: ignore[union-attr]
    assert usual.columns["weight"].rows == 600
    assert usual.columns["colour"].rows < before.columns["colour"].rows == 20 * 300
    assert after.since == {"weight": "day 050"}


def test_windows_that_came_later_are_added_and_none_is_counted_twice(baseline: Baseline) -> None:
    since = heavy(baseline, 50, 51)
    after = accept(FOLLOWED, baseline, ["weight"], since, DECISION)
    known = [(name, profiled(baseline, parcels(number, name), FOLLOWED)) for number, name in ((48, "day 048"),)]
    known += [*since.items(), *heavy(baseline, 52, 53).items()]
    usual = reference(FOLLOWED, usual_windows(after, known, before="day 060"))
    assert usual.columns["weight"].rows == 4 * 300
    assert usual.columns["colour"].rows == 20 * 300
    for part in usual.segments.values():
        assert part.columns["weight"].rows < part.columns["length"].rows / 3


def test_the_whole_model_begins_anew(baseline: Baseline) -> None:
    after = accept(FOLLOWED, baseline, [], heavy(baseline, 50, 53), DECISION)
    usual = reference(FOLLOWED, usual_windows(after, [], before="day 060"))
    assert {column.rows + column.nulls for column in usual.columns.values()} == {4 * 300}
    assert list(after.windows) == list(baseline.windows)  # how often windows come is still known
    assert after.rows is not None and after.rows.limit("rows", 0.5) == pytest.approx(300, rel=0.01)


def test_distances_are_taken_from_the_old_days_until_there_are_enough_new_ones(baseline: Baseline) -> None:
    few = accept(FOLLOWED, baseline, ["weight"], heavy(baseline, 50, 51), DECISION)
    many = accept(FOLLOWED, baseline, ["weight"], heavy(baseline, 50, 49 + ENOUGH), DECISION)
    assert few.levels["weight"]["ks"].windows > 30
    assert many.levels["weight"]["ks"].windows <= ENOUGH
    assert few.levels["colour"] == baseline.levels["colour"]


def test_shares_come_from_the_new_days_alone(baseline: Baseline) -> None:
    few = accept(FOLLOWED, baseline, ["height"], heavy(baseline, 50, 51), DECISION)
    more = accept(FOLLOWED, baseline, ["height"], heavy(baseline, 50, 59), DECISION)
    assert "nulls" not in few.levels["height"]
    assert more.levels["height"]["nulls"].limit("nulls", 0.5) == pytest.approx(0.5, abs=0.05)


def test_the_same_decision_again_changes_nothing_and_another_one_adds_to_it(baseline: Baseline) -> None:
    once = accept(FOLLOWED, baseline, ["weight"], heavy(baseline, 50, 51), DECISION)
    assert accept(FOLLOWED, once, ["weight"], heavy(baseline, 50, 51), DECISION) is once
    twice = accept(FOLLOWED, once, ["height"], heavy(baseline, 52, 53), "INC-1002#4")
    assert twice.since == {"weight": "day 050", "height": "day 052"}
    assert twice.decisions == (DECISION, "INC-1002#4")
    usual = reference(FOLLOWED, usual_windows(twice, [], before="day 060"))
    assert usual.columns["weight"].rows == 600
    assert usual.columns["height"].rows + usual.columns["height"].nulls == 600


def test_a_baseline_with_an_accepted_change_is_the_same_after_it_was_kept(baseline: Baseline) -> None:
    after = accept(FOLLOWED, baseline, ["weight"], heavy(baseline, 50, 51), DECISION)
    assert Baseline.from_bytes(after.to_bytes()).to_bytes() == after.to_bytes()
    assert accept(FOLLOWED, baseline, ["weight"], heavy(baseline, 50, 51), DECISION).to_bytes() == after.to_bytes()


def test_without_a_window_there_is_nothing_to_learn(baseline: Baseline) -> None:
    with pytest.raises(ValueError, match="no window since the change"):
        accept(SPEC, baseline, ["weight"], {}, DECISION)
