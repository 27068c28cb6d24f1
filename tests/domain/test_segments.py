"""One part of the data may be wrong while the whole looks right."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.domain.columns import learnt
from tests.domain.watched import DAY, DEPOTS, SPEC, days, parcels, profiled, today, usual, words
from tidewatch.domain import alarms
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks import segments
from tidewatch.domain.finding import Finding
from tidewatch.domain.judgement import judge
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table


def followed(min_rows: int = 50, sensitive: bool = False, most: int = 20) -> ModelSpec:
    record = SPEC.model_dump()
    record["columns"]["depot"] |= {"role": "segment", "sensitive": sensitive}
    return ModelSpec.model_validate(record | {"segments": {"min_rows": min_rows, "most": most}})


FOLLOWED = followed()


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return learnt(days(), FOLLOWED)


def checked(
    baseline: Baseline, columns: Mapping[str, Any], spec: ModelSpec = FOLLOWED, **known: tuple[str, ...]
) -> tuple[list[Finding], list[Finding]]:
    now = profiled(baseline, columns, spec)
    return segments.findings(spec, baseline, usual(baseline, spec), now, DAY, **known)


def judged(baseline: Baseline, columns: Mapping[str, Any], spec: ModelSpec = FOLLOWED) -> list[Finding]:
    now = profiled(baseline, columns, spec)
    return judge(spec, baseline, DAY, usual(baseline, spec), now, {}, []).findings


def frozen_in(*depots: str) -> dict[str, Any]:
    """The day's lengths are one value in those depots."""
    day = parcels(143, DAY)
    return day | {"length": np.where(np.isin(day["depot"].astype(str), depots), 18.0, day["length"])}


def moved_in(depot: str) -> dict[str, Any]:
    day = parcels(143, DAY)
    return day | {"length": day["length"] + 15.0 * (day["depot"] == depot)}


@pytest.mark.parametrize("number", range(60, 80))
def test_a_usual_day_is_usual_in_every_segment(baseline: Baseline, number: int) -> None:
    assert checked(baseline, parcels(number, DAY))[0] == []


def test_a_fault_in_one_segment_only_is_found_and_told_with_the_segment(baseline: Baseline) -> None:
    (found,) = judged(baseline, frozen_in("north"))
    north = int((parcels(143)["depot"] == "north").sum())
    assert (found.check, found.subject, found.evidence["segment"]) == ("frozen", "length", "depot=north")
    assert found.sentence.startswith(
        f"in the rows of depot north: length has one and the same value, 18, in all {north} rows of 2026-03-01; "
    )


def test_drift_in_one_segment_waits_as_drift_does(baseline: Baseline) -> None:
    certain, (passing,) = checked(baseline, moved_in("south"))
    assert certain == [] and (passing.check, passing.subject) == ("drift", "length")
    assert passing.sentence.startswith("in the rows of depot south: length is distributed differently, median ")


def test_what_is_strange_in_the_whole_is_not_told_again_for_its_parts(baseline: Baseline) -> None:
    everywhere = today(length=np.full(300, 18.0))
    assert [found.evidence.get("segment") for found in judged(baseline, everywhere)] == [None]
    assert checked(baseline, frozen_in("north"), loud=("length",)) == ([], [])


def test_a_certain_fault_of_a_part_does_not_wait_for_the_drift_it_causes_in_the_whole(baseline: Baseline) -> None:
    assert checked(baseline, frozen_in("north"), strange=("length",))[0]
    assert checked(baseline, moved_in("south"), strange=("length",)) == ([], [])


def test_of_several_segments_the_worst_speaks_and_the_others_are_named(baseline: Baseline) -> None:
    (found,) = checked(baseline, frozen_in("north", "east"))[0]
    assert found.sentence.endswith("; the same in 1 more segments")
    assert sorted(found.evidence["segments"]) == ["depot=east", "depot=north"]


def test_a_segment_smaller_than_the_spec_says_is_left_alone(baseline: Baseline) -> None:
    assert checked(baseline, frozen_in("north"), followed(min_rows=150)) == ([], [])
    few = parcels(143, DAY)
    few["depot"] = words(["north"] * 49 + ["south"] * 251)
    few["length"] = np.where(np.arange(300) < 49, 18.0, few["length"])
    assert "depot=north" not in str(checked(baseline, few))


def test_only_the_largest_segments_are_followed() -> None:
    one = learnt(days(1, 12), followed(most=1))
    assert [len(values) for values in one.followed.values()] == [1]
    assert one.followed["depot"][0] in DEPOTS


def test_rows_and_repeated_ids_are_matters_of_the_whole(baseline: Baseline) -> None:
    day = parcels(143, DAY, 900)
    day["id"] = words(["1"] * 900)
    certain, passing = checked(baseline, day)
    assert not {"row_count", "duplicates"} & {found.check for found in certain + passing}


def test_a_new_segment_is_a_new_flavour_of_data(baseline: Baseline) -> None:
    new = today(depot=words(["west"] * 60 + list(parcels(143)["depot"][60:])))
    (found,) = checked(baseline, new)[0]
    assert (found.check, found.subject, found.value, found.threshold) == ("new_segment", "depot", 60, 50)
    assert found.sentence == (
        "a new depot, west, came with 60 of 300 rows of 2026-03-01: the model has never seen any of it"
    )
    assert "new_segment" in {one.check for one in judged(baseline, new)}


def test_a_new_segment_of_few_rows_is_no_flavour(baseline: Baseline) -> None:
    few = today(depot=words(["west"] * 49 + list(parcels(143)["depot"][49:])))
    assert "new_segment" not in {found.check for found in checked(baseline, few)[0]}


def test_a_sensitive_segment_is_never_named() -> None:
    secret = followed(sensitive=True)
    baseline = learnt(days(), secret)
    new = today(depot=words(["west"] * 60 + list(parcels(143)["depot"][60:])))
    for columns in (frozen_in("north", "east"), new):
        certain, passing = checked(baseline, columns, secret)
        said = str([found.as_dict() for found in certain + passing])
        assert certain and not any(depot in said for depot in (*DEPOTS, "west"))


def test_segments_share_half_of_the_budget_between_them(baseline: Baseline) -> None:
    plain = alarms.window_level(SPEC, learnt(days(1, 2), SPEC))
    assert alarms.window_level(FOLLOWED, baseline) == pytest.approx(plain / 2)
    parts = [alarms.window_level(FOLLOWED, baseline.of_segment(f"depot={depot}")) for depot in DEPOTS]
    assert sum(parts) == pytest.approx(plain / 2)


def test_a_batch_without_the_segment_column_is_judged_as_a_whole(baseline: Baseline) -> None:
    day = {name: values for name, values in frozen_in("north").items() if name != "depot"}
    assert checked(baseline, day) == ([], [])


def test_segments_without_left_out_windows_are_judged_by_their_rows() -> None:
    one = learnt(Table.stack([days(1, 1)]), FOLLOWED)
    monday = {"weekday": np.full(300, 1.0)}
    assert checked(one, today() | monday)[0] == []
    assert [found.check for found in checked(one, frozen_in("north") | monday)[0]] == ["frozen"]
