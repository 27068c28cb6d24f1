"""Every promise of the port, on every adapter; then torn appends on disk and lost answers on Azure."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobClient, BlobServiceClient

from tidewatch.adapters.azure.incident_log import AzureIncidentLog
from tidewatch.adapters.local.incident_log import LocalIncidentLog
from tidewatch.domain.events import BrokenRecord, Cause, Draft, Event, chain, verify
from tidewatch.ports.incident_log import Conflict, IncidentLog

NOW = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)


def events(*kinds: str, after: Event | None = None, incident: str = "INC-1", key: str = "k") -> tuple[Event, ...]:
    drafts = [Draft(kind, {"text": "Temperatur 38 °C\u2028hoch\nNUL \0"}) for kind in kinds]
    return chain(incident, drafts, after, Cause("U123", "slack", key), NOW)


def test_events_are_read_as_they_were_appended(incident_log: IncidentLog) -> None:
    opened = events("opened")
    incident_log.append("INC-1", opened)
    more = events("acknowledged", "noted", after=opened[-1])
    incident_log.append("INC-1", more)
    assert incident_log.read("INC-1") == opened + more


def test_the_stored_lines_are_the_canonical_records(incident_log: IncidentLog) -> None:
    stream = events("opened", "acknowledged", "resolved")
    incident_log.append("INC-1", stream)
    assert incident_log.lines("INC-1") == tuple(event.line() for event in stream)
    assert verify("INC-1", incident_log.lines("INC-1")) == []


def test_an_incident_that_does_not_exist_has_no_events(incident_log: IncidentLog) -> None:
    assert incident_log.read("INC-1") == ()
    assert incident_log.lines("INC-1") == ()
    assert list(incident_log.incidents()) == []


def test_incidents_come_in_order_of_their_numbers(incident_log: IncidentLog) -> None:
    for incident in ["INC-10", "INC-9", "INC-100", "INC-1"]:
        incident_log.append(incident, events("opened", incident=incident))
    assert list(incident_log.incidents()) == ["INC-1", "INC-9", "INC-10", "INC-100"]


def test_a_stamp_changes_with_its_stream_and_with_nothing_else(incident_log: IncidentLog) -> None:
    assert list(incident_log.stamps()) == []
    for incident in ["INC-2", "INC-10"]:
        incident_log.append(incident, events("opened", incident=incident))
    before = dict(incident_log.stamps())
    assert list(before) == ["INC-2", "INC-10"]
    incident_log.append("INC-10", events("noted", after=incident_log.read("INC-10")[-1], incident="INC-10"))
    after = dict(incident_log.stamps())
    assert [incident for incident in before if before[incident] != after[incident]] == ["INC-10"]


def test_streams_do_not_mix(incident_log: IncidentLog) -> None:
    incident_log.append("INC-1", events("opened"))
    incident_log.append("INC-11", events("opened", incident="INC-11"))
    assert [event.incident for event in incident_log.read("INC-1")] == ["INC-1"]


def test_who_comes_second_meets_a_conflict_and_changes_nothing(incident_log: IncidentLog) -> None:
    opened = events("opened")
    incident_log.append("INC-1", opened)
    incident_log.append("INC-1", events("acknowledged", after=opened[-1], key="first"))
    before = incident_log.lines("INC-1")
    with pytest.raises(Conflict, match="INC-1 no longer ends at event 1") as conflict:
        incident_log.append("INC-1", events("acknowledged", after=opened[-1], key="second"))
    assert (conflict.value.incident, conflict.value.expected) == ("INC-1", 1)
    assert incident_log.lines("INC-1") == before


def test_a_stream_begins_only_once(incident_log: IncidentLog) -> None:
    incident_log.append("INC-1", events("opened", key="first"))
    with pytest.raises(Conflict, match="no longer ends at event 0"):
        incident_log.append("INC-1", events("opened", key="second"))
    assert [event.key for event in incident_log.read("INC-1")] == ["first"]


def test_a_stream_that_does_not_exist_cannot_be_continued(incident_log: IncidentLog) -> None:
    [opened] = events("opened")
    with pytest.raises(Conflict):
        incident_log.append("INC-1", events("acknowledged", after=opened))
    assert list(incident_log.incidents()) == []


def test_nothing_is_appended_for_no_events(incident_log: IncidentLog) -> None:
    incident_log.append("INC-1", ())
    assert list(incident_log.incidents()) == []


def test_events_of_another_incident_are_refused(incident_log: IncidentLog) -> None:
    with pytest.raises(ValueError, match="not consecutive events of INC-2"):
        incident_log.append("INC-2", events("opened"))
    first, _, third = events("opened", "acknowledged", "resolved")
    with pytest.raises(ValueError, match="not consecutive events of INC-1"):
        incident_log.append("INC-1", (first, third))
    assert list(incident_log.incidents()) == []


@pytest.mark.parametrize("incident", ["", "INC", "inc-1", "INC-1/../../x", "../INC-1", "INC-1\n", "INC-١"])
def test_what_is_no_incident_id_is_refused(incident_log: IncidentLog, incident: str) -> None:
    for attempt in (incident_log.read, incident_log.lines, lambda id_: incident_log.append(id_, events("opened"))):
        with pytest.raises(ValueError, match="their ids look like INC-17"):
            attempt(incident)


def holds_everything(log: IncidentLog, racers: Any) -> bool:
    stream = log.read("INC-1")
    expected = Counter(f"{number}-{turn}" for number in range(8) for turn in range(racers.APPENDS))
    return Counter(event.key for event in stream) == expected and verify("INC-1", log.lines("INC-1")) == []


def test_nothing_is_lost_or_doubled_by_many_writing_threads(incident_log: IncidentLog, racers: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: racers.write(incident_log, number), range(8)))
    assert holds_everything(incident_log, racers)


def test_nothing_is_lost_or_doubled_by_many_writing_processes(
    incident_log: IncidentLog, racers: Any, race_in_processes: Callable[[str], list[Any]]
) -> None:
    conflicts = race_in_processes("write")
    assert holds_everything(incident_log, racers)
    assert sum(conflicts) > 0  # otherwise there was no race


def test_a_reader_never_sees_half_an_append(incident_log: IncidentLog) -> None:
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(len(incident_log.read("INC-1")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    stream: tuple[Event, ...] = ()
    for turn in range(15):
        added = events("noted", "noted", "noted", after=stream[-1] if stream else None, key=str(turn))
        incident_log.append("INC-1", added)
        stream += added
    done.set()
    watcher.join()
    assert {length % 3 for length in seen} == {0}
    assert incident_log.read("INC-1") == stream


# On disk ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> LocalIncidentLog:
    log = LocalIncidentLog(tmp_path)
    log.append("INC-1", events("opened"))
    return log


def interrupted(log: LocalIncidentLog, stream: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What lies on the disk when a process dies while it appends three events, having written `after` bytes."""

    class Died(BaseException):
        pass

    left = after
    pwrite = os.pwrite

    def write_a_part(handle: int, data: bytes, offset: int) -> int:
        nonlocal left
        written = pwrite(handle, data[:left], offset) if left else 0
        left -= written
        if written < len(data):
            raise Died
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", write_a_part)
        with pytest.raises(Died):
            log.append("INC-1", events("acknowledged", "noted", "resolved", after=log.read("INC-1")[-1]))
    return stream.read_bytes()


