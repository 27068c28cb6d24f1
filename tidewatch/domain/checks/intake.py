"""Is a batch what the spec says a batch is? What is not is quarantined."""

from collections.abc import Iterable, Mapping

from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import named

KINDS = {"number": "number", "boolean": "number", "text": "text", "time": "time"}  # what a file holds, by spec's type


def kinds_of(spec: ModelSpec) -> dict[str, str]:
    return {name: KINDS[column.type] for name, column in spec.columns.items()}


def misfits(spec: ModelSpec, kinds: Mapping[str, str], wanted: Iterable[str]) -> list[str]:
    """Which of the wanted columns are missing or hold something else, a clause each."""
    faults = []
    if missing := sorted(set(wanted) - kinds.keys()):
        faults.append(f"the columns {', '.join(missing)} are missing")
    for name in sorted(set(wanted) & kinds.keys()):
        if kinds[name] not in (KINDS[spec.columns[name].type], "null"):
            faults.append(f"the column {name} holds {kinds[name]} where the spec says {spec.columns[name].type}")
    return faults


def schema_faults(spec: ModelSpec, rows: int, kinds: Mapping[str, str]) -> list[str]:
    """Missing columns, unexpected columns, wrong types and no rows, a clause each. `kinds`: what the file's columns
    hold: number, text, time, other, or null for a column without any value, which fits every type."""
    faults = misfits(spec, kinds, spec.delivered)
    if extra := sorted(kinds.keys() - set(spec.columns)):
        faults.append(f"the columns {named(extra)} are not in the spec")
    if not rows:
        faults.append("there are no rows")
    return faults


def refused(model: str, check: str, file: str, window: str, causes: list[str]) -> Finding:
    """The finding about a file that was not taken."""
    sentence = f"{file} was refused: {'; '.join(causes)}. It is kept in quarantine; send a corrected file"
    evidence = {"file": file, "causes": causes}
    return Finding(model, check, file, "faults", float(len(causes)), 0.0, "high", window, sentence, evidence)
