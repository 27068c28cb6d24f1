"""Reference data becomes a baseline, a batch becomes a profile, whatever the file is like."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from tests.domain.story import SPEC, SPEC_TEXT, rows
from tests.operations.house import MODEL, House
from tests.operations.house import SPEC as ACME_SPEC
from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile, merge
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table
from tidewatch.operations.hand_over import baseline_of
from tidewatch.operations.profiling import count, learn
from tidewatch.ports.tables import UnreadableTable

TABLES = ArrowTables()


def days(many: int, first: int = 1) -> Table:
    """Days of 80 parcels."""
    random = np.random.default_rng(5)
    return Table.stack([rows(f"2026-01-{day:02d}", random.normal(20, 5, 80)) for day in range(first, first + many)])


def without(table: Table, *names: str) -> Table:
    return Table({name: values for name, values in table.columns.items() if name not in names}, table.kinds)


def with_columns(table: Table, **columns: np.ndarray) -> Table:
    kinds = {name: "text" if values.dtype == object else "number" for name, values in columns.items()}
    return Table({**table.columns, **columns}, {**table.kinds, **kinds})


def learnt(table: Table, spec: ModelSpec = SPEC) -> Baseline:
    return learn(TABLES, TABLES.write(table), "reference.parquet", spec)[0]


def counted(table: Table, baseline: Baseline, spec: ModelSpec = SPEC) -> Profile:
    return count(TABLES, TABLES.write(table), "batch.parquet", spec, baseline).profile


def as_csv(table: Table) -> bytes:
    def written(value: object) -> str:
        return "" if value is None or value != value else str(value)

    lines = [",".join(table.columns)]
    lines += [",".join(map(written, row)) for row in zip(*table.columns.values(), strict=True)]
    return "\n".join(lines).encode()


def as_json(table: Table) -> bytes:
    names = list(table.columns)
    values = [[None if v != v else v for v in column.tolist()] for column in table.columns.values()]
    return "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in zip(*values, strict=True)).encode()


# --- reference data --------------------------------------------------------------------------------------------


def test_every_profiled_column_of_every_window_is_counted() -> None:
    baseline = learnt(days(12))
    assert list(baseline.windows) == [f"2026-01-{day:02d}" for day in range(1, 13)]
    for profile in baseline.windows.values():
        assert set(profile.columns) == {"weight", "colour", "score", "id"} and profile.rows == 80
        assert all(column.rows == 80 for column in profile.columns.values())
    assert set(baseline.grids) == {"weight", "score"} and baseline.words == {"colour": frozenset({"red", "blue"})}


def test_windows_that_alternate_row_by_row_are_told_apart() -> None:
    table = days(4)
    shuffled = table.where(np.ones(table.rows, dtype=bool))
    order = np.random.default_rng(3).permutation(table.rows)
    shuffled = Table({name: values[order] for name, values in shuffled.columns.items()}, table.kinds)
    one, two = learnt(table), learnt(shuffled)
    for window, profile in one.windows.items():
        assert_alike(two.windows[window], profile)


def assert_alike(now: Profile, then: Profile) -> None:
    assert now.rows == then.rows
    for name, column in then.columns.items():
        mine = now.columns[name]
        if isinstance(column, NumberProfile) and isinstance(mine, NumberProfile):
            assert mine.counts.tolist() == column.counts.tolist()
            assert (mine.nulls, mine.low, mine.high) == (column.nulls, column.low, column.high)
            assert mine.total == pytest.approx(column.total, abs=1e-9)
        elif not isinstance(column, IdProfile):
            assert mine == column


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "jsonl.gz"])
def test_every_format_of_the_same_rows_teaches_the_same(ending: str) -> None:
    table = days(12)
    table.columns["weight"][3:9] = np.nan
    data = as_csv(table) if "csv" in ending else as_json(table)
    data = gzip.compress(data) if ending.endswith(".gz") else data
    baseline, contents = learn(TABLES, data, f"reference.{ending}", SPEC)
    expected = learnt(table)
    assert contents.rows == 960
    assert baseline.grids["weight"].digest == expected.grids["weight"].digest
    assert baseline.levels == expected.levels and baseline.metrics == expected.metrics
    for window, profile in expected.windows.items():
        assert_alike(baseline.windows[window], profile)


def test_a_file_on_disk_teaches_what_its_bytes_do(tmp_path: Path) -> None:
    file = tmp_path / "reference.parquet"
    file.write_bytes(TABLES.write(days(12)))
    assert learn(TABLES, file, file.name, SPEC)[0].to_bytes() == learnt(days(12)).to_bytes()


def test_without_a_window_column_all_rows_are_one_window_and_nothing_is_known_of_its_variation() -> None:
    baseline = learnt(without(days(30), "day"))
    assert list(baseline.windows) == ["all"] and baseline.windows["all"].rows == 2400
    assert not any(baseline.levels.values()) and baseline.metrics == {} and baseline.rows is None


def test_one_window_alone_teaches_no_level() -> None:
    baseline = learnt(days(1))
    assert list(baseline.windows) == ["2026-01-01"]
    assert not any(baseline.levels.values()) and baseline.rows is None


def test_without_labels_nothing_is_known_of_the_metrics() -> None:
    baseline = learnt(without(days(30), "late"))
    assert baseline.metrics == {} and baseline.levels["weight"]
    assert set(learnt(days(30)).metrics) == {"calibration_gap"}


def test_rows_without_a_window_belong_to_none() -> None:
    table = days(12)
    table.columns["day"][:5] = None
    baseline = learnt(table)
    assert baseline.windows["2026-01-01"].rows == 75 and len(baseline.windows) == 12


def test_a_column_without_any_value_is_counted_as_nulls() -> None:
    baseline = learnt(with_columns(days(12), weight=np.full(960, np.nan)))
    weight = baseline.windows["2026-01-03"].columns["weight"]
    assert isinstance(weight, NumberProfile) and (weight.rows, weight.nulls) == (0, 80)
    later = counted(days(1), baseline).columns["weight"]
    assert later.rows == 80


def test_a_column_of_no_type_is_counted_as_nulls_too() -> None:
    import pyarrow as pa  # noqa: PLC0415 - for this file only
    import pyarrow.parquet as pq  # noqa: PLC0415 - for this file only

    sink = pa.BufferOutputStream()
    table = pq.read_table(pa.BufferReader(TABLES.write(days(2))))
    for name in ("weight", "colour"):
        table = table.set_column(table.column_names.index(name), name, pa.nulls(table.num_rows))
    pq.write_table(table, sink)
    windows = learn(TABLES, sink.getvalue().to_pybytes(), "reference.parquet", SPEC)[0].windows
    assert {n: (c.rows, c.nulls) for n, c in windows["2026-01-02"].columns.items() if n in ("weight", "colour")} == {
        "weight": (0, 80), "colour": (0, 80),
    }  # fmt: skip


WORDS = np.array(["heavy"] * 160, dtype=object)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (without(days(2), "weight"), "the columns weight are missing"),
        (with_columns(days(2), weight=WORDS), "the column weight holds text where the spec says number"),
        (with_columns(days(2), colour=np.ones(160)), "the column colour holds number where the spec says text"),
        (with_columns(days(2), day=np.ones(160)), "the column day holds number where the spec says text"),
        (with_columns(days(2), late=WORDS), "the column late holds text where the spec says number"),
        (with_columns(days(2), day=np.full(160, None, dtype=object)), "the column day has no value in any row"),
        (days(1).where(np.zeros(80, dtype=bool)), "there are no rows"),
    ],
    ids=["missing", "text", "number", "window", "label", "no window", "no rows"],
)
def test_reference_data_that_teaches_nothing_is_refused_with_its_causes(table: Table, fault: str) -> None:
    with pytest.raises(UnreadableTable) as refusal:
        learnt(table)
    assert str(refusal.value) == fault


def test_a_word_in_a_column_of_numbers_is_told_by_the_column() -> None:
    table = days(2)
    data = as_csv(table).replace(b",blue,", b",blue,x", 1)
    with pytest.raises(UnreadableTable, match="column score holds something that is no number"):
        learn(TABLES, data, "reference.csv", SPEC)


@pytest.mark.parametrize(("column", "role"), [("late", "label"), ("day", "window")])
def test_a_model_is_not_handed_over_without_windows_and_labels(house: House, column: str, role: str) -> None:
    spec = parse_spec(ACME_SPEC, "spec.yaml")
    training = house.parquet(house.day("2026-01-01"), without=(column,))
    with pytest.raises(UnreadableTable, match=f"the columns {column} are missing"):
        baseline_of(house.ports, spec, training, "training.parquet")
    assert spec.only(role) == column and spec.model == MODEL


def test_bins_may_be_asked_for_as_nannyml_makes_them() -> None:
    doane = parse_spec(SPEC_TEXT.replace("drift: {", "drift: {binning: doane, "), "spec.yaml")
    assert len(learnt(days(12), doane).grids["weight"].bounds) > 5
    assert len(learnt(days(12)).grids["weight"].bounds) == 0


# --- batches ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(12))


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_parts_of_a_batch_counted_apart_add_up_to_the_whole(baseline: Baseline, parts: int) -> None:
    table = days(3, first=20)
    table.columns["weight"][::9] = np.nan
    of = np.random.default_rng(2).integers(0, parts, table.rows)
    merged = merge([counted(table.where(of == part), baseline) for part in range(parts)][::-1])
    assert_alike(merged, counted(table, baseline))


def test_a_counted_window_is_the_same_as_when_it_was_learnt(baseline: Baseline) -> None:
    table = days(12)
    fourth = counted(table.where(table.columns["day"] == "2026-01-04"), baseline)
    assert_alike(fourth, baseline.windows["2026-01-04"])


def test_a_column_that_is_missing_is_empty(baseline: Baseline) -> None:
    profile = counted(without(days(1), "weight", "colour"), baseline)
    assert profile.rows == 80
    assert profile.columns["weight"].rows == profile.columns["weight"].nulls == 0
    assert isinstance(profile.columns["colour"], TextProfile) and profile.columns["colour"].rows == 0


def test_the_first_rows_of_number_columns_are_kept(baseline: Baseline) -> None:
    table = days(1, first=20)
    found = count(TABLES, TABLES.write(table), "batch.parquet", SPEC, baseline)
    assert set(found.samples) == {"weight", "score"}
    np.testing.assert_array_equal(found.samples["weight"], table.columns["weight"])


SEGMENTED = parse_spec(SPEC_TEXT + "segments: {columns: [colour], min_rows: 10}\n", "spec.yaml")


def test_each_segment_is_counted_apart_in_windows_and_in_batches() -> None:
    table = days(12)
    baseline = learnt(table, SEGMENTED)
    assert set(baseline.followed["colour"]) == {"red", "blue"}
    batch = days(1, first=20)
    batch.columns["colour"][:10] = "green"
    profile = counted(batch, baseline, SEGMENTED)
    for which, whole in (
        (baseline.windows["2026-01-05"], table.where(table.columns["day"] == "2026-01-05")),
        (profile, batch),
    ):
        assert set(which.segments) == {"colour=red", "colour=blue"}  # a new one is followed from the next baseline on
        for name, segment in which.segments.items():
            rows_of = whole.columns["weight"][whole.columns["colour"] == name.partition("=")[2]]
            weight = segment.columns["weight"]
            assert isinstance(weight, NumberProfile)
            assert (segment.rows, weight.rows) == (len(rows_of), len(rows_of))
            assert weight.mean == pytest.approx(rows_of.mean())
            assert weight.grid.digest == baseline.coarse["weight"].digest


def test_segments_of_a_baseline_survive_being_stored() -> None:
    baseline = learnt(days(30), SEGMENTED)
    read = Baseline.from_bytes(baseline.to_bytes())
    assert read.to_bytes() == baseline.to_bytes()
    assert read.segment_levels["colour=red"]["weight"] == baseline.segment_levels["colour=red"]["weight"]
    profile = counted(days(1, first=20), baseline, SEGMENTED)
    assert read.profile_of(json.loads(json.dumps(profile.as_dict()))).segments.keys() == profile.segments.keys()
