"""However a blob is damaged, it is taken or kept in quarantine with a finding, and the next one is taken."""

from random import Random

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.commands.damage import BY_ENDING, NEVER_RIGHT
from tests.commands.test_check import save
from tests.operations.house import House
from tests.ports.test_tables_guarded import many_times
from tidewatch.adapters.local.tables import GuardedTables
from tidewatch.operations import intake
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.take_labels import take_labels
from tidewatch.operations.take_telemetry import take_telemetry

MODEL, DAY, NEXT_DAY = "acme/demo", "2026-02-01", "2026-02-02"
TAKE = {"batches": take_batch, "labels": take_labels, "telemetry": take_telemetry}
ENDINGS = [".parquet", ".csv", ".csv.gz", ".jsonl"]


@pytest.fixture(scope="module")
def guarded() -> GuardedTables:
    return GuardedTables()


@pytest.fixture(scope="module")
def lasting(model_house: House, tmp_path_factory: pytest.TempPathFactory, guarded: GuardedTables) -> House:
    """As the functions have it: files are read in a process of their own."""
    made = model_house.copy(tmp_path_factory.mktemp("lasting") / "house")
    made.change(tables=guarded)
    made.batch(NEXT_DAY)
    return made


@pytest.fixture(scope="module")
def sound(lasting: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """By container and ending: a file with nothing wrong."""
    folder, day = tmp_path_factory.mktemp("sound"), lasting.day(DAY)
    for container in ("batches", "labels"):
        file = folder / f"{container}.parquet"
        file.write_bytes(lasting.parquet(day, without=("late",) if container == "batches" else ()))
        for ending in ENDINGS[1:]:
            save(pq.read_table(file), folder / f"{container}{ending}")
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def taken(house: House, container: str, ending: str, data: bytes) -> None:
    name = f"{MODEL}/{DAY}{ending}"
    house.ports.blobs.put(container, name, data)
    before = len(house.incidents())
    TAKE[container](house.ports, name)
    for incident in house.incidents()[before:]:
        assert "\n" not in house.incident(incident).finding.sentence


@pytest.mark.parametrize("container", TAKE)
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("what", NEVER_RIGHT)
def test_what_is_no_such_file_is_kept_and_told(lasting: House, container: str, ending: str, what: str) -> None:
    taken(lasting, container, ending, NEVER_RIGHT[what])
    kept = lasting.ports.blobs.get("quarantine", f"{container}/{MODEL}/{DAY}{ending}")
    assert kept == NEVER_RIGHT[what]


@pytest.mark.parametrize("container", ["batches", "labels"])
@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=max(settings.default.max_examples // 8, 1))
@given(chance=st.randoms(use_true_random=False))
def test_no_damage_stops_the_next_file(
    lasting: House, sound: dict[str, bytes], container: str, ending: str, chance: Random
) -> None:
    data = sound[f"{container}{ending}"]
    taken(lasting, container, ending, chance.choice(BY_ENDING[ending])(data, chance))
    taken(lasting, container, ending, data)
    assert Shelf(lasting.ports, MODEL).window(DAY) is not None or container == "labels"


def test_labels_of_more_than_any_memory_are_kept_and_told(house: House, guarded: GuardedTables) -> None:
    house.change(tables=guarded)
    taken(house, "labels", ".parquet", many_times("y" * 1_000_000, "id"))
    assert house.ports.blobs.stat("quarantine", f"labels/{MODEL}/{DAY}.parquet")
    assert "more than fits into memory" in house.incident().finding.sentence


def test_a_batch_in_a_text_format_has_an_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_VALUES", 1_000)
    lines = b"id,day,weight,colour,income,score,prediction\n" + b"a,b,1,c,2,3,4\n" * 200
    taken(house, "batches", ".csv", lines)
    assert "the file holds more than 1,000 values; send it as parquet" in house.incident().finding.sentence
