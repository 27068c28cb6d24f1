"""What is usual is learnt from windows that were left out."""

import json

import numpy as np
import pytest

from tests.domain.columns import number, text
from tests.domain.story import SPEC, spec_with
from tidewatch.domain.baseline import (
    Baseline,
    column_levels,
    compared,
    measures,
    profiled,
    reference,
    unsure_share,
)
from tidewatch.domain.levels import FEW, Level
from tidewatch.domain.performance.outcomes import DayOutcome
from tidewatch.domain.performance.usual import RUNS, metric_levels
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.counting import IdCounter, NumberCounter, TextCounter
from tidewatch.domain.profile.grid import Grid
from tidewatch.domain.profile.profile import Profile

GRID = Grid.of(np.random.default_rng(1).normal(20, 5, 2000))
SCORES = Grid.of(np.full(50, 0.2))
COLOURS = frozenset({"red", "blue"})


def day(number_of_day: int, wobble: float = 0.0, rows: int = 80, **columns: ColumnProfile) -> Profile:
    """A day of parcels whose weights lie up to `wobble` pounds off the others'."""
    random = np.random.default_rng(number_of_day)
    weights = random.normal(20, 5, rows) + random.uniform(-1, 1) * wobble
    usual: dict[str, ColumnProfile] = {
        "weight": number(weights, GRID),
        "colour": text(random.choice(["red", "blue"], rows).tolist(), COLOURS),
        "score": number(np.full(rows, 0.2), SCORES),
    }
    return Profile(rows, usual | columns)


def days(many: int, wobble: float = 0.0) -> dict[str, Profile]:
    return {f"2026-01-{number_of_day:02d}": day(number_of_day, wobble) for number_of_day in range(1, many + 1)}


def a_baseline(many: int = 30) -> Baseline:
    windows = days(many)
    return Baseline(
        {"weight": GRID, "score": SCORES}, {"colour": COLOURS}, windows, column_levels(SPEC, windows),
        Level.of("rows", [80] * many), {"weight": GRID.coarse(number([20.0] * 9, GRID).counts, 0.005)},
        {"colour": ("red", "blue")}, metrics={"log_loss": Level(0.4, 0.1, 12)},
    )  # fmt: skip


def test_levels_are_learnt_from_windows_left_out() -> None:
    windows = days(30)
    level = column_levels(SPEC, windows)["weight"]["ks"]
    assert level.windows == 20  # the first ten only serve as what the others are compared with
    usual = reference(SPEC, list(windows.values())[:29])
    last = measures(windows["2026-01-30"].columns["weight"], usual.columns["weight"])["ks"]
    assert last < level.limit("ks", 1e-3)


def test_a_column_that_varies_from_day_to_day_may_do_so() -> None:
    calm, stormy = (column_levels(SPEC, days(30, wobble))["weight"]["ks"] for wobble in (0.0, 10.0))
    assert calm.limit("ks", 1e-3) < 0.4 < stormy.limit("ks", 1e-3)


@pytest.mark.parametrize(("many", "known"), [(2 * FEW, True), (2 * FEW - 1, True), (2 * FEW - 2, False), (2, False)])
def test_few_windows_teach_no_level(many: int, known: bool) -> None:
    assert ("ks" in column_levels(SPEC, days(many)).get("weight", {})) is known


def test_compared_with_training_every_window_is_left_out_once() -> None:
    training = spec_with(drift={"compare_with": "training"})
    assert column_levels(training, days(12))["weight"]["ks"].windows == 12
    assert column_levels(training, days(1)) == {}


def test_a_constant_column_has_a_level_of_its_own() -> None:
    limits = column_levels(SPEC, days(30))["score"]
    assert limits["ks"].limit("ks", 1e-6) < 0.001
    assert limits["effect"].limit("effect", 1e-6) == pytest.approx(0, abs=1e-9)


def test_windows_in_which_a_column_is_empty_are_no_example_of_it_but_of_its_nulls() -> None:
    empty = number(np.full(80, np.nan), GRID)
    windows = {name: day(n, weight=empty) if n <= 28 else day(n) for n, name in enumerate(days(30), 1)}
    levels = column_levels(SPEC, windows)
    assert set(levels["weight"]) == {"nulls"} and "total_variation" in levels["colour"]


def test_what_is_learnt_of_a_window_depends_on_the_type_of_the_column() -> None:
    usual = day(1)
    assert set(measures(day(2).columns["weight"], usual.columns["weight"])) == {"nulls", "mode", "ks", "effect"}
    words = measures(text(["red", "green", None, None], COLOURS), usual.columns["colour"])
    assert set(words) == {"nulls", "mode", "unseen", "total_variation"}
    assert (words["nulls"], words["unseen"], words["mode"]) == (0.5, 0.5, 0.5)
    ids = IdCounter()
    ids.add(np.array([1.0, 1.0, 2.0, 3.0]))
    assert measures(ids.profile(), ids.profile()) == {"nulls": 0.0, "duplicates": 0.25}
    nothing = measures(number([np.nan], GRID), usual.columns["weight"])
    assert nothing == {"nulls": 1.0}


def test_a_binary_score_is_unsure_on_either_side_of_a_half() -> None:
    scores = number(np.array([0.05, 0.3, 0.5, 0.7, 0.95]).repeat(20))
    assert unsure_share(SPEC, scores) == pytest.approx(0.6)
    assert unsure_share(spec_with(confidence={"threshold": 0.9}) if SPEC.confidence else SPEC, scores) > 0.5


