"""A builder's mistake in a spec is one sentence with its line."""

from datetime import timedelta

import pytest

from tests.domain.story import SPEC, SPEC_TEXT
from tidewatch.domain.model_spec import ModelSpec, SpecError
from tidewatch.domain.spec.text import parse_spec


def mistakes(old: str, new: str) -> list[str]:
    """What is wrong with the spec once `old` reads `new`."""
    assert old in SPEC_TEXT
    with pytest.raises(SpecError) as caught:
        parse_spec(SPEC_TEXT.replace(old, new), "spec.yaml")
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return caught.value.mistakes


def changed(old: str, new: str) -> ModelSpec:
    assert old in SPEC_TEXT
    return parse_spec(SPEC_TEXT.replace(old, new), "spec.yaml")


def test_a_spec_says_which_columns_are_watched_and_which_must_come() -> None:
    assert SPEC.watched == ["weight", "colour", "score"]
    assert SPEC.delivered == ["id", "day", "weight", "colour", "score"]
    assert (SPEC.only("id"), SPEC.only("window"), SPEC.only("label")) == ("id", "day", "late")


def test_a_spec_survives_being_written_out() -> None:
    assert ModelSpec.model_validate(SPEC.model_dump(mode="json")) == SPEC


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("title: Parcels", "titel: Parcels", "spec.yaml line 2: unknown key 'titel', did you mean 'title'?"),
        ("unit: pounds", "unti: pounds", "spec.yaml line 6: unknown key 'unti', did you mean 'unit'?"),
        ("out_of: 3", "outof: 3", "spec.yaml line 10: unknown key 'outof', did you mean 'out_of'?"),
        ("windows: 3", "window: 3", "spec.yaml line 12: unknown key 'window', did you mean 'windows'?"),
        ("reopen_within", "reopn_in", "spec.yaml line 17: unknown key 'reopn_in', did you mean 'reopen_within'?"),
    ],
    ids=["at the top", "in a column", "in drift", "in a list", "in response"],
)  # fmt: skip
def test_an_unknown_key_is_named_with_its_line_and_what_was_meant(old: str, new: str, sentence: str) -> None:
    assert sentence in mistakes(old, new)


def test_an_unknown_key_like_no_other_is_answered_with_those_that_exist() -> None:
    (sentence,) = mistakes("out_of: 3", "zzz: 3")
    assert sentence.startswith("spec.yaml line 10: unknown key 'zzz'; known here: compare_with, windows, floor")


@pytest.mark.parametrize("name", ["source", "unit"])
def test_an_unknown_key_of_any_column_is_answered_so(name: str) -> None:
    assert mistakes("  colour: {type: text}", f"  {name}: {{type: text, sensitiv: true}}") == [
        "spec.yaml line 7: unknown key 'sensitiv', did you mean 'sensitive'?"
    ]


def test_every_mistake_is_told_at_once() -> None:
    said = mistakes("title: Parcels\ncolumns:", "titel: Parcels\ndrfit: {}\ncolumns:")
    assert len(said) == 3 and all(sentence.startswith("spec.yaml line ") for sentence in said)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("title: Parcels\n", "", "spec.yaml line 1: 'title' is missing beside model, columns, drift"),
        (
            "{name: calibration_gap, windows",
            "{windows",
            "spec.yaml line 12: 'metrics.0.name' is missing beside windows",
        ),
        ("{command: [python, score.py]}", "{}", "'scoring.command' is missing"),
    ],
)
def test_a_missing_key_is_named_with_its_neighbours(old: str, new: str, sentence: str) -> None:
    (said,) = mistakes(old, new)
    assert sentence in said


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("weight: {type: number", "weight: {type: numbr", "spec.yaml line 6: 'columns.weight.type': input should be"),
        ("model: acme/parcels", "model: Parcels", "spec.yaml line 1: 'model': "),
        ("out_of: 3", "out_of: 0", "spec.yaml line 10: 'drift.out_of': "),
        ("{L1: 15m,", "{L9: 15m,", "'response.acknowledge_within.L9"),
        ("L1: [U0ANA]", "L1: U0ANA", "spec.yaml line 13: 'owners.L1': input should be a valid list"),
        ("reopen_within: 3d", "reopen_within: soon", "spec.yaml line 17: 'response.reopen_within': "),
        ("[python, score.py]", "[]", "spec.yaml line 18: 'scoring.command': "),
    ],
)
def test_a_wrong_value_is_named_with_its_line(old: str, new: str, sentence: str) -> None:
    (said,) = mistakes(old, new)
    assert sentence in said


@pytest.mark.parametrize(
    ("role", "line", "type_"),
    [("id", 4, "text"), ("window", 5, "text"), ("score", 8, "number"), ("label", 9, "number")],
)
def test_every_role_must_be_played_once(role: str, line: int, type_: str) -> None:
    (nobody,) = mistakes(f"role: {role}", "role: feature")
    assert nobody.startswith(f"spec.yaml line 3: exactly one column must have the role {role}, not 0; give it to ")
    (two,) = mistakes("colour: {type: text}", f"colour: {{type: {type_}, role: {role}}}")
    assert f"exactly one column must have the role {role}, not 2" in two
    assert two.startswith(f"spec.yaml line {max(line, 7)}: ")
    assert SPEC_TEXT.splitlines()[line - 1].count(f"role: {role}") == 1


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list", "7"])
def test_what_is_no_mapping_is_told_how_a_spec_begins(text: str) -> None:
    with pytest.raises(SpecError, match="spec.yaml line 1: a spec is a mapping that starts with 'model: team/name'"):
        parse_spec(text, "spec.yaml")


def test_what_is_no_yaml_is_told_its_line() -> None:
    (sentence,) = mistakes("title: Parcels", "title: Parcels: the model")
    assert sentence == "spec.yaml line 2: this is not YAML: mapping values are not allowed in this context"


@pytest.mark.parametrize(
    ("old", "new"),
    [("Parcels", "Par\0cels"), ("reopen_within: 3d", "reopen_within: 2026-13-45")],
    ids=["a control character", "a day that does not exist"],
)
def test_what_the_yaml_reader_chokes_on_is_told_too(old: str, new: str) -> None:
    assert mistakes(old, new)[0].startswith("spec.yaml")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("36 h", timedelta(hours=36)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("' 3d '", timedelta(days=3)),
    ],
)
def test_a_length_of_time_is_a_number_and_a_letter(text: str, span: timedelta) -> None:
    assert changed("reopen_within: 3d", f"reopen_within: {text}").response.reopen_within == span


@pytest.mark.parametrize("text", ["3 fortnights", "3y", "d", "1.5h", "[3d]", "30", "15:00"])
def test_another_length_of_time_is_refused(text: str) -> None:
    assert "'response.reopen_within'" in mistakes("reopen_within: 3d", f"reopen_within: {text}")[0]


def test_a_length_of_time_beyond_the_calendar_is_refused() -> None:
    assert "'response.reopen_within'" in mistakes("reopen_within: 3d", "reopen_within: 99999999999d")[0]


def test_a_length_of_time_before_its_beginning_is_refused() -> None:
    assert "'response.reopen_within'" in mistakes("reopen_within: 3d", "reopen_within: -3")[0]


def test_what_a_spec_leaves_out_has_a_default() -> None:
    spec = changed(SPEC_TEXT[SPEC_TEXT.index("drift:") : SPEC_TEXT.index("owners:")], "")
    assert (spec.drift.windows, spec.drift.alarm_after, spec.drift.out_of, spec.metrics) == (28, 2, 3, [])
