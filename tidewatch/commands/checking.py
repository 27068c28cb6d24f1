"""Baselines and checks of files, without a home."""

from pathlib import Path
from typing import Any

from tidewatch.commands.watching import watching
from tidewatch.compose import tables
from tidewatch.domain.baseline import Baseline, compared, reference
from tidewatch.domain.checks import drift
from tidewatch.domain.checks.intake import schema_faults
from tidewatch.domain.finding import Finding
from tidewatch.domain.judgement import judge
from tidewatch.domain.model_spec import ModelSpec, SpecError
from tidewatch.domain.spec.text import parse_spec
from tidewatch.operations.profiling import Counted, count, learn
from tidewatch.ports.tables import ENDINGS, Contents, UnreadableTable


class InputRefused(Exception):
    """What is wrong with which file, and what to do."""


def write_baseline(spec: Path, data: Path, out: Path) -> str:
    """Raises InputRefused."""
    rules = read_spec(spec)
    baseline = baseline_of(rules, data)
    try:
        out.write_bytes(baseline.to_bytes())
    except OSError as error:
        raise InputRefused(f"{out} cannot be written: {error.strerror}") from error
    rows = sum(profile.rows for profile in baseline.windows.values())
    return f"{out}: {rows:,} rows in {len(baseline.windows)} windows, levels for {len(baseline.levels)} columns."


def baseline_of(rules: ModelSpec, data: Path) -> Baseline:
    """Raises InputRefused."""
    _must_be_readable(data)
    try:
        with watching(f"learning from {data.name}") as watch:
            return learn(tables(), data, data.name, rules, watch)[0]
    except UnreadableTable as error:
        raise InputRefused(f"{data}: {error}") from error


def read_baseline(rules: ModelSpec, path: Path) -> Baseline:
    """What `tidewatch baseline` wrote, or reference data to learn it from. Raises InputRefused."""
    if path.name.lower().endswith(ENDINGS):
        return baseline_of(rules, path)
    try:
        baseline = Baseline.from_bytes(read_bytes(path))
    except ValueError as error:
        raise InputRefused(f"{path} is no baseline ({error}); write one with `tidewatch baseline`") from error
    if faults := baseline.faults(rules):
        again = "learn it again with `tidewatch baseline`"
        raise InputRefused(f"{path} does not fit the spec: {'; '.join(faults)}; {again}")
    return baseline


def count_batch(rules: ModelSpec, baseline: Baseline, batch: Path) -> Counted:
    """A data file, or a profile that `tidewatch profile` wrote. Raises InputRefused."""
    if batch.name.endswith(".json"):
        try:
            return Counted(baseline.profile_of(read_bytes(batch)), {}, Contents(0, {}))
        except ValueError as error:
            raise InputRefused(f"{batch} is no profile for this baseline: {error}") from error
    _must_be_readable(batch)
    try:
        with watching(f"reading {batch.name}") as watch:
            counted = count(tables(), batch, batch.name, rules, baseline, watch)
    except UnreadableTable as error:
        raise InputRefused(f"{batch}: {error}") from error
    if faults := schema_faults(rules, counted.contents.rows, counted.contents.kinds):
        raise InputRefused(f"{batch}: {'; '.join(faults)}")
    return counted


def check_batch(spec: Path, baseline: Path, batch: Path) -> dict[str, Any]:
    """Raises InputRefused."""
    rules = read_spec(spec)
    usual = read_baseline(rules, baseline)
    counted = count_batch(rules, usual, batch)
    # One file has no windows before it: what is strange in it is reported, not counted.
    alone = rules.model_copy(update={"drift": rules.drift.model_copy(update={"alarm_after": 1})})
    whole = reference(rules, list(usual.windows.values()))
    looked = judge(alone, usual, batch.name.partition(".")[0], whole, counted.profile, counted.samples, [])
    return {
        "rows": counted.profile.rows,
        "columns": dict.fromkeys(compared(rules), _NO_VALUES) | {r.column: _column(r) for r in looked.results},
        "findings": [_finding(finding) for finding in looked.findings],
    }


# Every column has these, so that programs need not ask: null where it has no values, or where they have no order.
SHAPE = ("ks", "wasserstein", "psi", "jensen_shannon", "hellinger", "chi2", "p_value", "effect")
_NO_VALUES: dict[str, Any] = dict.fromkeys(SHAPE) | {"limits": {}, "chance": None, "strange": False}


def _column(result: drift.ColumnResult) -> dict[str, Any]:
    return {
        **_NO_VALUES,
        **result.statistics,
        "limits": dict(result.limits),
        "chance": result.chance,
        "strange": bool(result.strange or result.scale),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    record = finding.as_dict()
    return {
        name: record[name] for name in ("check", "subject", "severity", "value", "threshold", "sentence", "evidence")
    }


def read_spec(path: Path) -> ModelSpec:
    """Raises InputRefused."""
    try:
        return parse_spec(read_text(path), str(path))
    except SpecError as error:
        raise InputRefused(str(error)) from error


def read_text(path: Path) -> str:
    """Raises InputRefused."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputRefused(f"{path} is not text in UTF-8; save it as such") from error


def _must_be_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputRefused(f"{path} cannot be read: {error.strerror}") from error


def read_bytes(path: Path) -> bytes:
    """Raises InputRefused."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputRefused(f"{path} cannot be read: {error.strerror}") from error
