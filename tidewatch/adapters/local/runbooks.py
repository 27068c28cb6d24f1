"""Runbook records from a folder of folders."""

from pathlib import Path

from tidewatch.domain.runbook import Runbook, RunbookError
from tidewatch.domain.runbook_text import parse_runbook


def load_runbooks(folder: Path) -> tuple[Runbook, ...]:
    """Every */runbook.yaml, in order of name. Raises RunbookError."""
    found = []
    for record in sorted(folder.glob("*/runbook.yaml")):
        runbook = parse_runbook(record.read_text(encoding="utf-8"), str(record.parent))
        if runbook.name != record.parent.name:
            raise RunbookError([f"{record}: the runbook {runbook.name} must lie in a folder of that name"])
        found.append(runbook)
    return tuple(found)
