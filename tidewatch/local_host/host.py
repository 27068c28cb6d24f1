"""Azure Functions for a laptop: the app in a folder, with its timers, blobs, queues and routes."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.applications import Starlette

from tidewatch.local_host.app import load
from tidewatch.local_host.blobs import BlobScan
from tidewatch.local_host.http import http_app
from tidewatch.local_host.invocation import Invoker
from tidewatch.local_host.queues import QueueListener, give_back
from tidewatch.local_host.registration import Registration
from tidewatch.local_host.settings import HostError, HostSettings
from tidewatch.local_host.state import State
from tidewatch.local_host.timers import Timers
from tidewatch.ports.blobs import Blobs
from tidewatch.ports.clock import Clock
from tidewatch.ports.queue import Queue

logger = logging.getLogger("tidewatch.local_host")


class Host:
    """Runs the functions of one folder, either step by step in the caller's thread or in threads of its own.

    Everything is delivered at least once: what a killed host was working on, the next one with the same `state`
    folder delivers again. Raises HostError when the folder cannot be run or another host uses `state`.
    """

    def __init__(
        self, folder: Path, *, blobs: Blobs, queue: Queue, clock: Clock, state: Path, settings: HostSettings
    ) -> None:
        self.functions = load(folder, settings.values)
        invoke = Invoker(folder, blobs, queue)
        self._http_app = http_app(self._of("http"), invoke, settings)
        self._clock, self._settings = clock, settings
        self._state = State(state)
        self._timers = Timers(self._of("timer"), invoke, self._state)
        self._scan = BlobScan(self._of("blob"), invoke, self._state, blobs=blobs, queue=queue, settings=settings)
        self._listeners = [
            QueueListener(function, invoke, self._state, queue=queue, settings=settings)
            for function in self._of("queue")
        ]
        self._queue = queue
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        give_back(self._state, queue)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _of(self, trigger_type: str) -> list[Registration]:
        return [function for function in self.functions if function.trigger_type == trigger_type]

    def http_app(self) -> Starlette:
        """The HTTP functions as an ASGI app; it works with and without `start`."""
        return self._http_app

    def step(self, now: datetime | None = None) -> int:
        """Run what is due at `now` (the clock's time) in this thread; give how much there was, 0 for nothing.

        Do not mix with `start`: the threads do the same work.
        """
        count = self._timers.step(now or self._clock.now(), self._stopping.is_set)
        count += self._scan.step(self._stopping.is_set)
        for listener in self._listeners:
            # Bounded by what lies there now: a function that feeds its own queue goes on in the next step.
            for _ in range(self._queue.length(listener.name)):
                count += listener.step()
        return count

    def settle(self, limit: int = 1000) -> int:
        """Step until nothing is due any more; give how much there was. Raises HostError after `limit` steps."""
        count = 0
        for _ in range(limit):
            if (done := self.step()) == 0:
                return count
            count += done
        raise HostError(f"the functions still find work after {limit} steps: one of them probably feeds itself")

    def start(self) -> None:
        """Run timers, blobs and each queue in threads until `stop`."""
        # A new one each time: a thread that an earlier stop() left behind must not wake up again.
        self._stopping = stopping = threading.Event()
        self._spawn("timers", lambda: self._timers.step(self._clock.now(), stopping.is_set), stopping)
        # A scan reads whole listings: where that takes long, it is done less often instead of all the time.
        self._spawn("blobs", lambda: self._scan.step(stopping.is_set), stopping, share=0.2)
        for listener in self._listeners:
            for number in range(min(self._settings.workers, self._settings.batch_size)):
                self._spawn(f"queue {listener.name} {number + 1}", listener.step, stopping)

    def stop(self) -> None:
        """Begin nothing more and wait for what runs, `grace` seconds at most; what is left is delivered again."""
        self._stopping.set()
        deadline = time.monotonic() + self._settings.grace
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                logger.warning("%s is still running after %.0f s and is left behind", thread.name, self._settings.grace)
        self._threads = []

    def close(self) -> None:
        """Stop, and let another host use the state."""
        self.stop()
        self._state.close()

    def _spawn(self, name: str, work: Callable[[], int], stopping: threading.Event, share: float = 1.0) -> None:
        def loop() -> None:
            while not stopping.is_set():
                started = time.monotonic()
                try:
                    count = work()
                except Exception:  # a full disk or a lost store must not end the thread: say so and try again
                    logger.exception("%s cannot work for the moment", name)
                    count = 0
                if count == 0:
                    stopping.wait(max(self._settings.poll, (time.monotonic() - started) * (1 / share - 1)))

        # Daemons, so that a function that outlives the grace period does not keep the process alive.
        thread = threading.Thread(target=loop, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
