"""What the columns of a spec must be to each other: roles, allowed values, attributions, segments."""

import math
from collections import Counter
from collections.abc import Iterator

from tidewatch.domain.model_spec import Column, ModelSpec
from tidewatch.domain.spec.remark import Remark, suggestion, warning

# Exactly one column of each. A classifier of many classes has beside them one score a class.
ROLES_OF_TASK = {
    "binary": ("id", "window", "score", "label"),
    "multiclass": ("id", "window", "prediction", "label"),
    "regression": ("id", "window", "prediction", "label"),
}
_AT_MOST_ONE = {"binary": ("timestamp", "prediction"), "multiclass": ("timestamp",), "regression": ("timestamp",)}
ROLE_IS = {
    "id": "tells rows apart and joins labels to them",
    "window": "names the batch a row came in, such as 2026-03-01",
    "score": "holds the probability of being positive",
    "label": "says what really happened",
    "prediction": "says what the model answered",
    "timestamp": "says when the row was scored",
}
_TYPES = {
    "score": ("number",),
    "attribution": ("number",),
    "window": ("text",),
    "timestamp": ("time", "number"),
    "segment": ("text", "boolean"),
    "id": ("text", "number"),
}
_TYPES_OF_ANSWER = {
    "binary": ("number", "boolean"),
    "multiclass": ("text", "number", "boolean"),
    "regression": ("number",),
}


def roles(spec: ModelSpec) -> Iterator[Remark]:
    needed = ROLES_OF_TASK[spec.task]
    for role in (*needed, *_AT_MOST_ONE[spec.task]):
        names = spec.of_role(role)
        if not names and role in needed:
            sentence = f"exactly one column must have the role {role}, not 0; give it to the one that {ROLE_IS[role]}"
            yield Remark(("columns",), sentence)
        elif len(names) > 1:
            most = "exactly" if role in needed else "at most"
            yield Remark(
                ("columns", names[1], "role"),
                f"{most} one column must have the role {role}, not {len(names)} ({', '.join(names)}); "
                f"keep the one that {ROLE_IS[role]}",
            )
    yield from _scores(spec)


def _scores(spec: ModelSpec) -> Iterator[Remark]:
    scores = spec.of_role("score")
    if spec.task == "regression":
        for name in scores:
            yield Remark(("columns", name, "role"), "a regression has no score; its answer has the role prediction")
    if spec.task != "multiclass":
        return
    if not scores:
        yield Remark(
            ("columns",),
            "a multiclass model needs a column of role score: one a class, named like score_CLASS, or the "
            "probability of the predicted class alone",
        )
    label = next((spec.columns[name] for name in spec.of_role("label")), None)
    if label and label.categories and len(scores) > 1:
        for category in label.categories:
            if not any(name.endswith(f"_{category}") for name in scores):
                yield Remark(
                    ("columns", spec.of_role("label")[0], "categories"),
                    f"the class {category} has no score column; each class has one whose name ends with "
                    f"'_{category}', or the class is no answer of this model",
                )


def types_of(role: str, task: str) -> tuple[str, ...]:
    """What a column of that role may be, the usual first."""
    if role in ("label", "prediction"):
        return _TYPES_OF_ANSWER[task]
    return _TYPES.get(role, ("number", "text", "boolean", "time"))


def types(spec: ModelSpec) -> Iterator[Remark]:
    """What a role needs to be of."""
    for name, column in spec.columns.items():
        known = types_of(column.role, spec.task)
        if column.type not in known:
            answer = column.role in ("label", "prediction")
            what = f"the {column.role} of a {spec.task} model" if answer else f"a column of role {column.role}"
            told = f"'{name}': {what} is of type {' or '.join(known)}, not {column.type}"
            yield Remark(("columns", name, "type"), f"{told}; {_instead(column, spec.task)}")
        if name != name.strip():
            yield warning(("columns", name), f"the name '{name}' begins or ends with a space; is it so in the data?")


