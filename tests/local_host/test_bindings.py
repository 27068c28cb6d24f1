"""What functions read and write besides their trigger."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

COPY = """
@app.queue_trigger(arg_name="job", queue_name="jobs", connection="")
@app.blob_input(arg_name="spec", path="specs/{model}.yaml", connection="")
@app.blob_output(arg_name="report", path="reports/{model}/{id}.txt", connection="")
def write_report(job: func.QueueMessage, spec: func.InputStream, report: func.Out[str]) -> None:
    report.set("none" if spec is None else spec.read().decode())
"""


def test_a_blob_in_and_a_blob_out_named_by_the_message(play: Callable[..., Any]) -> None:
    stage = play(COPY)
    stage.blobs.put("specs", "air/delay.yaml", "größe: 1".encode())
    stage.queue.send("jobs", '{"model": "air/delay"}')
    stage.queue.send("jobs", '{"model": "air/unknown"}')
    assert stage.host.settle() == 2
    assert stage.blobs.get("reports", "air/delay/1.txt").decode() == "größe: 1"
    assert stage.blobs.get("reports", "air/unknown/2.txt") == b"none"


def test_a_name_that_the_trigger_does_not_give_fails_the_invocation(
    play: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    stage = play(COPY)
    stage.queue.send("jobs", "not json")
    stage.host.settle()
    assert "the trigger gives no {model} for the path specs/{model}.yaml" in caplog.text
    assert stage.bodies("jobs-poison") == ["not json"]


def test_a_blob_trigger_names_its_outputs(play: Callable[..., Any]) -> None:
    stage = play(
        """
        @app.blob_trigger(arg_name="batch", path="batches/{team}/{name}.csv", connection="")
        @app.blob_output(arg_name="$return", path="profiles/{team}/{name}.bin", connection="")
        def profile(batch: func.InputStream) -> bytes:
            return batch.read()[::-1]
        """
    )
    stage.blobs.put("batches", "air/1.csv", b"123")
    stage.host.settle()
    assert stage.blobs.get("profiles", "air/1.bin") == b"321"


def test_queue_outputs_take_one_message_or_many(play: Callable[..., Any]) -> None:
    stage = play(
        """
        from typing import List

        @app.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=True)
        @app.queue_output(arg_name="many", queue_name="many", connection="")
        @app.queue_output(arg_name="one", queue_name="one", connection="")
        @app.queue_output(arg_name="none", queue_name="none", connection="")
        @app.queue_output(arg_name="$return", queue_name="returned", connection="")
        def send(timer: func.TimerRequest, many: func.Out[List[str]], one: func.Out[func.QueueMessage],
                 none: func.Out[str]) -> str:
            many.set(["a", "b"])
            one.set(func.QueueMessage(body="c"))
            return "d"
        """
    )
    stage.host.step()
    assert {queue: stage.bodies(queue) for queue in ("many", "one", "none", "returned")} == {
        "many": ["a", "b"],
        "one": ["c"],
        "none": [],
        "returned": ["d"],
    }


def test_a_function_that_raises_writes_nothing(play: Callable[..., Any]) -> None:
    stage = play(
        """
        @app.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=True)
        @app.queue_output(arg_name="out", queue_name="jobs", connection="")
        def send(timer: func.TimerRequest, out: func.Out[str]) -> None:
            out.set("a")
            raise ValueError
        """
    )
    assert stage.host.step() == 1
    assert stage.queue.length("jobs") == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return 'x'", "send returned a value, but no binding takes it"),
        ("out.set({'a': 1})", "a queue takes text, bytes or a QueueMessage, not dict"),
    ],
)
def test_a_value_that_has_nowhere_to_go_fails_the_invocation(
    play: Callable[..., Any], caplog: pytest.LogCaptureFixture, body: str, sentence: str
) -> None:
    stage = play(
        f"""
        @app.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=True)
        @app.queue_output(arg_name="out", queue_name="jobs", connection="")
        def send(timer: func.TimerRequest, out: func.Out[str]):
            {body}
        """
    )
    stage.host.step()
    assert sentence in caplog.text


def test_each_invocation_is_one_line_in_the_log(play: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    stage = play(COPY)
    stage.queue.send("jobs", '{"model": "air/delay"}')
    with caplog.at_level(logging.INFO, "tidewatch.local_host"):
        stage.host.settle()
    (line,) = [record.getMessage() for record in caplog.records if record.name == "tidewatch.local_host"]
    assert line.startswith("write_report ok in ")
    assert line.endswith("ms (jobs 1, delivery 1)")