def test_the_reference_is_the_trailing_windows_or_all_as_the_spec_says() -> None:
    windows = list(days(12).values())
    assert reference(SPEC, windows).rows == 10 * 80
    assert reference(spec_with(drift={"compare_with": "training"}), windows).rows == 12 * 80


def test_every_profiled_column_has_a_counter_of_its_type() -> None:
    counters = a_baseline().counters(SPEC)
    assert {name: type(counter) for name, counter in counters.items()} == {
        "weight": NumberCounter, "colour": TextCounter, "score": NumberCounter, "id": IdCounter,
    }  # fmt: skip
    assert set(profiled(SPEC)) == set(counters) and compared(SPEC) == ["weight", "colour", "score"]


# --- being stored ----------------------------------------------------------------------------------------------


def test_a_baseline_survives_being_stored() -> None:
    baseline = a_baseline()
    read = Baseline.from_bytes(baseline.to_bytes())
    assert read.to_bytes() == baseline.to_bytes()
    assert (read.levels, read.rows, read.metrics) == (baseline.levels, baseline.rows, baseline.metrics)
    assert (read.words, read.followed) == (baseline.words, baseline.followed)
    assert {name: grid.digest for name, grid in read.grids.items()} == {"weight": GRID.digest, "score": SCORES.digest}
    assert merged(read) == merged(baseline)


def merged(baseline: Baseline) -> dict[str, object]:
    return reference(SPEC, list(baseline.windows.values())).as_dict()


def test_a_profile_is_read_back_on_the_grids_of_its_baseline_only() -> None:
    baseline, record = a_baseline(), json.dumps(day(40).as_dict()).encode()
    assert baseline.profile_of(record).as_dict() == json.loads(record)
    other = Baseline({"weight": SCORES, "score": SCORES}, baseline.words, {})
    with pytest.raises(ValueError, match="column weight was counted on another grid"):
        other.profile_of(record)


def broken(**changes: object) -> bytes:
    return json.dumps(json.loads(a_baseline().to_bytes()) | changes).encode()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "not a baseline"),
        (b"PAR1\xff\xfe", "not a baseline"),
        (b"{}", "not a baseline"),
        (b'{"format": 1}', "a baseline of format 1"),
        (b'{"format": 2}', "not a baseline"),
        (b"[]", "not a baseline"),
        (b'"baseline"', "not a baseline"),
        (broken(grids=[]), "not a baseline"),
        (broken(windows={"2026-01-01": {"format": 2, "rows": 80, "columns": {"weight": {"nulls": 3}}}}), "weight"),
        (broken(levels={"weight": {"ks": [1]}}), "not a baseline"),
        (broken(rows=7), "not a baseline"),
        (broken(grids={"weight": GRID.as_dict() | {"cuts": [70_000]}}), "not a baseline"),
        (broken(grids={"weight": GRID.as_dict() | {"edges": "x"}}), "damaged counts or bins"),
    ],
    ids=[
        "empty",
        "binary",
        "anything",
        "old",
        "bare",
        "list",
        "word",
        "no grids",
        "column",
        "level",
        "rows",
        "cut",
        "edge",
    ],
)
def test_what_is_no_baseline_is_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Baseline.from_bytes(data)


@pytest.mark.parametrize("counts", ["!", "AAAA", "eJwDAAAAAAE="], ids=["no base64", "not packed", "nothing in it"])
def test_a_baseline_whose_counts_are_damaged_is_refused(counts: str) -> None:
    record = json.loads(a_baseline(2).to_bytes())
    record["windows"]["2026-01-02"]["columns"]["weight"]["counts"] = counts
    with pytest.raises(ValueError, match="column weight has damaged counts"):
        Baseline.from_bytes(json.dumps(record).encode())


def test_another_versions_metrics_leave_the_columns_as_they_are() -> None:
    baseline = a_baseline()
    other = baseline.with_metrics({"log_loss": Level(0.5, 0.1, 12)})
    assert (other.grids, other.levels, other.windows) == (baseline.grids, baseline.levels, baseline.windows)
    assert other.metrics["log_loss"].mean == 0.5


# --- metrics ---------------------------------------------------------------------------------------------------


def test_metrics_vary_over_runs_of_windows_not_over_single_windows() -> None:
    outcomes = [
        DayOutcome(f"2026-01-{number_of_day:02d}", "1", 100, 100, 20.0 + 10 * (number_of_day % 3), 30.0, 50.0)
        for number_of_day in range(1, 31)
    ]
    single = spec_with(metrics=[{"name": "calibration_gap", "windows": 1}])
    over_three = metric_levels(SPEC, outcomes)["calibration_gap"]
    assert over_three.windows == 28
    assert over_three.sd == pytest.approx(0, abs=1e-9) and over_three.mean == pytest.approx(0)
    assert metric_levels(single, outcomes)["calibration_gap"].sd > 0.05


def test_too_few_runs_teach_no_metric() -> None:
    outcomes = [DayOutcome(f"2026-01-{n:02d}", "1", 10, 10, 2.0, 3.0, 5.0) for n in range(1, 12)]
    assert metric_levels(SPEC, outcomes) == {}
    assert metric_levels(SPEC, [*outcomes, *outcomes[:1]])["calibration_gap"].windows == RUNS


def test_training_windows_without_labels_are_passed_over() -> None:
    waiting = [DayOutcome(f"2026-01-{n:02d}", "1", 10, 0, 0.0, 0.0, 0.0) for n in range(1, 4)]
    labelled = [DayOutcome(f"2026-01-{n:02d}", "1", 10, 10, 2.0, 3.0, 5.0) for n in range(4, 24)]
    assert metric_levels(SPEC, waiting + labelled)["calibration_gap"].windows >= FEW
