"""If you see issue X, run script Y; it is resolved if script Z says so."""

import json
from collections.abc import Sequence
from typing import Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from tidewatch.domain.finding import FAMILY, Finding
from tidewatch.domain.model_spec import Duration, Part, Tier

Container = Literal["corrected", "metrics"]


class When(Part):
    """X: the findings a runbook is a remedy for."""

    checks: list[str] = Field(min_length=1)

    @field_validator("checks")
    @classmethod
    def _exist(cls, checks: list[str]) -> list[str]:
        if unknown := [check for check in checks if check not in FAMILY]:
            raise ValueError(f"there is no check {unknown[0]}; there are {', '.join(sorted(FAMILY))}")
        return checks


class Runbook(Part):
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str  # what it does, as the alert says it: "convert the column back and rescore"
    when: When
    tier: Tier = "L1"
    touches: str  # what it changes, for people who decide at night
    takes: str  # how long, in words
    run: list[str] = Field(min_length=1)  # Y
    verify: list[str] = Field(min_length=1)  # Z
    timeout: Duration
    writes: list[Container] = []  # the only containers its output may go to
    folder: str  # where its scripts lie; set by whoever loaded the record

    def suits(self, finding: Finding) -> bool:
        return finding.check in self.when.checks


class RunbookError(Exception):
    """A record that is not a runbook; the message names file and mistake."""


class Verdict(Part):
    """What Z says in the last line of its output."""

    passed: bool
    sentence: str


def parse_runbook(text: str, folder: str) -> Runbook:
    """Raises RunbookError."""
    try:
        record = yaml.safe_load(text)
        return Runbook.model_validate({**record, "folder": folder})
    except (yaml.YAMLError, TypeError) as error:
        raise RunbookError(f"{folder}/runbook.yaml is not a YAML mapping: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise RunbookError(f"{folder}/runbook.yaml: '{where}': {first['msg']}") from error


def verdict(exit_status: int | None, output: str) -> Verdict:
    """Z's word decides. A Z that crashed, was killed or said nothing has not verified anything."""
    last = output.strip().splitlines()[-1] if output.strip() else ""
    if exit_status in (0, 1):
        try:
            said = Verdict.model_validate(json.loads(last))
            return Verdict(passed=said.passed and exit_status == 0, sentence=said.sentence)
        except (ValueError, RecursionError):
            pass
    return Verdict(passed=False, sentence=f"verification gave no verdict: {last[:200] or 'it said nothing'}")


def suggested(runbooks: Sequence[Runbook], finding: Finding, tried: Sequence[str]) -> Runbook | None:
    """The first runbook that suits and was not tried yet."""
    return next((runbook for runbook in runbooks if runbook.suits(finding) and runbook.name not in tried), None)
