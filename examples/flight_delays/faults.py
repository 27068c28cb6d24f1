"""What goes wrong with data on its way to a model, to be done to a day of flights on purpose.

Each fault is a plain function of the day's frame, a column and a strength; the same seed does the same. FAULTS says
which columns a fault suits and in which strengths; LABEL_FAULTS the same for labels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

Strength = float
WEATHER = ("temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")
MEASURED = ("temp", "dewp", "humid", "wind_speed", "pressure")  # different from hour to hour
# Another unit: value × factor + offset.
UNITS: Mapping[str, tuple[float, float]] = {
    "distance": (1.609344, 0.0),  # miles to kilometres
    "visib": (1.609344, 0.0),
    "temp": (1 / 1.8, -32 / 1.8),  # °F to °C
    "dewp": (1 / 1.8, -32 / 1.8),
    "wind_speed": (0.44704, 0.0),  # miles per hour to metres per second
    "precip": (25.4, 0.0),  # inches to millimetres
    "pressure": (0.02953, 0.0),  # hectopascals to inches of mercury
}
OTHER_UNITS: Mapping[str, tuple[float, float]] = {
    "distance": (1 / 1.15078, 0.0),  # miles to nautical miles
    "temp": (1 / 1.8, 459.67 / 1.8),  # °F to kelvin
    "wind_speed": (1.609344, 0.0),  # miles per hour to kilometres per hour
    "pressure": (0.750062, 0.0),  # hectopascals to millimetres of mercury
}
COARSE: Mapping[str, float] = {
    "temp": 1.0, "dewp": 1.0, "humid": 1.0, "wind_speed": 1.0, "pressure": 1.0, "distance": 10.0,
}  # fmt: skip
TWINS = {"origin": "dest", "sched_dep_time": "sched_arr_time", "temp": "humid", "wind_speed": "pressure"}
NEW_NAMES = {"carrier": "ZX", "origin": "HPN", "dest": "YYZ"}


@dataclass(frozen=True)
class Day:
    frame: pd.DataFrame  # in order of departure
    before: pd.DataFrame  # the day before
    chance: np.random.Generator


@dataclass(frozen=True)
class Kind:
    columns: tuple[str, ...]
    strengths: tuple[Strength, ...]  # from mild to strong
    change: Callable[[Day, str, Strength], pd.DataFrame]


def inject(
    name: str, frame: pd.DataFrame, before: pd.DataFrame, column: str, strength: Strength, seed: int = 0
) -> pd.DataFrame:
    """The day's frame with the fault in it. `before` is the frame of the day before, for feeds that lag behind."""
    return FAULTS[name].change(Day(frame, before, np.random.default_rng(seed)), column, strength)


def inject_labels(name: str, frame: pd.DataFrame, strength: Strength, seed: int = 0) -> pd.DataFrame:
    """`frame` has id, late and score in any number of rows; gives id and late of those rows that have a label."""
    return LABEL_FAULTS[name][1](frame, strength, np.random.default_rng(seed))[["id", "late"]]


# --- numbers ---------------------------------------------------------------------------------------------------


def _latest(frame: pd.DataFrame, share: float) -> pd.Series:
    """The last rows of the day: a fault that begins at noon strikes about half of them."""
    return pd.Series(np.arange(len(frame)) >= round(len(frame) * (1 - share)), frame.index)


def _some(day: Day, share: float) -> pd.Series:
    return pd.Series(day.chance.random(len(day.frame)) < share, day.frame.index)


def _with(day: Day, column: str, values: pd.Series, where: pd.Series | None = None) -> pd.DataFrame:
    return day.frame.assign(**{column: values if where is None else values.where(where, day.frame[column])})


def unit(day: Day, column: str, share: Strength) -> pd.DataFrame:
    """The last `share` of the rows in another unit."""
    factor, offset = UNITS[column]
    return _with(day, column, day.frame[column] * factor + offset, _latest(day.frame, share))


