"""Is a batch what the spec says a batch is? What is not is quarantined."""

from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table


def schema_faults(spec: ModelSpec, table: Table) -> list[str]:
    """Missing columns, unexpected columns, wrong types and an empty table, a clause each."""
    expected = set(spec.delivered)
    faults = []
    if missing := sorted(expected - table.columns.keys()):
        faults.append(f"the columns {', '.join(missing)} are missing")
    if extra := sorted(table.columns.keys() - set(spec.columns)):
        faults.append(f"the columns {', '.join(extra)} are not in the spec")
    for name in sorted(expected & table.columns.keys()):
        wanted, kind = spec.columns[name].type, table.kinds[name]
        empty = all(value is None or value != value for value in table.columns[name])
        if kind != wanted and not empty:
            faults.append(f"the column {name} holds {kind} where the spec says {wanted}")
    if not table.rows:
        faults.append("there are no rows")
    return faults


def refused(model: str, check: str, file: str, window: str, causes: list[str]) -> Finding:
    """The finding about a file that was not taken."""
    sentence = f"{file} was refused: {'; '.join(causes)}. It is kept in quarantine; send a corrected file"
    evidence = {"file": file, "causes": causes}
    return Finding(model, check, file, "faults", float(len(causes)), 0.0, "high", window, sentence, evidence)
