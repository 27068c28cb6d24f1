"""Causes of what is strange: in a file, or in the latest window of an incident."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tidewatch import compose
from tidewatch.commands.checking import InputRefused, count_batch, read_baseline, read_spec
from tidewatch.commands.watching import watching
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.operations.diagnose import diagnose, diagnose_file
from tidewatch.operations.journal import UnknownIncident
from tidewatch.ports.tables import UnreadableTable
from tidewatch.settings import Settings

SHOWN, LIKELY = 5, 0.2  # causes at most, and the least score of those beside the first


def causes_in_file(spec: Path, baseline: Path, batch: Path) -> list[Cause]:
    """Raises InputRefused."""
    rules = read_spec(spec)
    usual = read_baseline(rules, baseline)
    counted = count_batch(rules, usual, batch)
    try:
        with watching("looking for causes"):
            return diagnose_file(compose.tables(), batch, counted, rules, usual)
    except UnreadableTable as error:
        raise InputRefused(f"{batch}: {error}") from error


def causes_of_incident(home: Path, incident: str) -> list[Cause]:
    """Raises InputRefused."""
    try:
        return diagnose(compose.compose(Settings(home=home)), incident)
    except (UnknownIncident, ValueError) as error:
        raise InputRefused(str(error)) from error
    except UnreadableTable as error:
        raise InputRefused(f"the batch of {incident}: {error}") from error


def as_record(causes: Sequence[Cause]) -> dict[str, Any]:
    return {"causes": [cause.as_dict() for cause in causes]}


def as_text(causes: Sequence[Cause]) -> str:
    """One line a cause, its score first."""
    likely = [*causes[:1], *(cause for cause in causes[1:SHOWN] if cause.score >= LIKELY)]
    lines = [f"{cause.score:4.0%}  {cause.sentence}{_remedy(cause)}" for cause in likely]
    return "\n".join(lines) or "Nothing departs from what is usual."


def _remedy(cause: Cause) -> str:
    return f" (runbook {cause.runbook})" if cause.runbook else ""