def _instead(column: Column, task: str) -> str:
    if column.role in ("label", "prediction") and task == "binary":
        return "deliver 1 for positive and 0 for negative"
    if column.role == "segment":
        return "deliver groups, such as '18-25', or give it the role feature"
    if column.role == "window":
        return "windows are named, such as 2026-03-01; from CSV a date is read as text when the spec says text"
    return "change the type, or the role"


def values(spec: ModelSpec) -> Iterator[Remark]:
    """Range and categories."""
    for name, column in spec.columns.items():
        path = ("columns", name)
        if column.range is not None:
            yield from _range(path, column)
        if column.categories and column.type != "text":
            advice = "allowed numbers are a range: [lowest, highest]" if column.type == "number" else "leave it out"
            yield Remark((*path, "categories"), f"'{name}': categories are for text, not for a {column.type}; {advice}")
        if twice := [word for word, count in Counter(column.categories).items() if count > 1]:
            said = f"'{name}': {', '.join(twice)} is listed more than once; once is enough"
            yield warning((*path, "categories"), said)


def _range(path: tuple[str, str], column: Column) -> Iterator[Remark]:
    where, name = (*path, "range"), path[1]
    low, high = column.range or (None, None)
    if column.type in ("text", "boolean"):
        advice = "list the allowed values as categories" if column.type == "text" else "leave it out"
        yield Remark(where, f"'{name}': a range is for numbers and times, not for {column.type}; {advice}")
    elif any(bound is not None and not math.isfinite(bound) for bound in (low, high)):
        yield Remark(where, f"'{name}': a range goes from number to number; write null where there is no limit")
    elif low is not None and high is not None and low > high:
        yield Remark(
            where,
            f"'{name}': the range [{low:g}, {high:g}] allows nothing, its lowest value is above its highest; "
            f"write [{high:g}, {low:g}]",
        )
    elif low is None and high is None:
        yield warning(where, f"'{name}': the range [null, null] allows everything; leave it out")


def attributions(spec: ModelSpec) -> Iterator[Remark]:
    explained: dict[str, str] = {}
    features = [name for name, column in spec.columns.items() if column.role in ("feature", "segment")]
    for name, column in spec.columns.items():
        of, where = column.attribution_of, ("columns", name, "attribution_of")
        if column.role != "attribution":
            if of:
                yield Remark(
                    where, f"'{name}' has attribution_of but the role {column.role}; make the role attribution"
                )
        elif not of:
            yield Remark(("columns", name), f"'{name}' does not say what it explains; add attribution_of: FEATURE")
        elif of not in features:
            what = f"which has the role {spec.columns[of].role}" if of in spec.columns else "which is no column"
            yield Remark(where, f"'{name}' explains {of}, {what}{suggestion(of, features)}")
        elif of in explained:
            yield Remark(where, f"'{name}' explains {of}, and so does {explained[of]}; a feature has one attribution")
        explained.setdefault(of, name)


def segments(spec: ModelSpec) -> Iterator[Remark]:
    possible = [
        name
        for name, column in spec.columns.items()
        if column.type in ("text", "boolean") and column.role in ("feature", "segment", "prediction")
    ]
    for place, name in enumerate(spec.segments.columns):
        where = ("segments", "columns", str(place))
        column = spec.columns.get(name)
        if column is None:
            yield Remark(where, f"segments name '{name}', which is no column{suggestion(name, possible)}")
        elif column.type in ("number", "time"):
            yield Remark(
                where, f"segments name '{name}', which is a {column.type}; deliver groups of it as a text column"
            )
        elif name not in possible:
            yield Remark(where, f"segments name '{name}', which has the role {column.role}; name a feature")
        elif name in spec.segments.columns[:place]:
            yield warning(where, f"segments name '{name}' twice; once is enough")
    for name in spec.segmented:
        if name in spec.columns and spec.columns[name].sensitive:
            sentence = f"'{name}' is sensitive: its segments will not be named in the chat"
            yield warning(("columns", name, "sensitive"), f"{sentence}; group by something that may be named")


RULES = (
    (roles, ("task", "columns.*.role")),
    (types, ("task", "columns.*.role")),
    (values, ("columns.*.type",)),
    (attributions, ("columns.*.role",)),
    (segments, ("columns.*.type", "columns.*.role")),
)
