"""Which values of a column are faulty, and what may stand in their place before the model answers again.

Faulty are values outside of the spec's range, infinite ones, categories that are not allowed or were never seen; where
the finding is about nulls, the nulls; where it is about a frozen column, all values.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.checks.intake import KINDS
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import Column, ModelSpec
from tidewatch.domain.performance.answers import null
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.text import TextProfile
from tidewatch.domain.table import Table

Values = NDArray[Any]
Mask = NDArray[np.bool_]
OF_NULLS = ("nulls", "missing_feature")


def columns_of(spec: ModelSpec, finding: Finding) -> list[str]:
    """The columns a finding is about: one, or those of a source; none when it is about something else."""
    named = finding.evidence.get("columns") or [finding.subject]
    return [name for name in named if name in spec.columns]


def typed(column: Column, values: Values) -> Values:
    """The values as the spec's type has them: a column without any value says nothing of its type."""
    if KINDS[column.type] == "text":
        return np.array([None if null(value) else value for value in values.tolist()], dtype=object)
    return np.array(values.tolist(), dtype=np.float64)


def is_null(values: Values) -> Mask:
    return np.array([null(value) for value in values.tolist()], dtype=bool)


def faulty(column: Column, usual: ColumnProfile | None, check: str, values: Values) -> Mask:
    """`values` are typed."""
    nulls = is_null(values)
    if check == "frozen":
        return ~nulls
    wrong: Mask = nulls if check in OF_NULLS else np.zeros(len(values), dtype=bool)
    if values.dtype == object:
        allowed = frozenset(column.categories) or (usual.names if isinstance(usual, TextProfile) else frozenset[str]())
        new = [bool(allowed) and not null(value) and value not in allowed for value in values.tolist()]
        return wrong | np.array(new, dtype=np.bool_)
    low, high = column.range or (None, None)
    outside = (values < (-np.inf if low is None else low)) | (values > (np.inf if high is None else high))
    return np.logical_or(wrong | outside, np.isinf(values))


def neutral(column: Column, usual: ColumnProfile | None) -> float | str | None:
    """What the spec puts for a faulty value: null, or the usual median or commonest category."""
    if column.faulty_as == "usual" and isinstance(usual, NumberProfile) and usual.rows:
        return usual.quantile(0.5)
    if column.faulty_as == "usual" and isinstance(usual, TextProfile) and usual.rows:
        return next(iter(usual.commonest))
    return None if KINDS[column.type] == "text" else float("nan")


def replaced(values: Values, chosen: Mask, by: float | str | None) -> Values:
    changed = values.copy()
    changed[chosen] = by
    return changed


def looked_up(table: Table, keys: Sequence[str], column: str, wanted: Mask, good: Iterable[Table]) -> Values:
    """A value for each of the `wanted` rows, null where there is none: that of the row of the last good window which
    has the same texts in `keys` and is nearest in the one number among them. `good`: the latest first."""
    texts = [key for key in keys if table.columns[key].dtype == object]
    numbers = [key for key in keys if key not in texts]
    found: Values = np.full(table.rows, None, dtype=object)
    left = wanted.copy()
    for window in good:
        if not left.any():
            break
        known = _by_texts(window, texts, numbers, column)
        for row in np.flatnonzero(left):
            places, values = known.get(_texts(table, texts, row), ((), ()))
            at = table.columns[numbers[0]][row] if numbers else 0.0
            if len(places) and not np.isnan(at):
                found[row], left[row] = values[int(np.argmin(np.abs(np.asarray(places) - at)))], False
    return found if table.kinds[column] == "text" else np.array(found.tolist(), dtype=np.float64)


def _by_texts(
    window: Table, texts: Sequence[str], numbers: Sequence[str], column: str
) -> Mapping[tuple[Any, ...], tuple[list[float], list[Any]]]:
    """Places on the number key and the values there, of each combination of texts; the last row of a place counts."""
    known: dict[tuple[Any, ...], dict[float, Any]] = {}
    values = window.columns[column]
    for row in np.flatnonzero(~is_null(values)):
        at = float(window.columns[numbers[0]][row]) if numbers else 0.0
        if not np.isnan(at):
            known.setdefault(_texts(window, texts, row), {})[at] = values[row]
    return {texts_of: (list(places), list(places.values())) for texts_of, places in known.items()}


def _texts(table: Table, texts: Sequence[str], row: np.intp) -> tuple[Any, ...]:
    return tuple(table.columns[key][row] for key in texts)


def same(one: Values | None, other: Values | None) -> bool:
    """Whether two columns hold the same; numbers up to rounding, a column that is missing is like no other."""
    if one is None or other is None or len(one) != len(other):
        return False
    if one.dtype == object or other.dtype == object:
        pairs = zip(one.tolist(), other.tolist(), strict=True)
        return all(mine == theirs or (null(mine) and null(theirs)) for mine, theirs in pairs)
    return bool(np.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True))
