"""The host in threads, stopped gently and killed."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tidewatch.local_host import HostError

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

ALL_KINDS = """
import threading
done = threading.Event()

def note(what):
    seen.append(what)
    if len(set(seen)) == 3:
        done.set()

@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def tick(timer: func.TimerRequest) -> None:
    note("timer")

@app.blob_trigger(arg_name="batch", path="batches/{name}", connection="")
def batch(batch: func.InputStream) -> None:
    note("blob")

@app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
def job(job: func.QueueMessage) -> None:
    note("queue")
"""
SLOW = """
import threading
go_on, begun = threading.Event(), threading.Event()

@app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
def job(job: func.QueueMessage) -> None:
    begun.set()
    assert go_on.wait(20)
    seen.append(job.dequeue_count)
"""
FEEDS_ITSELF = """
@app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
@app.queue_output(arg_name="$return", queue_name="jobs", connection="")
def job(job: func.QueueMessage) -> str:
    return "again"
"""


def app(stage: Any) -> dict[str, Any]:
    names: dict[str, Any] = stage.host.functions[0].call.__globals__
    return names


def test_threads_run_timers_blobs_and_queues(play: Callable[..., Any]) -> None:
    stage = play(ALL_KINDS)
    stage.host.start()
    stage.clock.set(stage.clock.now(), rate=10.0)
    stage.blobs.put("batches", "a.csv", b"")
    stage.queue.send("jobs", "one")
    assert app(stage)["done"].wait(20)
    stage.host.stop()
    assert set(stage.seen) == {"timer", "blob", "queue"}
    assert (stage.seen.count("blob"), stage.seen.count("queue")) == (1, 1)


def test_stop_waits_for_what_is_running(play: Callable[..., Any]) -> None:
    stage = play(SLOW)
    stage.queue.send("jobs", "one")
    stage.host.start()
    assert app(stage)["begun"].wait(20)
    threading.Timer(0.1, app(stage)["go_on"].set).start()
    stage.host.stop()
    assert stage.seen == [1]
    assert stage.queue.length("jobs") == 0


def test_stop_does_not_wait_for_ever(play: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    stage = play(SLOW, grace=0.05, workers=1)
    stage.queue.send("jobs", "one")
    stage.host.start()
    assert app(stage)["begun"].wait(20)
    (worker,) = [thread for thread in threading.enumerate() if thread.name == "queue jobs 1"]
    stage.host.stop()
    assert "queue jobs 1 is still running after 0 s" in caplog.text
    app(stage)["go_on"].set()
    worker.join(20)
    assert not worker.is_alive()


def test_a_store_that_fails_for_a_moment_does_not_end_the_threads(
    play: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    stage = play(ALL_KINDS)
    (stage.root / "clock.json").write_text("not a clock")
    stage.host.start()
    wait_for(lambda: "timers cannot work for the moment" in caplog.text)
    stage.clock.set(NOON, rate=10.0)
    stage.blobs.put("batches", "a.csv", b"")
    stage.queue.send("jobs", "one")
    assert app(stage)["done"].wait(20)
    stage.host.stop()


def test_settle_gives_up_on_functions_that_feed_themselves(play: Callable[..., Any]) -> None:
    stage = play(FEEDS_ITSELF)
    stage.queue.send("jobs", "one")
    with pytest.raises(HostError, match="still find work after 20 steps"):
        stage.host.settle(limit=20)


KILLED = """
import os, sys, time
from dataclasses import replace
from pathlib import Path
from tidewatch.adapters.local.blobs import LocalBlobs
from tidewatch.adapters.local.clock import SystemClock
from tidewatch.adapters.local.queue import LocalQueue
from tidewatch.local_host import Host, HostSettings

root = Path(sys.argv[1])
settings = replace(HostSettings.read(root / "app"), settle=0.0, poll=0.01, retry_delay=0.0, lease=float(sys.argv[2]))
host = Host(root / "app", blobs=LocalBlobs(root / "blobs"), queue=LocalQueue(root / "queue.sqlite3"),
            clock=SystemClock(), state=root / "state", settings=settings)
host.start()
print("running", flush=True)
time.sleep(60)
"""
WORK = """
import os, time
from pathlib import Path

def work(kind, name):
    root = Path(__file__).parents[1]
    with open(root / "work.log", "a") as log:
        log.write(f"begin {kind} {name}\\n")
    time.sleep(0.02)
    with open(root / "work.log", "a") as log:
        log.write(f"end {kind} {name}\\n")

@app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
def job(job: str) -> None:
    work("job", job)

@app.blob_trigger(arg_name="batch", path="batches/{name}", connection="")
def batch(batch: func.InputStream) -> None:
    work("blob", batch.name)
"""


def run_until_killed(root: Path, *, lease: str, begun: int) -> None:
    """Kill a host of its own as soon as its functions have noted `begun` beginnings."""
    log = root / "work.log"
    with subprocess.Popen([sys.executable, "-c", KILLED, root, lease], stdout=subprocess.PIPE) as host:  # noqa: S603
        assert host.stdout is not None
        assert host.stdout.readline() == b"running\n"
        try:
            wait_for(lambda: log.exists() and log.read_text().count("begin") >= begun)
        finally:
            host.kill()
    assert host.returncode == -signal.SIGKILL


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_kill_minus_nine_loses_nothing(play: Callable[..., Any], tmp_path: Path) -> None:
    # Given much to do
    stage = play(WORK)
    stage.host.close()
    for number in range(40):
        stage.queue.send("jobs", f"{number:02}")
        stage.blobs.put("batches", f"{number:02}.csv", b"")

    # When the host is killed again and again in the middle of its work
    kills = 4
    for kill in range(kills):
        run_until_killed(tmp_path, lease="1", begun=12 + 12 * kill)

    # I expect everything done in the end, and no more done twice than was cut short
    stage.host = stage.open()
    wait_for(lambda: stage.host.settle() == 0 and stage.queue.length("jobs") == 0)
    ended = [line for line in (tmp_path / "work.log").read_text().splitlines() if line.startswith("end ")]
    assert set(ended) == {f"end {kind}" for n in range(40) for kind in (f"job {n:02}", f"blob batches/{n:02}.csv")}
    assert len(ended) - len(set(ended)) <= kills * 3  # two queue workers and the blob thread
    assert stage.queue.length("jobs-poison") == 0


def test_a_message_in_the_hands_of_a_killed_host_is_delivered_at_once(play: Callable[..., Any], tmp_path: Path) -> None:
    stage = play(WORK.replace("0.02", "60"))
    stage.host.close()
    stage.queue.send("jobs", "long")
    run_until_killed(tmp_path, lease="600", begun=1)
    assert stage.queue.receive("jobs", visibility=1.0) is None

    stage.host = stage.open()
    message = stage.queue.receive("jobs", visibility=1.0)
    assert message is not None
    assert (message.body, message.dequeue_count) == ("long", 2)
