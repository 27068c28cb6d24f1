"""What YAML would read differently than it was meant, and wrong values, are told with what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.story import SPEC_TEXT
from tidewatch.domain.model_spec import SpecError
from tidewatch.domain.spec.text import lint_spec, parse_spec
from tidewatch.domain.spec.words import spelled

PROBE = "probes:\n  - {name: one, url: 'https://scoring/x', questions: [{send: {weight: 1}, expect: 0}]}\n"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("weight: {", "'no': {", None),
        ("weight: {", "no: {", 'YAML reads the name no as false; put it in quotes: "no"'),
        ("weight: {", "2020: {", 'YAML reads the name 2020 as a number; put it in quotes: "2020"'),
        ("weight: {", "2020-01-01: {", 'YAML reads the name 2020-01-01 as a date; put it in quotes: "2020-01-01"'),
        ("unit: pounds", "unit: no", 'YAML reads no as false, put it in quotes: "no"'),
        ("unit: pounds", "unit: 2026-03-01", 'YAML reads 2026-03-01 as a date, put it in quotes: "2026-03-01"'),
        ("colour: {type: text}", "colour: {type: text, categories: [NO]}", 'YAML reads NO as false, put it in '),
        ("  weight:", "\tweight:", "line 6: this is not YAML: a tab stands where only spaces may; replace"),
        ("  colour:", "  weight:", "line 7: 'weight' stands here a second time, first on line 6, and only the"),
        ("windows: 10,", "windows: 10, windows: 9,", "'windows' stands here a second time, first on line 10"),
        ("title: Parcels\n", "title: Parcels\ntitle: Parcel\n", "line 3: 'title' stands here a second time, first"),
    ],
)  # fmt: skip
def test_what_yaml_would_read_differently_is_found(old: str, new: str, sentence: str | None) -> None:
    assert old in SPEC_TEXT
    text = SPEC_TEXT.replace(old, new)
    if sentence is None:
        parse_spec(text, "spec.yaml")
        return
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "spec.yaml")
    (said,) = caught.value.mistakes
    assert sentence in said


def test_keys_taken_over_from_an_anchor_are_no_duplicates() -> None:
    text = SPEC_TEXT.replace("{type: number, unit: pounds", "&w {type: number, unit: pounds")
    spec = parse_spec(text.replace("colour: {type: text}", "length: {<<: *w, unit: feet}"), "spec.yaml")
    assert (spec.columns["length"].unit, spec.columns["length"].importance) == ("feet", "high")


def test_a_spec_that_contains_itself_is_refused_in_a_sentence() -> None:
    for value in ("&x [*x]", "&x {a: *x}"):
        with pytest.raises(SpecError):
            parse_spec(SPEC_TEXT.replace("title: Parcels", f"title: {value}"), "spec.yaml")
    question = PROBE.replace("{weight: 1}", "&x {a: *x}")
    assert "contains itself; write it out" in lint_spec(SPEC_TEXT + question, "spec.yaml")[0].sentence


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_what_is_nested_too_deeply_is_refused_and_takes_nothing_down(opening: str) -> None:
    for many in (2_000, 50_000):
        with pytest.raises(SpecError):
            parse_spec(f"{SPEC_TEXT}deep: {opening * many}", "spec.yaml")


@pytest.mark.parametrize(
    ("old", "new", "phrase"),
    [
        ("weight: {type: number", "weight: {type: float", "not 'float'; did you mean 'number'?"),
        ("role: label", "role: target", "not 'target'; did you mean 'label'?"),
        ("calibration_gap", "auc", "did you mean 'roc_auc'?"),
        ("importance: high", "importance: hihg", "did you mean 'high'?"),
        ("L1: [U0ANA]", "L1: U0ANA", "write [U0ANA]"),
        ("drift: {windows: 10, alarm_after: 2, out_of: 3}", "drift: strict", "its keys are compare_with, windows"),
        ("drift: {windows: 10, alarm_after: 2, out_of: 3}", "drift:", "nothing is written here; fill it in"),
        ("unit: pounds", "max_nulls: 5", "it is a share, 5 % is written 0.05"),
        ("model: acme/parcels", "model: Acme/My Parcels", "write such as acme/my-parcels"),
        ("model: acme/parcels", "model: parcels", "write such as team/parcels"),
        ("reopen_within: 3d", "reopen_within: 3 days", "write 3d"),
        ("reopen_within: 3d", "reopen_within: 15:00", "15:00"),
        ("reopen_within: 3d", "reopen_within: 30", "30 has no unit; write a whole number and s, m, h, d or w"),
        ("reopen_within: 3d", "reopen_within: 0d", "must be longer than nothing"),
        ("title: Parcels\n", "", "'title' is missing beside model, columns, drift"),
    ],
)
def test_a_wrong_value_is_told_with_what_to_write(old: str, new: str, phrase: str) -> None:
    assert old in SPEC_TEXT
    (note,) = lint_spec(SPEC_TEXT.replace(old, new), "spec.yaml")
    assert note.mistake and phrase in note.sentence


@pytest.mark.parametrize(
    ("written", "better"),
    [
        ("15 min", "15m"),
        ("15min", "15m"),
        ("1.5h", "90m"),
        ("2 hours", "2h"),
        ("1 day", "1d"),
        ("1h30m", "90m"),
        ("1 hour and 30 minutes", "90m"),
        ("daily", "1d"),
        ("3 fortnights", "6w"),
        ("0:15", "15m"),
        ("2 months", "60d"),
        ("1,5 days", "36h"),
        ("PT15M", ""),
        ("soon", ""),
        ("", ""),
        ("d", ""),
        ("5 parsecs", ""),
    ],
)
def test_a_length_of_time_in_other_words_is_spelled_as_it_must_be(written: str, better: str) -> None:
    assert spelled(written) == better


@given(st.text(max_size=20) | st.from_regex(r"\d{1,3} ?(s|sec|min|hours?|days|weeks|mon)", fullmatch=True))
def test_what_is_suggested_for_a_length_of_time_is_one(written: str) -> None:
    if better := spelled(written):
        parse_spec(SPEC_TEXT.replace("reopen_within: 3d", f"reopen_within: {better}"), "spec.yaml")
