"""What a program of the bench prints, and the record it leaves."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path("build/bench")


def say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table, so that it can stand in README.md as it is."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    say("\n".join(lines))
    say()


def verdict(what: str, value: float, must: str, holds: bool) -> bool:
    """One requirement and whether it is met."""
    say(f"{'ok  ' if holds else 'MISS'} {what}: {value:.4g} (must be {must})")
    return holds


def keep(name: str, record: Mapping[str, Any]) -> None:
    """Writes build/bench/NAME.json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    measured = datetime.now(UTC).isoformat(timespec="seconds")
    content = {"measured": measured, **machine, **record}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
