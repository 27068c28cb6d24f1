"""What is to be said about a spec, and what somebody probably meant."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str, ...]  # from the top of the spec: ("columns", "weight", "range")

# What builders call it elsewhere -> what it is called here.
SYNONYMS = {
    "float": "number", "double": "number", "int": "number", "integer": "number", "numeric": "number",
    "str": "text", "string": "text", "object": "text", "category": "text", "categorical": "text",
    "bool": "boolean", "date": "time", "datetime": "time", "timestamp": "time",
    "classification": "binary", "classifier": "binary", "multi_class": "multiclass", "regressor": "regression",
    "target": "label", "y": "label", "ground_truth": "label", "input": "feature", "probability": "score",
    "pred": "prediction", "key": "id", "identifier": "id", "day": "window", "partition": "window",
    "shap": "attribution", "auc": "roc_auc", "logloss": "log_loss", "cross_entropy": "log_loss",
    "cost": "business_cost", "mse": "rmse", "ece": "calibration_gap", "reference": "training",
    "rolling": "trailing", "critical": "high", "normal": "medium",
}  # fmt: skip


@dataclass(frozen=True)
class Remark:
    """A sentence about one place of a spec: what is wrong and what to do."""

    path: Path
    sentence: str
    mistake: bool = True  # else a warning: the spec is accepted


def warning(path: Path, sentence: str) -> Remark:
    return Remark(path, sentence, mistake=False)


def meant(word: object, known: Iterable[str]) -> str:
    """The one of `known` that somebody who wrote `word` probably meant, or nothing."""
    names = {name.lower(): name for name in known}
    lowered = str(word).strip().lower().replace("-", "_").replace(" ", "_")
    if (synonym := SYNONYMS.get(lowered, lowered)) in names:
        return names[synonym]
    close = difflib.get_close_matches(lowered, names, n=1)
    return names[close[0]] if close else ""


def suggestion(word: object, known: Iterable[str]) -> str:
    """', did you mean …?', or what there is."""
    names = list(known)
    close = meant(word, names)
    return f", did you mean '{close}'?" if close else f"; known here: {', '.join(names)}"
