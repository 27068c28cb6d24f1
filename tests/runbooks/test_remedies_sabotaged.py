"""Whatever Y wrote instead of its work, Z looks at the data itself and does not believe it.

What a Y of another mind would write is made here; its process only puts it where proposals go, and says all is well.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.operations.house import MODEL, House
from tests.runbooks.remedied import DAY, GOOD, labels, ran, rows, written
from tests.runbooks.running import contents
from tidewatch.domain.table import Table

Sabotage = tuple[Callable[[House], bytes | None], str]  # what lies there instead, and what Z says


def refused(house: House, name: str, container: str, sabotage: Sabotage) -> None:
    before = contents(house)
    done = ran(house, name, container, sabotage[0](house))
    assert done.verdict == "failed" and sabotage[1] in done.sentence, done.sentence
    assert house.incident().status == "open"
    assert contents(house) == before  # what it wrote counts for nobody


def with_weights(change: Callable[[Any], Any], **columns: Any) -> Callable[[House], bytes]:
    return lambda house: written(house, rows(house, weight=change(house.day(DAY).columns["weight"]), **columns))


def nothing(_: House) -> None:
    return None


GARBAGE: Sabotage = (lambda _: b"nonsense", "verification gave no verdict")

# --- set aside and scored again ----------------------------------------------------------------------------------

SENTINELS = np.arange(60) % 5 == 0


def sentinels(weight: Any) -> Any:
    return np.where(SENTINELS, -9999.0, weight)


def without_sentinels(weight: Any) -> Any:
    return np.where(SENTINELS, np.nan, weight)


@pytest.fixture
def impossible(remedied: House) -> House:
    remedied.batch(DAY, weight=sentinels(remedied.day(DAY).columns["weight"]))
    assert remedied.incident().finding.check == "range"
    return remedied


def test_nulls_for_impossible_values_are_believed(impossible: House) -> None:
    done = ran(impossible, "quarantine-and-rescore", "corrected", with_weights(without_sentinels)(impossible))
    assert done.verdict == "passed", done.sentence
    assert impossible.incident().status == "resolved"


def unscored(house: House) -> bytes:
    table = rows(house, weight=without_sentinels(house.day(DAY).columns["weight"]))
    return written(house, Table({**table.columns, "prediction": np.zeros(60)}, table.kinds))


def shorter(house: House) -> bytes:
    return written(house, rows(house, weight=without_sentinels(house.day(DAY).columns["weight"])).where(~SENTINELS))


QUARANTINED: dict[str, Sabotage] = {
    "does nothing": (nothing, "the faulty values of weight are not replaced"),
    "writes garbage": GARBAGE,
    "leaves them as they came": (with_weights(sentinels), "the faulty values of weight are not replaced"),
    "puts zeros": (
        with_weights(lambda weight: np.where(SENTINELS, 0.0, weight)),
        "the faulty values of weight are not replaced",
    ),
    "changes good values too": (
        with_weights(lambda weight: without_sentinels(weight) + 1),
        "the faulty values of weight are not replaced",
    ),
    "changes another column": (
        with_weights(without_sentinels, income=np.full(60, 50.0)),
        "income of 2026-03-02 changed",
    ),
    "writes another window": (lambda house: written(house, rows(house, GOOD)), "does not have the rows that came"),
    "drops the rows": (shorter, "does not have the rows that came"),
    "does not ask the model": (unscored, "are not the model's answers"),
}


@pytest.mark.parametrize("sabotage", QUARANTINED.values(), ids=QUARANTINED)
def test_a_batch_that_was_not_mended_is_not_believed(impossible: House, sabotage: Sabotage) -> None:
    refused(impossible, "quarantine-and-rescore", "corrected", sabotage)


# --- restored ----------------------------------------------------------------------------------------------------

LOST = np.arange(60) % 3 == 1


def lost(weight: Any) -> Any:
    return np.where(LOST, np.nan, weight)


def found(house: House) -> Any:
    """Of the same colour in the last good day, the weight of the nearest income."""
    good, day = house.day(GOOD).columns, house.day(DAY).columns
    weight = day["weight"].copy()
    for row in np.flatnonzero(LOST):
        alike = good["colour"] == day["colour"][row]
        incomes = dict(zip(good["income"][alike], good["weight"][alike], strict=True))  # the last of an income
        weight[row] = incomes[min(incomes, key=lambda income: abs(income - day["income"][row]))]
    return weight


@pytest.fixture
def empty(remedied: House) -> House:
    remedied.batch(DAY, weight=lost(remedied.day(DAY).columns["weight"]))
    assert remedied.incident().finding.check == "nulls"
    return remedied


def test_values_of_the_last_good_day_are_believed(empty: House) -> None:
    done = ran(empty, "restore-column", "corrected", written(empty, rows(empty, weight=found(empty))))
    assert done.verdict == "passed", done.sentence


RESTORED: dict[str, Sabotage] = {
    "does nothing": (nothing, "weight does not have the values of the last good windows"),
    "writes garbage": GARBAGE,
    "puts one value": (
        with_weights(lambda weight: np.where(LOST, 20.0, weight)),
        "weight does not have the values of the last good windows",
    ),
    "mixes the values": (
        lambda house: written(house, rows(house, weight=found(house)[::-1].copy())),
        "weight does not have the values of the last good windows",
    ),
    "changes another column": (
        lambda house: written(house, rows(house, weight=found(house), colour=np.full(60, "red", dtype=object))),
        "colour of 2026-03-02 changed",
    ),
    "writes another window": (lambda house: written(house, rows(house, GOOD)), "does not have the rows that came"),
    "drops the rows": (lambda house: written(house, rows(house).where(~LOST)), "does not have the rows that came"),
}


@pytest.mark.parametrize("sabotage", RESTORED.values(), ids=RESTORED)
def test_a_column_that_was_not_restored_is_not_believed(empty: House, sabotage: Sabotage) -> None:
    refused(empty, "restore-column", "corrected", sabotage)


# --- produced again ----------------------------------------------------------------------------------------------


def test_a_batch_as_usual_is_believed_and_taken_in(missing: House) -> None:
    done = ran(missing, "rerun-batch", "batches", written(missing, rows(missing)))
    assert done.verdict == "passed", done.sentence
    assert missing.incident().status == "resolved"
    assert f"windows/{MODEL}/{DAY}.json" in contents(missing)


PRODUCED: dict[str, Sabotage] = {
    "does nothing": (nothing, "there is no batch"),
    "writes garbage": (lambda _: b"nonsense", "would be refused"),
    "writes another window": (lambda house: written(house, rows(house, GOOD)), f"it has rows of {GOOD}"),
    "drops most rows": (lambda house: written(house, rows(house, rows=20)), "rows of the batch"),
    "drops a column": (
        lambda house: house.parquet(rows(house), without=("weight",)),
        "the columns weight are missing",
    ),
    "writes another unit": (lambda house: written(house, rows(house, times=0.45359237)), "weight of the batch"),
}


@pytest.mark.parametrize("sabotage", PRODUCED.values(), ids=PRODUCED)
def test_a_batch_that_is_none_is_not_believed(missing: House, sabotage: Sabotage) -> None:
    refused(missing, "rerun-batch", "batches", sabotage)


# --- asked for again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [0.2, 0.9], ids=["as usual", "and show a bad model"])
def test_labels_that_join_are_believed_whatever_they_say_of_the_model(unlabelled: House, late: float) -> None:
    done = ran(unlabelled, "rerequest-labels", "labels", labels(unlabelled, late=late))
    assert done.verdict == "passed", done.sentence
    assert f"metrics/{MODEL}/{DAY}.json" in contents(unlabelled)


ASKED: dict[str, Sabotage] = {
    "does nothing": (nothing, "there are no labels"),
    "writes garbage": (lambda _: b"nonsense", f"the labels of {DAY}: "),
    "writes another window": (lambda house: labels(house, GOOD), "0 of 60 rows have a label"),
    "drops the rows": (lambda house: labels(house, rows=40), "40 of 60 rows have a label"),
    "makes them up": (lambda house: labels(house, late=1.0), "all 60 labels say the same"),
    "writes words": (lambda house: written(house, _worded(house)), "the column late holds text"),
}


def _worded(house: House) -> Table:
    ids = house.day(DAY).columns["id"]
    return Table({"id": ids, "late": np.full(60, "yes", dtype=object)}, {"id": "text", "late": "text"})


@pytest.mark.parametrize("sabotage", ASKED.values(), ids=ASKED)
def test_labels_that_are_none_are_not_believed(unlabelled: House, sabotage: Sabotage) -> None:
    refused(unlabelled, "rerequest-labels", "labels", sabotage)
