"""What the parts of a spec must be to each other. Each rule reads a valid spec and says what cannot be meant."""

from collections.abc import Callable, Iterator

from tidewatch.domain.model_spec import MetricName, ModelSpec
from tidewatch.domain.spec import column_rules, people_rules, probe_rules, repair_rules, time_rules
from tidewatch.domain.spec.remark import Path, Remark, suggestion, warning

_OF_CLASSES: tuple[MetricName, ...] = (
    "accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier", "calibration_gap",
)  # fmt: skip
METRICS_OF_TASK: dict[str, tuple[MetricName, ...]] = {
    "binary": (*_OF_CLASSES, "business_cost"),
    "multiclass": _OF_CLASSES,
    "regression": ("mae", "rmse", "r2"),
}
# Without labels: a calibrated score has no calibration gap, and R² needs the spread of labels.
ESTIMATED_OF_TASK: dict[str, tuple[MetricName, ...]] = {
    "binary": ("accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier", "business_cost"),
    "multiclass": ("accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier"),
    "regression": ("mae", "rmse"),
}
NEEDS_SCORE_A_CLASS = ("roc_auc", "log_loss", "brier")
_LOWEST_HIGHEST: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("accuracy", "precision", "recall", "f1", "roc_auc", "brier"), (0, 1)),
    **dict.fromkeys(("log_loss", "mae", "rmse"), (0, float("inf"))),
    "calibration_gap": (-1, 1),
    "r2": (-float("inf"), 1),
}


def metrics(spec: ModelSpec) -> Iterator[Remark]:
    seen: set[str] = set()
    for place, metric in enumerate(spec.metrics):
        path = ("metrics", str(place))
        yield from _fits((*path, "name"), spec, metric.name, METRICS_OF_TASK[spec.task], "is no metric")
        if metric.name in seen:
            yield Remark((*path, "name"), f"the metric {metric.name} is listed a second time; keep one of them")
        seen.add(metric.name)
        if metric.limit is not None:
            yield from _limit((*path, "limit"), metric.name, metric.limit)
            if "deviations" in metric.model_fields_set:
                yield warning(
                    (*path, "deviations"),
                    f"the metric {metric.name} has a limit, so its deviations are not used; leave one of them out",
                )


def _limit(path: Path, name: str, limit: float) -> Iterator[Remark]:
    low, high = _LOWEST_HIGHEST.get(name, (-float("inf"), float("inf")))
    if low <= limit <= high:
        return
    advice = f"{limit:g} % is written {limit / 100:g}" if high == 1 < limit <= 100 else "give a limit it can pass"
    what = (
        f"lies between {low:g} and {high:g}"
        if low > -float("inf") < high < float("inf")
        else (f"is never above {high:g}" if limit > high else f"is never below {low:g}")
    )
    yield Remark(path, f"the metric {name} {what}, so the limit {limit:g} says nothing; {advice}")


def _fits(path: Path, spec: ModelSpec, name: str, known: tuple[MetricName, ...], what: str) -> Iterator[Remark]:
    if name not in known:
        yield Remark(path, f"{name} {what} of a {spec.task} model{suggestion(name, known)}")
    elif spec.task == "multiclass" and name in NEEDS_SCORE_A_CLASS and len(spec.of_role("score")) == 1:
        yield Remark(path, f"{name} of a multiclass model needs one score column a class; add them, or leave it out")


def estimation(spec: ModelSpec) -> Iterator[Remark]:
    for place, name in enumerate(spec.estimation.metrics):
        path = ("estimation", "metrics", str(place))
        yield from _fits(path, spec, name, ESTIMATED_OF_TASK[spec.task], "cannot be estimated without the labels")
        if name in spec.estimation.metrics[:place]:
            yield warning(path, f"{name} is estimated once, though listed twice; leave one out")
    if spec.task == "multiclass" and spec.estimation.metrics and len(spec.of_role("score")) == 1:
        yield Remark(
            ("estimation", "metrics"),
            "performance of a multiclass model is estimated from one score column a class; add them, or leave this out",
        )


