"""Runbook records from a folder of folders."""

import hashlib
import logging
from pathlib import Path

from tidewatch.domain.runbook import Runbook, RunbookError
from tidewatch.domain.runbook_text import parse_runbook

_log = logging.getLogger(__name__)


def load_runbooks(folder: Path) -> tuple[Runbook, ...]:
    """Every */runbook.yaml, in order of name. One that is wrong is left out, and the log says why: people are called
    and the other remedies run all the same."""
    found = []
    for record in sorted(folder.glob("*/runbook.yaml")):
        try:
            found.append(_load(record))
        except (RunbookError, OSError, UnicodeDecodeError) as error:
            _log.warning("A runbook is left out: %s", error)
    return tuple(found)


def _load(record: Path) -> Runbook:
    runbook = parse_runbook(record.read_text(encoding="utf-8"), str(record.parent))
    if runbook.name != record.parent.name:
        raise RunbookError([f"{record}: the runbook {runbook.name} must lie in a folder of that name"])
    return runbook.model_copy(update={"digest": _digest(record.parent)})


def _digest(folder: Path) -> str:
    """Changes with every change of a record or a script."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    hashes = [f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()[:16]
