"""What a run has to be told, and how wrong answers are answered."""

from dataclasses import replace

import pytest

from tests.domain.story import finding
from tidewatch.domain.runbook_input import Answer, Input, WrongAnswers, answered

FINDING = replace(finding("scale"), evidence={"scale": {"factor": 1.609}})
INPUTS = {
    "factor": Input(type="number", default_from="evidence.scale.factor", least=0.1, most=10),
    "rows": Input(type="integer", default=100, least=1),
    "station": Input(type="choice", choices=["JFK", "LGA"], default="JFK"),
    "loud": Input(type="boolean", default=False),
    "why": Input(type="text", title="Why now?", pattern="[a-z ]+"),
}


def test_defaults_stand_where_nothing_is_answered() -> None:
    assert answered(INPUTS, {"why": "the feed broke"}, FINDING) == {
        "factor": 1.609, "rows": 100, "station": "JFK", "loud": False, "why": "the feed broke",
    }  # fmt: skip


def test_what_the_finding_does_not_have_is_asked_or_stands_by_default() -> None:
    asked = Input(type="number", default_from="evidence.scale.factor")
    assert asked.offered(finding("scale")) is None
    assert asked.model_copy(update={"default": 2}).offered(finding("scale")) == 2
    assert asked.offered(FINDING) == 1.609


@pytest.mark.parametrize(
    ("name", "answer", "value"),
    [
        ("factor", "2", 2.0), ("factor", "1,5", 1.5), ("rows", "7", 7), ("rows", 7.0, 7), ("station", "LGA", "LGA"),
        ("loud", "yes", True), ("loud", "False", False), ("loud", True, True),
    ],
)  # fmt: skip
def test_answers_are_read_in_their_types(name: str, answer: Answer, value: Answer) -> None:
    read = answered(INPUTS, {"why": "x", name: answer}, FINDING)[name]
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("factor", "much", "factor must be a number, not 'much'"),
        ("factor", "nan", "factor must be a number, not 'nan'"),
        ("factor", "11", "factor must be at most 10, not 11"),
        ("factor", "0", "factor must be at least 0.1, not 0"),
        ("rows", "1.5", "rows must be a whole number, not 1.5"),
        ("station", "SFO", "station must be one of JFK, LGA, not 'SFO'"),
        ("loud", "maybe", "loud must be yes or no, not 'maybe'"),
        ("why", "Because!", "why must match [a-z ]+, and 'Because!' does not"),
        ("why", "a\nb", "why must be one line of readable text"),
        ("why", "x" * 301, "why has 301 characters; 300 are allowed"),
        ("why", "", "why is needed: write why=… (Why now?)"),
        ("fctor", "2", "fctor is no input of this runbook; known here: factor, rows, station, loud, why"),
    ],
)
def test_a_wrong_answer_is_told_with_what_is_right(name: str, answer: str, said: str) -> None:
    with pytest.raises(WrongAnswers) as wrong:
        answered(INPUTS, {"why": "x", name: answer}, FINDING)
    assert str(wrong.value) == f"{said}."
    assert list(wrong.value.mistakes) == [name]


def test_every_wrong_answer_is_told_at_once() -> None:
    with pytest.raises(WrongAnswers) as wrong:
        answered(INPUTS, {"factor": "x", "rows": "y"}, FINDING)
    assert list(wrong.value.mistakes) == ["factor", "rows", "why"]


def test_a_runbook_that_asks_for_nothing_says_so() -> None:
    with pytest.raises(WrongAnswers, match="factor is no input of this runbook; this runbook asks for nothing"):
        answered({}, {"factor": "2"}, FINDING)