def unit_of_one(day: Day, column: str, place: Strength) -> pd.DataFrame:
    """All rows of the carrier of this place, by rows, in another unit."""
    factor, offset = UNITS[column]
    carrier = day.frame["carrier"].value_counts().index[int(place)]
    return _with(day, column, day.frame[column] * factor + offset, day.frame["carrier"] == carrier)


def other_unit(day: Day, column: str, digits: Strength) -> pd.DataFrame:
    """All rows in a less usual unit, rounded to so many decimals."""
    factor, offset = OTHER_UNITS[column]
    return _with(day, column, (day.frame[column] * factor + offset).round(int(digits)))


def decimal_point(day: Day, column: str, factor: Strength) -> pd.DataFrame:
    return _with(day, column, day.frame[column] * factor)


def offset(day: Day, column: str, deviations: Strength) -> pd.DataFrame:
    """A sensor that reads too much by so many standard deviations of a year, about."""
    sizes = {"temp": 17.8, "dewp": 19.4, "humid": 19.4, "wind_speed": 5.6, "pressure": 7.4}
    return _with(day, column, day.frame[column] + round(deviations * sizes[column], 1))


def noise(day: Day, column: str, deviations: Strength) -> pd.DataFrame:
    """Random errors of so many of the day's standard deviations."""
    sd = max(float(day.frame[column].std()), 1e-3)
    return _with(day, column, day.frame[column] + day.chance.normal(0, deviations * sd, len(day.frame)))


def sign(day: Day, column: str, share: Strength) -> pd.DataFrame:
    return _with(day, column, -day.frame[column], _latest(day.frame, share))


def rounded(day: Day, column: str, steps: Strength) -> pd.DataFrame:
    step = COARSE[column] * steps
    return _with(day, column, (day.frame[column] / step).round() * step)


def frozen(day: Day, column: str, share: Strength) -> pd.DataFrame:
    """The sensor repeats its last value over the last `share` of the rows."""
    where = _latest(day.frame, share)
    known = day.frame[column].dropna()
    before = day.frame.loc[~where, column].dropna()
    value = before.iloc[-1] if len(before) else known.iloc[0]
    return _with(day, column, pd.Series(value, day.frame.index), where)


def clipped(day: Day, column: str, quantile: Strength) -> pd.DataFrame:
    """Nothing above a quantile of the day."""
    return _with(day, column, day.frame[column].clip(upper=day.frame[column].quantile(quantile, "lower")))


def nulls(day: Day, column: str, share: Strength) -> pd.DataFrame:
    return _with(day, column, day.frame[column].where(~_some(day, share)))


def sentinel(day: Day, column: str, share: Strength) -> pd.DataFrame:
    """-9999 where a value is not known."""
    return _with(day, column, pd.Series(-9999.0, day.frame.index), _some(day, share))


def zeros(day: Day, column: str, share: Strength) -> pd.DataFrame:
    return _with(day, column, pd.Series(0.0, day.frame.index), _some(day, share))


def outliers(day: Day, column: str, share: Strength) -> pd.DataFrame:
    """Some values ten to a hundred times as large."""
    return _with(day, column, day.frame[column] * day.chance.uniform(10, 100, len(day.frame)), _some(day, share))


