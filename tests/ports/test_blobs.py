"""Every promise of the port, on every adapter; then what only files have."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient

from tidewatch.adapters.azure.blobs import AzureBlobs
from tidewatch.adapters.local.blobs import LocalBlobs
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound, Blobs


def names(blobs: Blobs, prefix: str = "") -> list[str]:
    return [info.name for info in blobs.list("batches", prefix)]


@pytest.mark.parametrize("data", [b"", b"\x00\xff\n", b"x" * 300_000])
def test_what_was_put_is_what_one_gets(blobs: Blobs, data: bytes) -> None:
    blobs.put("batches", "risk/churn/2026-03-02.parquet", data)
    assert blobs.get("batches", "risk/churn/2026-03-02.parquet") == data


def test_putting_again_replaces_and_changes_the_etag_even_for_the_same_bytes(blobs: Blobs) -> None:
    etags = [blobs.put("batches", "a", b"same") for _ in range(20)]
    assert len(set(etags)) == 20
    assert blobs.get("batches", "a") == b"same"


def test_a_blob_that_is_not_there_is_not_found(blobs: Blobs) -> None:
    for _ in range(2):
        with pytest.raises(BlobNotFound, match="batches/nothing does not exist"):
            blobs.get("batches", "nothing")
        assert blobs.stat("batches", "nothing") is None
        blobs.put("batches", "something", b"so that the container is there the second time")


def test_put_stat_and_list_tell_the_same_about_a_blob(blobs: Blobs) -> None:
    etag = blobs.put("batches", "a", b"four")
    info = blobs.stat("batches", "a")
    assert info is not None
    assert (info.name, info.etag, info.size) == ("a", etag, 4)
    assert list(blobs.list("batches")) == [info]


def test_a_blob_was_modified_just_now_in_utc(blobs: Blobs) -> None:
    blobs.put("batches", "a", b"")
    info = blobs.stat("batches", "a")
    assert info is not None
    assert info.modified.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - info.modified) < timedelta(seconds=30)


def test_a_blob_that_must_be_absent_is_never_overwritten(blobs: Blobs) -> None:
    blobs.put("batches", "a", b"first", if_absent=True)
    with pytest.raises(BlobExists, match="batches/a exists already"):
        blobs.put("batches", "a", b"second", if_absent=True)
    assert blobs.get("batches", "a") == b"first"


def test_a_blob_can_be_made_anew_once_it_was_deleted(blobs: Blobs) -> None:
    blobs.put("batches", "a", b"first", if_absent=True)
    blobs.delete("batches", "a")
    blobs.put("batches", "a", b"second", if_absent=True)
    assert blobs.get("batches", "a") == b"second"


def test_an_etag_that_still_holds_lets_the_write_through(blobs: Blobs) -> None:
    first = blobs.put("batches", "a", b"first")
    second = blobs.put("batches", "a", b"second", if_match=first)
    assert blobs.put("batches", "a", b"third", if_match=second) not in {first, second}
    assert blobs.get("batches", "a") == b"third"


def test_an_etag_from_a_listing_works_like_any_other(blobs: Blobs) -> None:
    blobs.put("batches", "a", b"first")
    [listed] = blobs.list("batches")
    blobs.put("batches", "a", b"second", if_match=listed.etag)
    assert blobs.get("batches", "a") == b"second"


def test_an_outdated_etag_stops_the_write(blobs: Blobs) -> None:
    outdated = blobs.put("batches", "a", b"first")
    blobs.put("batches", "a", b"second")
    with pytest.raises(BlobChanged, match="batches/a was changed by somebody else"):
        blobs.put("batches", "a", b"third", if_match=outdated)
    assert blobs.get("batches", "a") == b"second"


def test_a_blob_that_was_changed_is_not_deleted_by_who_saw_the_old_one(blobs: Blobs) -> None:
    seen = blobs.put("markers", "a", b"1")
    newer = blobs.put("markers", "a", b"2")
    with pytest.raises(BlobChanged):
        blobs.delete("markers", "a", if_match=seen)
    assert blobs.get("markers", "a") == b"2"
    blobs.delete("markers", "a", if_match=newer)
    assert blobs.stat("markers", "a") is None


def test_a_blob_that_was_deleted_matches_no_etag(blobs: Blobs) -> None:
    etag = blobs.put("batches", "a", b"first")
    blobs.delete("batches", "a")
    with pytest.raises(BlobChanged):
        blobs.put("batches", "a", b"second", if_match=etag)
    assert blobs.stat("batches", "a") is None


def test_deleting_what_is_not_there_is_quiet(blobs: Blobs) -> None:
    blobs.delete("batches", "a")
    blobs.put("batches", "b", b"")
    blobs.delete("batches", "a")
    assert names(blobs) == ["b"]


def test_a_listing_is_in_order_of_whole_names(blobs: Blobs) -> None:
    for name in ["b/2", "b-1", "a/10", "a/9", "b/1/x", "Z", "é", "b.x"]:
        blobs.put("batches", name, b"")
    assert names(blobs) == ["Z", "a/10", "a/9", "b-1", "b.x", "b/1/x", "b/2", "é"]


def test_a_prefix_may_end_within_a_part_of_the_name(blobs: Blobs) -> None:
    for name in ["open/ab", "open/ac/d", "open/b", "opened", "x/open/ab"]:
        blobs.put("batches", name, b"")
    assert names(blobs, "open/a") == ["open/ab", "open/ac/d"]
    assert names(blobs, "open/") == ["open/ab", "open/ac/d", "open/b"]
    assert names(blobs, "open") == ["open/ab", "open/ac/d", "open/b", "opened"]


@pytest.mark.parametrize("prefix", ["", "no/such", "../", "/"])
def test_a_container_without_such_blobs_lists_nothing(blobs: Blobs, prefix: str) -> None:
    blobs.put("others", "a", b"")
    assert names(blobs, prefix) == []


def test_one_of_many_racing_writers_wins(blobs: Blobs, racers: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: racers.mark(blobs, number), range(8)))
    assert sum(won) == 1
    assert blobs.get("markers", "open/signal") == str(won.index(True)).encode()


def test_one_of_many_racing_processes_wins(blobs: Blobs, race_in_processes: Callable[[str], list[Any]]) -> None:
    won = race_in_processes("mark")
    assert sum(won) == 1
    assert blobs.get("markers", "open/signal") == str(won.index(True)).encode()


def test_no_incident_number_is_given_twice_by_racing_processes(
    blobs: Blobs, race_in_processes: Callable[[str], list[Any]], racers: Any
) -> None:
    given = [number for numbers in race_in_processes("number") for number in numbers]
    assert sorted(given) == [f"INC-{number}" for number in range(1001, 1001 + 8 * racers.NUMBERS)]


def test_no_change_is_lost_when_many_change_what_they_saw(blobs: Blobs) -> None:
    blobs.put("batches", "count", b"0")

    def count_up(_: int) -> None:
        for _turn in range(10):
            while True:
                [seen] = blobs.list("batches", "count")
                number = int(blobs.get("batches", "count"))
                try:
                    blobs.put("batches", "count", str(number + 1).encode(), if_match=seen.etag)
                    break
                except BlobChanged:
                    continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(4)))
    assert blobs.get("batches", "count") == b"40"


# Files only ---------------------------------------------------------------------------------------------------------


def test_one_of_many_writers_with_the_same_etag_wins_however_slow_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = LocalBlobs(tmp_path)
    etag = blobs.put("batches", "a", b"")
    replace = os.replace

    def slowly(source: Path, target: Path) -> None:
        time.sleep(0.05)
        replace(source, target)

    monkeypatch.setattr(os, "replace", slowly)

    def write(number: int) -> bool:
        try:
            blobs.put("batches", "a", str(number).encode(), if_match=etag)
        except BlobChanged:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(write, range(4)))
    assert sum(won) == 1
    assert blobs.get("batches", "a") == str(won.index(True)).encode()


def test_a_file_copied_by_hand_is_a_blob(tmp_path: Path) -> None:
    (tmp_path / "batches/risk").mkdir(parents=True)
    (tmp_path / "batches/risk/may.csv").write_bytes(b"a,b\n")
    blobs = LocalBlobs(tmp_path)
    assert names(blobs) == ["risk/may.csv"]
    assert blobs.get("batches", "risk/may.csv") == b"a,b\n"


def test_a_file_changed_by_hand_has_another_etag(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    etag = blobs.put("batches", "a", b"first")
    (tmp_path / "batches/a").write_bytes(b"other")
    with pytest.raises(BlobChanged):
        blobs.put("batches", "a", b"second", if_match=etag)


def test_writes_faster_than_the_ticks_of_the_file_system_have_etags_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    blobs = LocalBlobs(tmp_path)
    assert len({blobs.put("batches", "a", b"same") for _ in range(300)}) == 300


def test_dot_files_are_no_blobs(tmp_path: Path) -> None:
    for name in ["batches/.a.csv.swp", "batches/.cache/b", "batches/c"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert names(LocalBlobs(tmp_path)) == ["c"]


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "a//b", "", ".", "a/.b", "a\0b", "x" * 256])
def test_a_name_cannot_lead_out_of_the_root_nor_hide(tmp_path: Path, name: str) -> None:
    blobs = LocalBlobs(tmp_path / "root")
    for attempt in (blobs.get, blobs.stat, blobs.delete, lambda c, n: blobs.put(c, n, b"")):
        with pytest.raises(ValueError, match="cannot name a blob"):
            attempt("batches", name)
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("container", ["..", ".tmp", "a/b", "Batches", "ab", "a--b", "x" * 64, ""])
def test_a_container_is_named_as_azure_allows(tmp_path: Path, container: str) -> None:
    blobs = LocalBlobs(tmp_path / "root")
    with pytest.raises(ValueError, match="cannot name a container"):
        blobs.put(container, "a", b"")
    with pytest.raises(ValueError, match="cannot name a container"):
        list(blobs.list(container))


def test_a_blob_cannot_lie_under_another_one(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.put("batches", "a/b", b"")
    with pytest.raises(ValueError, match="would lie under another blob"):
        blobs.put("batches", "a/b/c/d", b"")
    with pytest.raises(ValueError, match="has blobs under it"):
        blobs.put("batches", "a", b"")
    assert blobs.stat("batches", "a") is None
    with pytest.raises(BlobNotFound):
        blobs.get("batches", "a")
    with pytest.raises(BlobNotFound):
        blobs.get("batches", "a/b/c")


def test_writing_leaves_no_temporary_files_behind(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    blobs.put("batches", "a", b"", if_absent=True)
    blobs.put("batches", "a", b"")
    with pytest.raises(BlobExists):
        blobs.put("batches", "a", b"", if_absent=True)
    assert list((tmp_path / ".tmp").iterdir()) == []


# Azure only ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 2])
def test_who_made_a_blob_knows_it_even_when_the_answer_was_lost(
    lossy: Callable[..., BlobServiceClient], retries: int
) -> None:
    blobs = AzureBlobs(lossy("batches/won", arrives=True, retries=retries))
    blobs.put("batches", "other", b"so that the container is there")
    etag = blobs.put("batches", "won", b"won", if_absent=True)
    assert [info.etag for info in blobs.list("batches", "won")] == [etag]
    assert blobs.get("batches", "won") == b"won"


@pytest.mark.parametrize("retries", [0, 2])
def test_who_changed_a_blob_knows_it_even_when_the_answer_was_lost(
    azurite: str, lossy: Callable[..., BlobServiceClient], retries: int
) -> None:
    blobs = AzureBlobs(lossy("batches/won", arrives=True, retries=retries))
    with BlobServiceClient.from_connection_string(azurite) as service:
        old = AzureBlobs(service).put("batches", "won", b"old")
    etag = blobs.put("batches", "won", b"won", if_match=old)
    assert [info.etag for info in blobs.list("batches", "won")] == [etag]
    assert blobs.get("batches", "won") == b"won"


def test_a_write_that_never_arrived_is_an_error_and_can_be_repeated(lossy: Callable[..., BlobServiceClient]) -> None:
    blobs = AzureBlobs(lossy("batches/b", arrives=False))
    blobs.put("batches", "a", b"so that the container is there")
    with pytest.raises(AzureError, match="broke before the request"):
        blobs.put("batches", "b", b"", if_absent=True)
    blobs.put("batches", "b", b"", if_absent=True)
