"""When a model's batches, labels and versions came, as far as it decides what is late or stale.

The newest batch is the one whose window is latest, where windows are named by times, and else the one that came last
and was never seen before. A window that lies a day or more ahead of its own time is told and never the newest: one
file with a wrong date must not make all that follow look old.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.window_time import window_time

FAR = datetime(9999, 1, 1, tzinfo=UTC)  # what lies beyond the calendar never comes
AHEAD = timedelta(days=1)  # more than any time zone explains
MOST_NAMED = 31  # windows kept by name, of those that are missing together
MOST_EXPECTED = 1000  # windows looked for between two


@dataclass(frozen=True)
class Trouble:
    """Seen when a batch came: windows before it are missing, or it came before its time."""

    check: Literal["missing_batch", "early_batch"]
    windows: tuple[str, ...]  # the first of them
    count: int
    by: str  # the window that showed it
    seen: datetime  # when that came
    tell_at: datetime
    told: bool = False


@dataclass(frozen=True)
class Arrivals:
    since: datetime  # when it began to be followed
    window: str = ""  # of the newest batch; empty before the first
    came: datetime | None = None  # when the newest batch came
    labelled: str = ""  # the newest window with labels; empty before the first
    labelled_came: datetime | None = None
    unlabelled: datetime | None = None  # the data of the first batch without labels are this new, or newer; None: none
    version: str = ""  # in service
    in_service: datetime | None = None  # since when, this time
    versions: Mapping[str, datetime] = field(default_factory=dict)  # when each came into service for the first time
    troubles: tuple[Trouble, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)  # by check, the key of what was told last

    def as_dict(self) -> dict[str, Any]:
        troubles = [
            vars(trouble) | {"seen": trouble.seen.isoformat(), "tell_at": trouble.tell_at.isoformat()}
            for trouble in self.troubles
        ]
        times = {name: at.isoformat() if at else None for name, at in vars(self).items() if name in _TIMES}
        versions = {version: at.isoformat() for version, at in self.versions.items()}
        return vars(self) | times | {"troubles": troubles, "versions": versions, "told": dict(self.told)}

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Arrivals":
        times = {name: _time(record[name]) for name in _TIMES}
        versions = {version: datetime.fromisoformat(at) for version, at in record["versions"].items()}
        troubles = tuple(_trouble(trouble) for trouble in record["troubles"])
        return Arrivals(**{**record, **times, "versions": versions, "troubles": troubles})


_TIMES = ("since", "came", "labelled_came", "unlabelled", "in_service")


def _time(spelled: str | None) -> datetime | None:
    return datetime.fromisoformat(spelled) if spelled else None


def _trouble(record: Mapping[str, Any]) -> Trouble:
    times = {name: datetime.fromisoformat(record[name]) for name in ("seen", "tell_at")}
    return Trouble(**{**record, **times, "windows": tuple(record["windows"])})


def is_followed(spec: ModelSpec) -> bool:
    """Whether the spec says when anything of the model is late or stale."""
    stale = spec.staleness
    return any((spec.schedules.batches_every, stale.data, stale.labels, stale.model))


def plus(at: datetime, span: timedelta) -> datetime:
    try:
        return min(at + span, FAR)
    except OverflowError:
        return FAR


def data_time(spec: ModelSpec, window: str, came: datetime) -> datetime:
    """How new the data of a window are: its end where its name says when it is, never later than it came."""
    named = window_time(window)
    return min(came, plus(named.start, spec.schedules.batches_every or named.length)) if named else came


def newest(windows: Iterable[str]) -> str:
    """Windows that are no times come before those that are."""
    dated = [(named.start if (named := window_time(window)) else _NEVER, window) for window in windows]
    return max(dated, default=(_NEVER, ""))[1]


_NEVER = datetime.fromtimestamp(0, UTC)


def is_newer(arrivals: Arrivals, window: str, *, unseen: bool) -> bool:
    """`unseen`: no batch of this window was taken before."""
    named, last = window_time(window), window_time(arrivals.window)
    if named and last:
        return named.start > last.start
    return unseen and window != arrivals.window


def is_early(spec: ModelSpec, arrivals: Arrivals, window: str, now: datetime) -> bool:
    """Of a time that has not come: by a day or more, or by less and hard on the heels of the batch before."""
    named, every = window_time(window), spec.schedules.batches_every or timedelta(0)
    if named is None or named.start <= now:
        return False
    soon = arrivals.came is not None and window != arrivals.window and now - arrivals.came < every / 2
    return soon or named.start > plus(now, max(every, AHEAD))


def expected_between(spec: ModelSpec, arrivals: Arrivals, window: str) -> list[str]:
    """The windows that should have come between the newest and this one, at most 1,000; empty without times."""
    every, last, named = spec.schedules.batches_every, window_time(arrivals.window), window_time(window)
    if not (every and last and named) or named.start <= last.start:
        return []
    steps = min((named.start - last.start) // every, MOST_EXPECTED + 1)
    names = [last.name_at(last.start + every * step) for step in range(1, steps)]
    return [name for name in names if name and name != window]


def batch_came(
    spec: ModelSpec, arrivals: Arrivals, window: str, now: datetime, *, unseen: bool, missing: Sequence[str] = ()
) -> Arrivals:
    """`missing` are those of `expected_between` of which there is no file."""
    troubles = tuple(_without(trouble, window) for trouble in arrivals.troubles)
    arrivals = replace(arrivals, troubles=tuple(trouble for trouble in troubles if trouble.count))
    if is_early(spec, arrivals, window, now):
        known = any((trouble.check, trouble.by) == ("early_batch", window) for trouble in arrivals.troubles)
        early = () if known else (Trouble("early_batch", (window,), 1, window, now, now),)
        return replace(arrivals, troubles=arrivals.troubles + early)
    if not is_newer(arrivals, window, unseen=unseen):
        return arrivals
    kept = tuple(trouble for trouble in arrivals.troubles if not trouble.told)
    if missing:
        every = spec.schedules.batches_every or timedelta(0)
        last_due = plus(plus(arrivals.came or arrivals.since, every * len(missing)), spec.schedules.batches_grace)
        named = tuple(missing[:MOST_NAMED])
        kept = (*kept, Trouble("missing_batch", named, len(missing), window, now, last_due))
    unlabelled = arrivals.unlabelled or data_time(spec, window, now)
    return replace(arrivals, window=window, came=now, troubles=kept, unlabelled=unlabelled)


def _without(trouble: Trouble, window: str) -> Trouble:
    """What remains when the window has come."""
    if trouble.check == "early_batch" or window not in trouble.windows:
        return trouble
    windows = tuple(name for name in trouble.windows if name != window)
    return replace(trouble, windows=windows, count=trouble.count - 1 if windows else 0)


def labels_came(spec: ModelSpec, arrivals: Arrivals, window: str, now: datetime) -> Arrivals:
    named, last = window_time(window), window_time(arrivals.labelled)
    if window == arrivals.labelled or (named and last and named.start < last.start):
        return arrivals
    complete = window == arrivals.window or arrivals.unlabelled is None
    waits = None if complete else max(arrivals.unlabelled or now, data_time(spec, window, now))
    return replace(arrivals, labelled=window, labelled_came=now, unlabelled=waits)


def version_came(arrivals: Arrivals, version: str, now: datetime) -> Arrivals:
    """A version that comes back is as old as it is."""
    if version == arrivals.version:
        return arrivals
    return replace(arrivals, version=version, in_service=now, versions={version: now} | dict(arrivals.versions))
