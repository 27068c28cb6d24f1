"""Baselines and checks of files, without a home."""

from pathlib import Path
from typing import Any

from tidewatch.compose import tables
from tidewatch.domain.baseline import Baseline, learn, profile_table, reference
from tidewatch.domain.checks import drift
from tidewatch.domain.checks.intake import schema_faults
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec, SpecError, parse_spec
from tidewatch.domain.table import Table
from tidewatch.ports.tables import UnreadableTable


class InputRefused(Exception):
    """What is wrong with which file, and what to do."""


def write_baseline(spec: Path, data: Path, out: Path) -> str:
    """Raises InputRefused."""
    rules = _spec(spec)
    table = _table(data, [*rules.watched, rules.only("window"), rules.only("label")])
    if missing := [name for name in rules.watched if name not in table.columns]:
        raise InputRefused(f"{data}: the columns {', '.join(missing)} are missing; the spec watches them")
    learnt = learn(table, rules)
    out.write_bytes(learnt.to_bytes())
    return f"{out}: {table.rows:,} rows in {len(learnt.windows)} windows, levels for {len(learnt.levels)} columns."


def check_batch(spec: Path, baseline: Path, batch: Path) -> dict[str, Any]:
    """Raises InputRefused."""
    rules, table = _spec(spec), _table(batch, None)
    if faults := schema_faults(rules, table):
        raise InputRefused(f"{batch}: {'; '.join(faults)}")
    try:
        usual = Baseline.from_bytes(read_bytes(baseline))
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(f"{baseline} is no baseline; write one with `tidewatch baseline`") from error
    profile = profile_table(table, rules, usual.scales)
    results = drift.compare(rules, usual, reference(rules, list(usual.windows.values())), profile, table)
    window = batch.stem
    # One file has no windows before it: what is strange in it is reported, not counted.
    alone = rules.model_copy(update={"drift": rules.drift.model_copy(update={"alarm_after": 1})})
    found = drift.findings(alone, window, results, [])
    return {
        "rows": table.rows,
        "columns": {r.column: _column(r) for r in results},
        "findings": [_finding(finding) for finding in found],
    }


def _column(result: drift.ColumnResult) -> dict[str, Any]:
    return {**result.statistics, "limits": dict(result.limits), "strange": bool(result.strange or result.scale)}


def _finding(finding: Finding) -> dict[str, Any]:
    record = finding.as_dict()
    return {
        name: record[name] for name in ("check", "subject", "severity", "value", "threshold", "sentence", "evidence")
    }


def _spec(path: Path) -> ModelSpec:
    try:
        return parse_spec(read_bytes(path).decode(), str(path))
    except SpecError as error:
        raise InputRefused(str(error)) from error
    except UnicodeDecodeError as error:
        raise InputRefused(f"{path} is not text") from error


def _table(path: Path, columns: list[str] | None) -> Table:
    try:
        return tables().read(read_bytes(path), path.name, columns)
    except UnreadableTable as error:
        raise InputRefused(f"{path}: {error}") from error


def read_bytes(path: Path) -> bytes:
    """Raises InputRefused."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputRefused(f"{path} cannot be read: {error.strerror}") from error