def clock(day: Day, column: str, hours: Strength) -> pd.DataFrame:
    """Readings hhmm of a clock that is ahead by so many hours."""
    reading = day.frame[column]
    minutes = (reading // 100 * 60 + reading % 100 + round(hours * 60)) % 1440
    return _with(day, column, minutes // 60 * 100 + minutes % 60)


# --- text ------------------------------------------------------------------------------------------------------


def renamed(day: Day, column: str, place: Strength) -> pd.DataFrame:
    """The category of this place, by rows, has a longer name: UA becomes UAL."""
    name = day.frame[column].value_counts().index[int(place)]
    return _with(day, column, day.frame[column].replace(name, f"{name}L"))


def recoded(day: Day, column: str, _: Strength) -> pd.DataFrame:
    """Every category in small letters."""
    return _with(day, column, day.frame[column].str.lower())


def truncated(day: Day, column: str, letters: Strength) -> pd.DataFrame:
    return _with(day, column, day.frame[column].str[: int(letters)])


def merged(day: Day, column: str, place: Strength) -> pd.DataFrame:
    """The category of this place, by rows, is delivered under the name of the next."""
    name, other = day.frame[column].value_counts().index[int(place) : int(place) + 2]
    return _with(day, column, day.frame[column].replace(name, other))


def divided(day: Day, column: str, share: Strength) -> pd.DataFrame:
    """A share of the commonest category has a name of its own."""
    name = day.frame[column].value_counts().index[0]
    return _with(day, column, day.frame[column].replace(name, f"{name}2"), _some(day, share))


# --- rows ------------------------------------------------------------------------------------------------------


def _more(day: Day, rows: pd.DataFrame, label: str) -> pd.DataFrame:
    """With more rows, in order of departure, under ids of their own."""
    names = rows["id"] + [f"-{label}{number}" for number in range(len(rows))]
    together = pd.concat([day.frame, rows.assign(id=names)])
    return together.sort_values("sched_dep_time", kind="stable", ignore_index=True)


def duplicated(day: Day, _: str, share: Strength) -> pd.DataFrame:
    """A share of the rows came twice."""
    again = day.frame[_some(day, share)]
    return pd.concat([day.frame, again]).sort_values("sched_dep_time", kind="stable", ignore_index=True)


def mix(day: Day, column: str, times: Strength) -> pd.DataFrame:
    """The second commonest category is this many times as common; below 1 most of it is missing."""
    name = day.frame[column].value_counts().index[1]
    mine = day.frame[day.frame[column] == name]
    if times < 1:
        return day.frame.drop(mine.sample(frac=1 - times, random_state=day.chance).index).reset_index(drop=True)
    return _more(day, mine.sample(frac=times - 1, replace=True, random_state=day.chance), "more")


def segment(day: Day, column: str, share: Strength) -> pd.DataFrame:
    """A category that never was: new rows, this share of what there were."""
    rows = day.frame.sample(frac=share, random_state=day.chance)
    return _more(day, rows.assign(**{column: NEW_NAMES[column]}), "new")


# --- sources ---------------------------------------------------------------------------------------------------


def feed_lags(day: Day, _: str, __: Strength) -> pd.DataFrame:
    """The weather is that of the day before at the same hour and airport."""
    hour = day.frame["sched_dep_time"] // 100
    keys = day.before.assign(hour=day.before["sched_dep_time"] // 100)
    known = keys.groupby(["origin", "hour"])[list(WEATHER)].first().reset_index()
    frame = day.frame.drop(columns=list(WEATHER)).assign(hour=hour)
    return frame.merge(known, on=["origin", "hour"], how="left")[list(day.frame.columns)]


def feed_is_empty(day: Day, _: str, share: Strength) -> pd.DataFrame:
    """No weather in the last `share` of the rows."""
    where = _latest(day.frame, share)
    return day.frame.assign(**{name: day.frame[name].where(~where) for name in WEATHER})


def swapped(day: Day, column: str, share: Strength) -> pd.DataFrame:
    """Two columns have changed places in the last `share` of the rows."""
    twin, where = TWINS[column], _latest(day.frame, share)
    mine, theirs = day.frame[column], day.frame[twin]
    return day.frame.assign(**{column: theirs.where(where, mine), twin: mine.where(where, theirs)})


FAULTS: Mapping[str, Kind] = {
    "unit": Kind(tuple(UNITS), (0.5, 1.0), unit),
    "other_unit": Kind(tuple(OTHER_UNITS), (2, 6), other_unit),
    "decimal_point": Kind(("distance", "humid", "wind_speed", "pressure"), (0.1, 0.01, 100), decimal_point),
    "offset": Kind(MEASURED, (0.25, 1, 3), offset),
    "noise": Kind(MEASURED, (0.1, 0.5, 2), noise),
    "sign": Kind(("distance", "temp", "wind_speed", "pressure"), (0.3, 1.0), sign),
    "rounded": Kind(tuple(COARSE), (1, 5), rounded),
    "frozen": Kind(MEASURED, (0.4, 0.6, 1.0), frozen),
    "clipped": Kind((*MEASURED, "distance"), (0.9, 0.75, 0.5), clipped),
    "nulls": Kind(("distance", "carrier", "temp", "sched_dep_time", "wind_speed"), (0.05, 0.2, 0.6, 1.0), nulls),
    "sentinel": Kind(("distance", "temp", "humid", "pressure", "sched_arr_time"), (0.02, 0.1, 0.5), sentinel),
    "zeros": Kind(("distance", "pressure", "humid"), (0.05, 0.3), zeros),
    "outliers": Kind(("distance", "temp", "wind_speed", "humid"), (0.01, 0.05), outliers),
    "clock": Kind(("sched_dep_time", "sched_arr_time"), (-1, 1, 3, -5), clock),
    "renamed": Kind(("carrier", "origin", "dest"), (1, 0), renamed),
    "recoded": Kind(("carrier", "origin", "dest"), (1,), recoded),
    "truncated": Kind(("carrier", "origin", "dest"), (1,), truncated),
    "merged": Kind(("carrier", "origin", "dest"), (1, 0), merged),
    "divided": Kind(("carrier", "origin", "dest"), (0.3, 0.7), divided),
    "duplicated": Kind(("id",), (0.05, 0.3, 1.0), duplicated),
    "mix": Kind(("carrier", "origin"), (0.2, 3, 6), mix),
    "segment": Kind(("carrier", "origin", "dest"), (0.05, 0.15, 0.4), segment),
    "feed_lags": Kind(("weather feed",), (1,), feed_lags),
    "feed_is_empty": Kind(("weather feed",), (0.3, 1.0), feed_is_empty),
    "swapped": Kind(tuple(TWINS), (0.5, 1.0), swapped),
    "unit_of_one": Kind(("distance", "temp"), (3, 0), unit_of_one),
}


# --- labels ----------------------------------------------------------------------------------------------------


def flipped(frame: pd.DataFrame, share: Strength, chance: np.random.Generator) -> pd.DataFrame:
    return frame.assign(late=frame["late"].where(chance.random(len(frame)) >= share, 1 - frame["late"]))


def misplaced(frame: pd.DataFrame, share: Strength, chance: np.random.Generator) -> pd.DataFrame:
    """A share of the labels belongs to other rows."""
    moved, late = np.flatnonzero(chance.random(len(frame)) < share), frame["late"].to_numpy().copy()
    late[moved] = late[chance.permutation(moved)]
    return frame.assign(late=late)


def withheld(frame: pd.DataFrame, share: Strength, chance: np.random.Generator) -> pd.DataFrame:
    """Labels of flights that were late come later: so far, this share of them is missing."""
    missing = (frame["late"] == 1) & (chance.random(len(frame)) < share)
    return frame.loc[~missing]


def other_world(frame: pd.DataFrame, odds: Strength, chance: np.random.Generator) -> pd.DataFrame:
    """The odds of being late are so many times what they were, whatever the inputs: a change of concept."""
    other = odds * frame["score"] / (1 - frame["score"] + odds * frame["score"])
    late = (chance.random(len(frame)) < other).astype(np.int64)
    return frame.assign(late=late.where(frame["late"].notna()))


LABEL_FAULTS: Mapping[str, tuple[tuple[Strength, ...], Callable[..., pd.DataFrame]]] = {
    "flipped": ((0.5, 1.0), flipped),
    "misplaced": ((0.7, 1.0), misplaced),
    "withheld": ((0.6, 0.9), withheld),
    "other_world": ((2, 4), other_world),
}
