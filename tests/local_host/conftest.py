"""A stage for small apps: written to a folder, run on the real local adapters."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tidewatch.adapters.local.blobs import LocalBlobs
from tidewatch.adapters.local.clock import FileClock
from tidewatch.adapters.local.queue import LocalQueue
from tidewatch.local_host import Host, HostSettings

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

APP = """
import azure.functions as func
app = func.FunctionApp()
seen = []
"""


@dataclass
class Stage:
    root: Path
    settings: HostSettings

    def __post_init__(self) -> None:
        self.blobs = LocalBlobs(self.root / "blobs")
        self.queue = LocalQueue(self.root / "queue.sqlite3")
        self.clock = FileClock(self.root / "clock.json")
        self.clock.set(NOON)
        self.host = self.open()

    def open(self, **settings: Any) -> Host:
        return Host(
            self.root / "app",
            blobs=self.blobs,
            queue=self.queue,
            clock=self.clock,
            state=self.root / "state",
            settings=replace(self.settings, **settings),
        )

    def restart(self, **settings: Any) -> None:
        """Another host on the same state, as after the process ended."""
        self.host.close()
        self.host = self.open(**settings)

    @property
    def seen(self) -> list[Any]:
        """What the app's functions noted in their list."""
        seen: list[Any] = sys.modules["function_app"].seen
        return seen

    def bodies(self, queue: str) -> list[str]:
        messages = []
        while message := self.queue.receive(queue, visibility=60):
            messages.append(message.body)
        return messages


@pytest.fixture
def write_app(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Writes function_app.py (after an app and a list called seen) and host.json; gives the folder."""
    path = list(sys.path)

    def write(source: str, *, before: str = APP, host_json: str = '{"version": "2.0"}') -> Path:
        folder = tmp_path / "app"
        folder.mkdir(exist_ok=True)
        (folder / "function_app.py").write_text(before + dedent(source))
        (folder / "host.json").write_text(host_json)
        return folder

    sys.modules.pop("function_app", None)
    yield write
    sys.modules.pop("function_app", None)
    sys.path[:] = path


@pytest.fixture
def play(tmp_path: Path, write_app: Callable[..., Path]) -> Iterator[Callable[..., Stage]]:
    """play(source, **settings): the app on a stage where nothing rests and nothing waits unless a test says so."""
    stages: list[Stage] = []

    def play(source: str, *, host_json: str = '{"version": "2.0"}', **settings: Any) -> Stage:
        folder = write_app(source, host_json=host_json)
        headless = {"settle": 0.0, "retry_delay": 0.0, "poll": 0.01} | settings
        stages.append(Stage(tmp_path, replace(HostSettings.read(folder), **headless)))
        return stages[-1]

    yield play
    for stage in stages:
        stage.host.close()
