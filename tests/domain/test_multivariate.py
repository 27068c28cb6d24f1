"""All columns together: what no column shows by itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.domain.classifying import nearest_mean
from tests.domain.columns import pieces
from tests.domain.story import SPEC
from tidewatch.domain.checks.multivariate import SUBJECT, Judged, findings, judge
from tidewatch.domain.finding import Finding
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.multivariate.reconstruction import separability
from tidewatch.domain.multivariate.row_choice import ChosenRows, choose, sampled
from tidewatch.domain.multivariate.separation import Learnt, Measured, Usual, kept_rows, learn, measure
from tidewatch.domain.table import Table

COLUMNS = {
    "id": {"type": "text", "role": "id"},
    "day": {"type": "text", "role": "window"},
    "weight": {"type": "number", "importance": "high"},
    "volume": {"type": "number"},
    "price": {"type": "number"},
    "colour": {"type": "text"},
    "heat": {"type": "number", "importance": "low"},  # of the day, as weather is
    "weekday": {"type": "number"},  # one value a day
    "packed": {"type": "time"},
    "score": {"type": "number", "role": "score"},
    "late": {"type": "number", "role": "label"},
}
INPUTS = ["weight", "volume", "price", "colour"]


def spec(methods: Sequence[str] = ("pca",), **drift: Any) -> ModelSpec:
    asked = {"methods": list(methods), "deviations": 4.0, "sample": 2000}
    own = {"columns": COLUMNS, "multivariate": asked, "drift": {"windows": 10} | drift}
    return ModelSpec.model_validate(SPEC.model_dump() | own)


def day(number: int, rows: int = 200, *, linked: float = 0.9, **columns: Any) -> Table:
    """A day whose weight and volume go together (`linked` is their correlation), each of them usual by itself."""
    random = np.random.default_rng(number)
    weight, other = random.normal(size=(2, rows))
    made: dict[str, Any] = {
        "weight": 20 + 5 * weight,
        "volume": 3 + linked * weight + np.sqrt(1 - linked**2) * other,
        "price": random.gamma(9.0, size=rows),
        "colour": np.array(["red", "green", "blue"], dtype=object)[random.choice(3, rows, p=[0.6, 0.3, 0.1])],
        "heat": random.normal(loc=10 * random.normal(), size=rows),
        "weekday": np.full(rows, number % 7, dtype=np.float64),
        "packed": 1e9 + 86400.0 * number + np.arange(rows),
        "score": random.random(rows),
    }
    return Table(made | columns, {name: str(COLUMNS[name]["type"]) for name in made})


def days(many: int = 40, **how: Any) -> dict[str, Table]:
    return {f"2026-01-{number:02d}": day(number, **how) for number in range(1, many + 1)}


def measured(now: Table, method: Any = "pca", *, columns: Sequence[str] = INPUTS, given: Table | None = None) -> Any:
    reference = Table.stack([day(number) for number in range(1, 11)]) if given is None else given
    return measure(spec([method]), method, columns, reference, now, nearest_mean)


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    return learn(spec(["pca", "classifier"]), days(), nearest_mean)


def judged(learnt: Learnt, now: Table, method: Any = "pca") -> Judged:
    return judge(spec([method]), learnt, measured(now, method, columns=learnt.columns))


# --- the measures -------------------------------------------------------------------------------------------------


def mixed_rows(seed: int, rows: int, twist: float) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    a = random.normal(size=rows)
    b = 0.8 * a * twist + 0.6 * random.normal(size=rows)
    c = np.exp(random.normal(size=rows))
    d = c + random.normal(size=rows)
    e = np.array(["red", "green", "blue", "grey"], dtype=object)[random.choice(4, rows, p=[0.5, 0.25, 0.2, 0.05])]
    f = np.array(["x", "y"], dtype=object)[(a + random.normal(size=rows) > 0).astype(int)]
    a[random.random(rows) < 0.02] = np.nan
    e[random.random(rows) < 0.02] = None
    return {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f}


def test_the_reconstruction_error_is_the_one_nannyml_gives() -> None:
    """Its DataReconstructionDriftCalculator 0.13.1 said so of the same rows, nulls and an unseen text included."""
    kinds = {name: {"type": "text" if name in "ef" else "number"} for name in "abcdef"}
    asked = ModelSpec.model_validate(spec().model_dump() | {"columns": kinds})
    reference = Table(mixed_rows(1, 2000, 1.0), {})
    first = mixed_rows(2, 500, 1.0)
    first["e"][:3] = "unseen"
    chunks = [Table(first, {}), Table(mixed_rows(3, 500, -1.0), {}), Table(mixed_rows(4, 500, 0.5), {})]
    values = [measure(asked, "pca", list("abcdef"), reference, chunk, nearest_mean) for chunk in chunks]
    assert [value.value for value in values if value] == pytest.approx(
        [1.330195422001, 1.824478298388, 1.396814143124], abs=1e-9
    )
    assert values[0] and values[0].own == pytest.approx(
        np.mean([1.337807103914, 1.324259222942, 1.311295964351, 1.324823514506]), abs=1e-9
    )


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    random = np.random.default_rng(5)
    values, second = random.integers(0, 9, 80).astype(np.float64), random.random(80) < 0.3
    values[:3] = np.nan
    filled = np.where(np.isnan(values), np.inf, values)
    first, others = filled[second][:, None], filled[~second][None, :]
    assert separability(values, second) == pytest.approx(((first > others) + 0.5 * (first == others)).mean())


@pytest.mark.parametrize("second", [np.ones(4, bool), np.zeros(4, bool), np.zeros(0, bool)])
def test_with_rows_of_one_kind_only_nothing_is_told_apart(second: NDArray[np.bool_]) -> None:
    assert separability(np.arange(len(second), dtype=np.float64), second) == 0.5


def test_a_broken_relation_between_usual_columns_shows_in_both_methods() -> None:
    usual, broken = day(77), day(77, linked=0.0)
    for method, least in (("pca", 1.15), ("classifier", 1.15)):
        assert measured(broken, method).value > least * measured(usual, method).value
    assert max(measured(broken).columns, key=measured(broken).columns.__getitem__) in ("weight", "volume")


ODD: dict[str, dict[str, Any]] = {
    "all null": {"weight": np.full(200, np.nan)},
    "null without a type": {"weight": np.full(200, None)},
    "text all null": {"colour": np.full(200, None, dtype=object)},
    "text that came as nulls of no type": {"colour": np.full(200, np.nan)},
    "infinite": {"weight": np.full(200, np.inf), "volume": np.full(200, -np.inf)},
    "huge": {"weight": np.full(200, 1.7e308), "volume": np.full(200, -1.7e308)},
    "constant": {"weight": np.full(200, 20.0), "colour": np.full(200, "red", dtype=object)},
    "unseen texts": {"colour": np.array([f"é{row}" for row in range(200)], dtype=object)},
}


@pytest.mark.parametrize("columns", ODD.values(), ids=ODD)
@pytest.mark.parametrize("method", ["pca", "classifier"])
def test_odd_columns_give_numbers_on_either_side(columns: dict[str, Any], method: str) -> None:
    for now, reference in ((day(1, **columns), None), (day(1), day(2, **columns)), (day(1, **columns),) * 2):
        found = measured(now, method, given=reference)
        assert np.isfinite([found.value, found.own, found.noise, found.departure, *found.columns.values()]).all()
        verdict = judge(spec([method]), Learnt(INPUTS, {}), found)
        assert np.isfinite([verdict.low, verdict.high]).all()


def test_a_table_that_is_its_own_reference_is_not_strange_however_odd() -> None:
    for columns in ODD.values():
        same = day(1, **columns)
        assert not judge(spec(), Learnt(INPUTS, {}), measured(same, given=same)).strange


def test_too_few_rows_or_no_column_are_not_judged() -> None:
    assert measured(day(1, rows=29)) is None
    assert measured(day(1), given=day(2, rows=1)) is None
    assert measured(day(1), columns=[]) is None


# --- what is usual ------------------------------------------------------------------------------------------------


def test_what_belongs_to_the_day_itself_is_not_looked_at(learnt: Learnt) -> None:
    assert learnt.columns == INPUTS  # neither heat, nor the weekday, nor the time, nor the score


def test_every_method_learns_how_left_out_windows_vary(learnt: Learnt) -> None:
    assert learnt.usual["pca"].level.windows == 30 and learnt.usual["classifier"].level.windows == 20
    assert abs(learnt.usual["pca"].level.mean) < 0.05 and 0.005 < learnt.usual["pca"].level.sd < 0.1
    assert set(learnt.usual["classifier"].columns) == set(INPUTS)


def test_what_was_learnt_survives_being_written_down(learnt: Learnt) -> None:
    assert Learnt.from_dict(learnt.as_dict()) == learnt


@pytest.mark.parametrize("compare_with", ["trailing", "training"])
def test_no_usual_day_is_strange_and_every_broken_one_is(compare_with: str) -> None:
    asked = spec(["pca", "classifier"], compare_with=compare_with)
    learnt = learn(asked, days(), nearest_mean)
    reference = Table.stack([day(number) for number in range(31, 41)])
    strange = {True: 0, False: 0}
    for number in range(100, 130):
        for broken in strange:
            now = day(number, linked=0.2 if broken else 0.9)
            verdicts = [measure(asked, m, learnt.columns, reference, now, nearest_mean) for m in learnt.usual]
            strange[broken] += sum(judge(asked, learnt, found).strange for found in verdicts if found)
    assert strange == {False: 0, True: 60}


def test_windows_that_vary_more_make_wider_limits(learnt: Learnt) -> None:
    restless = {
        name: day(number, linked=0.5 + 0.4 * (number % 2)) for number, name in enumerate(days(), 1)
    }  # fmt: skip
    wide = learn(spec(), restless, nearest_mean)
    assert wide.usual["pca"].level.sd > 2 * learnt.usual["pca"].level.sd


def test_with_few_windows_the_choice_of_rows_alone_sets_the_limits() -> None:
    few = learn(spec(["pca", "classifier"]), days(6), nearest_mean)
    assert few.usual == {} and few.columns == [*INPUTS, "heat", "weekday"]
    steady = Learnt(INPUTS, {})
    assert not any(judged(steady, day(number), m).strange for number in range(200, 240) for m in ("pca", "classifier"))
    assert judged(steady, day(1, linked=0.0)).strange and judged(steady, day(1, linked=0.0), "classifier").strange


def test_few_rows_widen_the_limits(learnt: Learnt) -> None:
    small, large = judged(learnt, day(300, rows=40)), judged(learnt, day(300, rows=2000))
    assert small.high - small.low > 1.5 * (large.high - large.low)
    assert not any(judged(learnt, day(number, rows=40)).strange for number in range(300, 340))


def test_a_change_too_small_to_matter_is_not_strange() -> None:
    sharp = Learnt(INPUTS, {m: Usual(Level(0.0, 1e-9, 30), {}) for m in ("pca", "classifier")})
    nearly = Measured("pca", 1.015, 1.0, 1e-9, 10**6, {})
    assert not judge(spec(), sharp, nearly).strange
    assert not judge(spec(), sharp, Measured("classifier", 0.54, 0.5, 1e-9, 10**6, {})).strange
    assert judge(spec(floor=0.0), sharp, nearly).strange


def test_columns_that_hang_together_more_closely_are_strange_too() -> None:
    weight = day(1).columns["weight"]
    copied = measured(day(1, volume=3 + (weight - 20) / 5), columns=["weight", "volume", "price"])
    result = judge(spec(), Learnt(INPUTS, {}), copied)
    assert result.strange and result.measured.value < result.low
    (found,) = findings(spec(alarm_after=1, out_of=1), "2026-03-01", [result], [])
    assert "hang together more closely than those of the windows before, most of all" in found.sentence
    assert found.threshold == round(result.low, 4)


def test_a_window_everybody_could_tell_is_no_alarm_when_all_are_like_that() -> None:
    blind = Learnt(INPUTS, {"classifier": Usual(Level(9.2102, 0.0, 20), {})})
    assert not judge(spec(), blind, Measured("classifier", 1.0, 0.5, 0.1, 200, {})).strange


# --- findings -----------------------------------------------------------------------------------------------------


def alarms(learnt: Learnt, *earlier: Sequence[str], **drift: Any) -> list[Finding]:
    results = [judged(learnt, day(1, linked=0.0), method) for method in ("pca", "classifier")]
    return findings(spec(["pca", "classifier"], **drift), "2026-03-01", results, earlier)


def test_one_strange_window_is_no_alarm_two_of_three_are(learnt: Learnt) -> None:
    assert alarms(learnt, alarm_after=2, out_of=3) == []
    assert len(alarms(learnt, ["pca", "classifier"], [], alarm_after=2, out_of=3)) == 2
    assert [f.evidence["method"] for f in alarms(learnt, [], ["pca"], alarm_after=2, out_of=3)] == ["pca"]
    assert alarms(learnt, ["pca"], [], [], alarm_after=2, out_of=3) == []


def test_a_finding_says_what_is_wrong_with_numbers_and_columns(learnt: Learnt) -> None:
    pca, classifier = alarms(learnt, alarm_after=1, out_of=1)
    assert pca.signal == classifier.signal and pca.signal.group == SUBJECT and pca.family == "input"
    assert pca.sentence.startswith(
        "the columns hang together differently from those of the windows before, most of all "
    )
    assert f"reconstruction error {pca.value:.2f} standard deviations, where " in pca.sentence
    assert pca.sentence.endswith("is usual (200 rows)")
    assert set(pca.sentence.split("most of all ")[1].split(":")[0].split(" and ")) == {"weight", "volume"}
    assert pca.value > pca.threshold == pca.evidence["high"].__round__(4)
    assert pca.severity == "high"  # weight is of high importance
    assert classifier.sentence.startswith("200 rows can be told from those of the windows before with a ROC AUC of 0.")
    assert classifier.value > classifier.threshold


# --- choosing rows ------------------------------------------------------------------------------------------------


def test_a_sample_is_the_same_each_time_and_another_for_another_window() -> None:
    table = day(1, rows=1000)
    first, again, other = (sampled(table, 100, name).columns["price"] for name in ("monday", "monday", "tuesday"))
    assert len(first) == 100 and np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.all(np.diff(sampled(table, 100, "monday").columns["packed"]) > 0)  # in their order
    assert sampled(table, 1000, "monday") is table


@pytest.mark.parametrize("step", [1, 7, 100, 1000])
def test_rows_chosen_from_pieces_are_the_rows_chosen_from_the_whole(step: int) -> None:
    table = day(1, rows=300)
    chosen = choose(300, 40, "monday")
    for name in ("price", "colour"):
        rows = ChosenRows(chosen)
        for start in range(0, 300, step):
            part = Table({name: table.columns[name][start : start + step]}, {})
            rows.add(pieces(part, name))
        assert np.array_equal(rows.values, table.columns[name][chosen])


def test_a_column_that_was_not_fed_is_null() -> None:
    assert list(ChosenRows(choose(300, 2, "monday")).values) == [None, None]
    assert len(ChosenRows(choose(0, 2, "monday")).values) == 0


def test_kept_rows_add_up_to_the_sample() -> None:
    assert kept_rows(spec(), 40) == 200  # 10 windows of 200
    assert kept_rows(spec(compare_with="training"), 40) == 50
