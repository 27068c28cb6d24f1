"""Timers on a clock that jumps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTES = """
@app.timer_trigger(arg_name="timer", schedule="%SWEEP%")
def sweep(timer: func.TimerRequest) -> None:
    seen.append(timer.past_due)
"""
EVERY_MINUTE = {"SWEEP": "0 * * * * *"}


def test_a_new_timer_waits_for_its_first_tick(play: Callable[..., Any]) -> None:
    stage = play(MINUTES, values=EVERY_MINUTE)
    assert stage.host.step() == 0

    stage.clock.set(NOON + timedelta(seconds=60))
    assert stage.host.step() == 1
    assert stage.host.step() == 0
    assert stage.seen == [False]


def test_a_jump_over_a_thousand_ticks_fires_once(play: Callable[..., Any]) -> None:
    stage = play(MINUTES, values=EVERY_MINUTE)
    stage.host.step()
    stage.clock.set(NOON + timedelta(minutes=1000))
    assert stage.host.settle() == 1
    stage.clock.set(NOON + timedelta(minutes=1001))
    assert stage.host.settle() == 1
    assert stage.seen == [True, False]


def test_a_restart_goes_on_where_it_was(play: Callable[..., Any]) -> None:
    stage = play(MINUTES, values=EVERY_MINUTE)
    stage.host.step()
    stage.restart()
    stage.clock.set(NOON + timedelta(seconds=61))
    stage.host.step()
    stage.restart()
    assert stage.host.step() == 0
    stage.clock.set(NOON + timedelta(hours=2))
    stage.restart()
    assert stage.host.settle() == 1
    assert stage.seen == [False, True]


def test_ten_second_schedules_fire_every_ten_seconds(play: Callable[..., Any]) -> None:
    stage = play(MINUTES, values={"SWEEP": "*/10 * * * * *"})
    counts = [stage.host.step(NOON + timedelta(seconds=second)) for second in range(0, 61, 5)]
    assert counts == [0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    assert stage.seen == [False] * 6


def test_a_failed_run_waits_for_the_next_tick(play: Callable[..., Any]) -> None:
    stage = play(
        """
        @app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
        def sweep(timer: func.TimerRequest) -> None:
            seen.append(timer.past_due)
            raise SystemExit("whatever it raises")
        """
    )
    stage.host.step()
    stage.clock.set(NOON + timedelta(minutes=1))
    assert stage.host.settle() == 1
    stage.clock.set(NOON + timedelta(minutes=2))
    assert stage.host.settle() == 1
    assert stage.seen == [False, False]


@pytest.mark.parametrize(("run_on_startup", "expected"), [("True", [False]), ("False", [])])
def test_run_on_startup_is_honoured_when_it_is_true(
    play: Callable[..., Any], run_on_startup: str, expected: list[bool]
) -> None:
    stage = play(
        f"""
        @app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *", run_on_startup={run_on_startup})
        def nightly(timer: func.TimerRequest) -> None:
            seen.append(timer.past_due)
        """
    )
    stage.host.settle()
    assert stage.seen == expected


def test_a_clock_that_is_set_back_begins_the_schedule_anew(play: Callable[..., Any]) -> None:
    stage = play(MINUTES, values=EVERY_MINUTE)
    stage.host.step()
    stage.clock.set(NOON - timedelta(days=365))
    assert stage.host.step() == 0
    stage.clock.set(NOON - timedelta(days=365) + timedelta(minutes=1))
    assert stage.host.step() == 1


def test_a_function_learns_its_name_and_invocation(play: Callable[..., Any]) -> None:
    stage = play(
        """
        @app.function_name("nightly-report")
        @app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
        async def report(timer: func.TimerRequest, context: func.Context) -> None:
            seen.append((context.function_name, context.invocation_id))
        """
    )
    for minute in range(3):
        stage.host.step(NOON + timedelta(minutes=minute))
    assert [name for name, _ in stage.seen] == ["nightly-report"] * 2
    assert len({invocation for _, invocation in stage.seen}) == 2
