"""The flights example under watch, its days landing with faults in them."""

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType

import pandas as pd

from tests.operations.house import House, furnish
from tests.operations.stand_ins import Dots, FolderRegistry, RecordingChat
from tests.runbooks.running import SHIPPED
from tidewatch.adapters.local.clock import FileClock
from tidewatch.adapters.local.runbooks import load_runbooks
from tidewatch.operations.hand_over import hand_over
from tidewatch.operations.receipts import once
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.take_labels import take_labels

EXAMPLE = Path(__file__).parents[2] / "examples" / "flight_delays"
FLIGHTS = "nyc/flight-delays"
FOLLOWED = "\nschedules: {batches_every: 1d, batches_grace: 1h}\nstaleness: {labels: 2d}\n"
FIRST = date(2013, 4, 1)


@cache
def example(name: str) -> ModuleType:
    """A script of the example; they find each other by their bare names, as where they run."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        spec = importlib.util.spec_from_file_location(f"remedies_{name}", EXAMPLE / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(EXAMPLE))
    return module


@dataclass
class Flights:
    """A house and the world that sends it flights."""

    house: House
    trained: Path

    def frame(self, day: date, fault: str = "", column: str = "", strength: float = 0.0) -> pd.DataFrame:
        """The day as the model saw it."""
        frame, before = world().rows(day), world().rows(day - timedelta(days=1))
        if fault:
            frame = example("faults").inject(fault, frame, before, column, strength)
        scorer = scorer_of(self.trained)
        score = scorer.score(frame)
        return frame.assign(score=score, prediction=(score >= scorer.threshold).astype("int64"))

    def land(self, day: date, fault: str = "", column: str = "", strength: float = 0.0) -> str:
        """A day's batch comes in the night after it; gives its window."""
        self.at(day + timedelta(days=1), 3)
        data = example("feed").write_parquet(self.frame(day, fault, column, strength), {"model_version": "1"})
        take_batch(self.house.ports, self.house.land("batches", day.isoformat(), data, FLIGHTS))
        return day.isoformat()

    def at(self, day: date, hour: int) -> None:
        clock = self.house.ports.clock
        assert isinstance(clock, FileClock)
        clock.set(datetime(day.year, day.month, day.day, hour, tzinfo=UTC))

    def label(self, day: date) -> None:
        data = example("feed").write_parquet(world().labels(day), {})
        take_labels(self.house.ports, self.house.land("labels", day.isoformat(), data, FLIGHTS))

    def copy(self, root: Path) -> "Flights":
        house = self.house.copy(root)
        house.change(runbooks=load_runbooks(SHIPPED))
        for container in ("batches", "labels"):  # copies are other files, and were taken all the same
            for blob in house.ports.blobs.list(container):
                with once(house.ports, container, blob.name):
                    pass
        return Flights(house, self.trained)


@cache
def world():  # type: ignore[no-untyped-def]
    return example("feed").Feed(example("data").flights())


@cache
def scorer_of(trained: Path):  # type: ignore[no-untyped-def]
    return example("score").Scorer(trained / "model")


def train(folder: Path) -> Path:
    """January to March."""
    winter = world().training_frame(FIRST)
    (folder / "winter.parquet").write_bytes(example("feed").write_parquet(winter, {}))
    command = [sys.executable, str(EXAMPLE / "train.py"), "--data", str(folder / "winter.parquet")]
    command += ["--until", FIRST.isoformat(), "--out", str(folder / "out"), "--folds", "2"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the example's script
    return folder / "out"


def handed_over(root: Path, trained: Path) -> Flights:
    """Under watch since the end of March, with the first good days of April."""
    house = furnish(root, RecordingChat(), FolderRegistry(root / "registry"))
    house.change(pictures=Dots(), runbooks=load_runbooks(SHIPPED))
    scores = pd.read_parquet(trained / "left_out.parquet")[["id", "score"]]
    known = world().training_frame(FIRST).dropna(subset="late").merge(scores, on="id")
    threshold = scorer_of(trained).threshold
    reference = known.assign(prediction=(known["score"] >= threshold).astype("int64"))
    spec = (EXAMPLE / "spec.yaml").read_text() + FOLLOWED
    made = Flights(house, trained)
    made.at(FIRST, 3)
    training = example("feed").write_parquet(reference, {})
    hand_over(house.ports, spec, "spec.yaml", EXAMPLE, training, trained / "model")
    for number in range(4):
        made.land(FIRST + timedelta(days=number))
        made.label(FIRST + timedelta(days=number))
    return made
