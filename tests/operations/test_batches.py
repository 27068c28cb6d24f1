"""Files that land: each is taken once, and a bad one never stops the next."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.operations.house import House
from tidewatch.domain.table import Table
from tidewatch.operations.patrol import patrol
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.take_labels import take_labels

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

MODEL = "acme/demo"
DAY, NEXT_DAY = "2026-02-01", "2026-02-02"


def contents(house: House) -> dict[str, bytes]:
    containers = ("windows", "profiles", "markers", "metrics", "quarantine")
    return {
        f"{container}/{blob.name}": house.ports.blobs.get(container, blob.name)
        for container in containers
        for blob in house.ports.blobs.list(container)
    }


def test_a_usual_batch_is_accepted_and_nobody_is_called(house: House) -> None:
    house.batch(DAY)
    record = Shelf(house.ports, MODEL).window(DAY)
    assert record is not None and record.accepted and record.rows == 60
    assert house.incidents() == []
    assert house.run_jobs() == []


def test_a_batch_taken_twice_changes_nothing(house: House) -> None:
    house.batch(DAY, times=1.609344)
    before = contents(house), house.ports.log.lines("INC-1001")
    take_batch(house.ports, f"{MODEL}/{DAY}.parquet")
    assert (contents(house), house.ports.log.lines("INC-1001")) == before


def test_a_batch_whose_receipt_was_lost_is_taken_again_and_changes_nothing(house: House) -> None:
    house.batch(DAY, times=1.609344)
    before = contents(house), house.ports.log.lines("INC-1001")
    for receipt in list(house.ports.blobs.list("receipts")):
        house.ports.blobs.delete("receipts", receipt.name)
    assert patrol(house.ports) == 1
    assert (contents(house), house.ports.log.lines("INC-1001")) == before


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl"])
def test_a_batch_in_a_text_format_is_taken_like_any_other(house: House, ending: str) -> None:
    """With the types of the spec: what looks like a number stays text where the spec says text."""
    day = house.day(DAY)
    names = [name for name in day.columns if name != "late"]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(day.columns[n].tolist() for n in names), strict=True)]
    if ending == "jsonl":
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    else:
        lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in rows)]
        data = ("\n".join(lines) + "\n").encode()
    file = f"{MODEL}/{DAY}.{ending}"
    house.ports.blobs.put("batches", file, gzip.compress(data) if ending.endswith("gz") else data)
    take_batch(house.ports, file)
    record = Shelf(house.ports, MODEL).window(DAY)
    assert record is not None and record.accepted and record.rows == 60
    assert house.ports.tables.read(Shelf(house.ports, MODEL).batch(DAY) or b"", "batch.parquet").kinds == {
        name: day.kinds[name] for name in names
    }
    assert house.incidents() == []


def truncated(house: House) -> bytes:
    return house.parquet(house.day(DAY), without=("late",))[:-400]


def other_columns(house: House) -> bytes:
    return house.parquet(house.day(DAY, mass=np.ones(60)), without=("late", "weight"))


def other_types(house: House) -> bytes:
    table = house.day(DAY, weight=np.array(["heavy"] * 60, dtype=object))
    return house.parquet(Table(table.columns, {**table.kinds, "weight": "text"}), without=("late",))


def no_rows(house: House) -> bytes:
    return house.parquet(house.day(DAY, rows=0), without=("late",))


BAD = {
    "truncated": (truncated, ("parquet",)),
    "empty": (lambda house: b"", ("the file is empty",)),
    "not parquet": (lambda house: b"id,day\n1,2026-02-01\n", ("parquet",)),
    "other columns": (other_columns, ("the columns weight are missing", "the columns mass are not in the spec")),
    "other types": (other_types, ("the column weight holds text where the spec says number",)),
    "no rows": (no_rows, ("there are no rows",)),
}


@pytest.mark.parametrize(("make", "causes"), BAD.values(), ids=BAD)
def test_a_bad_batch_is_kept_and_told_in_one_sentence_and_the_next_is_taken(
    house: House, make: Callable[[Any], bytes], causes: tuple[str, ...]
) -> None:
    data = make(house)
    take_batch(house.ports, house.land("batches", DAY, data))
    assert house.ports.blobs.get("quarantine", f"batches/{MODEL}/{DAY}.parquet") == data
    (name,) = house.incidents()
    sentence = house.incident(name).finding.sentence
    assert f"batches/{MODEL}/{DAY}.parquet was refused" in sentence
    assert all(cause in sentence for cause in causes)
    assert "\n" not in sentence and "Traceback" not in sentence
    assert Shelf(house.ports, MODEL).window(DAY) is None

    house.batch(NEXT_DAY)
    assert Shelf(house.ports, MODEL).window(NEXT_DAY) is not None
    assert house.incidents() == [name]


def test_two_unreadable_files_of_a_model_are_one_incident(house: House) -> None:
    take_batch(house.ports, house.land("batches", DAY, b"rubbish"))
    take_batch(house.ports, house.land("batches", NEXT_DAY, b"more rubbish"))
    assert house.kinds() == ["opened", "observed"]


def test_an_unreadable_file_and_other_columns_are_two_incidents(house: House) -> None:
    take_batch(house.ports, house.land("batches", DAY, b"rubbish"))
    take_batch(house.ports, house.land("batches", NEXT_DAY, other_columns(house)))
    assert len(house.incidents()) == 2


def test_a_bad_file_that_was_sent_again_and_is_still_bad_is_told_again(house: House) -> None:
    take_batch(house.ports, house.land("batches", DAY, b"rubbish"))
    take_batch(house.ports, house.land("batches", DAY, b"rubbish"))
    assert house.kinds() == ["opened"]
    take_batch(house.ports, house.land("batches", DAY, truncated(house)))
    assert house.kinds() == ["opened", "observed"]
    assert "ends in the middle" in house.incident().finding.sentence


def test_a_bad_file_that_was_sent_again_right_counts_as_a_good_window(house: House) -> None:
    take_batch(house.ports, house.land("batches", DAY, b"rubbish"))
    house.batch(DAY)
    assert Shelf(house.ports, MODEL).window(DAY) is not None
    house.batch(NEXT_DAY)
    assert house.kinds() == ["opened", "window_passed", "window_passed", "recovered"]


def test_a_file_for_a_model_nobody_handed_over_is_told_with_its_name(house: House) -> None:
    house.land("batches", DAY, b"x", model="acme/unheard-of")
    take_batch(house.ports, f"acme/unheard-of/{DAY}.parquet")
    assert "no model acme/unheard-of has been handed over" in house.incident().finding.sentence
    assert house.incident().model == "acme/unheard-of"


@pytest.mark.parametrize("name", ["stray.parquet", "acme/demo/2026/02/01.parquet", "acme/stray.parquet"])
def test_a_file_in_the_wrong_place_is_told_with_its_place(house: House, name: str) -> None:
    house.ports.blobs.put("batches", name, b"x")
    take_batch(house.ports, name)
    assert name in house.incident().finding.sentence


def test_a_blob_that_is_gone_is_no_trouble(house: House) -> None:
    take_batch(house.ports, f"{MODEL}/{DAY}.parquet")
    take_labels(house.ports, f"{MODEL}/{DAY}.parquet")
    assert house.incidents() == []


def test_a_batch_of_a_version_without_a_baseline_is_judged_by_the_first(house: House) -> None:
    data = house.ports.tables.write(
        Table({n: v for n, v in house.day(DAY).columns.items() if n != "late"}, house.day(DAY).kinds),
        {"model_version": "7"},
    )
    take_batch(house.ports, house.land("batches", DAY, data))
    record = Shelf(house.ports, MODEL).window(DAY)
    assert record is not None and record.accepted and record.version == "7"


def test_labels_that_came_before_their_batch_are_judged_with_it(house: House) -> None:
    house.labels(DAY, late=0.5)
    assert Shelf(house.ports, MODEL).outcome(DAY) is None
    house.batch(DAY)
    outcome = Shelf(house.ports, MODEL).outcome(DAY)
    assert outcome is not None and outcome.labelled == 60 and outcome.labels == 30


def bad_labels(house: House, kind: str) -> bytes:
    table = house.day(DAY)
    if kind == "truncated":
        return house.parquet(table)[:-400]
    if kind == "no label":
        return house.parquet(table, without=("late",))
    words = np.array(["late"] * 60, dtype=object)
    return house.ports.tables.write(Table({"id": table.columns["id"], "late": words}, {"id": "text", "late": "text"}))


LABEL_CAUSES = {
    "truncated": "parquet",
    "no label": "the column late is missing",
    "words": "the column late holds text where the spec says number",
}


@pytest.mark.parametrize(("kind", "cause"), LABEL_CAUSES.items(), ids=LABEL_CAUSES)
def test_bad_labels_are_kept_and_told_in_one_sentence(house: House, kind: str, cause: str) -> None:
    house.batch(DAY)
    take_labels(house.ports, house.land("labels", DAY, bad_labels(house, kind)))
    assert house.ports.blobs.stat("quarantine", f"labels/{MODEL}/{DAY}.parquet")
    sentence = house.incident().finding.sentence
    assert f"labels/{MODEL}/{DAY}.parquet was refused" in sentence and cause in sentence


@pytest.mark.parametrize("kind", LABEL_CAUSES)
def test_bad_labels_do_not_spoil_the_batch_that_comes_after_them(house: House, kind: str) -> None:
    take_labels(house.ports, house.land("labels", DAY, bad_labels(house, kind)))
    house.batch(DAY)
    assert Shelf(house.ports, MODEL).window(DAY) is not None
    assert len(house.incidents()) == 1


def test_the_patrol_takes_what_no_event_announced_and_takes_it_once(house: House) -> None:
    house.land("batches", DAY, house.parquet(house.day(DAY, times=1.609344), without=("late",)))
    house.land("labels", DAY, house.parquet(house.day(DAY)))
    house.batch(NEXT_DAY)
    assert patrol(house.ports) == 2
    assert house.incident().finding.check == "scale"
    assert Shelf(house.ports, MODEL).outcome(DAY) is not None
    assert patrol(house.ports) == 0


def test_the_patrol_goes_on_behind_a_bad_file(house: House) -> None:
    house.land("batches", DAY, b"rubbish")
    house.land("batches", NEXT_DAY, house.parquet(house.day(NEXT_DAY), without=("late",)))
    assert patrol(house.ports) == 2
    assert Shelf(house.ports, MODEL).window(NEXT_DAY) is not None


def test_a_batch_taken_by_processes_that_die_is_as_if_nobody_died(house: House, deaths: Deaths) -> None:
    name = house.land("batches", DAY, house.parquet(house.day(DAY, times=1.609344), without=("late",)))
    kept = []
    for mortal in deaths(house, lambda mortal: take_batch(mortal.ports, name)):
        take_batch(mortal.ports, name)
        assert [mortal.kinds(each) for each in mortal.incidents()] == [["opened"]], mortal.root.name
        kept.append(contents(mortal).keys())
    assert len(kept) > 5 and all(names == kept[-1] for names in kept)
