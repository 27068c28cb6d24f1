"""What a runbook asks of a finding beyond its check: `value: ">= 0.2"`, `evidence.scale.name: kilometres`."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from tidewatch.domain.finding import SEVERITIES, Finding

Wanted = bool | int | float | str | list[str | int | float]  # one value, one of several, or an operator and a value
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, "!=": operator.ne, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip
_WRITTEN = re.compile(r"\s*(>=|<=|!=|>|<|=)\s*(.+?)\s*")
PLACES = tuple(field.name for field in fields(Finding))


def measured(finding: Finding, place: str) -> Any:
    """The value at 'subject' or 'evidence.scale.factor'; None where there is nothing."""
    first, *deeper = place.split(".")
    value = getattr(finding, first, None) if first in PLACES else None
    for step in deeper:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def holds(finding: Finding, place: str, wanted: Wanted) -> bool:
    """Whether the finding has there what is wanted; what it does not have never is."""
    value = measured(finding, place)
    if value is None:
        return False
    if isinstance(wanted, list):
        return value in wanted
    sign, operand = _parsed(wanted)
    if place == "severity" and operand in SEVERITIES:
        return _OPERATORS[sign](SEVERITIES.index(value), SEVERITIES.index(operand))
    if isinstance(value, str) != isinstance(operand, str):
        return sign == "!="
    return bool(_OPERATORS[sign](value, operand))


def fault(place: str, wanted: Wanted) -> str:
    """Why no finding could ever fulfil it; empty when one could."""
    first = place.partition(".")[0]
    if first not in PLACES or ("." in place and first != "evidence"):
        return f"a finding has no '{place}'; it has {', '.join(PLACES)}, and evidence goes deeper with dots"
    if isinstance(wanted, list):
        return "" if wanted else "this list is empty, so nothing is one of it"
    sign, operand = _parsed(wanted)
    if place == "severity" and operand not in SEVERITIES:
        return f"there is no severity '{operand}'; there are {', '.join(SEVERITIES)}"
    if isinstance(operand, str) and sign not in ("=", "!=") and place != "severity":
        return f"'{operand}' is no number, and {sign} compares numbers; write such as \"{sign} 0.2\""
    if place in ("value", "threshold") and isinstance(operand, str):
        return f"'{operand}' is no number, and {place} is one; write such as \">= 0.2\""
    return ""


def _parsed(wanted: bool | int | float | str) -> tuple[str, bool | float | str]:
    if not isinstance(wanted, str):
        return "=", wanted
    match = _WRITTEN.fullmatch(wanted)
    sign, operand = (match[1], match[2]) if match else ("=", wanted)
    try:
        return (sign, float(operand)) if match else (sign, operand)
    except ValueError:
        return sign, operand
