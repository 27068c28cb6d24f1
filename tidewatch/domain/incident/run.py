"""One run of a runbook for an incident."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Run:
    id: str
    runbook: str
    title: str
    by: str
    started: datetime
    timeout: float  # seconds
    exit_status: int | None = None
    finished: datetime | None = None
    verdict: Literal["running", "passed", "failed", "interrupted"] = "running"
    sentence: str = ""
