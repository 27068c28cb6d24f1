"""Time that passes over a house."""

from tests.operations.house import House
from tidewatch.operations.journal import PAGES
from tidewatch.operations.sweep import sweep
from tidewatch.ports.chat import ChatUnavailable


def pass_minutes(house: House, minutes: int) -> None:
    """What the timers and queues do each minute, whatever the chat says to it."""
    for _ in range(minutes):
        sweep(house.ports)
        try:
            house.run_jobs()
        except ChatUnavailable:
            house.forget_jobs()
        house.run_jobs(PAGES)
        house.later(minutes=1)
