"""Blob triggers: every version of every blob reaches its function."""

import json
import logging
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

NOTE = """
@app.blob_trigger(arg_name="batch", path="%BATCHES%", connection="AzureWebJobsStorage")
def check_batch(batch: func.InputStream) -> None:
    seen.append((batch.name, batch.read()))
"""
ALL = {"BATCHES": "batches/{name}"}
FAIL = """
@app.blob_trigger(arg_name="batch", path="batches/{name}", connection="")
def check_batch(batch: func.InputStream) -> None:
    seen.append(batch.name)
    raise ValueError("no parquet")
"""


def test_blobs_come_in_order_of_name_and_once(play: Callable[..., Any]) -> None:
    stage = play(NOTE, values=ALL)
    stage.blobs.put("batches", "b.csv", b"2")
    stage.blobs.put("batches", "team/model/a.csv", b"3")
    stage.blobs.put("batches", "a.csv", b"1")
    assert stage.host.settle() == 3
    assert stage.seen == [("batches/a.csv", b"1"), ("batches/b.csv", b"2"), ("batches/team/model/a.csv", b"3")]


def test_a_changed_blob_comes_again(play: Callable[..., Any]) -> None:
    stage = play(NOTE, values=ALL)
    stage.blobs.put("batches", "a.csv", b"1")
    stage.host.settle()
    stage.blobs.put("batches", "a.csv", b"1")
    stage.host.settle()
    assert stage.seen == [("batches/a.csv", b"1")] * 2


def test_a_restart_does_not_hand_over_again(play: Callable[..., Any]) -> None:
    stage = play(NOTE, values=ALL)
    stage.blobs.put("batches", "a.csv", b"1")
    stage.host.settle()
    stage.restart()
    assert stage.host.settle() == 0


def test_a_pattern_selects_blobs(play: Callable[..., Any]) -> None:
    stage = play(NOTE, values={"BATCHES": "batches/air/{day}.parquet"})
    for name in ("air/1.parquet", "air/1.csv", "sea/1.parquet", "air/2026/1.parquet", "air/.parquet.parquet"):
        if "/." not in name:
            stage.blobs.put("batches", name, b"")
    stage.host.settle()
    assert [name for name, _ in stage.seen] == ["batches/air/1.parquet", "batches/air/2026/1.parquet"]


def test_a_function_sees_what_azure_would_tell_it_of_the_blob(play: Callable[..., Any]) -> None:
    stage = play(
        """
        @app.blob_trigger(arg_name="batch", path="batches", connection="")
        def check_batch(batch: func.InputStream) -> None:
            seen.append((batch.length, batch.uri, batch.metadata, batch.blob_properties["ETag"], batch.read(2)))
        """
    )
    etag = stage.blobs.put("batches", "a b.csv", b"12345")
    stage.host.settle()
    assert stage.seen == [(5, "blob://batches/a%20b.csv", {}, etag, b"12")]


def test_a_blob_that_keeps_failing_goes_to_the_poison_queue_after_five_tries(
    play: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    stage = play(FAIL)
    etag = stage.blobs.put("batches", "bad.csv", b"")
    with caplog.at_level(logging.INFO, "tidewatch.local_host"):
        assert stage.host.settle() == 5
    (poison,) = map(json.loads, stage.bodies("webjobs-blobtrigger-poison"))
    assert poison == {
        "FunctionId": "Host.Functions.check_batch",
        "BlobType": "BlockBlob",
        "ContainerName": "batches",
        "BlobName": "bad.csv",
        "ETag": etag,
    }
    assert caplog.messages[-1].startswith("check_batch gave up batches/bad.csv after 5 tries")
    assert caplog.text.count("ValueError: no parquet") == 5

    stage.blobs.put("batches", "bad.csv", b"better")
    assert stage.host.settle() == 5


def test_tries_are_counted_over_a_restart(play: Callable[..., Any]) -> None:
    stage = play(FAIL)
    stage.blobs.put("batches", "bad.csv", b"")
    for _ in range(3):
        stage.host.step()
        stage.restart()
    stage.host.settle()
    assert stage.seen == ["batches/bad.csv"] * 5


def test_a_blob_that_takes_the_process_down_is_given_up_too(play: Callable[..., Any]) -> None:
    stage = play(FAIL.replace("ValueError", "KeyboardInterrupt"))
    stage.blobs.put("batches", "deadly.csv", b"")
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            stage.host.step()
        stage.restart()
    stage.host.settle()
    assert len(stage.bodies("webjobs-blobtrigger-poison")) == 1


def test_the_next_blob_does_not_wait_for_one_that_failed(play: Callable[..., Any]) -> None:
    stage = play(FAIL, retry_delay=3600.0)
    stage.blobs.put("batches", "a.csv", b"")
    stage.blobs.put("batches", "b.csv", b"")
    assert stage.host.settle() == 2
    assert stage.seen == ["batches/a.csv", "batches/b.csv"]


def test_a_file_that_is_still_being_copied_is_left_alone(play: Callable[..., Any]) -> None:
    stage = play(NOTE, values=ALL, settle=60.0)
    stage.blobs.put("batches", "a.csv", b"half")
    assert stage.host.step() == 0
    rested = time.time() - 61
    os.utime(stage.root / "blobs" / "batches" / "a.csv", (rested, rested))
    assert stage.host.step() == 1


def test_a_file_from_the_future_is_not_waited_for(play: Callable[..., Any]) -> None:
    stage = play(NOTE, values=ALL, settle=60.0)
    stage.blobs.put("batches", "a.csv", b"")
    future = time.time() + 86_400
    os.utime(stage.root / "blobs" / "batches" / "a.csv", (future, future))
    assert stage.host.step() == 1


def test_two_functions_get_the_same_blob_independently(play: Callable[..., Any]) -> None:
    stage = play(
        FAIL
        + """
@app.blob_trigger(arg_name="raw", path="batches/{name}", connection="")
def count(raw: bytes) -> None:
    seen.append(len(raw))
"""
    )
    stage.blobs.put("batches", "a.csv", b"12345")
    stage.host.settle()
    assert sorted(map(str, stage.seen)) == ["5"] + ["batches/a.csv"] * 5


def test_thousands_of_old_blobs_do_not_slow_a_scan(play: Callable[..., Any]) -> None:
    stage = play(NOTE, values=ALL)
    for number in range(1000):
        path = stage.root / "blobs" / "batches" / f"{number // 1000}" / f"{number}.csv"
        if number % 1000 == 0:
            path.parent.mkdir(parents=True)
        path.touch()
    assert stage.host.step() == 1000
    stage.restart()
    listing, scan = _seconds(lambda: list(stage.blobs.list("batches"))), _seconds(stage.host.step)
    assert scan < 3 * listing + 0.1


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
