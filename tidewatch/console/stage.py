"""What a story tells the page that it plays on: the banner above the channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StageStatus:
    headline: str  # "Day 43 of 101 · Tue 14 May 2013"
    guide: str  # what to press next, and as whom, in one or two sentences (mrkdwn)
    progress: float  # 0 … 1
    clock: datetime | None = None  # simulated time, shown in the console's zone
    speed: str = ""  # "1 day in 10 s"
    running: bool = True
    finished: bool = False
    controls: Sequence[tuple[str, str]] = ()  # (action, label), in order; the first is the primary one


class Stage(Protocol):
    """Both methods are called from several threads, and often: keep them quick."""

    def status(self) -> StageStatus: ...

    def act(self, action: str) -> str:
        """Carry out one of the controls; give one sentence to show."""
