"""A spec with its plain mistakes mended as they were probably meant, so that all others can be told at once."""

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tidewatch.domain.spec.remark import Path, meant
from tidewatch.domain.spec.words import Detail, known_keys, place

ROUNDS = 6  # what is mended may show another mistake: a column without its type goes, then a list is empty
_COMMAND = ["python"]
Shape = TypeVar("Shape", bound=BaseModel)
# For what is missing or wrong and read by no rule, anything will do.
_STAND_INS: dict[Path, Any] = {
    ("model",): "team/name",
    ("title",): "title",
    ("scoring",): {"command": _COMMAND},
    ("retraining",): {"command": _COMMAND},
    ("scoring", "command"): _COMMAND,
    ("retraining", "command"): _COMMAND,
}


def mended(
    record: Any, shape: type[Shape], stand_ins: Mapping[Path, Any] = _STAND_INS
) -> tuple[Shape | None, frozenset[Path]]:
    """What was probably meant, and the places that had to be guessed; None if hopeless."""
    record, unsure = copy.deepcopy(record), set[Path]()
    for _ in range(ROUNDS):
        try:
            return shape.model_validate(record), frozenset(unsure)
        except ValidationError as error:
            doomed = set[Path]()
            for detail in error.errors():
                path = place(detail)
                if not _mend(record, path, detail, shape, stand_ins):
                    unsure.add(path)
                    if not _guess(record, path):
                        # Without something that is needed, what needs it goes.
                        doomed.add(path[:-1] if detail["type"] == "missing" else path)
            unsure |= doomed | {path[:-1] for path in doomed if isinstance(_at(record, path[:-1]), list)}
            _take_away(record, doomed)
    return None, frozenset()


def _mend(record: Any, path: Path, detail: Detail, shape: type[BaseModel], stand_ins: Mapping[Path, Any]) -> bool:
    """Change the value at `path` to what was surely meant; False when there is nothing sure."""
    holder = _at(record, path[:-1])
    if isinstance(holder, dict) and path in stand_ins:
        holder[path[-1]] = copy.deepcopy(stand_ins[path])
        return True
    if isinstance(holder, dict) and detail["type"] == "extra_forbidden":
        value, close = holder.pop(path[-1], None), meant(path[-1], known_keys(path[:-1], shape))
        if close and close not in holder:
            holder[close] = value
        return True
    if detail["type"] == "literal_error" and detail["loc"][-1] != "[key]":
        close = meant(detail["input"], re.findall(r"'([^']+)'", detail["ctx"]["expected"]))
        if close and isinstance(holder, dict):
            holder[path[-1]] = close
        elif close and isinstance(holder, list):
            holder[int(path[-1])] = close
        return bool(close)
    return False


def _guess(record: Any, path: Path) -> bool:
    """Put something in place of what others need: better one rule less than none at all."""
    holder = _at(record, path[:-1])
    if not isinstance(holder, dict):
        return False
    match path:
        case ["owners"]:
            holder["owners"] = {}
        case ["columns", _, "type"]:
            holder["type"] = "text" if holder.get("categories") else "number"
        case ["probes", place, "name"]:
            holder["name"] = f"probe-{place}"
        case ["probes", _, "url"]:
            holder["url"] = "https://host"
        case ["probes", _, "questions"]:
            holder["questions"] = [{"send": {}}]
        case _:
            return False
    return True


def _take_away(record: Any, doomed: Iterable[Path]) -> None:
    """The deepest first, and of a list the last first: nothing moves before it is taken."""
    for path in sorted(doomed, key=lambda path: (len(path), int(path[-1]) if path and path[-1].isdigit() else 0))[::-1]:
        holder = _at(record, path[:-1])
        if isinstance(holder, dict) and path:
            holder.pop(path[-1], None)
        elif isinstance(holder, list) and path[-1].isdigit() and int(path[-1]) < len(holder):
            del holder[int(path[-1])]


def _at(record: Any, path: Path) -> Any:
    for step in path:
        if isinstance(record, dict):
            record = record.get(step)
        elif isinstance(record, list) and step.isdigit() and int(step) < len(record):
            record = record[int(step)]
        else:
            return None
    return record
