"""Train the flight delay model: python train.py --data april/ may.parquet --until 2013-06-17 --out trained/

The builders' own script; it knows nothing of Tidewatch. It writes
  OUT/model/            the artefact: model.skops (the estimator) and model.json (what score.py must know)
  OUT/left_out.parquet  id, day, late, score of every training row, scored by a model that had not seen its week
  OUT/summary.json      rows, days, first and last day, fit seconds, left-out log loss, late share
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
from numpy.typing import NDArray
from score import encode
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

CATEGORIES = ["carrier", "origin", "dest"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
FEATURES = [*CATEGORIES, "sched_dep_time", "sched_arr_time", "distance", "dow", *WEATHER]
THRESHOLD = 0.5


def read(paths: Sequence[Path], until: date | None) -> pd.DataFrame:
    """The labelled flights before the day `until` in parquet files and folders of them, each flight once."""
    files = [file for path in paths for file in (sorted(path.glob("**/*.parquet")) if path.is_dir() else [path])]
    if not files:
        raise ValueError(f"there are no parquet files in {', '.join(map(str, paths))}")
    frame = pd.concat([read_file(file) for file in files], ignore_index=True)
    frame = frame[frame["late"].notna()].drop_duplicates("id", keep="last")
    if until is not None:
        frame = frame[frame["day"] < until.isoformat()]
    if frame["late"].nunique() < 2:
        raise ValueError(f"{len(frame):,} labelled flights remain, and a model needs late ones and punctual ones")
    return frame.sort_values(["day", "id"], ignore_index=True)


def read_file(file: Path) -> pd.DataFrame:
    needed = ["id", "day", *FEATURES, "late"]
    try:
        missing = set(needed) - set(pq.read_schema(file).names)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{file} is not a parquet file") from error
    if missing:
        raise ValueError(f"{file} lacks columns that training needs: {', '.join(sorted(missing))}")
    return pd.read_parquet(file, columns=needed)


def fit(matrix: NDArray[np.float64], late: NDArray[np.bool_], seed: int) -> HistGradientBoostingClassifier:
    """Few and large leaves: the smallest of the settings that do best on left-out weeks of January to March.

    No early stopping: it would judge by random rows, whose days the model has seen.
    """
    estimator = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.06,
        max_leaf_nodes=31,
        min_samples_leaf=1000,
        early_stopping=False,
        random_state=seed,
    )
    return estimator.fit(matrix, late)


def left_out_scores(
    matrix: NDArray[np.float64], late: NDArray[np.bool_], days: "pd.Series[str]", folds: int, seed: int
) -> NDArray[np.float64]:
    """A score for every row from a model fitted without the row's ISO week.

    Whole weeks are left out, because the flights of a day share its weather: left out one by one, they would
    be scored by a model that knows their day. Every fold takes weeks from the whole period.
    """
    calendar = pd.to_datetime(days).dt.isocalendar()
    week = pd.factorize(calendar["year"] * 100 + calendar["week"], sort=True)[0]
    folds = min(folds, int(week.max()) + 1)
    if folds < 2:
        raise ValueError("all flights are of one week: give at least two weeks, so that one can be left out")
    scores = np.empty(len(late))
    for fold in range(folds):
        out = week % folds == fold
        scores[out] = fit(matrix[~out], late[~out], seed).predict_proba(matrix[out])[:, 1]
        loss = log_loss(late[out], scores[out], labels=[False, True])
        say(f"fold {fold + 1} of {folds}: {out.sum():,} flights left out, log loss {loss:.3f}")
    return scores


def write_model(folder: Path, estimator: HistGradientBoostingClassifier, levels: Mapping[str, Sequence[str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(estimator, folder / "model.skops")
    known = {"features": FEATURES, "levels": levels, "threshold": THRESHOLD}
    (folder / "model.json").write_text(json.dumps(known, indent=1) + "\n")


def train(paths: Sequence[Path], until: date | None, out: Path, folds: int, seed: int) -> None:
    frame = read(paths, until)
    days, late = frame["day"], frame["late"].to_numpy(dtype=np.bool_)
    say(f"{len(frame):,} labelled flights from {days.min()} to {days.max()}, {late.mean():.1%} late")
    levels = {name: sorted(frame[name].dropna().unique()) for name in CATEGORIES}
    matrix = encode(frame, FEATURES, levels)
    scores = left_out_scores(matrix, late, days, folds, seed)
    start = time.perf_counter()
    estimator = fit(matrix, late, seed)
    seconds = time.perf_counter() - start
    loss = float(log_loss(late, scores))
    say(f"fitted on all of them in {seconds:.1f} s; log loss on left-out weeks {loss:.4f}")

    write_model(out / "model", estimator, levels)
    frame[["id", "day"]].assign(late=late.astype(np.int64), score=scores).to_parquet(out / "left_out.parquet")
    summary = {
        "rows": len(frame),
        "days": int(days.nunique()),
        "first_day": days.min(),
        "last_day": days.max(),
        "fit_seconds": round(seconds, 3),
        "log_loss": round(loss, 6),
        "late_share": round(float(late.mean()), 6),
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    say(f"wrote {out / 'model'}, left_out.parquet and summary.json")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the flight delay model.")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="parquet files, or folders of them")
    parser.add_argument("--until", type=date.fromisoformat, help="use the days before this one (2013-06-17)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--folds", type=int, default=6, help="parts into which the weeks are dealt (6)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        with threadpool_limits(1):  # several threads spin while they wait: on a busy machine 16 s instead of 2
            train(options.data, options.until, options.out, options.folds, options.seed)
    except (ValueError, OSError) as error:  # pyarrow's errors are ValueErrors
        sys.exit(f"train.py: {error}")


if __name__ == "__main__":
    main()
