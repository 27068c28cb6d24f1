"""Every mistake of a record is told with its line, and what to write instead."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tidewatch.domain.runbook import Record, RunbookError
from tidewatch.domain.runbook_text import lint_runbook, parse_runbook
from tidewatch.domain.spec.schema import schema_text

ROOT = Path(__file__).parents[2]
GOOD = """\
name: mend
title: mend the column
when:
  checks: [scale]
  finding: {value: ">= 0.2"}
  preconditions: [batch_exists]
tier: L1
risk: low
touches: writes a corrected copy
takes: about 5 s
inputs:
  factor: {type: number, title: the factor, least: 0, default: 2}
run: [python, run.py]
verify: [python, verify.py]
dry_run: [python, run.py, --dry-run]
timeout: 2m
cool_down: 30m
secrets: [weather_token]
writes: [corrected]
"""


def everything(_: str) -> bool:
    return True


def lint(
    text: str, folder: str = "runbooks/mend", exists: Callable[[str], bool] = everything,
    runs: Callable[[str], bool] = everything,
) -> list[str]:  # fmt: skip
    return [note.told("mend") for note in lint_runbook(text, folder, exists, runs)]


def test_a_good_record_has_no_mistakes() -> None:
    assert lint(GOOD) == []
    assert parse_runbook(GOOD, "runbooks/mend").inputs["factor"].default == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("checks: [scale]", "checks: [scael]", 4, "there is no check 'scael', did you mean 'scale'?"),
        ("checks: [scale]", "families: [inptu]", 4, "there is no family 'inptu', did you mean 'input'?"),
        ("  checks: [scale]\n", "", 3, "names neither checks nor families"),
        ('value: ">= 0.2"', 'value: ">= much"', 5, "'much' is no number"),
        ('value: ">= 0.2"', 'valeu: ">= 0.2"', 5, "a finding has no 'valeu'"),
        ("[batch_exists]", "[batch_exist]", 6, "did you mean 'batch_exists'?"),
        ("tier: L1", "tier: L4", 7, "'tier': input should be 'L1', 'L2' or 'L3'"),
        ("risk: low", "risk: medium", 8, "'risk': input should be 'low' or 'high'"),
        ("writes a corrected copy", "reads only", 9, "says 'reads only', but writes names corrected"),
        ("type: number", "type: float", 12, "did you mean 'number'?"),
        ("type: number", "type: text", 12, "least and most are for numbers, not for text"),
        ("default: 2", "default: -2", 12, "its default must be at least 0, not -2"),
        ("default: 2", "choices: [a]", 12, "choices belong to type: choice"),
        ("default: 2", "default_from: evidenc.x", 12, "default_from: a finding has no 'evidenc.x'"),
        ("default: 2", "pattern: '('", 12, "pattern is no regular expression"),
        ("factor: {", "Factor: {", 12, "'Factor' is no name of an input"),
        ("verify: [python, verify.py]", "verify: [python, run.py]", 14, "is the same command as run"),
        ("run.py, --dry-run]", "run.py]", 15, "a dry run touches nothing"),
        ("timeout: 2m", "timeout: 2 minutes", 16, "'2 minutes' is no length of time that is understood here; write 2m"),
        ("timeout: 2m", "timeout: 90", 16, "90 has no unit"),
        ("secrets: [weather_token]", "secrets: [hunter-2]", 18, "'hunter-2' is no name of a secret"),
        ("writes: [corrected]", "writes: [models]", 19, "'writes.0'"),
        ("run: [python, run.py]", "run: python run.py", 13, "write [python run.py]"),
        ("risk: low", "risc: low", 8, "unknown key 'risc', did you mean 'risk'?"),
        ("takes: about 5 s", "takes: 5 s\ntakes: 6 s", 11, "'takes' stands here a second time, first on line 10"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    told = [note for note in lint(text) if said in note]
    assert told and told[0].startswith(f"mend line {line}: "), lint(text)
    with pytest.raises(RunbookError) as refused:
        parse_runbook(text, "runbooks/mend")
    assert any(said in mistake for mistake in refused.value.mistakes)


def test_all_mistakes_are_told_at_once() -> None:
    text = GOOD.replace("checks: [scale]", "checks: [scael]").replace("risk: low", "risk: medium").replace("2m", "soon")
    assert [int(note.split()[2].rstrip(":")) for note in lint(text)] == [4, 8, 16]


def test_scripts_have_to_lie_in_the_folder() -> None:
    told = lint(GOOD, exists=lambda name: name != "verify.py")
    assert told == ["mend line 14: there is no verify.py in the runbook's folder, where it is run"]


def test_a_program_has_to_be_executable_and_is_never_a_shell_line() -> None:
    text = GOOD.replace("run: [python, run.py]", "run: [./run.sh]").replace("[python, verify.py]", "[./v --all]")
    assert lint(text, runs=lambda name: False) == [
        "mend line 13: ./run.sh may not be executed; chmod +x it, or start it as [python, ./run.sh]",
        "mend line 14: './v --all' is one word with spaces, and there is no shell to split it; write [./v, --all]",
    ]


def test_a_runbook_is_called_as_its_folder() -> None:
    told = lint(GOOD, "runbooks/other")
    assert told == ["mend line 1: the runbook mend lies in the folder other; both must be called the same"]


def test_a_risky_runbook_without_a_dry_run_or_a_way_back_is_warned_of() -> None:
    text = re.sub("(?m)^(dry_run|writes):.*\n", "", GOOD).replace("risk: low", "risk: high")
    told = lint(text)
    assert len(told) == 2 and all("line 8: warning: a risky runbook without" in note for note in told)
    assert parse_runbook(text, "runbooks/mend").risk == "high"


# --- what editors and readers are told ----------------------------------------------------------------------------


def test_the_schema_beside_the_page_is_the_one_that_is_printed() -> None:
    written = (ROOT / "docs/runbook.schema.json").read_text(encoding="utf-8")
    printed = schema_text(Record, "Tidewatch runbook")
    assert written == printed, "run: tidewatch runbook schema > docs/runbook.schema.json"


def test_the_example_of_the_page_has_every_key_and_no_mistake() -> None:
    page = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    assert lint(found[1], "runbooks/refill-column") == []
    keys = json.loads(schema_text(Record, "x"))["properties"]
    assert [key for key in keys if not re.search(rf"^{key}:", found[1], re.MULTILINE)] == []
