"""What a wrong value is called, and what to write instead: one sentence for each of the validator's complaints."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from tidewatch.domain.model_spec import ModelSpec, Part
from tidewatch.domain.spec.remark import Path, Remark, meant, suggestion
from tidewatch.domain.spec.tree import Tree

Detail = Mapping[str, Any]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGER = {"month": ("d", 30), "quarter": ("d", 91), "year": ("d", 365), "fortnight": ("w", 2)}
_NAMED = {"hourly": "1h", "daily": "1d", "weekly": "1w", "fortnightly": "2w", "monthly": "30d", "yearly": "365d"}
_AMOUNT = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)\s*([a-z]+)")
A_DURATION = "write a whole number and s, m, h, d or w, such as 15m"


def place(detail: Detail) -> Path:
    """Where the complaint is about; of a wrong name in a mapping, the name."""
    steps = tuple(str(step) for step in detail["loc"])
    return steps[:-1] if steps[-1:] == ("[key]",) else steps


def remark(tree: Tree, detail: Detail) -> Remark:
    path, kind = place(detail), detail["type"]
    if kind == "extra_forbidden":
        return Remark(path, f"unknown key '{path[-1]}'{suggestion(path[-1], known_keys(path[:-1], tree.shape))}")
    if kind == "missing":
        beside = tree.beside(path)
        about = description(path, tree.shape)
        sentence = f"'{'.'.join(path)}' is missing" + (f" beside {', '.join(beside)}" if beside else "")
        return Remark(path, f"{sentence} ({about[0].lower()}{about[1:]})" if about else sentence)
    return Remark(path, f"'{'.'.join(path)}': {_wrong(tree, path, detail)}")


def _wrong(tree: Tree, path: Path, detail: Detail) -> str:
    kind, given, said = detail["type"], detail["input"], _lowered(detail["msg"])
    if kind.startswith("time_delta"):
        return _no_duration(tree.written(path) or str(given))
    if kind == "greater_than" and "timedelta" in said:
        return f"must be longer than nothing; {A_DURATION}"
    if given is None:
        return "nothing is written here; fill it in, or leave it out"
    if kind == "string_pattern_mismatch":
        return _form(path, str(given))
    if kind == "too_short":
        return "this is empty, and must have something in it"
    advice = _ADVICE.get(kind)
    return said + (advice(tree, path, detail) if advice else "")


def _lowered(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _choice(tree: Tree, path: Path, detail: Detail) -> str:
    choices = re.findall(r"'([^']+)'", detail["ctx"]["expected"])
    close = meant(detail["input"], choices)
    return f", not '{tree.written(path) or detail['input']}'" + (f"; did you mean '{close}'?" if close else "")


def _quotes(tree: Tree, path: Path, detail: Detail) -> str:
    read_as = tree.read_as(path)
    written = tree.written(path)
    return f'; YAML reads {written} as {read_as}, put it in quotes: "{written}"' if read_as and written else ""


def _listed(tree: Tree, path: Path, detail: Detail) -> str:
    return f"; write [{tree.written(path)}]" if tree.written(path) else ""


def _keys(tree: Tree, path: Path, detail: Detail) -> str:
    known = known_keys(path, tree.shape)
    return f"; its keys are {', '.join(known)}" if known else ""


def _share(tree: Tree, path: Path, detail: Detail) -> str:
    given, limit = detail["input"], detail["ctx"].get("le", detail["ctx"].get("lt"))
    if limit == 1 and isinstance(given, int | float) and 1 < given <= 100:
        return f"; it is a share, {given:g} % is written {given / 100:g}"
    return ""


def _form(path: Path, given: str) -> str:
    words = [re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") or "name" for word in given.split("/")]
    words = ["team", *words][-2:] if path == ("model",) else ["-".join(words)]
    form = "team/name in" if path == ("model",) else "made of"
    return f"'{given}' is not {form} small letters, digits and hyphens; write such as {'/'.join(words)}"


_ADVICE: dict[str, Callable[[Tree, Path, Detail], str]] = {
    "literal_error": _choice,
    "string_type": _quotes,
    "list_type": _listed,
    "model_type": _keys,
    "dict_type": _keys,
    "less_than_equal": _share,
    "less_than": _share,
}


def _no_duration(written: str) -> str:
    if re.fullmatch(r"-?[\d.]+", written):
        return f"{written} has no unit; {A_DURATION}"
    better = spelled(written)
    return f"'{written}' is no length of time that is understood here; {f'write {better}' if better else A_DURATION}"


def spelled(text: str) -> str:
    """'15 min', '1.5 hours', 'daily', '1h30m', '15:00' as they must be written; nothing if it cannot be guessed."""
    lowered = text.strip().lower()
    if lowered in _NAMED:
        return _NAMED[lowered]
    if clock := re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d))?", lowered):
        return _written(Fraction(int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)))
    amounts = _AMOUNT.findall(lowered)
    if not amounts or _AMOUNT.sub("", lowered).replace("and", "").strip(" ,"):
        return ""
    seconds = [_seconds(Fraction(number.replace(",", ".")), word) for number, word in amounts]
    return _written(sum(seconds, Fraction())) if all(seconds) else ""


def _seconds(number: Fraction, word: str) -> Fraction:
    """0 for a unit that is not known."""
    singular = word.removesuffix("s") or word
    if singular in _LONGER:
        unit, many = _LONGER[singular]
        return number * many * _SECONDS[unit]
    known = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hr": "h", "hour": "h", "day": "d", "wk": "w"}
    return number * _SECONDS.get(known.get(singular, {"week": "w"}.get(singular, singular)), 0)


def _written(seconds: Fraction) -> str:
    """In the largest unit that needs no fraction; weeks only from two on."""
    for unit in ("w", "d", "h", "m", "s"):
        many = seconds / _SECONDS[unit]
        if many.denominator == 1 and 0 < many < 1_000_000 and (unit != "w" or many > 1):
            return f"{many}{unit}"
    return ""


# --- what may stand where -----------------------------------------------------------------------------------------


def known_keys(path: Path, shape: type[BaseModel] = ModelSpec) -> list[str]:
    part = _part(path, shape)
    return list(part.model_fields) if part else []


def description(path: Path, shape: type[BaseModel] = ModelSpec) -> str:
    part = _part(path[:-1], shape)
    return (part.model_fields[path[-1]].description or "") if part and path[-1] in part.model_fields else ""


def _part(path: Path, shape: type[BaseModel]) -> type[BaseModel] | None:
    """The part whose keys stand below `path`; None where there is none."""
    part: Any = shape
    named = False  # the next step is a name somebody chose, such as a column's
    for step in path:
        if step.isdigit() or named:
            named = False
        elif isinstance(part, type) and issubclass(part, BaseModel) and step in part.model_fields:
            annotation = part.model_fields[step].annotation
            part, named = _part_inside(annotation), get_origin(annotation) is dict
        else:
            return None
    return part if isinstance(part, type) and issubclass(part, BaseModel) and not named else None


def _part_inside(annotation: Any) -> Any:
    """The Part in `Part`, `list[Part]`, `Part | None` or `dict[str, Part]`."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Part):
            return candidate
    return None
