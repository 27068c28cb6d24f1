"""Running what operators and builders wrote: runbook steps, training, scoring."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Outcome:
    exit_status: int | None  # None when it was killed at the timeout or could not be started
    output: str  # stdout and stderr together, capped: a cut is said in its last line
    seconds: float

    @property
    def ok(self) -> bool:
        return self.exit_status == 0


class Scripts(Protocol):
    def workspace(self) -> AbstractContextManager[Path]:
        """An empty folder for one run, gone afterwards."""

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        timeout: float,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run to the end or to the timeout (seconds), children included. Never through a shell.

        "python" as the first word means the interpreter Tidewatch itself runs on. The environment is clean
        but for `environment` and what a program needs to start.
        """
