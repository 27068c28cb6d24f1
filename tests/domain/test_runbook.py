"""If X, run Y; it is resolved if Z says so, and only then."""

import json
from datetime import timedelta

import pytest
import yaml

from tests.domain.story import finding
from tidewatch.domain.runbook import Runbook, RunbookError, suiting, verdict
from tidewatch.domain.runbook_text import parse_runbook

RECORD = """\
name: mend
title: mend the column
when: {checks: [scale, drift]}
touches: writes a corrected copy
takes: about 5 s
run: [python, run.py]
verify: [python, verify.py]
timeout: 2m
writes: [corrected]
"""


def said(passed: object, sentence: object = "weight is usual again") -> str:
    return json.dumps({"passed": passed, "sentence": sentence})


def runbook(name: str, *checks: str) -> Runbook:
    record = yaml.safe_load(RECORD) | {"name": name, "when": {"checks": list(checks)}}
    return Runbook.model_validate(record | {"folder": f"runbooks/{name}"})


# --- the verdict ------------------------------------------------------------------------------------------------


def test_a_z_that_ends_well_and_says_yes_verifies() -> None:
    assert verdict(0, said(True)).passed
    assert verdict(0, said(True)).sentence == "weight is usual again"


def test_only_the_last_line_is_the_verdict() -> None:
    output = f"looking\n{said(False, 'not yet')}\n{said(True)}\n\n"
    assert verdict(0, output).sentence == "weight is usual again"
    assert not verdict(0, f"{said(True)}\nTraceback (most recent call last): …").passed


@pytest.mark.parametrize("status", [0, 1])
def test_a_z_that_says_no_is_heard_with_its_sentence(status: int) -> None:
    spoken = verdict(status, said(False, "weight is still strange"))
    assert (spoken.passed, spoken.sentence) == (False, "weight is still strange")


def test_a_z_that_says_yes_and_ends_badly_verifies_nothing() -> None:
    assert not verdict(1, said(True)).passed


@pytest.mark.parametrize("status", [None, 2, -9, -11, 139])
def test_a_z_that_crashed_or_was_killed_verifies_nothing_whatever_it_said(status: int | None) -> None:
    spoken = verdict(status, said(True))
    assert not spoken.passed and spoken.sentence.startswith("verification gave no verdict: ")


@pytest.mark.parametrize(
    "output",
    [
        "", "\n \n", "done", "true", "null", "[]", "{}", '{"passed": true}', '{"sentence": "fine"}',
        said("perhaps"), said(None), said(True, 7), '{"passed": true, "sentence": "fine", "really": 1}',
        said(True)[:-1], "PASSED",
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [0, 1])
def test_a_z_that_does_not_say_yes_in_so_many_words_verifies_nothing(status: int, output: str) -> None:
    spoken = verdict(status, output)
    assert not spoken.passed and spoken.sentence.startswith("verification gave no verdict: ")


def test_a_z_that_said_nothing_is_said_to_have_said_nothing() -> None:
    assert verdict(0, "").sentence == "verification gave no verdict: it said nothing"


def test_a_flood_is_quoted_in_part() -> None:
    assert len(verdict(1, "x" * 100_000).sentence) < 300


def test_a_z_that_prints_a_bottomless_pit_verifies_nothing() -> None:
    assert not verdict(0, "[" * 20_000).passed


# --- the record ---------------------------------------------------------------------------------------------------


def test_a_record_is_read() -> None:
    mend = parse_runbook(RECORD, "runbooks/mend")
    assert (mend.name, mend.tier, mend.timeout, mend.folder) == ("mend", "L1", timedelta(minutes=2), "runbooks/mend")
    assert mend.writes == ["corrected"]


def test_a_record_does_not_say_itself_where_it_lies() -> None:
    with pytest.raises(RunbookError, match="line 10: unknown key 'folder'"):
        parse_runbook(f"{RECORD}folder: /somewhere/else\n", "runbooks/mend")


@pytest.mark.parametrize("missing", ["name", "title", "when", "touches", "takes", "run", "verify", "timeout"])
def test_a_record_without_one_of_its_parts_is_refused(missing: str) -> None:
    record = {key: value for key, value in yaml.safe_load(RECORD).items() if key != missing}
    with pytest.raises(RunbookError, match=f"^runbooks/mend/runbook.yaml line 1: '{missing}' is missing beside "):
        parse_runbook(yaml.safe_dump(record), "runbooks/mend")


@pytest.mark.parametrize(
    ("old", "new", "line", "where"),
    [
        ("name: mend", "name: Mend It", 1, "'name': 'Mend It' is not made of small letters"),
        ("checks: [scale, drift]", "checks: []", 3, "names neither checks nor families"),
        ("run: [python, run.py]", "run: []", 6, "'run': this is empty"),
        ("verify: [python, verify.py]", "verify: []", 7, "'verify'"),
        ("writes: [corrected]", "writes: [models]", 9, "'writes.0'"),
        ("timeout: 2m", "timeout: soon", 8, "'timeout': 'soon' is no length of time"),
        ("takes: about 5 s", "takes: about 5 s\nshell: true", 6, "unknown key 'shell'"),
    ],
)
def test_a_record_with_a_mistake_is_refused_with_its_place(old: str, new: str, line: int, where: str) -> None:
    assert old in RECORD
    with pytest.raises(RunbookError, match=f"^runbooks/mend/runbook.yaml line {line}: {where}"):
        parse_runbook(RECORD.replace(old, new), "runbooks/mend")


@pytest.mark.parametrize("text", ["", "words", "- a", "name: [", "7"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(
        RunbookError, match=r"runbooks/mend/runbook.yaml line [12]: .*(a runbook is a mapping|not YAML)"
    ):
        parse_runbook(text, "runbooks/mend")


def test_a_record_for_a_check_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RunbookError, match="line 3: there is no check 'scael', did you mean 'scale'"):
        parse_runbook(RECORD.replace("scale", "scael"), "runbooks/mend")


# --- the suggestion -----------------------------------------------------------------------------------------------


def test_a_remedy_for_few_checks_comes_before_one_for_many() -> None:
    books = [runbook("general", "nulls", "range", "frozen"), runbook("special", "nulls", "frozen")]
    assert [book.name for book in suiting(books, finding("nulls"), [])] == ["special", "general"]
    assert [book.name for book in suiting(books, finding("range"), [])] == ["general"]


def test_the_first_that_suits_and_was_not_tried_is_suggested() -> None:
    books = [runbook("other", "log_loss"), runbook("first", "scale"), runbook("second", "drift", "scale")]
    assert [book.name for book in books if book.suits(finding("scale"))] == ["first", "second"]
    for tried, name in (([], "first"), (["first"], "second"), (["second"], "first"), (["first", "second"], None)):
        chosen = next(suiting(books, finding("scale"), tried), None)
        assert (chosen.name if chosen else None) == name
    assert list(suiting(books, finding("poison", "jobs"), [])) == []
