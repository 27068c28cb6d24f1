"""A proposed spec passes lint, says what was guessed, and asks for what only its builders know."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.spec.guess import tokens
from tidewatch.domain.spec.proposal import propose
from tidewatch.domain.spec.text import FILL_IN, lint_spec, parse_spec
from tidewatch.domain.table import Table

ROWS = 400
CHANCE = np.random.default_rng(7)
DAYS = [f"2026-03-{1 + row // 40:02d}" for row in range(ROWS)]


def table(kinds: dict[str, str] | None = None, **columns: Any) -> Table:
    """Lists of text become text columns, everything else numbers."""
    made: dict[str, np.ndarray] = {}
    for name, values in columns.items():
        text = any(isinstance(value, str) for value in values)
        made[name] = np.array(values, dtype=object if text else np.float64)
    guessed = {name: "text" if values.dtype == object else "number" for name, values in made.items()}
    return Table(made, guessed | (kinds or {}))


def parcels(**more: Any) -> Table:
    columns = {
        "parcelId": [f"p{row}" for row in range(ROWS)],
        "day": DAYS,
        "weight_kg": CHANCE.gamma(2, 3, ROWS),
        "colour": CHANCE.choice(["red", "no", "yes"], ROWS).tolist(),
        "p_late": CHANCE.uniform(size=ROWS),
        "late": CHANCE.integers(0, 2, ROWS),
    }
    return table(**(columns | more))


def proposed(data: Table, **options: Any) -> tuple[ModelSpec, str]:
    text = propose(data, "parcels.parquet", "acme/late-parcels", **options)
    return parse_spec(text, "spec.yaml"), text


def line_of(text: str, column: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"  {column}:"))


def test_roles_are_guessed_by_name_and_content() -> None:
    spec, _ = proposed(parcels())
    roles = {name: column.role for name, column in spec.columns.items()}
    assert roles == {
        "parcelId": "id",
        "day": "window",
        "weight_kg": "feature",
        "colour": "feature",
        "p_late": "score",
        "late": "label",
    }
    assert (spec.model, spec.title, spec.task) == ("acme/late-parcels", "Late parcels", "binary")


def test_few_words_are_categories_though_yaml_would_read_them_otherwise() -> None:
    many = [f"word {row % 21}" for row in range(ROWS)]
    spec, _ = proposed(parcels(city=many, note=["a", "b", "c", "d"] + ["e"] * 3 + [None] * (ROWS - 7)))
    assert spec.columns["colour"].categories == ["no", "red", "yes"]
    assert spec.columns["city"].categories == []
    assert spec.columns["note"].categories == []  # too few rows to say that these are all


def test_ranges_are_proposed_where_a_name_gives_a_reason_and_the_data_agrees() -> None:
    spec, _ = proposed(parcels(latitude=CHANCE.uniform(-50, 50, ROWS), month=[13.0] * ROWS, reading=[1.0] * ROWS))
    assert spec.columns["weight_kg"].range == (0, None)
    assert spec.columns["weight_kg"].unit == "kg"
    assert spec.columns["p_late"].range == (0, 1)
    assert spec.columns["latitude"].range == (-90, 90)
    assert spec.columns["month"].range is None
    assert spec.columns["reading"].range is None


@pytest.mark.parametrize(
    "name", ["email", "customer_name", "Phone", "ssn", "homeAddress", "date_of_birth", "IBAN", "last name"]
)
def test_people_are_proposed_as_sensitive_and_their_values_are_not_written_down(name: str) -> None:
    spec, text = proposed(parcels(**{name: ["Ana", "Ben"] * (ROWS // 2)}))
    assert spec.columns[name].sensitive
    assert "Ana" not in text
    assert "sensitive: guessed" in text


def test_mail_addresses_are_sensitive_whatever_their_column_is_called() -> None:
    spec, _ = proposed(parcels(contact=[f"a{row}@acme.com" for row in range(ROWS)], product_name=["lamp"] * ROWS))
    assert spec.columns["contact"].sensitive
    assert not spec.columns["product_name"].sensitive


def test_attributions_name_the_column_they_explain() -> None:
    spec, _ = proposed(
        parcels(
            shap_weight_kg=CHANCE.normal(size=ROWS),
            colour_attribution=CHANCE.normal(size=ROWS),
            shap_nothing=CHANCE.normal(size=ROWS),
            shap_late=CHANCE.normal(size=ROWS),
            colour_value=CHANCE.normal(size=ROWS),
        )
    )
    explained = {name: c.attribution_of for name, c in spec.columns.items() if c.role == "attribution"}
    assert explained == {"shap_weight_kg": "weight_kg", "colour_attribution": "colour"}
    assert spec.columns["shap_nothing"].role == "feature"
    assert spec.columns["shap_late"].role == "feature"  # a label is not explained


def test_types_follow_the_data() -> None:
    spec, text = proposed(
        table(
            {"when": "time", "tags": "other", "empty": "null"},
            id=[f"{row}" for row in range(ROWS)],
            when=np.arange(ROWS) * 60.0,
            vip=[0, 1] * (ROWS // 2),
            never=[0] * ROWS,
            tags=["[a]"] * ROWS,
            empty=[np.nan] * ROWS,
        )
    )
    types = {name: spec.columns[name].type for name in ("when", "vip", "never", "tags", "empty")}
    assert types == {"when": "time", "vip": "boolean", "never": "number", "tags": "text", "empty": "text"}
    assert f"{FILL_IN}: neither number, text nor time" in line_of(text, "tags")
    assert f"{FILL_IN}: its type, it is empty" in line_of(text, "empty")


def test_what_no_column_looks_like_is_marked_to_be_filled_in() -> None:
    spec, text = proposed(table(length=[1.5, 2.5], id=["a", "a"]))
    for role in ("id", "window", "score", "label"):
        assert FILL_IN in line_of(text, spec.only(role))
    assert spec.only("id") == "id_column"
    asked = [note for note in lint_spec(text, "spec.yaml") if "no column of this data looks like it" in note.sentence]
    assert len(asked) == 4


def test_an_id_that_stands_twice_now_and_then_is_still_the_id() -> None:
    ids = [f"p{max(row, 1)}" for row in range(ROWS)]
    spec, text = proposed(parcels(parcelId=ids))
    assert spec.only("id") == "parcelId"
    assert "1 of its values are missing or stand twice" in text


def test_scores_that_add_up_make_a_multiclass_model() -> None:
    chances = CHANCE.dirichlet([1, 1, 1], ROWS)
    words = CHANCE.choice(["cat", "dog", "bird"], ROWS).tolist()
    spec, _ = proposed(
        table(
            id=[f"{row}" for row in range(ROWS)],
            day=DAYS,
            score_cat=chances[:, 0],
            score_dog=chances[:, 1],
            score_bird=chances[:, 2],
            prediction=words,
            label=words,
        )
    )
    assert spec.task == "multiclass"
    assert spec.of_role("score") == ["score_cat", "score_dog", "score_bird"]
    assert (spec.only("prediction"), spec.only("label")) == ("prediction", "label")


def test_of_two_scores_that_add_up_the_second_is_that_of_being_positive() -> None:
    chance = CHANCE.uniform(size=ROWS)
    spec, _ = proposed(parcels(p_late=chance, p_early=1 - chance))
    assert spec.task == "binary"
    assert spec.only("score") == "p_early"


def test_a_predicted_number_makes_a_regression() -> None:
    spec, _ = proposed(
        table(house_id=range(ROWS), day=DAYS, price=CHANCE.gamma(2, 9, ROWS), price_pred=CHANCE.gamma(2, 9, ROWS))
    )
    assert (spec.task, spec.only("prediction"), spec.only("label")) == ("regression", "price_pred", "price")
    assert [metric.name for metric in spec.metrics] == ["mae"]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_task_may_be_said(task: str) -> None:
    spec, text = proposed(parcels(), task=task)
    assert spec.task == task
    assert "# as you said" in text


def test_dates_name_windows_in_files_without_types_and_must_be_text_in_the_others() -> None:
    dates = np.repeat(np.arange(10) * 86_400.0, ROWS // 10)
    data = table({"day": "time"}, id=[f"{row}" for row in range(ROWS)], day=dates)
    _, from_csv = proposed(data, typed=False)
    _, from_parquet = proposed(data, typed=True)
    assert FILL_IN not in line_of(from_csv, "day")
    assert f"{FILL_IN}: it is time in this data; deliver it as text" in line_of(from_parquet, "day")


def test_names_are_cut_into_words() -> None:
    assert tokens("customerId_2 (old)") == ["customer", "id", "2", "old"]
    assert tokens("größe") == ["größe"]


CELL = st.none() | st.text(max_size=6) | st.sampled_from(["no", "2026-03-01", "1", "a@b.co", "# x", "{", "'"])
NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0])
NAME = st.text(max_size=12) | st.sampled_from(
    ["id", "day", "score", "label", "y", "prediction", "shap_x", "x", "window", "_score_", "no", "p_1", "p_0", "email"]
)


@given(st.data())
def test_whatever_the_data_its_proposal_has_no_mistakes(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 6))
    columns: dict[str, np.ndarray] = {}
    kinds = {}
    for name in data.draw(st.lists(NAME, min_size=1, max_size=6, unique=True)):
        kind = kinds[name] = data.draw(st.sampled_from(["number", "text", "time", "other", "null"]))
        text = kind in ("text", "other")
        values = data.draw(st.lists(CELL if text else NUMBER, min_size=rows, max_size=rows))
        columns[name] = np.array(values if kind != "null" else [np.nan] * rows, dtype=object if text else np.float64)
    task = data.draw(st.sampled_from(["", "binary", "multiclass", "regression"]))
    text = propose(Table(columns, kinds), data.draw(NAME), "acme/x", task, typed=data.draw(st.booleans()))
    assert [note for note in lint_spec(text, "spec.yaml") if note.mistake] == []
    assert set(columns) <= set(parse_spec(text, "spec.yaml").columns)
