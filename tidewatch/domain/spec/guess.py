"""What the columns of a data set probably are, by their names and what they hold."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.table import Table

MOST_CATEGORIES = 20
_DAY = re.compile(r"\d{4}-(\d{2}(-\d{2})?|[wW]\d{2})")  # a day, a month, a week
_MAIL, _IBAN = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"), re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_ID = {"id", "uuid", "guid", "key"}
_WINDOW = {"day", "date", "window", "week", "month", "ds", "dt", "partition", "batch", "period"}
_TIMESTAMP = {"timestamp", "time", "ts", "at", "datetime", "scored", "created"}
_SCORE = {"score", "scores", "prob", "proba", "probs", "probability", "likelihood", "propensity", "p"}
_LABEL = {"label", "labels", "target", "truth", "actual", "actuals", "outcome", "y", "class"}
_ANSWER = {"prediction", "predictions", "predicted", "pred", "preds", "yhat", "hat", "forecast", "decision"}
_ATTRIBUTION = {"shap", "attribution", "attributions", "contribution", "contributions", "contrib", "lime"}
_SENSITIVE = {
    "email", "mail", "phone", "mobile", "telephone", "ssn", "iban", "bic", "address", "street", "birth", "birthday",
    "birthdate", "dob", "passport", "surname", "firstname", "lastname", "fullname", "username", "gender", "sex",
    "ethnicity", "race", "religion", "nationality", "ip", "account", "card", "licence", "license", "postcode", "zip",
    "zipcode", "salary", "income", "diagnosis", "password",
}  # fmt: skip
_NO_PERSON = {"product", "file", "host", "model", "event", "station", "airport", "carrier", "feature", "column"}


@dataclass(frozen=True)
class Facts:
    """What one column shows."""

    name: str
    kind: str  # number, text, time or other
    rows: int
    known: int  # not null
    distinct: int
    words: tuple[str, ...] = ()  # of a text with few different values: all of them, in order
    low: float = 0.0  # of a number
    high: float = 0.0
    whole: bool = False
    days: bool = False  # every value names a day, a week or a month
    person: bool = False  # the values look like mail addresses or bank accounts

    @property
    def tokens(self) -> list[str]:
        return tokens(self.name)

    @property
    def unique(self) -> bool:
        return self.known == self.rows == self.distinct

    @property
    def share(self) -> bool:
        """A number between 0 and 1 that is not only 0 and 1."""
        return self.kind == "number" and self.known > 0 and self.low >= 0 and self.high <= 1 and not self.whole

    @property
    def flag(self) -> bool:
        """Only 0 and 1."""
        return self.kind == "number" and self.known > 0 and self.whole and self.low >= 0 and self.high <= 1


def tokens(name: str) -> list[str]:
    """'customerId_2' -> customer, id, 2."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.findall(r"[^\W_]+", apart.lower())


def facts(table: Table) -> list[Facts]:
    return [_facts(name, values, table.kinds[name]) for name, values in table.columns.items()]


def _facts(name: str, values: NDArray[Any], kind: str) -> Facts:
    rows = len(values)
    if values.dtype == object:
        known = [value for value in values if value is not None]
        different = set(known)
        few = tuple(sorted(different)) if len(different) <= MOST_CATEGORIES else ()
        text = bool(different) and kind == "text"
        return Facts(
            name, kind, rows, len(known), len(different), few,
            days=text and all(_DAY.fullmatch(word) for word in different),
            person=text and _mostly(different),
        )  # fmt: skip
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Facts(name, kind, rows, 0, 0)
    return Facts(
        name, kind, rows, int((~np.isnan(values)).sum()), len(np.unique(finite)),
        low=float(finite.min()), high=float(finite.max()),
        whole=bool((finite == np.rint(finite)).all()),
        days=kind == "time" and bool((finite % 86_400 == 0).all()),
    )  # fmt: skip


