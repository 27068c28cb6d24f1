"""Known questions: what a wrong, unsure, slow or missing answer comes to, in words for the night."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.story import SPEC
from tidewatch.domain.answer import Answer
from tidewatch.domain.checks import probe as check
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.opening import headline
from tidewatch.domain.model_spec import ModelSpec, Probe

RUN = "2026-03-02T03:15Z"
URL = "https://scorer.acme.example/score?code=hush"
GOOD = Answer(40.0, 200, {"prediction": 1, "confidence": 0.9})


def spec_with(sensitive: str = "", **probe: Any) -> ModelSpec:
    questions = probe.pop("questions", [{"send": {"weight": 12}, "expect": 1, "min_confidence": 0.75}])
    given = {"name": "smoke", "url": URL, "max_latency_ms": 500, "questions": questions} | probe
    columns = {n: c.model_copy(update={"sensitive": n == sensitive}) for n, c in SPEC.columns.items()}
    return SPEC.model_copy(update={"probes": [Probe.model_validate(given)], "columns": columns})


def found(spec: ModelSpec, *answers: Answer) -> list[Finding]:
    (probe,) = spec.probes
    replies = [check.reply(spec, probe, number, answer) for number, answer in enumerate(answers, 1)]
    return check.findings(spec, probe, RUN, replies)


def test_a_good_answer_is_no_finding() -> None:
    assert found(spec_with(), GOOD) == []


CASES = {
    "wrong": (Answer(40.0, 200, {"prediction": 0, "confidence": 0.9}), "probe_answer", 1.0, 0.0,
              "its question was answered 0 where 1 is right"),
    "text instead of a number": (Answer(40.0, 200, {"prediction": "1", "confidence": 0.9}), "probe_answer", 1.0, 0.0,
                                 "its question was answered '1' where 1 is right"),
    "no prediction": (Answer(40.0, 200, {"confidence": 0.9}), "probe_answer", 1.0, 0.0,
                      "its question was answered without prediction"),
    "unsure": (Answer(40.0, 200, {"prediction": 1, "confidence": 0.62}), "probe_confidence", 0.62, 0.75,
               "its question was answered with 62.0% confidence where 75.0% is the least"),
    "no confidence": (Answer(40.0, 200, {"prediction": 1}), "probe_confidence", 0.0, 0.75,
                      "its question was answered without a number as confidence"),
    "confidence in percent": (Answer(40.0, 200, {"prediction": 1, "confidence": 90}), "probe_confidence", 90.0, 0.75,
                              "its question was answered with a confidence of 90, which is no probability"),
    "slow": (Answer(812.4, 200, {"prediction": 1, "confidence": 0.9}), "probe_latency", 812.4, 500.0,
             "its question took 812 ms where 500 ms is the limit"),
    "late": (Answer(5001.0, trouble="timeout"), "probe_failed", 1.0, 0.0, "its question had no answer within 5 s"),
    "gone": (Answer(3.0, text="the connection was refused", trouble="unreachable"), "probe_failed", 1.0, 0.0,
             "its question could not be asked: the connection was refused"),
    "down": (Answer(3.0, 503, {"error": "no"}, '{"error": "no"}'), "probe_failed", 1.0, 0.0,
             'its question was answered with status 503 ({"error": "no"})'),
    "a page": (Answer(3.0, 200, None, "the answer is not JSON: <html>", "unreadable"), "probe_failed", 1.0, 0.0,
               "its question was answered with what cannot be read (the answer is not JSON: <html>)"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "name", "value", "threshold", "told"), CASES.values(), ids=CASES)
def test_every_limit_has_its_finding(answer: Answer, name: str, value: float, threshold: float, told: str) -> None:
    (finding,) = found(spec_with(), answer)
    assert (finding.check, finding.value, finding.threshold) == (name, value, threshold)
    assert finding.sentence == (f"the probe smoke asked scorer.acme.example/score on 2026-03-02 at 03:15 UTC: {told}")
    assert str(finding.signal) == "acme/parcels/endpoint/smoke"
    assert finding.window == RUN
    assert "smoke" in headline("Parcels", finding)


def test_one_answer_can_break_several_limits_and_the_gravest_speaks_first() -> None:
    findings = found(spec_with(), Answer(900.0, 200, {"prediction": 0, "confidence": 0.1}))
    assert [finding.check for finding in findings] == ["probe_answer", "probe_confidence", "probe_latency"]
    assert [finding.severity for finding in findings] == ["high", "medium", "medium"]


THREE = [{"send": {"weight": n}, "expect": n, "min_confidence": n / 10} for n in (5, 6, 7)]


def answers(*pairs: tuple[float, float]) -> list[Answer]:
    return [Answer(40.0, 200, {"prediction": given, "confidence": sure}) for given, sure in pairs]


def test_several_questions_are_one_finding_that_names_them() -> None:
    findings = found(spec_with(questions=THREE), *answers((5, 0.9), (0, 0.55), (1, 0.2)))
    assert [finding.check for finding in findings] == ["probe_answer", "probe_confidence"]
    assert findings[0].value == 2.0
    assert findings[0].sentence.endswith(
        "question 2 of 3 was answered 0 where 6 is right; question 3 of 3 was answered 1 where 7 is right"
    )
    assert (findings[1].value, findings[1].threshold) == (0.2, 0.7)
    assert [reply["question"] for reply in findings[0].evidence["replies"]] == [2, 3]


def test_the_same_trouble_of_many_questions_is_said_once_with_those_not_asked() -> None:
    late = Answer(5000.0, trouble="timeout")
    (finding,) = found(spec_with(questions=THREE), late, late)
    assert finding.sentence.endswith("2 of 3 questions each had no answer within 5 s; 1 more not asked")
    assert (finding.evidence["asked"], finding.evidence["questions"]) == (2, 3)


def test_many_different_answers_keep_the_sentence_short() -> None:
    questions = [{"send": {"weight": n}, "expect": n} for n in range(50)]
    (finding,) = found(spec_with(questions=questions), *answers(*[(n + 1, 0.9) for n in range(50)]))
    assert "47 more are no better" in finding.sentence and len(finding.sentence) < 400
    assert finding.value == 50.0 and len(finding.evidence["replies"]) == 10


@pytest.mark.parametrize(
    ("expect", "tolerance", "given", "right"),
    [
        (1, 0.0, 1.0, True), (1, 0.0, True, True), (True, 0.0, 1, True), (0.5, 0.1, 0.6, True), (0.5, 0.1, 0.61, False),
        (1, 0.0, "1", False), ("late", 0.0, "late", True), ("late", 0.0, "Late", False), (1, 0.0, None, False),
        ([1, 2], 0.1, [1.05, 2], True), ([1, 2], 0.0, [1], False), ([1], 0.0, 1, False), (1, 9.0, 10**400, False),
        ({"a": 1}, 0.0, {"a": 1, "b": 2}, True), ({"a": 1, "b": 2}, 0.0, {"a": 1}, False),
        (1, 0.0, float("inf"), False),
        (None, 0.0, None, True), (None, 0.0, 0, False),
        ("", 0.0, "", True), (0, 0.0, {}, False), ({"a": 1}, 0.0, [1], False),
    ],
)  # fmt: skip
def test_what_is_right(expect: Any, tolerance: float, given: Any, right: bool) -> None:
    spec = spec_with(questions=[{"send": {}, "expect": expect, "tolerance": tolerance}])
    assert (found(spec, Answer(4.0, 200, {"prediction": given})) == []) is right


def test_without_an_expectation_any_answer_is_right() -> None:
    assert found(spec_with(questions=[{"send": {}}]), Answer(4.0, 200, ["anything"])) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", 7), ("outputs.0.label", {"outputs": [{"label": 7}]}), ("0", [7]), ("a.b.c", {"a": {"b": {"c": 7}}}),
    ],
)  # fmt: skip
def test_the_prediction_is_found_where_the_spec_says(path: str, body: Any) -> None:
    spec = spec_with(answer=path, questions=[{"send": {}, "expect": 7}])
    assert found(spec, Answer(4.0, 200, body)) == []


@pytest.mark.parametrize("path", ["outputs.1", "outputs.x", "outputs.0.label.deeper", "nothing", "outputs.-1"])
def test_nothing_at_the_place_is_a_wrong_answer(path: str) -> None:
    spec = spec_with(answer=path, questions=[{"send": {}, "expect": 7}])
    (finding,) = found(spec, Answer(4.0, 200, {"outputs": [{"label": 7}]}))
    assert finding.sentence.endswith(f"was answered without {path}")


PRIVATE = {
    "a key": [{"send": {"rows": [{"weight": 4711}]}, "expect": 815, "min_confidence": 0.9}],
    "a name in a list": [
        {"send": {"columns": ["weight"], "data": [[4711]]}, "expect": 815, "min_confidence": 0.9},
    ],
}


@pytest.mark.parametrize("questions", PRIVATE.values(), ids=PRIVATE)
def test_what_is_asked_and_answered_about_sensitive_columns_stays_in(questions: Any) -> None:
    spec = spec_with("weight", questions=questions)
    wrong = Answer(4.0, 200, {"prediction": 4711, "confidence": 0.4711}, '{"prediction": 4711}')
    failed = Answer(4.0, 500, {"echo": 4711}, "weight 4711 is too heavy")
    page = Answer(4.0, 200, None, "the answer is not JSON: 4711", "unreadable")
    for answer in (wrong, failed, page):
        findings = found(spec, answer)
        assert findings
        assert "4711" not in str(findings) and "815" not in str(findings)
    assert "sensitive" in found(spec, wrong)[0].sentence
    assert "4711" in str(found(spec_with(questions=questions), wrong))


def test_a_sensitive_prediction_stays_in_whatever_is_asked() -> None:
    spec = spec_with("score", questions=[{"send": {"weight": 1}, "expect": 815}])
    (finding,) = found(spec, Answer(4.0, 200, {"prediction": 4711}))
    assert "4711" not in str(finding)


def test_the_key_in_an_address_is_never_shown() -> None:
    (finding,) = found(spec_with(), Answer(1.0, trouble="timeout"))
    assert "hush" not in str(finding)


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (GOOD, False), (Answer(1.0, trouble="timeout"), True), (Answer(1.0, trouble="unreachable"), True),
        (Answer(1.0, 200, trouble="unreadable"), False), (Answer(1.0, 503), True), (Answer(1.0, 429), True),
        (Answer(1.0, 404), False), (Answer(501.0, 200, {}), True), (Answer(1.0, 200, {"prediction": 0}), False),
    ],
)  # fmt: skip
def test_what_may_pass_is_asked_again(answer: Answer, again: bool) -> None:
    assert check.worth_asking_again(spec_with().probes[0], answer) is again


def test_an_endpoint_is_given_up_when_two_questions_in_a_row_get_nothing() -> None:
    late, down = Answer(1.0, trouble="timeout"), Answer(1.0, 503)
    assert not check.is_dead([])
    assert not check.is_dead([late])
    assert not check.is_dead([late, GOOD, late])
    assert not check.is_dead([late, down])
    assert check.is_dead([GOOD, late, late])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(body=JSON, status=st.integers(100, 599), latency=st.floats(0, 1e9))
def test_no_answer_is_too_odd_for_a_finding(body: Any, status: int, latency: float) -> None:
    spec = spec_with(answer="", confidence="", timeout=timedelta(seconds=5))
    for finding in found(spec, Answer(latency, status, body, str(body)[:200])):
        assert finding.value == finding.value and abs(finding.value) < float("inf")
        assert "\n" not in finding.sentence.replace(str(body)[:200], "")
