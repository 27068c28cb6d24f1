"""Runbook records from a folder of folders."""

import hashlib
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
        found.append(runbook.model_copy(update={"digest": _digest(record.parent)}))
    return tuple(found)


def _digest(folder: Path) -> str:
    """Changes with every change of a record or a script."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    hashes = [f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()[:16]
