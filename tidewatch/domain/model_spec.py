"""The builders' maintenance instructions for one model, as they hand them over in YAML."""

import difflib
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

Tier = Literal["L1", "L2", "L3"]
TIERS: tuple[Tier, ...] = ("L1", "L2", "L3")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class SpecError(Exception):
    """Every mistake in a spec, one sentence each, with its line."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


def duration(text: object) -> object:
    """'15m', '36h', '7d' as a timedelta; anything else is left for the validator to refuse."""
    if isinstance(text, str) and (match := re.fullmatch(r"(\d{1,6})\s*([smhdw])", text.strip())):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    return text


Duration = Annotated[timedelta, BeforeValidator(duration), Field(gt=timedelta(0))]
PerTier = dict[Tier, Duration]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Part):
    type: Literal["number", "text"]
    role: Literal["feature", "prediction", "score", "id", "window", "label"] = "feature"
    unit: str = ""
    description: str = ""
    source: str = ""  # the feed it comes from
    importance: Literal["low", "medium", "high"] = "medium"
    sensitive: bool = False  # its values never leave for the chat


class Drift(Part):
    compare_with: Literal["trailing", "training"] = "trailing"
    windows: int = Field(28, ge=2)  # how many accepted windows the comparison looks back on
    deviations: float = Field(3.5, gt=0)  # how far beyond the usual variation of this column is strange
    floor: float = Field(0.1, ge=0, le=1)  # a smaller distance is never worth an alarm
    alarm_after: int = Field(2, ge=1)  # strange windows …
    out_of: int = Field(3, ge=1)  # … among the last so many

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.alarm_after > self.out_of:
            raise ValueError(f"alarm_after {self.alarm_after} of the last {self.out_of} windows can never be reached")
        return self


class Metric(Part):
    name: Literal["calibration_gap", "log_loss"]
    windows: int = Field(7, ge=1)
    deviations: float = Field(4.0, gt=0)  # beyond how left-out training windows varied
    limit: float | None = Field(None, gt=0)  # a limit set by the builders instead


class Response(Part):
    acknowledge_within: PerTier = {
        "L1": timedelta(minutes=15),
        "L2": timedelta(minutes=30),
        "L3": timedelta(hours=1),
    }
    resolve_within: PerTier = {"L1": timedelta(hours=4), "L2": timedelta(days=2), "L3": timedelta(days=7)}
    reopen_within: Duration = timedelta(days=3)
    recover_after: int = Field(2, ge=1)  # good windows in a row until an incident has recovered by itself
    flapping_after: int = Field(3, ge=1)  # reopenings


class Retraining(Part):
    command: list[str] = Field(min_length=1)
    timeout: Duration = timedelta(minutes=30)
    holdout_windows: int = Field(14, ge=2)
    approvers: list[Tier] = ["L2", "L3"]
    approval_expires: Duration = timedelta(days=2)


class Scoring(Part):
    command: list[str] = Field(min_length=1)
    timeout: Duration = timedelta(minutes=5)


class ModelSpec(Part):
    model: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")
    title: str
    task: Literal["binary"] = "binary"
    label_delay: Duration = timedelta(days=1)
    columns: dict[str, Column] = Field(min_length=1)
    owners: dict[Tier, list[str]]
    drift: Drift = Drift()
    metrics: list[Metric] = []
    response: Response = Response()
    scoring: Scoring
    retraining: Retraining

    def of_role(self, role: str) -> list[str]:
        return [name for name, column in self.columns.items() if column.role == role]

    def only(self, role: str) -> str:
        """The one column of that role. Raises SpecError when there is none or more than one."""
        match self.of_role(role):
            case [name]:
                return name
            case names:
                raise SpecError([f"{self.model}: exactly one column must have the role {role}, not {len(names)}"])

    @property
    def watched(self) -> list[str]:
        """The columns whose distribution is compared."""
        return [n for n, c in self.columns.items() if c.role in ("feature", "score")]

    @property
    def delivered(self) -> list[str]:
        """The columns every batch must carry."""
        return [n for n, c in self.columns.items() if c.role != "label"]


@lru_cache(maxsize=256)  # the same text is read for every batch, and YAML is slow
def parse_spec(text: str, name: str) -> ModelSpec:
    """Read a spec. Raises SpecError naming `name`, the line and a suggestion for every mistake."""
    try:
        record = yaml.load(text, Loader=LOADER)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SpecError([f"{name} line {line}: this is not YAML: {error.problem}"]) from error
    except (yaml.YAMLError, ValueError) as error:  # a control character, or a date that does not exist
        raise SpecError([f"{name}: this is not YAML: {str(error).splitlines()[0]}"]) from error
    if not isinstance(record, dict):
        raise SpecError([f"{name} line 1: a spec is a mapping that starts with 'model: team/name'"])
    try:
        spec = ModelSpec.model_validate(record)
        for role in ("id", "window", "score", "label"):
            spec.only(role)
    except ValidationError as error:
        tree = yaml.compose(text, Loader=LOADER)
        raise SpecError([_mistake(name, tree, detail) for detail in error.errors()]) from error
    return spec


def _mistake(name: str, tree: yaml.Node | None, detail: Mapping[str, Any]) -> str:
    path = [str(step) for step in detail["loc"]]
    line, siblings = _find(tree, path)
    where = f"{name} line {line}"
    if detail["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        close = difflib.get_close_matches(path[-1], known, n=1)
        hint = f", did you mean '{close[0]}'?" if close else f"; known here: {', '.join(known)}"
        return f"{where}: unknown key '{path[-1]}'{hint}"
    if detail["type"] == "missing":
        return f"{where}: '{'.'.join(path)}' is missing" + (f" beside {', '.join(siblings)}" if siblings else "")
    return f"{where}: '{'.'.join(path)}': {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _find(node: yaml.Node | None, path: list[str]) -> tuple[int, list[str]]:
    """The line of the deepest part of `path` that exists, and the keys beside it."""
    line, siblings = 1, []
    for step in path:
        if isinstance(node, yaml.MappingNode):
            keys = {key.value: (key, value) for key, value in node.value}
            siblings = list(keys)
            if step not in keys:
                break
            key, node = keys[step]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
            line = node.start_mark.line + 1
    return line, siblings


def _known_keys(path: list[str]) -> list[str]:
    part: Any = ModelSpec
    named = False  # the next step is a name somebody chose, such as a column's
    for step in path:
        if step.isdigit() or named:
            named = False
        elif isinstance(part, type) and issubclass(part, BaseModel) and step in part.model_fields:
            annotation = part.model_fields[step].annotation
            part, named = _part_inside(annotation), get_origin(annotation) is dict
    return list(part.model_fields) if isinstance(part, type) and issubclass(part, BaseModel) else []


def _part_inside(annotation: Any) -> Any:
    """The Part in `Part`, `list[Part]` or `dict[str, Part]`."""
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, Part):
            return candidate
    return None
