"""When a window is, as far as its name says so: 2013-05-14, 2013-05-14T15, 2013-05. Names are read as UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_SHAPES = (
    ("%Y-%m-%d", _DAY),
    ("%Y%m%d", _DAY),
    ("%Y-%m-%dT%H", _HOUR),
    ("%Y-%m-%dT%HZ", _HOUR),
    ("%Y-%m-%d-%H", _HOUR),
    ("%Y-%m-%dT%H:%M", _MINUTE),
    ("%Y-%m-%dT%H:%MZ", _MINUTE),
    ("%Y-%m-%dT%H:%M:%S", timedelta(seconds=1)),
    ("%Y-%m-%dT%H:%M:%SZ", timedelta(seconds=1)),
    ("%Y-%m", 31 * _DAY),
)
_YEARS = range(1970, 2200)  # eight digits of another year are a number, not a day


@dataclass(frozen=True)
class WindowTime:
    start: datetime
    length: timedelta  # what the name can tell apart; a window may be longer
    shape: str

    def name_at(self, at: datetime) -> str | None:
        """The name of the window that starts then; None when names of this shape cannot say so exactly."""
        named = window_time(at.strftime(self.shape))
        return at.strftime(self.shape) if named and named.start == at else None


def window_time(name: str) -> WindowTime | None:
    """None for a name that is no time."""
    for shape, length in _SHAPES:
        try:
            start = datetime.strptime(name, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
        if start.year in _YEARS and start.strftime(shape) == name:  # strptime alone takes 2013-5-4
            return WindowTime(start, length, shape)
    return None
