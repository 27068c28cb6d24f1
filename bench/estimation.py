"""Performance without labels, ours against NannyML's, on the data sets in its wheel.

`make bench`. CBPE on car loans and credit cards must agree with NannyML's; on the census and with DLE both are held
against what the labels say, chunk by chunk.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from nannyml_data import MISSING, PEER, chunks, joined, published, read, spec, table
from numpy.typing import NDArray
from report import keep, say, verdict
from report import table as markdown

from tidewatch.adapters.local.learning import SklearnLearning
from tidewatch.domain.estimation.cbpe import Estimator, WindowEstimates, probabilities
from tidewatch.domain.estimation.classified import Classified
from tidewatch.domain.estimation.direct_loss import LossEstimator
from tidewatch.domain.estimation.expected import Rows, expected_confusion, expected_metrics
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

CLASS_METRICS = ["roc_auc", "f1", "precision", "recall", "accuracy"]
Chunks = list[dict[str, list[float]]]  # {metric: [estimated, realised]}
SEED = 1
SAME = 1e-6  # NannyML rounds its counts to five digits


def loan_spec() -> ModelSpec:
    columns = {
        "y_pred_proba": {"type": "number", "role": "score"},
        "y_pred": {"type": "number", "role": "prediction"},
        "repaid": {"type": "number", "role": "label"},
    }
    costs = {"true_negative": 0.0, "false_positive": 3.0, "false_negative": 7.0, "true_positive": -1.0}
    return spec("binary", columns, [*CLASS_METRICS, "business_cost"], costs=costs)


def census_spec() -> ModelSpec:
    columns = {
        "predicted_probability": {"type": "number", "role": "score"},
        "prediction": {"type": "number", "role": "prediction"},
        "employed": {"type": "number", "role": "label"},
    }
    return spec("binary", columns, CLASS_METRICS)


def cards_spec() -> ModelSpec:
    classes = ("prepaid_card", "highstreet_card", "upmarket_card")
    columns: dict[str, dict[str, Any]] = {
        f"y_pred_proba_{name}": {"type": "number", "role": "score"} for name in classes
    }
    columns["y_pred"] = {"type": "text", "role": "prediction"}
    columns["y_true"] = {"type": "text", "role": "label", "categories": list(classes)}
    return spec("multiclass", columns, CLASS_METRICS)


def price_spec() -> ModelSpec:
    numbers = ("car_age", "km_driven", "price_new", "accident_count", "door_count")
    columns: dict[str, dict[str, Any]] = {name: {"type": "number"} for name in numbers}
    columns |= {name: {"type": "text"} for name in ("fuel", "transmission")}
    columns |= {"y_pred": {"type": "number", "role": "prediction"}, "y_true": {"type": "number", "role": "label"}}
    return spec("regression", columns, ["mae", "rmse"])


def fit(features: NDArray[Any], target: NDArray[Any], texts: Sequence[int]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    return SklearnLearning().regressor(features, target, SEED, texts)


def compare(name: str, rules: ModelSpec, data: tuple[Table, Table], theirs: dict[str, Any]) -> dict[str, Any]:
    """One row a metric: how far both are from the labels and from each other, and what our intervals hold."""
    reference, analysis = data
    learner: Any = Estimator if rules.task != "regression" else LossEstimator
    start = time.perf_counter()
    estimator = learner.learn(rules, reference, *([fit] if rules.task == "regression" else []))
    learnt = time.perf_counter()
    ours: list[WindowEstimates] = [estimator.estimate(rules, "", day) for day in chunks(analysis)]
    seconds = {"learn": learnt - start, "estimate": time.perf_counter() - learnt}
    record: dict[str, Any] = {"seconds": seconds, "their_seconds": theirs["seconds"], "metrics": {}}
    lines = []
    for metric in rules.estimation.metrics:
        key = "business_value" if metric == "business_cost" else metric
        said, came = np.array([chunk[key] for chunk in theirs["chunks"]]).T
        if metric == "business_cost":  # theirs is of a chunk, ours of a row
            said, came = (side / [day.rows for day in ours] for side in (said, came))
        mine = np.array([[getattr(day.metrics[metric], part) for part in ("value", "low", "high")] for day in ours])
        values = {
            "ours": float(np.abs(mine[:, 0] - came).mean()),
            "theirs": float(np.abs(said - came).mean()),
            "apart": float(np.abs(mine[:, 0] - said).max()),
            "inside": float(((mine[:, 1] <= came) & (came <= mine[:, 2])).mean()),
        }
        record["metrics"][metric] = values
        numbers = [f"{values[part]:.6g}" for part in ("ours", "theirs", "apart")]
        lines.append((metric, *numbers, f"{values['inside']:.0%}"))
    taken = "learn {learn:.1f} s, estimate {estimate:.1f} s"
    say(f"{name}: {len(ours)} chunks; ours {taken.format(**seconds)}; NannyML {taken.format(**theirs['seconds'])}\n")
    markdown(("metric", "ours from labels", "NannyML from labels", "farthest apart", "labels in our interval"), lines)
    return record


def parts_of_confusion(rules: ModelSpec, data: tuple[Table, Table], theirs: Chunks) -> float:
    """How far the share of true positives is from NannyML's, at most."""
    estimator = Estimator.learn(rules, data[0])
    apart = []
    for day, chunk in zip(chunks(data[1]), theirs, strict=True):
        rows = Classified.of(rules, day)
        chances = probabilities(rows.scores, estimator.curves)[0]
        matrix = expected_confusion(Rows(chances, rows.scores, rows.decisions)) / len(rows.decisions)
        apart.append(abs(float(matrix[1, 1]) - chunk["true_positive"][0]))
    return max(apart)


