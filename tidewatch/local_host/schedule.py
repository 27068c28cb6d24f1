"""NCRONTAB: second minute hour day month weekday, in UTC, as Azure's timers read it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

LATE = timedelta(minutes=1)  # a tick this old was missed, not merely noticed between two looks

# What cronsim understands and Azure refuses: last, nearest weekday, nth, and 7 for Sunday.
_FOREIGN = re.compile(r"#|(?<![A-Z])L|\?")
_SEVEN = re.compile(r"(?<![/\d])7")


@dataclass(frozen=True)
class Tick:
    at: datetime
    past_due: bool


class Schedule:
    def __init__(self, expression: str) -> None:
        """Raises ValueError with a clause that says what is wrong with the expression."""
        fields = expression.upper().split()
        if len(fields) != 6:
            raise ValueError(f"has {len(fields)} fields where Azure wants six, seconds first")
        if _FOREIGN.search(expression.upper()) or _SEVEN.search(fields[5]):
            raise ValueError("uses L, W, #, ? or weekday 7, which Azure does not know")
        self.expression = expression
        try:
            self._from(datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f"has a {str(error).lower()} field") from None

    def __str__(self) -> str:
        return self.expression

    def next(self, after: datetime) -> datetime | None:
        """The first tick in a later second than `after`; None when there is none within decades."""
        return next(self._from(after), None)

    def due(self, last: datetime, now: datetime) -> Tick | None:
        """The one firing that is owed for every tick in (last, now]: however many were missed, one."""
        first = self.next(last)
        if first is None or first > now:
            return None
        second = self.next(first)
        return Tick(first, past_due=now - first > LATE or (second is not None and second <= now))

    def _from(self, moment: datetime) -> CronSim:
        # Six fields are safe here because UTC has no summer time; in local time cronsim would skip and double ticks.
        ticks = CronSim(self.expression, moment.astimezone(UTC))
        ticks.day_and = True  # cron joins day and weekday by "or", NCRONTAB by "and"
        return ticks