def costs(spec: ModelSpec) -> Iterator[Remark]:
    given = spec.costs
    outcomes = (given.true_positive, given.false_positive, given.true_negative, given.false_negative)
    asked = [("metrics", str(i), "name") for i, metric in enumerate(spec.metrics) if metric.name == "business_cost"]
    asked += [
        ("estimation", "metrics", str(i)) for i, name in enumerate(spec.estimation.metrics) if name == "business_cost"
    ]
    if asked and not any(outcomes):
        yield Remark(
            asked[0],
            "business_cost is asked for, but all costs are 0; say under costs what a false_positive and a "
            "false_negative cost",
        )
    if any(outcomes) and not asked:
        advice = "add {name: business_cost} to metrics" if spec.task == "binary" else "leave them out"
        yield warning(("costs",), f"costs are given but no metric uses them; {advice}")


def decisions(spec: ModelSpec) -> Iterator[Remark]:
    """Threshold and confidence."""
    if spec.task != "binary" and "threshold" in spec.model_fields_set:
        yield warning(("threshold",), f"a {spec.task} model is not decided by a threshold; leave it out")
    if spec.confidence is None:
        return
    if spec.task == "regression":
        yield Remark(("confidence",), "a regression has no probabilities to be confident of; leave confidence out")
    elif spec.task == "binary" and spec.confidence.threshold <= 0.5:
        yield Remark(
            ("confidence", "threshold"),
            f"of two answers the likelier always has .5, so none is ever below {spec.confidence.threshold:g}; "
            "choose a threshold between .5 and 1",
        )


def multivariate(spec: ModelSpec) -> Iterator[Remark]:
    features = [column for column in spec.columns.values() if column.role in ("feature", "segment")]
    numbers = [column for column in features if column.type != "text"]
    for place, method in enumerate(spec.multivariate.methods):
        few = len(numbers) < 2 if method == "pca" else len(features) < 2
        if few:
            kind = "number features" if method == "pca" else "features"
            yield Remark(
                ("multivariate", "methods", str(place)),
                f"{method} looks at columns together and needs at least 2 {kind}; leave it out",
            )


def alarm_after(spec: ModelSpec) -> Iterator[Remark]:
    drift = spec.drift
    if drift.alarm_after > drift.out_of:
        yield Remark(
            ("drift", "alarm_after"),
            f"alarm_after {drift.alarm_after} of the last {drift.out_of} windows can never be reached; "
            f"make out_of {drift.alarm_after} or more",
        )


def rollout(spec: ModelSpec) -> Iterator[Remark]:
    canary = spec.rollout.canary
    for place, share in enumerate(canary):
        path = ("rollout", "canary", str(place))
        if not 0 < share < 1:
            advice = f"{share:g} % is written {share / 100:g}" if 1 < share < 100 else "all traffic follows by itself"
            yield Remark(path, f"a canary gets a share of traffic between 0 and 1, not {share:g}; {advice}")
        elif place and share <= canary[place - 1]:
            ordered = ", ".join(f"{value:g}" for value in sorted(set(canary)) if 0 < value < 1)
            sentence = f"the canary's shares must grow, but {share:g} follows {canary[place - 1]:g}; write [{ordered}]"
            yield Remark(path, sentence)


Rule = Callable[[ModelSpec], Iterator[Remark]]
# Each with what it reads besides what it speaks of: a rule is silent while that is too wrong to be judged.
RULES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    *column_rules.RULES,
    *repair_rules.RULES,
    (metrics, ("task", "columns.*.role")),
    (estimation, ("task", "columns.*.role")),
    (costs, ("task", "costs", "metrics", "estimation")),
    (decisions, ("task",)),
    (multivariate, ("columns.*.type", "columns.*.role")),
    (alarm_after, ("drift.alarm_after", "drift.out_of")),
    *people_rules.RULES,
    *time_rules.RULES,
    *probe_rules.RULES,
    (rollout, ("rollout.canary",)),
)
