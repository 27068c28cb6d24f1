"""What NannyML publishes and estimates for the data sets in its own wheel, chunk by chunk, as JSON in the last line.

Run by NannyML's own environment: build/peers/nannyml/bin/python bench/peers/judge_nannyml.py
"""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import nannyml
import pandas as pd
from nannyml.drift.univariate.methods import FeatureType, MethodFactory
from nannyml.thresholds import ConstantThreshold

warnings.filterwarnings("ignore")
nannyml.disable_usage_logging()  # it would report every call to its makers

LOAN, PRICE, CENSUS, CARDS = 5_000, 6_000, 5_000, 6_000  # rows a chunk, as its documentation has them
CLASS_METRICS = ["roc_auc", "f1", "precision", "recall", "accuracy"]
COSTS = [[0.0, 3.0], [7.0, -1.0]]  # true negative, false positive; false negative, true positive


def chunks(results: Any, metrics: list[str]) -> list[dict[str, Any]]:
    """{metric: [estimated, realised]} of each chunk of the analysis period."""
    frame = results.filter(period="analysis").to_df()
    return [
        {m: [float(row[(m, "value")]), float(row[(m, "realized")])] for m in metrics} for _, row in frame.iterrows()
    ]


def cbpe(reference: Any, analysis: Any, size: int, metrics: list[str], **columns: Any) -> dict[str, Any]:
    start = time.perf_counter()
    estimator = nannyml.CBPE(metrics=metrics, chunk_size=size, **columns).fit(reference)
    learnt = time.perf_counter()
    results = estimator.estimate(analysis)
    names = [{"business_value": "business_value", "confusion_matrix": "true_positive"}.get(m, m) for m in metrics]
    seconds = {"learn": learnt - start, "estimate": time.perf_counter() - learnt}
    return {"chunks": chunks(results, names), "calibrated": bool(estimator.needs_calibration), "seconds": seconds}


def loan() -> dict[str, Any]:
    reference, analysis, labels = nannyml.load_synthetic_car_loan_dataset()
    analysis = analysis.merge(labels, on="id")
    return cbpe(
        reference, analysis, LOAN, [*CLASS_METRICS, "business_value", "confusion_matrix"], y_true="repaid",
        y_pred="y_pred", y_pred_proba="y_pred_proba", problem_type="classification_binary",
        business_value_matrix=COSTS, normalize_business_value=None, normalize_confusion_matrix="all",
    )  # fmt: skip


def census() -> dict[str, Any]:
    reference, analysis, labels = nannyml.load_us_census_ma_employment_data()
    analysis = analysis.merge(labels, on="id")
    return cbpe(
        reference, analysis, CENSUS, CLASS_METRICS, y_true="employed", y_pred="prediction",
        y_pred_proba="predicted_probability", problem_type="classification_binary",
    )  # fmt: skip


def cards() -> dict[str, Any]:
    reference, analysis, labels = nannyml.load_synthetic_multiclass_classification_dataset()
    analysis = analysis.merge(labels, on="id")
    classes = ("prepaid_card", "highstreet_card", "upmarket_card")
    return cbpe(
        reference, analysis, CARDS, CLASS_METRICS, y_true="y_true", y_pred="y_pred",
        y_pred_proba={name: f"y_pred_proba_{name}" for name in classes}, problem_type="classification_multiclass",
    )  # fmt: skip


def price() -> dict[str, Any]:
    reference, analysis, labels = nannyml.load_synthetic_car_price_dataset()
    analysis = analysis.join(labels) if "id" not in labels else analysis.merge(labels, on="id")
    features = ["car_age", "km_driven", "price_new", "accident_count", "door_count", "fuel", "transmission"]
    start = time.perf_counter()
    estimator = nannyml.DLE(
        feature_column_names=features, y_true="y_true", y_pred="y_pred", metrics=["mae", "rmse"], chunk_size=PRICE
    ).fit(reference)
    learnt = time.perf_counter()
    results = estimator.estimate(analysis)
    seconds = {"learn": learnt - start, "estimate": time.perf_counter() - learnt}
    return {"chunks": chunks(results, ["mae", "rmse"]), "seconds": seconds}


def univariate() -> dict[str, Any]:
    """Every column and chunk of the car loans; KS and Wasserstein exactly, and as they come by default."""
    reference, analysis, _ = nannyml.load_synthetic_car_loan_dataset()
    made: dict[str, Any] = {}
    skipped = ("id", "timestamp", "y_pred")
    for name in (column for column in reference.columns if column not in skipped and column in analysis.columns):
        numeric = pd.api.types.is_float_dtype(reference[name])
        kind = FeatureType.CONTINUOUS if numeric else FeatureType.CATEGORICAL
        keys = ("kolmogorov_smirnov", "wasserstein") if numeric else ("chi2", "l_infinity")
        made[name] = {}
        for key in (*keys, "jensen_shannon", "hellinger"):
            exact = {"calculation_method": "exact", key: {}} if key in ("kolmogorov_smirnov", "wasserstein") else None
            for label, how in ((key, exact), (f"{key} by default", None)) if exact else ((key, None),):
                made[name][label] = published(key, kind, reference[name], analysis[name], how)
    return made


def published(key: str, kind: Any, reference: Any, analysis: Any, how: Any) -> list[float]:
    method = MethodFactory.create(
        key=key,
        feature_type=kind,
        chunker=nannyml.chunk.SizeBasedChunker(chunk_size=LOAN),
        threshold=ConstantThreshold(0, 1),
        **({"computation_params": how} if how else {}),
    )
    method.fit(reference)
    return [float(method.calculate(analysis.iloc[i : i + LOAN])) for i in range(0, len(analysis), LOAN)]


if __name__ == "__main__":
    record = {
        "version": nannyml.__version__,
        "data": str(Path(nannyml.__file__).parent / "datasets" / "data"),
        "loan": loan(),
        "census": census(),
        "cards": cards(),
        "price": price(),
        "univariate": univariate(),
    }
    sys.stdout.write(f"\n{json.dumps(record)}\n")