def _mostly(words: set[str]) -> bool:
    matches = sum(1 for word in words if _MAIL.fullmatch(word) or _IBAN.fullmatch(word.replace(" ", "")))
    return matches * 2 > len(words)


def looks_sensitive(column: Facts) -> bool:
    """People are better protected once too often."""
    words = set(column.tokens)
    named = "name" in words and not words & _NO_PERSON
    return column.person or named or bool(words & _SENSITIVE)


# --- roles --------------------------------------------------------------------------------------------------------


def ids(columns: list[Facts]) -> list[Facts]:
    """The likeliest first. One that is named id may have a few values twice: that is a fault of the data."""

    def rank(column: Facts) -> int:
        named = column.name.lower() in _ID
        ends = bool(column.tokens) and column.tokens[-1] in _ID
        if column.kind not in ("text", "number") or (column.kind == "number" and not column.whole):
            return 0
        if column.unique and (named or ends):
            return 4 if named else 3
        if (named or ends) and column.known > 0 and column.distinct >= 0.9 * column.rows:
            return 2
        return 1 if column.unique and column.kind == "text" and column.rows >= 20 and not column.days else 0

    return sorted([c for c in columns if rank(c)], key=rank, reverse=True)


def windows(columns: list[Facts]) -> list[Facts]:
    """Days, weeks or months that many rows share; or a text that is named like one."""

    def rank(column: Facts) -> int:
        shared = 0 < column.distinct <= max(1, column.known // 2)
        named = bool(_WINDOW & set(column.tokens))
        if not shared or column.kind not in ("text", "time"):
            return 0
        if column.days:
            return 2 + 2 * named + (column.kind == "text")
        return 1 if named and column.kind == "text" else 0

    return sorted([c for c in columns if rank(c)], key=rank, reverse=True)


def timestamps(columns: list[Facts]) -> list[Facts]:
    return [c for c in columns if c.kind == "time" and _TIMESTAMP & set(c.tokens)]


def scores(columns: list[Facts]) -> list[Facts]:
    def named(column: Facts) -> bool:
        words = column.tokens
        return bool(_SCORE & {*words[:1], *words[-1:]}) or bool((_SCORE - {"p"}) & set(words))

    return [c for c in columns if named(c) and c.kind == "number" and (c.share or c.flag)]


def labels(columns: list[Facts]) -> list[Facts]:
    found = [c for c in columns if c.tokens and (c.tokens[-1] in _LABEL or c.tokens[-2:] == ["y", "true"])]
    return sorted(found, key=lambda column: len(column.tokens))


def predicted(columns: list[Facts]) -> list[Facts]:
    """Columns that another one predicts by its name: price beside price_pred, late beside p_late."""
    plain = {tuple(c.tokens): c for c in columns}
    rests = [tuple(w for w in c.tokens if w not in _ANSWER | _SCORE) for c in (*answers(columns), *scores(columns))]
    return [plain[rest] for rest in rests if rest in plain]


def answers(columns: list[Facts]) -> list[Facts]:
    return [c for c in columns if _ANSWER & set(c.tokens) and c.kind in ("number", "text")]


def attributions(columns: list[Facts]) -> dict[str, str]:
    """Column of attributions -> the column it explains."""
    plain = {"_".join(c.tokens): c.name for c in columns}
    found = {}
    for column in columns:
        rest = [word for word in column.tokens if word not in _ATTRIBUTION | {"value", "values", "of"}]
        feature = plain.get("_".join(rest), "")
        if _ATTRIBUTION & set(column.tokens) and feature not in ("", column.name) and column.kind == "number":
            found[column.name] = feature
    return found


def of_one_row(columns: list[Facts], table: Table) -> list[Facts]:
    """The scores that add up to 1 in every row: one a class."""
    if len(columns) < 2:
        return []
    total = np.sum([table.columns[column.name] for column in columns], axis=0)
    known = total[np.isfinite(total)]
    return columns if len(known) and bool((np.abs(known - 1) < 0.01).all()) else []
