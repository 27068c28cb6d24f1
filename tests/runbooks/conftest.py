"""The house with the runbooks that Tidewatch ships, and builders whose model has something to say about weight."""

from pathlib import Path

import pytest

from tests.operations.house import SPEC, House
from tests.operations.timely import tick
from tests.runbooks.remedied import DAY, GOOD, MORE, NEXT, WEIGHT
from tests.runbooks.running import SHIPPED
from tidewatch.adapters.local.runbooks import load_runbooks

SCORE = '''\
"""The heaviest parcels will be late: python score.py --model FOLDER --data FILE --out FILE"""

import argparse
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

parser = argparse.ArgumentParser()
for name in ("--model", "--data", "--out"):
    parser.add_argument(name)
given = parser.parse_args()
table = pq.read_table(given.data).drop_columns(["score", "prediction"])
rate = float(Path(given.model, "rate").read_text())
table = table.append_column("score", pa.array([rate] * table.num_rows))
table = table.append_column("prediction", pc.greater(table["weight"], 37.5).cast("double"))
pq.write_table(table, given.out)
'''


@pytest.fixture(scope="session")
def staffed_house(model_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """For copies only."""
    builders = tmp_path_factory.mktemp("builders")
    (builders / "score.py").write_text(SCORE)
    made = model_house.copy(tmp_path_factory.mktemp("staffed") / "house")
    made.hand_over(folder=builders)
    return made


@pytest.fixture
def staffed(staffed_house: House, tmp_path: Path) -> House:
    made = staffed_house.copy(tmp_path / "house")
    made.change(runbooks=load_runbooks(SHIPPED))
    return made


@pytest.fixture(scope="session")
def remedied_house(model_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The same, with all that the remedies need; for copies only."""
    builders = tmp_path_factory.mktemp("builders")
    (builders / "score.py").write_text(SCORE)
    made = model_house.copy(tmp_path_factory.mktemp("remedied") / "house")
    made.hand_over(SPEC.replace(WEIGHT, f"{WEIGHT}, range: [0, 100], restored_by: [colour, income]") + MORE, builders)
    return made


@pytest.fixture
def remedied(remedied_house: House, tmp_path: Path) -> House:
    made = remedied_house.copy(tmp_path / "house")
    made.change(runbooks=load_runbooks(SHIPPED))
    made.batch(GOOD)
    made.labels(GOOD)
    made.later(days=1)
    return made


@pytest.fixture
def missing(remedied: House) -> House:
    remedied.later(days=1)
    remedied.batch(NEXT)
    tick(remedied)
    assert remedied.incident().finding.check == "missing_batch"
    return remedied


@pytest.fixture
def unlabelled(remedied: House) -> House:
    remedied.batch(DAY)
    remedied.later(days=1)
    remedied.batch(NEXT)
    tick(remedied)
    assert remedied.incident().finding.check == "stale_labels"
    return remedied
