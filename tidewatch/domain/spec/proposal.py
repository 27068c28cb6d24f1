"""A first spec, proposed from data: what was guessed says so, and what only the builders know is marked FILL IN."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from tidewatch.domain.model_spec import Column
from tidewatch.domain.spec import guess as guess
from tidewatch.domain.spec.column_rules import ROLE_IS, ROLES_OF_TASK, types_of
from tidewatch.domain.spec.guess import Facts
from tidewatch.domain.spec.text import FILL_IN
from tidewatch.domain.table import Table

_METRICS = {
    "binary": ("calibration_gap", "log_loss"),
    "multiclass": ("accuracy", "f1"),
    "regression": ("mae",),
}
_NEVER_NEGATIVE = {
    "age", "distance", "price", "amount", "count", "quantity", "weight", "height", "length", "duration", "km", "miles",
    "hours", "minutes", "seconds", "days", "speed", "pressure", "population", "sqft",
}  # fmt: skip
_BOUNDS = {
    "lat": (-90, 90), "latitude": (-90, 90), "lon": (-180, 180), "lng": (-180, 180), "longitude": (-180, 180),
    "month": (1, 12), "hour": (0, 24), "minute": (0, 60), "percent": (0, 100), "pct": (0, 100),
}  # fmt: skip
_UNITS = {
    "km": "km", "miles": "miles", "kg": "kg", "lbs": "pounds", "cm": "cm", "mm": "mm", "ms": "ms", "usd": "USD",
    "eur": "EUR", "gbp": "GBP", "pct": "%", "percent": "%", "celsius": "°C", "fahrenheit": "°F", "hours": "hours",
    "minutes": "minutes", "seconds": "seconds", "days": "days", "years": "years", "sqft": "square feet",
}  # fmt: skip


@dataclass
class Proposed:
    """A column of the spec to be, and what to say about the guess."""

    keys: dict[str, object]
    remarks: list[str] = field(default_factory=list)


def propose(table: Table, source: str, model: str, task: str = "", typed: bool = True) -> str:
    """The spec as YAML with comments; it passes lint, though some of it still waits for its builders.

    `source` names the data, `model` is team/name, `task` empty when it is to be guessed, `typed` says that the data
    carries its types, as parquet does and CSV does not. Needs at least one column.
    """
    facts = guess.facts(table)
    roles, task, why = assign(facts, table, task)
    columns = {column.name: _column(column, roles.get(column.name, "feature")) for column in facts}
    _explain(columns, facts, roles)
    _complete(columns, roles, task, typed)
    title = " ".join(guess.tokens(model.partition("/")[2])).capitalize()
    lines = [
        f"# Proposed by `tidewatch spec init` from {_comment(source)}: {table.rows:,} rows, {len(facts)} columns.",
        f"# All of it is guessed. Read it, answer what says {FILL_IN}, then run `tidewatch spec lint` on it.",
        "# For help while typing: tidewatch spec schema > model-spec.schema.json",
        "# yaml-language-server: $schema=model-spec.schema.json",
        f"model: {scalar(model)}" + (f"  # {FILL_IN}: team/name" if model.startswith("team/") else ""),
        f"title: {scalar(title)}  # what people call the model",
        f"task: {task}  # {why}",
        "",
        "columns:",
        *_written(columns),
        "",
        *_closing(facts, roles, task),
    ]
    return "\n".join(lines) + "\n"


# --- roles --------------------------------------------------------------------------------------------------------


def assign(facts: list[Facts], table: Table, task: str) -> tuple[dict[str, str], str, str]:
    """Role by column (features left out), the task, and why that task."""
    roles: dict[str, str] = {}

    def take(role: str, found: list[Facts], most: int = 1) -> list[Facts]:
        free = [column for column in found if column.name not in roles][:most]
        roles.update({column.name: role for column in free})
        return free

    take("attribution", [column for column in facts if column.name in guess.attributions(facts)], len(facts))
    take("window", guess.windows(facts))
    take("id", guess.ids(facts))
    take("timestamp", guess.timestamps(facts))
    label = take("label", [*guess.labels(facts), *guess.predicted(facts)])
    answers = [column for column in guess.answers(facts) if column.name not in roles]
    scores = [column for column in guess.scores(facts) if column.name not in roles and column not in answers]
    each = guess.of_one_row(scores, table)
    task, why = (task, "as you said") if task else _task(label, scores, each, answers)
    if task == "regression":
        take("prediction", [*answers, *scores])
    elif task == "multiclass":
        take("score", each or scores[:1], len(facts))
        take("prediction", answers)
    else:
        take("score", [*reversed(each), *scores, *(column for column in answers if column.share)])
        take("prediction", answers)
    return roles, task, why


def _task(label: list[Facts], scores: list[Facts], each: list[Facts], answers: list[Facts]) -> tuple[str, str]:
    if len(each) > 2:
        return "multiclass", f"guessed: {len(each)} scores add up to 1"
    if label and (label[0].flag or label[0].distinct == 2):
        return "binary", f"guessed: {_comment(label[0].name)} has two values"
    if label and label[0].kind == "text" and label[0].distinct > 2:
        return "multiclass", f"guessed: {_comment(label[0].name)} has {label[0].distinct:,} values"
    if label and label[0].kind == "number" and label[0].known and not scores:
        return "regression", f"guessed: {_comment(label[0].name)} is a number"
    if answers and not scores and answers[0].kind == "number" and not (answers[0].share or answers[0].flag):
        return "regression", f"guessed: {_comment(answers[0].name)} is a number"
    return "binary", "guessed; or multiclass, or regression"


# --- columns ------------------------------------------------------------------------------------------------------


def _column(column: Facts, role: str) -> Proposed:
    plain = role == "feature" and column.flag and column.distinct == 2
    kind = "boolean" if plain else column.kind if column.kind in ("number", "text", "time") else "text"
    proposed = Proposed({"type": kind})
    if role != "feature":
        proposed.keys["role"] = role
    if not column.known:
        proposed.remarks.append(f"{FILL_IN}: its type, it is empty in this data")
    elif column.kind == "other":
        proposed.remarks.append(f"{FILL_IN}: neither number, text nor time; deliver it as one of them or leave it out")
    sensitive = role != "window" and guess.looks_sensitive(column)
    if role in ("feature", "score") and not plain:
        proposed.keys.update(_values(column, role, sensitive))
    if sensitive:
        proposed.keys["sensitive"] = True
        proposed.remarks.append("sensitive: guessed from its name or values; they never leave for the chat")
    return proposed


def _values(column: Facts, role: str, sensitive: bool) -> Iterator[tuple[str, object]]:
    words = set(column.tokens)
    if column.kind == "number" and column.known:
        if unit := next((_UNITS[word] for word in column.tokens if word in _UNITS), ""):
            yield "unit", unit
        low_high = (0, 1) if role == "score" else next((_BOUNDS[w] for w in column.tokens if w in _BOUNDS), None)
        if low_high and low_high[0] <= column.low and column.high <= low_high[1]:
            yield "range", list(low_high)
        elif not low_high and words & _NEVER_NEGATIVE and column.low >= 0:
            yield "range", [0, None]
    few = column.words and len(column.words) * 5 <= column.known and max(map(len, column.words)) <= 60
    if column.kind == "text" and few and not sensitive:
        yield "categories", list(column.words)


def _explain(columns: dict[str, Proposed], facts: list[Facts], roles: dict[str, str]) -> None:
    explained = guess.attributions(facts)
    for column in facts:
        proposed, role = columns[column.name], roles.get(column.name, "feature")
        if role == "attribution":
            feature = explained[column.name]
            if roles.get(feature, "feature") == "feature":
                proposed.keys["attribution_of"] = feature
            else:
                del proposed.keys["role"]
        elif role == "id" and not column.unique:
            proposed.remarks.append(f"{column.rows - column.distinct:,} of its values are missing or stand twice")
        elif role == "window":
            proposed.remarks.append(f"{column.distinct:,} windows in this data")
        elif role == "score" and column.flag:
            proposed.remarks.append(f"{FILL_IN}: is it a probability? it is only 0 and 1 here")


def _complete(columns: dict[str, Proposed], roles: dict[str, str], task: str, typed: bool) -> None:
    """What the task needs: types that its roles must have, and columns that the data does not show."""
    for name, role in roles.items():
        known, given = types_of(role, task), columns[name].keys["type"]
        if given not in known:
            columns[name].keys["type"] = known[0]
            if typed or known[0] != "text":  # CSV is read as the spec says
                columns[name].remarks.append(f"{FILL_IN}: it is {given} in this data; deliver it as {known[0]}")
    needed = (*ROLES_OF_TASK[task], *(("score",) if task == "multiclass" else ()))
    for role in (role for role in needed if role not in roles.values()):
        name = next(name for name in (role, f"{role}_column", f"_{role}_") if name not in columns)
        remark = f"{FILL_IN}: no column of this data looks like it; name the one that {ROLE_IS[role]}"
        columns[name] = Proposed({"type": types_of(role, task)[0], "role": role}, [remark])


# --- writing ------------------------------------------------------------------------------------------------------


def scalar(value: object) -> str:
    """A value as YAML that stands on one line, also within braces."""
    if isinstance(value, list):
        return f"[{', '.join(map(scalar, value))}]"
    style = '"' if isinstance(value, str) and not value.isprintable() else None
    written: str = yaml.safe_dump(
        [value], default_flow_style=True, default_style=style, allow_unicode=True, width=10**9
    )  # fmt: skip
    return written.strip()[1:-1]


def _comment(text: str) -> str:
    return re.sub(r"\s+", " ", "".join(sign if sign.isprintable() else " " for sign in text)).strip()


def _written(columns: dict[str, Proposed]) -> Iterator[str]:
    order = list(Column.model_fields)
    for name, proposed in columns.items():
        keys = sorted(proposed.keys.items(), key=lambda item: order.index(item[0]))
        pairs = ", ".join(f"{key}: {scalar(value)}" for key, value in keys)
        remarks = "; ".join(sorted(proposed.remarks, key=lambda remark: FILL_IN not in remark))
        yield f"  {scalar(name)}: {{{pairs}}}" + (f"  # {remarks}" if remarks else "")


def _closing(facts: list[Facts], roles: dict[str, str], task: str) -> Iterator[str]:
    groups = [f.name for f in facts if f.name not in roles and 2 <= len(f.words) <= 20 and not guess.looks_sensitive(f)]
    if groups:
        yield "# Groups of rows that every check also looks at by themselves:"
        yield f"# segments: {{columns: {scalar(groups[:3])}}}"
        yield ""
    yield "metrics:  # without a limit of your own, limits are learnt from left-out windows"
    yield from (f"  - {{name: {name}}}" for name in _METRICS[task])
    yield ""
    yield "owners:  # user ids of the chat, such as [U0ANA]"
    yield from (f"  {tier}: []" for tier in ("L1", "L2", "L3"))
    yield ""
    yield "scoring:"
    yield f"  command: [python, score.py]  # {FILL_IN}: what scores a batch, run in the folder of this file"
    yield ""
    yield "retraining:"
    yield f"  command: [python, train.py]  # {FILL_IN}: what trains a challenger, run in the folder of this file"
    if any(roles.get(f.name) == "window" and f.days for f in facts):
        yield ""
        yield "# schedules: {batches_every: 1d}  # with it, a batch that does not come is found"
