"""Are these labels, and of these predictions?"""

from collections.abc import Sequence

import numpy as np

from tidewatch.domain.checks.intake import KINDS
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.answers import null
from tidewatch.domain.table import Table

UNMATCHED = 0.5  # from this share of labels without a prediction on, somebody should look
FEW = 10  # labels; fewer prove nothing


def label_faults(spec: ModelSpec, table: Table) -> list[str]:
    """Missing columns, wrong types and labels that a binary model cannot have, a clause each."""
    identity, label = spec.only("id"), spec.only("label")
    if missing := [f"the column {column} is missing" for column in (identity, label) if column not in table.columns]:
        return missing
    faults = []
    for name in (identity, label):
        wanted, empty = spec.columns[name].type, all(null(value) for value in table.columns[name].tolist())
        if table.kinds[name] != KINDS[wanted] and not empty:
            faults.append(f"the column {name} holds {table.kinds[name]} where the spec says {wanted}")
    if not faults and spec.task == "binary" and table.columns[label].dtype != object:
        values = table.columns[label]
        other = values[~np.isnan(values) & (values != 0) & (values != 1)]
        if len(other):
            what = "other values" if spec.columns[label].sensitive else f"{other[0]:g}"
            faults.append(f"the column {label} holds {what}, where the label of a binary model is 0 or 1")
    return faults


def unmatched_labels(spec: ModelSpec, window: str, labels: int, unmatched: int) -> list[Finding]:
    """A finding when most labels are of predictions that the window does not have."""
    share = unmatched / max(labels, 1)
    if labels < FEW or share < UNMATCHED:
        return []
    sentence = (
        f"{unmatched:,} of {labels:,} labels for {window} have an id that no prediction of {window} has: they are of "
        "another window, or their ids are written differently. The others were joined"
    )
    evidence = {"labels": labels, "unmatched": unmatched}
    return [
        Finding(
            spec.model, "labels_unmatched", f"labels of {window}", "share of labels without a prediction",
            round(share, 4), UNMATCHED, "medium", window, sentence, evidence,
        )
    ]  # fmt: skip


def windows_of(spec: ModelSpec, window: str, table: Table) -> dict[str, Table]:
    """The rows of each window, where the file says so row by row; else all are of `window`."""
    name = spec.only("window")
    if table.kinds.get(name) != "text":
        return {window: table}
    names = np.array([window if null(value) else value for value in table.columns[name].tolist()], dtype=object)
    found: Sequence[str] = sorted(set(names.tolist()))
    return {each: table.where(names == each) for each in found}
