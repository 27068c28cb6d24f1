"""Queue triggers: at least once, never twice at the same time."""

import threading
from collections.abc import Callable
from typing import Any

from tidewatch.adapters.local.queue import LocalQueue

JOBS = """
@app.queue_trigger(arg_name="job", queue_name="%JOBS%", connection="AzureWebJobsStorage")
def run_job(job: func.QueueMessage) -> None:
    seen.append((job.get_body().decode(), job.dequeue_count))
    if b"bad" in job.get_body():
        raise ValueError("bad")
"""
NAMED = {"JOBS": "jobs"}


def test_a_message_is_done_once(play: Callable[..., Any]) -> None:
    stage = play(JOBS, values=NAMED)
    stage.queue.send("jobs", "one")
    stage.queue.send("jobs", "two")
    assert stage.host.settle() == 2
    assert stage.seen == [("one", 1), ("two", 1)]
    assert stage.queue.length("jobs") == 0


def test_a_message_that_keeps_failing_goes_to_the_poison_queue(play: Callable[..., Any]) -> None:
    stage = play(
        JOBS,
        values=NAMED,
        host_json='{"extensions": {"queues": {"maxDequeueCount": 3, "visibilityTimeout": "00:00:00"}}}',
    )
    stage.queue.send("jobs", "bad")
    assert stage.host.settle() == 3
    assert stage.seen == [("bad", 1), ("bad", 2), ("bad", 3)]
    assert stage.bodies("jobs-poison") == ["bad"]
    assert stage.queue.length("jobs") == 0


def test_a_failed_message_rests_for_the_visibility_timeout(play: Callable[..., Any]) -> None:
    stage = play(JOBS, values=NAMED, host_json='{"extensions": {"queues": {"visibilityTimeout": "01:00:00"}}}')
    stage.queue.send("jobs", "bad")
    assert stage.host.settle() == 1
    assert stage.queue.length("jobs") == 1


def test_a_message_whose_every_delivery_was_cut_short_is_not_delivered_for_ever(play: Callable[..., Any]) -> None:
    stage = play(JOBS, values=NAMED)
    stage.queue.send("jobs", "deadly")
    for _ in range(5):
        stage.queue.receive("jobs", visibility=0.0)
    stage.host.settle()
    assert stage.seen == []
    assert stage.bodies("jobs-poison") == ["deadly"]


def test_a_message_that_fails_in_a_poison_queue_stays_there(play: Callable[..., Any]) -> None:
    stage = play(JOBS, values={"JOBS": "jobs-poison"})
    stage.queue.send("jobs-poison", "bad")
    assert stage.host.settle() == 5
    assert stage.queue.length("jobs-poison") == 1


def test_a_message_as_text(play: Callable[..., Any]) -> None:
    stage = play(
        """
        @app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
        def run_job(job: str) -> None:
            seen.append(job)
        """
    )
    stage.queue.send("jobs", "größer")
    stage.host.settle()
    assert stage.seen == ["größer"]


def test_a_function_that_outlives_its_lease_is_not_run_twice(play: Callable[..., Any]) -> None:
    # Given a function that works until it is let go, longer than its lease
    stage = play(
        """
        import threading
        go_on, begun = threading.Event(), threading.Event()

        @app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
        def run_job(job: func.QueueMessage) -> None:
            seen.append(job.dequeue_count)
            begun.set()
            assert go_on.wait(10)
        """,
        lease=0.05,
    )
    stage.queue.send("jobs", "long")
    (listener,) = stage.host._listeners
    app = stage.host.functions[0].call.__globals__
    worker = threading.Thread(target=listener.step)
    worker.start()
    assert app["begun"].wait(10)

    # When the host asks again and again
    expired = threading.Event()
    for _ in range(4):
        expired.wait(0.06)
        assert listener.step() == 0
    stage.queue.send("jobs", "next")  # it can be received: the queue is not blocked
    app["go_on"].set()
    worker.join()

    # I expect one run, and the message gone although it was leased five times
    assert stage.seen == [1]
    assert stage.queue.length("jobs") == 1


def test_a_function_that_feeds_its_own_queue_goes_on_in_the_next_step(play: Callable[..., Any]) -> None:
    stage = play(
        """
        @app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
        @app.queue_output(arg_name="again", queue_name="jobs", connection="")
        def count_down(job: func.QueueMessage, again: func.Out[str]) -> None:
            left = int(job.get_body())
            if left:
                again.set(str(left - 1))
        """
    )
    stage.queue.send("jobs", "3")
    assert [stage.host.step() for _ in range(5)] == [1, 1, 1, 1, 0]


def test_a_lease_left_by_a_host_that_vanished_is_given_back(play: Callable[..., Any]) -> None:
    stage = play(JOBS, values=NAMED)
    other: LocalQueue = stage.queue
    other.send("jobs", "held")
    stage.host._listeners[0]._take()  # and then the host is gone
    stage.host._state.close()
    assert other.receive("jobs", visibility=1) is None

    stage.host = stage.open()
    stage.host.settle()
    assert stage.seen == [("held", 2)]