def appended_bytes() -> int:
    more = events("acknowledged", "noted", "resolved", after=events("opened")[0])
    return sum(len(event.line().encode()) + 1 for event in more)


@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.66, 0.7, 0.99])
def test_an_append_that_never_returned_is_no_part_of_the_stream_and_is_cut_off_by_the_next(
    log: LocalIncidentLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    before = (tmp_path / "INC-1.jsonl").read_bytes()
    torn = interrupted(log, tmp_path / "INC-1.jsonl", int(part * appended_bytes()), monkeypatch)
    [opened] = log.read("INC-1")
    assert (len(torn) > len(before)) == (part > 0)

    again = events("noted", after=opened)
    log.append("INC-1", again)

    assert log.read("INC-1") == (opened, *again)
    assert verify("INC-1", log.lines("INC-1")) == []
    assert (tmp_path / "repairs.log").exists() == (part > 0)


def test_a_record_that_was_acknowledged_is_never_cut(log: LocalIncidentLog, tmp_path: Path) -> None:
    stream = tmp_path / "INC-1.jsonl"
    [opened] = log.read("INC-1")
    [noted] = events("noted", after=opened)
    log.append("INC-1", [noted])
    stream.write_bytes(stream.read_bytes()[:-1])
    torn = stream.read_bytes()
    with pytest.raises(BrokenRecord, match="INC-1: event 2 was acknowledged and is torn, missing or another one"):
        log.read("INC-1")
    for attempt in (events("noted", after=opened, key="again"), events("resolved", after=noted)):
        with pytest.raises(BrokenRecord, match="INC-1: event 2 was acknowledged"):
            log.append("INC-1", attempt)
    assert stream.read_bytes() == torn
    assert not (tmp_path / "repairs.log").exists()
    stream.write_bytes(torn + b"\n")  # restored
    log.append("INC-1", events("resolved", after=noted))
    assert [event.kind for event in log.read("INC-1")] == ["opened", "noted", "resolved"]


def test_a_whole_record_cut_from_the_end_is_missed(log: LocalIncidentLog, tmp_path: Path) -> None:
    stream = tmp_path / "INC-1.jsonl"
    before = stream.read_bytes()
    log.append("INC-1", events("noted", after=log.read("INC-1")[-1]))
    stream.write_bytes(before)
    with pytest.raises(BrokenRecord, match="event 2 was acknowledged and is torn, missing"):
        log.read("INC-1")


def test_a_stream_that_disappeared_is_missed_and_does_not_begin_anew(log: LocalIncidentLog, tmp_path: Path) -> None:
    (tmp_path / "INC-1.jsonl").unlink()
    assert list(log.incidents()) == ["INC-1"]
    assert list(log.stamps()) == []
    for attempt in (lambda: log.read("INC-1"), lambda: log.append("INC-1", events("opened", key="anew"))):
        with pytest.raises(BrokenRecord, match="INC-1: the stream has disappeared; it had 1 events"):
            attempt()


def test_another_history_of_the_same_length_is_not_continued(log: LocalIncidentLog, tmp_path: Path) -> None:
    other = events("opened", key="x")
    (tmp_path / "INC-1.jsonl").write_text(other[0].line() + "\n")
    with pytest.raises(BrokenRecord, match="event 1 is not the one that was read a moment ago"):
        log.append("INC-1", events("noted", after=other[0]))


@pytest.mark.parametrize("head", [None, b"", bytes(128), b"1 10", b"2 9 x 1"])
def test_a_head_that_a_power_cut_took_is_learnt_from_the_stream(
    log: LocalIncidentLog, tmp_path: Path, head: bytes | None
) -> None:
    log.append("INC-1", events("noted", after=log.read("INC-1")[-1]))
    at = tmp_path / "INC-1.head"
    at.unlink()
    if head is not None:
        at.write_bytes(head)
    stream = log.read("INC-1")
    assert len(stream) == 2
    log.append("INC-1", events("resolved", after=stream[-1], key="r"))
    (tmp_path / "INC-1.jsonl").write_text("")
    with pytest.raises(BrokenRecord, match="the stream has disappeared; it had 3 events"):
        log.read("INC-1")


def test_whole_records_beyond_an_older_head_count(log: LocalIncidentLog, tmp_path: Path) -> None:
    at = tmp_path / "INC-1.head"
    older = at.read_bytes()
    stream = log.read("INC-1")
    stream += (noted := events("noted", after=stream[-1]))
    log.append("INC-1", noted)
    at.write_bytes(older)
    assert log.read("INC-1") == stream
    log.append("INC-1", events("resolved", after=stream[-1], key="r"))
    assert len(log.read("INC-1")) == 3


def test_an_append_to_a_long_stream_reads_nothing_of_it(
    log: LocalIncidentLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, pread = log.read("INC-1")[-1], os.pread

    def of_the_head_alone(handle: int, size: int, offset: int) -> bytes:
        assert os.path.samestat(os.fstat(handle), (tmp_path / "INC-1.head").stat()), "the stream was read"
        return pread(handle, size, offset)

    monkeypatch.setattr(os, "pread", of_the_head_alone)
    log.append("INC-1", events("noted", after=opened))


def test_a_head_that_cannot_be_written_does_not_undo_what_is_on_the_disk(
    log: LocalIncidentLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [opened] = log.read("INC-1")
    pwrite = os.pwrite

    def refused(handle: int, data: bytes, offset: int) -> int:
        if os.path.samestat(os.fstat(handle), (tmp_path / "INC-1.head").stat()):
            raise OSError(5, "Input/output error")
        return pwrite(handle, data, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", refused)
        log.append("INC-1", events("noted", after=opened))
    assert [event.kind for event in log.read("INC-1")] == ["opened", "noted"]


def test_a_repair_is_written_down_with_what_was_cut(log: LocalIncidentLog, tmp_path: Path) -> None:
    [opened] = log.read("INC-1")
    with (tmp_path / "INC-1.jsonl").open("ab") as stream:
        stream.write(b'{"half')
    log.append("INC-1", events("noted", after=opened))
    [repair] = (tmp_path / "repairs.log").read_text().splitlines()
    assert "INC-1: cut 6 bytes behind event 1, an append that never returned: b'{\"half'" in repair


def test_a_torn_append_is_visible_to_verify_until_it_is_cut_off(log: LocalIncidentLog, tmp_path: Path) -> None:
    with (tmp_path / "INC-1.jsonl").open("ab") as stream:
        stream.write(b'{"half')
    assert log.lines("INC-1")[1:] == ('{"half',)
    assert verify("INC-1", log.lines("INC-1")) == ["INC-1 event 2: the record cannot be read"]


def test_a_conflict_repairs_nothing(log: LocalIncidentLog, tmp_path: Path) -> None:
    with (tmp_path / "INC-1.jsonl").open("ab") as stream:
        stream.write(b'{"half')
    with pytest.raises(Conflict):
        log.append("INC-1", events("opened", key="other"))
    assert (tmp_path / "INC-1.jsonl").read_bytes().endswith(b'{"half')


@pytest.mark.parametrize("failing", ["pwrite", "fsync"])
def test_a_disk_that_refuses_leaves_the_stream_as_it_was(
    log: LocalIncidentLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    before = (tmp_path / "INC-1.jsonl").read_bytes()

    def full(*arguments: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        with pytest.raises(OSError, match="No space left"):
            log.append("INC-1", events("noted", "noted", after=log.read("INC-1")[-1]))
    assert (tmp_path / "INC-1.jsonl").read_bytes() == before


def test_a_disk_that_takes_only_a_part_leaves_the_stream_as_it_was(
    log: LocalIncidentLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (tmp_path / "INC-1.jsonl").read_bytes()
    pwrite = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda handle, data, offset: pwrite(handle, data[:10], offset))
        with pytest.raises(OSError, match="is the disk full"):
            log.append("INC-1", events("noted", after=log.read("INC-1")[-1]))
    assert (tmp_path / "INC-1.jsonl").read_bytes() == before


@pytest.mark.parametrize("first", [True, False])
def test_an_append_is_synced_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    log = LocalIncidentLog(tmp_path)
    opened = events("opened")
    if not first:
        log.append("INC-1", opened)
    synced = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        fsync(handle)
        synced.append((os.path.samestat(os.fstat(handle), tmp_path.stat()), os.fstat(handle).st_size))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", noted)
        log.append("INC-1", opened if first else events("noted", after=opened[-1]))
    size = (tmp_path / "INC-1.jsonl").stat().st_size
    assert (False, size) in synced  # the file, with everything in it
    assert synced[-1][0] == first  # and for a new one the folder, last


@pytest.mark.parametrize("damage", [b"\xff", b"NaN"])
def test_damaged_bytes_reach_verify_as_they_lie_there(log: LocalIncidentLog, tmp_path: Path, damage: bytes) -> None:
    stream = tmp_path / "INC-1.jsonl"
    stream.write_bytes(stream.read_bytes().replace(b'"data":{', b'"data":{' + damage))
    assert len(log.lines("INC-1")) == 1
    assert verify("INC-1", log.lines("INC-1")) == ["INC-1 event 1: the record cannot be read"]
    with pytest.raises(BrokenRecord):
        log.read("INC-1")


def test_other_files_and_empty_ones_are_no_incidents(log: LocalIncidentLog, tmp_path: Path) -> None:
    for name in ["repairs.log", "notes.jsonl", "INC-x.jsonl", "INC-2.jsonl"]:
        (tmp_path / name).touch()
    assert list(log.incidents()) == ["INC-1"]


# On Azure -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 2])
def test_an_append_whose_answer_was_lost_happened_once(lossy: Callable[..., BlobServiceClient], retries: int) -> None:
    log = AzureIncidentLog(lossy("comp=appendblock", arrives=True, retries=retries))
    stream = events("opened", "noted")
    log.append("INC-1", stream)
    assert log.read("INC-1") == stream


def test_an_append_that_never_arrived_is_an_error_and_can_be_repeated(lossy: Callable[..., BlobServiceClient]) -> None:
    log = AzureIncidentLog(lossy("comp=appendblock", arrives=False))
    stream = events("opened", "noted")
    with pytest.raises(AzureError, match="broke before the request"):
        log.append("INC-1", stream)
    assert list(log.incidents()) == []
    log.append("INC-1", stream)
    assert log.read("INC-1") == stream


def test_the_place_in_the_blob_decides_when_two_saw_the_same_end(
    azurite: str, racers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = events("opened", incident="INC-77")
    append_block = BlobClient.append_block

    def overtaken(blob: BlobClient, data: bytes, **options: Any) -> Any:
        monkeypatch.undo()
        shared.append("INC-77", events("noted", after=stream[-1], incident="INC-77", key="fast"))
        return append_block(blob, data, **options)

    with racers.opened_incident_log({"kind": "azure", "connection": azurite}) as shared:
        shared.append("INC-77", stream)
        monkeypatch.setattr(BlobClient, "append_block", overtaken)
        with pytest.raises(Conflict, match="no longer ends at event 1"):
            shared.append("INC-77", events("noted", after=stream[-1], incident="INC-77", key="slow"))
        assert [event.key for event in shared.read("INC-77")] == ["k", "fast"]


@pytest.fixture
def service(azurite: str, racers: Any) -> Iterator[BlobServiceClient]:
    with BlobServiceClient.from_connection_string(azurite) as service:
        for container in service.list_containers():
            service.delete_container(container.name)
        yield service


def test_a_stream_goes_on_in_a_further_blob_long_before_the_limit_of_blocks(service: BlobServiceClient) -> None:
    writer, other = (AzureIncidentLog(service, most_blocks=3) for _ in range(2))
    stream: tuple[Event, ...] = ()
    for turn in range(8):
        log = (writer, other)[turn % 2]
        assert log.read("INC-1") == stream
        added = events("noted", after=stream[-1] if stream else None, key=str(turn))
        log.append("INC-1", added)
        stream += added
    assert AzureIncidentLog(service, most_blocks=3).read("INC-1") == stream
    assert verify("INC-1", writer.lines("INC-1")) == []
    names = [blob.name for blob in service.get_container_client("incidents").list_blobs()]
    assert sorted(names) == ["INC-1.2.jsonl", "INC-1.3.jsonl", "INC-1.jsonl"]
    assert list(writer.incidents()) == ["INC-1"]


def test_of_two_that_begin_a_further_blob_at_once_one_meets_a_conflict(service: BlobServiceClient) -> None:
    one, two = (AzureIncidentLog(service, most_blocks=1) for _ in range(2))
    [opened] = events("opened")
    one.append("INC-1", [opened])
    assert one.read("INC-1") == two.read("INC-1") == (opened,)
    one.append("INC-1", events("noted", after=opened, key="fast"))
    with pytest.raises(Conflict):
        two.append("INC-1", events("noted", after=opened, key="slow"))
    assert [event.key for event in two.read("INC-1")] == ["k", "fast"]


def test_who_read_or_wrote_the_stream_last_appends_without_reading_it_again(
    service: BlobServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AzureIncidentLog(service)
    stream = events("opened")
    log.append("INC-1", stream)
    with monkeypatch.context() as patch:
        patch.setattr(BlobClient, "download_blob", lambda *_: pytest.fail("the stream was read"))
        for turn in range(3):
            stream += (added := events("noted", after=stream[-1], key=str(turn)))
            log.append("INC-1", added)
    assert log.read("INC-1") == stream
    fresh = AzureIncidentLog(service)
    fresh.read("INC-1")
    monkeypatch.setattr(BlobClient, "download_blob", lambda *_: pytest.fail("the stream was read"))
    fresh.append("INC-1", events("resolved", after=stream[-1], key="last"))


def test_no_more_ends_are_remembered_than_fit(service: BlobServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidewatch.adapters.azure.incident_log.REMEMBERED", 2)
    log = AzureIncidentLog(service)
    streams = {f"INC-{number}": events("opened", incident=f"INC-{number}") for number in range(1, 5)}
    for incident, stream in streams.items():
        log.append(incident, stream)
    assert len(log._ends) == 2
    for incident, stream in streams.items():
        log.append(incident, events("noted", after=stream[-1], incident=incident))
    assert [len(log.read(incident)) for incident in streams] == [2, 2, 2, 2]


def test_what_somebody_changed_under_our_feet_is_not_continued(service: BlobServiceClient) -> None:
    log = AzureIncidentLog(service)
    [opened] = events("opened")
    log.append("INC-1", [opened])
    container = service.get_container_client("incidents")
    container.delete_blob("INC-1.jsonl")
    AzureIncidentLog(service).append("INC-1", events("opened", key="another"))
    with pytest.raises(BrokenRecord, match="event 1 is not the one that was read a moment ago"):
        AzureIncidentLog(service).append("INC-1", events("noted", after=opened))
