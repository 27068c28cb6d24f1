"""Score a batch of flights: python score.py --model trained/model --data batch.parquet --out scored.parquet"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
from numpy.typing import NDArray
from skops.io.exceptions import UntrustedTypesFoundException
from threadpoolctl import threadpool_limits

# All that this estimator needs beyond what skops trusts by itself. A file that wants more is not our model.
TRUSTED = ["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]


class Scorer:
    """The model in service: `model_folder` holds model.skops and model.json, as train.py wrote them."""

    def __init__(self, model_folder: Path) -> None:
        try:
            self._estimator = skops.io.load(model_folder / "model.skops", trusted=TRUSTED)
        except UntrustedTypesFoundException as error:
            raise ValueError(
                f"{model_folder}/model.skops was not loaded, it is no flight delay model: {error}"
            ) from error
        known = json.loads((model_folder / "model.json").read_text())
        self.features: Sequence[str] = known["features"]
        self.levels: Mapping[str, Sequence[str]] = known["levels"]
        self.threshold: float = known["threshold"]  # predicted late from here on

    def score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Probability of being late, one per row. Unknown carriers and airports and missing numbers are fine.

        Raises ValueError for a column that is missing or that holds text where numbers belong.
        """
        matrix = encode(frame, self.features, self.levels)
        with threadpool_limits(1):
            late: NDArray[np.float64] = self._estimator.predict_proba(matrix)[:, 1]
        return late


def encode(frame: pd.DataFrame, features: Sequence[str], levels: Mapping[str, Sequence[str]]) -> NDArray[np.float64]:
    """Rows × features. A category is its place among its levels, or NaN when it is none of them."""
    if missing := [name for name in features if name not in frame]:
        raise ValueError(f"the model needs columns that the data does not have: {', '.join(missing)}")
    matrix = np.empty((len(frame), len(features)))
    for place, name in enumerate(features):
        if name in levels:
            code = pd.Index(levels[name]).get_indexer(frame[name])
            matrix[:, place] = np.where(code < 0, np.nan, code)
        else:
            matrix[:, place] = _numbers(frame[name])
    return matrix


def _numbers(column: "pd.Series[float]") -> NDArray[np.float64]:
    try:
        numbers: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ValueError(f"the column {column.name} must hold numbers: {error}") from error
    return numbers


def score_file(model: Path, data: Path, out: Path) -> int:
    """Write `data` with score and prediction computed anew, its metadata kept; give the number of rows."""
    scorer = Scorer(model)
    try:
        table = pq.read_table(data)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{data} is not a parquet file") from error
    scores = scorer.score(table.to_pandas())
    table = table.drop_columns([name for name in ("score", "prediction") if name in table.column_names])
    table = table.append_column("score", pa.array(scores))
    table = table.append_column("prediction", pa.array((scores >= scorer.threshold).astype(np.int64)))
    pq.write_table(table, out)
    return len(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description="Score a batch of flights.")
    parser.add_argument("--model", type=Path, required=True, help="folder with model.skops and model.json")
    parser.add_argument("--data", type=Path, required=True, help="parquet file of flights")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    options = parser.parse_args()
    try:
        rows = score_file(options.model, options.data, options.out)
    except (ValueError, OSError) as error:  # pyarrow's errors are ValueErrors
        sys.exit(f"score.py: {error}")
    sys.stdout.write(f"scored {rows:,} flights into {options.out}\n")


if __name__ == "__main__":
    main()
