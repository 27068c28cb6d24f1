"""Running what operators and builders wrote: runbook steps, training, scoring."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Ended = Literal["itself", "timeout", "stopped", "crowd", "not started", "lost"]
Look = Callable[[str], bool]


@dataclass(frozen=True)
class Outcome:
    exit_status: int | None  # None when it was killed or could not be started
    output: str  # stdout and stderr together, without secrets, capped: a cut is said in its last line
    seconds: float
    ended: Ended = "itself"  # crowd: too many processes; lost: whatever watched it was killed

    @property
    def ok(self) -> bool:
        return self.exit_status == 0


@dataclass(frozen=True)
class Limits:
    """What one process, and all of them together, may take."""

    memory: int = 4 * 1024**3  # bytes of data of one process
    file: int = 8 * 1024**3  # bytes of one file
    processes: int = 256


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
        secrets: Sequence[str] = (),
        limits: Limits | None = None,
        look: Look | None = None,
    ) -> Outcome:
        """Run to the end or to the timeout (seconds). Never through a shell. Nothing that it started outlives it, or
        the worker that runs it.

        "python" as the first word means the interpreter Tidewatch itself runs on. The environment is clean
        but for `environment` and what a program needs to start. Of each of `secrets`, "team/name", NAME_FILE says
        where it can be read; a run whose secrets are not set is not started. `look` is called every few seconds with
        the last lines of the output, without secrets; when it gives False, the run is stopped.
        """
