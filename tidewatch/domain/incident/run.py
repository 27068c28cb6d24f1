"""One run of a runbook for an incident."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    verdict: Literal["running", "passed", "failed", "interrupted", "cancelled"] = "running"
    sentence: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)  # a text reference
    begun: datetime | None = None  # when a worker took it
    worker: str = ""
    windows: tuple[str, ...] = ()  # what it works on
    cancelled_by: str = ""
    undoes: str = ""  # the run that this one takes back
    undone: bool = False
