import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from azure.storage.queue import QueueServiceClient

from tidewatch.adapters.local.queue import BODY_LIMIT, LocalQueue
from tidewatch.ports.queue import Message, Queue


def received(queue: Queue, name: str = "jobs", visibility: float = 60) -> Message:
    """The next message, waited for: Azure counts whole seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if message := queue.receive(name, visibility=visibility):
            return message
        time.sleep(0.05)
    raise AssertionError(f"nothing came out of {name}")


@pytest.mark.parametrize("body", ["", '{"id": 1}', "Zeile eins\nzwei <&> é 🌊 \x01"])
def test_a_message_arrives_as_it_was_sent(queue: Queue, body: str) -> None:
    queue.send("jobs", body)
    message = received(queue)
    assert (message.body, message.dequeue_count) == (body, 1)


def test_a_queue_nobody_sent_to_is_empty(queue: Queue) -> None:
    assert queue.receive("jobs", visibility=60) is None
    assert queue.length("jobs") == 0


def test_queues_do_not_mix(queue: Queue) -> None:
    queue.send("jobs", "a")
    queue.send("rows", "b")
    assert received(queue, "rows").body == "b"
    assert queue.receive("rows", visibility=60) is None
    assert (queue.length("jobs"), queue.length("rows")) == (1, 1)


def test_messages_come_in_the_order_of_sending(queue: Queue) -> None:
    for number in range(5):
        queue.send("jobs", str(number))
    assert [received(queue).body for _ in range(5)] == ["0", "1", "2", "3", "4"]


def test_a_received_message_is_hidden_from_others_but_still_counted(queue: Queue) -> None:
    queue.send("jobs", "a")
    received(queue)
    assert queue.receive("jobs", visibility=60) is None
    assert queue.length("jobs") == 1


def test_a_deleted_message_is_gone(queue: Queue) -> None:
    queue.send("jobs", "a")
    message = received(queue)
    assert queue.delete("jobs", message)
    assert queue.length("jobs") == 0
    assert not queue.delete("jobs", message)


def test_a_released_message_comes_again_with_its_body_and_a_higher_count(queue: Queue) -> None:
    queue.send("jobs", "a")
    first = received(queue)
    assert queue.release("jobs", first)
    second = received(queue)
    assert (second.id, second.body, second.dequeue_count) == (first.id, "a", 2)
    assert not queue.release("jobs", first)


def test_a_message_can_be_released_for_later(queue: Queue) -> None:
    queue.send("jobs", "a")
    assert queue.release("jobs", received(queue), delay=60)
    assert queue.receive("jobs", visibility=60) is None
    assert queue.length("jobs") == 1


def test_a_delayed_message_is_invisible_until_it_is_due(queue: Queue) -> None:
    queue.send("jobs", "late", delay=60)
    queue.send("jobs", "soon", delay=1)
    assert queue.receive("jobs", visibility=60) is None
    assert received(queue).body == "soon"


def test_who_lost_the_lease_can_neither_delete_nor_release(queue: Queue) -> None:
    queue.send("jobs", "a")
    slow = received(queue, visibility=1)
    fast = received(queue)
    assert fast.id == slow.id
    assert fast.dequeue_count == 2
    assert not queue.delete("jobs", slow)
    assert not queue.release("jobs", slow)
    assert queue.delete("jobs", fast)


def test_a_lease_that_ran_out_still_deletes_while_nobody_else_took_the_message(queue: Queue) -> None:
    queue.send("jobs", "a")
    slow = received(queue, visibility=1)
    time.sleep(1.2)
    assert queue.delete("jobs", slow)
    assert queue.length("jobs") == 0


def test_a_body_of_48_kib_fits_and_one_byte_more_is_refused(queue: Queue) -> None:
    queue.send("jobs", "é" * (BODY_LIMIT // 2))
    assert len(received(queue).body.encode()) == BODY_LIMIT
    with pytest.raises(ValueError, match="does not fit into queue jobs .* send ids, not data"):
        queue.send("jobs", "é" * (BODY_LIMIT // 2) + "x")
    assert queue.length("jobs") == 1


def test_no_job_is_lost_or_done_twice_by_many_threads(queue: Queue, racers: Any) -> None:
    jobs = [str(number) for number in range(racers.JOBS)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: queue.send("jobs", job), jobs))
        done = [job for part in pool.map(lambda number: racers.work(queue, number), range(8)) for job in part]
    assert sorted(done, key=int) == jobs


def test_no_job_is_lost_or_done_twice_by_many_processes(
    queue: Queue, racers: Any, race_in_processes: Callable[[str], list[Any]]
) -> None:
    jobs = [str(number) for number in range(racers.JOBS)]
    for job in jobs:
        queue.send("jobs", job)
    done = [job for part in race_in_processes("work") for job in part]
    assert sorted(done, key=int) == jobs


# One adapter only ---------------------------------------------------------------------------------------------------


def test_messages_outlive_the_process_that_sent_them(tmp_path: Path) -> None:
    LocalQueue(tmp_path / "queue.sqlite").send("jobs", "a")
    assert received(LocalQueue(tmp_path / "queue.sqlite")).body == "a"


def test_many_processes_may_create_the_same_file_at_once(
    tmp_path: Path, place: dict[str, str], race_in_processes: Callable[[str], list[Any]]
) -> None:
    if place["kind"] == "azure":
        pytest.skip("on Azure there is no file")
    assert race_in_processes("work") == [[]] * 8


def test_on_azure_a_body_is_base64_as_the_functions_host_expects_it(azurite: str, racers: Any) -> None:
    with (
        racers.opened_queue({"kind": "azure", "connection": azurite}) as queue,
        QueueServiceClient.from_connection_string(azurite) as service,
    ):
        queue.send("encoded", "Grüße")
        [raw] = service.get_queue_client("encoded").peek_messages()
        assert base64.b64decode(raw.content).decode() == "Grüße"


def test_on_azure_a_message_that_somebody_sent_as_plain_text_is_still_delivered(azurite: str, racers: Any) -> None:
    with (
        racers.opened_queue({"kind": "azure", "connection": azurite}) as queue,
        QueueServiceClient.from_connection_string(azurite) as service,
    ):
        service.create_queue("plain")
        service.get_queue_client("plain").send_message("{not base64}")
        assert received(queue, "plain").body == "{not base64}"
