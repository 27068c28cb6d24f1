"""Labelled days of models of every task."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.domain.story import SPEC
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome, outcome_of
from tidewatch.domain.table import Table

CLASSES = ("cat", "dog", "emu")
KINDS = {True: "text", False: "number"}


def spec_of(task: str, columns: Mapping[str, Any] | None = None, **parts: Any) -> ModelSpec:
    """A small model of that task, `columns` beside those it must have."""
    number, text = {"type": "number"}, {"type": "text"}
    own = {
        "binary": {"score": number | {"role": "score"}, "late": number | {"role": "label"}},
        "multiclass": {"said": text | {"role": "prediction"}, "animal": text | {"role": "label"}},
        "regression": {
            "said": number | {"role": "prediction"}, "minutes": number | {"role": "label", "unit": "minutes"},
        },
    }  # fmt: skip
    common = {"id": text | {"role": "id"}, "day": text | {"role": "window"}}
    every = common | own[task] | dict(columns or {})
    return ModelSpec.model_validate(SPEC.model_dump() | {"task": task, "columns": every, "metrics": []} | parts)


def table_of(**columns: Any) -> Table:
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    return Table(arrays, {name: KINDS[values.dtype == object] for name, values in arrays.items()})


def binary_day(
    scores: Any, labels: Any, day: str = "2026-03-01", version: str = "2", spec: ModelSpec | None = None, **columns: Any
) -> DayOutcome:
    table = table_of(score=np.asarray(scores, dtype=np.float64), **columns)
    return outcome_of(spec or spec_of("binary"), day, version, table, np.asarray(labels, dtype=np.float64))


def class_day(scores: Any, labels: Any, decided: Any, day: str = "2026-03-01") -> DayOutcome:
    """`scores` of shape (rows, classes), or None for a model that delivers none."""
    names = [] if scores is None else [f"score_{name}" for name in CLASSES]
    spec = spec_of("multiclass", {name: {"type": "number", "role": "score"} for name in names})
    table = table_of(said=decided, **{name: scores[:, place] for place, name in enumerate(names)})
    return outcome_of(spec, day, "2", table, np.asarray(labels))


def number_day(said: Any, labels: Any, day: str = "2026-03-01") -> DayOutcome:
    return outcome_of(spec_of("regression"), day, "2", table_of(said=said), np.asarray(labels, dtype=np.float64))
