"""Timers by the given clock: a tick that was missed is made up for once, however many were missed."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from azure.functions.timer import TimerRequest

from tidewatch.local_host.invocation import InvocationFailed, Invoker
from tidewatch.local_host.registration import Registration
from tidewatch.local_host.schedule import LATE, Schedule, Tick
from tidewatch.local_host.state import State


class Timers:
    def __init__(self, functions: Sequence[Registration], invoke: Invoker, state: State) -> None:
        self._schedules = [(function, Schedule(function.trigger.options["schedule"])) for function in functions]
        self._invoke, self._state = invoke, state
        self._at_start = {function.name for function in functions if function.trigger.options.get("runOnStartup")}

    def step(self, now: datetime, stopping: Callable[[], bool]) -> int:
        """Fire what is due at `now`; give the number of invocations."""
        count = 0
        for function, schedule in self._schedules:
            if stopping():
                break
            last = self._last(function, now)
            tick = schedule.due(last, now)
            if function.name in self._at_start:
                self._at_start.discard(function.name)
                tick = tick or Tick(now, past_due=False)
            if tick is not None:
                self._fire(function, schedule, tick, last, now)
                count += 1
        return count

    def _last(self, function: Registration, now: datetime) -> datetime:
        last = self._state.fired(function.name)
        if last is None or last - now > LATE:  # new, or the clock was set back: the schedule begins here
            self._state.remember_fired(function.name, now)
            return now
        return last

    def _fire(self, function: Registration, schedule: Schedule, tick: Tick, last: datetime, now: datetime) -> None:
        following = schedule.next(now)
        request = TimerRequest(
            past_due=tick.past_due,
            schedule_status={"Last": last.isoformat(), "Next": following.isoformat() if following else None},
            schedule={"AdjustForDST": True},
        )
        about = f"tick of {tick.at:%Y-%m-%d %H:%M:%S}Z{', past due' if tick.past_due else ''}"
        with suppress(InvocationFailed):  # as on Azure, the next chance is the next tick
            self._invoke(function, request, about=about, data={})
        # Noted after the run: a host that is killed in between fires once more.
        self._state.remember_fired(function.name, now)
