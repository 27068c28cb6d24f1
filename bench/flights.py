"""The flights of 2013 as a monitored model: January to March is its reference, every later day a batch."""

import subprocess
import sys
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tidewatch.compose import tables
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome, outcomes_by_window
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.spec.text import parse_spec
from tidewatch.operations.profiling import Counted, count, learn

EXAMPLE = Path(__file__).parent.parent / "examples" / "flight_delays"
KEPT = Path("build/bench/flights")
FIRST = "2013-04-01"
ANSWERS = ["score", "prediction"]
sys.path.insert(0, str(EXAMPLE))  # the example's modules import one another by name, as scripts do


class Flights:
    def __init__(self) -> None:
        from data import flights  # noqa: PLC0415 - the example's, reads the year

        self.spec: ModelSpec = parse_spec((EXAMPLE / "spec.yaml").read_text(), "spec.yaml")
        year = flights()
        self.scorer = self._trained(year)
        score = self.scorer.score(year)
        scored = year.assign(score=score, prediction=(score >= self.scorer.threshold).astype(np.int64))
        later = scored[scored["day"] >= FIRST]
        self._frames = {str(day): frame.reset_index(drop=True) for day, frame in later.groupby("day")}
        self.days = sorted(self._frames)

    @cached_property
    def baseline(self) -> Baseline:
        return learn(tables(), KEPT / "reference.parquet", "reference.parquet", self.spec)[0]

    @cached_property
    def profiles(self) -> dict[str, Profile]:
        """Of every day as it was."""
        return {day: self.count(self.with_answers(day)).profile for day in self.days}

    @cached_property
    def outcomes(self) -> dict[str, DayOutcome]:
        return {day: self.outcome(day, self.labels(day)) for day in self.days}

    def inputs(self, day: str) -> pd.DataFrame:
        return self._frames[day].drop(columns=[*ANSWERS, "late"])

    def with_answers(self, day: str) -> pd.DataFrame:
        return self._frames[day].drop(columns="late")

    def scored(self, frame: pd.DataFrame) -> pd.DataFrame:
        """As the model in service answers to these inputs."""
        score = self.scorer.score(frame)
        return frame.assign(score=score, prediction=(score >= self.scorer.threshold).astype(np.int64))

    def count(self, frame: pd.DataFrame) -> Counted:
        return count(tables(), parquet(frame), "day.parquet", self.spec, self.baseline)

    def labels(self, day: str) -> pd.DataFrame:
        return self._frames[day][["id", "late", "score"]]

    def outcome(self, day: str, labels: pd.DataFrame) -> DayOutcome:
        known = self.with_answers(day).merge(labels[["id", "late"]], on="id", how="left")
        return outcomes_by_window(tables().read(parquet(known), "day.parquet"), self.spec, "1")[0]

    def _trained(self, year: pd.DataFrame) -> Any:
        """The model, trained once; leaves the reference data with left-out scores."""
        from score import Scorer  # noqa: PLC0415 - scikit-learn

        reference = KEPT / "reference.parquet"
        if not reference.exists():
            KEPT.mkdir(parents=True, exist_ok=True)
            winter = year[year["day"] < FIRST]
            winter.to_parquet(KEPT / "winter.parquet", index=False)
            paths = ["--data", str((KEPT / "winter.parquet").resolve()), "--out", str(KEPT.resolve())]
            subprocess.run([sys.executable, "train.py", *paths], cwd=EXAMPLE, check=True)  # noqa: S603 - our own
            left_out = pd.read_parquet(KEPT / "left_out.parquet")[["id", "score"]]
            merged = winter.merge(left_out, on="id", how="left")
            merged.assign(prediction=(merged["score"] >= 0.5).astype(np.int64)).to_parquet(reference, index=False)
        return Scorer(KEPT / "model")


def parquet(frame: pd.DataFrame) -> bytes:
    sink = BytesIO()
    frame.to_parquet(sink, index=False)
    return sink.getvalue()