def confirm_realised(rules: ModelSpec, analysis: Table, theirs: Chunks) -> float:
    """The same formulas with labels for probabilities, against what NannyML realised: the farthest apart."""
    apart = [0.0]
    for day, chunk in zip(chunks(analysis), theirs, strict=True):
        rows = Classified.of(rules, day)
        known = expected_metrics(Rows(rows.happened, rows.scores, rows.decisions), CLASS_METRICS, rules.costs)
        apart += [abs(known[name].value - chunk[name][1]) for name in CLASS_METRICS]
    return max(apart)


def main() -> None:
    if not PEER.exists():
        sys.stdout.write(MISSING)
        return
    theirs = published()
    folder = theirs["data"]
    say(f"NannyML {theirs['version']}; mean absolute distance of estimates from what labels said\n")

    def data(reference: str, analysis: str, labels: str, size: int) -> tuple[Table, Table]:
        return table(read(folder, reference), size), table(joined(folder, analysis, labels), size)

    loans = data(*(f"synthetic_car_loan_{x}.csv" for x in ("reference", "analysis", "analysis_target")), 5_000)
    census = data(*(f"employment_MA_{x}.pq" for x in ("reference", "analysis", "analysis_target")), 5_000)
    cards = data(*(f"mc_{x}.csv" for x in ("reference", "analysis", "analysis_gt")), 6_000)
    prices = data(*(f"regression_synthetic_{x}.csv" for x in ("reference", "analysis", "analysis_targets")), 6_000)
    records = {
        "car loans": compare("CBPE, car loans", loan_spec(), loans, theirs["loan"]),
        "census": compare("CBPE, census employment", census_spec(), census, theirs["census"]),
        "credit cards": compare("CBPE, credit cards (three classes)", cards_spec(), cards, theirs["cards"]),
        "car prices": compare("DLE, car prices", price_spec(), prices, theirs["price"]),
    }
    realised = max(
        confirm_realised(rules, both[1], theirs[name]["chunks"])
        for name, rules, both in (
            ("loan", loan_spec(), loans), ("census", census_spec(), census), ("cards", cards_spec(), cards),
        )
    )  # fmt: skip
    confusion = parts_of_confusion(loan_spec(), loans, theirs["loan"]["chunks"])
    judge(records, confusion, realised)
    keep("estimation", {"version": theirs["version"], "data": records, "confusion": confusion, "realised": realised})


def judge(records: dict[str, Any], confusion: float, realised: float) -> None:
    farthest = max(values["apart"] for values in records["car loans"]["metrics"].values())
    verdict("CBPE, car loans, farthest from NannyML, all metrics and chunks", farthest, "≤ .0005", farthest <= 5e-4)
    verdict("CBPE, car loans, share of true positives, farthest from NannyML", confusion, "≤ .0005", confusion <= 5e-4)
    for data, metrics in (("census", ["roc_auc"]), ("credit cards", CLASS_METRICS), ("car prices", ["mae", "rmse"])):
        for metric in metrics:
            ours, theirs = (records[data]["metrics"][metric][side] for side in ("ours", "theirs"))
            holds = ours <= theirs + SAME
            verdict(f"{data}, {metric}, distance from labels", ours, f"≤ {theirs:.6g} of NannyML", holds)
    verdict("realised metrics, farthest from NannyML's", realised, "≤ 1e-9", realised <= 1e-9)


if __name__ == "__main__":
    main()
