"""Checks of files by Tidewatch, as the programs of this folder use them: the place to change with its interface."""

from pathlib import Path
from typing import Any

from tidewatch.commands.checking import check_batch, write_baseline
from tidewatch.domain.baseline import profiled
from tidewatch.domain.spec.text import parse_spec

IMPORTS = ("tidewatch.commands.checking", "pyarrow.parquet")  # all that a check of a file imports


def learn(folder: Path) -> None:
    """reference.parquet → baseline.json, as `tidewatch baseline` does."""
    write_baseline(folder / "spec.yaml", folder / "reference.parquet", folder / "baseline.json")


def check(folder: Path) -> dict[str, Any]:
    """current.parquet against baseline.json, as `tidewatch check` does."""
    return check_batch(folder / "spec.yaml", folder / "baseline.json", folder / "current.parquet")


def columns(folder: Path) -> list[str]:
    """The columns that a check reads."""
    path = folder / "spec.yaml"
    return list(profiled(parse_spec(path.read_text(), str(path))))
