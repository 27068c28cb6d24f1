"""If you see issue X, run script Y; it is resolved if script Z says so."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from pydantic import Field

from tidewatch.domain.condition import Wanted, holds
from tidewatch.domain.finding import FAMILY, Finding
from tidewatch.domain.model_spec import TIERS, Duration, Part, SpecError, Tier
from tidewatch.domain.runbook_input import Input

Container = Literal["corrected", "batches", "labels", "metrics", "quarantine"]
Precondition = Literal[
    "batch_exists", "batch_missing", "labels_missing", "no_retraining",
    "replaceable", "restorable", "batch_feed", "label_feed",
]  # fmt: skip


class When(Part):
    """X: the findings a runbook is a remedy for."""

    checks: list[str] = Field([], description="Checks whose findings it is for")
    families: list[str] = Field([], description="Or families: every check of them")
    finding: dict[str, Wanted] = Field(
        {}, description='What the finding must have besides: value: ">= 0.2", evidence.scale.name: kilometres'
    )
    preconditions: list[Precondition] = Field([], description="What must be so when it starts")

    @property
    def covers(self) -> list[str]:
        """Every check it is for."""
        return [check for check, family in FAMILY.items() if check in self.checks or family in self.families]


class Record(Part):
    """A remedy as its runbook.yaml says it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="As its folder is called")
    title: str = Field(description="What it does, as the alert says it: convert the column back and score again")
    when: When = Field(description="X: what it is a remedy for")
    tier: Tier = Field("L1", description="The lowest tier that may run it, and to which it is offered")
    risk: Literal["low", "high"] = Field("low", description="low runs at once, high waits for somebody's approval")
    touches: str = Field(description="What it changes, for people who decide at night")
    takes: str = Field(description="How long, in words")
    inputs: dict[str, Input] = Field({}, description="What a run has to be told")
    run: list[str] = Field(min_length=1, description="Y: program and arguments, never a shell line")
    verify: list[str] = Field(min_length=1, description="Z: says in its last line whether it is resolved")
    dry_run: list[str] = Field([], description="Says what Y would do, and touches nothing")
    undo: list[str] = Field(
        [], description="Takes back what Y did elsewhere; what it wrote into `writes` is put back without it"
    )
    timeout: Duration = Field(description="How long each of Y, Z, dry run and undo may take")
    cool_down: Duration | None = Field(None, description="How long after a run's end before the next may start")
    secrets: list[str] = Field([], description="Names of the team's secrets that it may read, never values")
    writes: list[Container] = Field([], description="The only containers that its output may go to")

    good_windows: int = Field(
        0, ge=0, le=28, description="So many of the last good windows before its own it reads, from work/good"
    )

    @property
    def undoable(self) -> bool:
        return bool(self.writes or self.undo)


class Runbook(Record):
    folder: str  # where its scripts lie; set by whoever loaded the record
    digest: str = ""  # of everything in the folder

    def suits(self, finding: Finding) -> bool:
        return finding.check in self.when.covers and all(
            holds(finding, place, wanted) for place, wanted in self.when.finding.items()
        )

    @property
    def tiers(self) -> list[Tier]:
        """Who may run it."""
        return [tier for tier in TIERS if tier >= self.tier]

    @property
    def whole_timeout(self) -> timedelta:
        """Y and Z together."""
        return 2 * self.timeout


class RunbookError(SpecError):
    """A record that is not a runbook: every mistake, one sentence each, with file and line."""


class Verdict(Part):
    """What Z says in the last line of its output."""

    passed: bool
    sentence: str


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


def suiting(
    runbooks: Sequence[Runbook], finding: Finding, tried: Sequence[str], tier: Tier = "L3"
) -> Iterator[Runbook]:
    """The runbooks that suit, were not tried yet and may be run by `tier`, in the order in which to try them."""
    for runbook in special_first(runbooks):
        if runbook.suits(finding) and tier in runbook.tiers and runbook.name not in tried:
            yield runbook


def special_first(runbooks: Sequence[Runbook]) -> list[Runbook]:
    """A remedy for few checks knows more about each: those that are for the fewest come first."""
    return sorted(runbooks, key=lambda runbook: len(runbook.when.covers))
