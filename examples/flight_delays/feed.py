"""The outside world of the demo: every day a batch of flights with their predictions, later their labels.

Labels lie in the same year of data, so a day can be replayed as fast as one likes, with a fault on request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

TRAINING_UNTIL = date(2013, 4, 1)


class Scorer(Protocol):
    """A model version in service, as score.py loads it."""

    threshold: float

    def score(self, frame: pd.DataFrame) -> NDArray[np.float64]: ...


@dataclass(frozen=True)
class Fault:
    """Somebody upstream changes a unit: miles become kilometres with factor 1.609."""

    column: str
    factor: float
    first_day: date
    days: int = 2

    def strikes(self, day: date) -> bool:
        return self.first_day <= day < self.first_day + timedelta(self.days)


class Feed:
    """`flights` is what `data.flights()` gives: id, day, the features and late, in order of day."""

    def __init__(self, flights: pd.DataFrame) -> None:
        self._flights = flights
        days, starts = np.unique(flights["day"].to_numpy(dtype=str), return_index=True)
        bounds = [*starts.tolist(), len(flights)]
        self._rows = {
            date.fromisoformat(day): slice(bounds[place], bounds[place + 1]) for place, day in enumerate(days.tolist())
        }
        self._scores: WeakKeyDictionary[Scorer, NDArray[np.float64]] = WeakKeyDictionary()

    def training_frame(self, until: date = TRAINING_UNTIL) -> pd.DataFrame:
        """Features and `late` of the days before `until` (January to March); late is NaN where no label came."""
        return self._flights[self._flights["day"] < until.isoformat()].copy()

    def days(self, first: date, last: date) -> list[date]:
        """The days with flights from `first` to `last`, both included."""
        return [day for day in self._rows if first <= day <= last]

    def batch(self, day: date, scorer: Scorer, fault: Fault | None = None) -> pd.DataFrame:
        """The day's flights as the model saw them, with its score and prediction.

        A fault that strikes on this day is in the column and in the score. The first batch of a scorer scores the
        whole year (2 s), the others are cut from that. Raises ValueError for a day without flights and for a fault
        in a column that does not hold numbers.
        """
        frame, rows = self.rows(day), self._rows_of(day)
        if fault is not None:
            self._check(fault)
        if fault is not None and fault.strikes(day):
            frame[fault.column] *= fault.factor
            score = scorer.score(frame)
        else:
            score = self._year_of_scores(scorer)[rows]
        return frame.assign(score=score, prediction=(score >= scorer.threshold).astype(np.int64))

    def rows(self, day: date) -> pd.DataFrame:
        """The day's flights before any model saw them. Raises ValueError for a day without flights."""
        return self._flights[self._rows_of(day)].drop(columns="late").reset_index(drop=True)

    def labels(self, day: date) -> pd.DataFrame:
        """id and late (1 or 0) of the day's flights that arrived; the others never get a label."""
        frame = self._flights.loc[:, ["id", "late"]][self._rows_of(day)].dropna(subset="late")
        return frame.astype({"late": np.int64}).reset_index(drop=True)

    def _rows_of(self, day: date) -> slice:
        if day not in self._rows:
            first, last = min(self._rows), max(self._rows)
            raise ValueError(f"there are no flights on {day}: choose a day from {first} to {last}")
        return self._rows[day]

    def _year_of_scores(self, scorer: Scorer) -> NDArray[np.float64]:
        if scorer not in self._scores:
            self._scores[scorer] = scorer.score(self._flights)
        return self._scores[scorer]

    def _check(self, fault: Fault) -> None:
        numeric = [name for name in self._flights.select_dtypes("number").columns if name != "late"]
        if fault.column not in numeric:
            raise ValueError(f"{fault.column} cannot be multiplied: choose one of {', '.join(numeric)}")


def write_parquet(frame: pd.DataFrame, metadata: Mapping[str, str]) -> bytes:
    """The frame as a parquet file with `metadata` in its key-value metadata, beside pyarrow's own schema."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(dict(metadata))
    file = BytesIO()
    pq.write_table(table, file)
    return file.getvalue()
