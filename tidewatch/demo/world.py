"""The world outside: a model is trained and handed over, days pass, batches and labels land."""

import importlib.util
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from tidewatch.operations.hand_over import announce, hand_over
from tidewatch.ports import Ports

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "flight_delays"
MODEL = "nyc/flight-delays"
FIRST_DAY = date(2013, 4, 1)
BATCH_AT = time(1, 0)  # UTC, on the day after
LABELS_AFTER = timedelta(hours=30)  # after midnight of the day after the batch's: a day later


class WorldError(Exception):
    """What the demo was asked for is not in the data; the message is a sentence."""


@dataclass(frozen=True)
class FaultPlan:
    """The fault that is injected, and said to be injected."""

    column: str = "distance"
    factor: float = 1.609
    first_day: date = date(2013, 5, 14)


@dataclass(frozen=True)
class Arrival:
    at: datetime
    container: str  # batches or labels
    day: date


class World:
    """The flights of 2013, replayed. Loading it takes the seconds that pandas and scikit-learn take."""

    def __init__(self, ports: Ports, cache: Path, fault: FaultPlan | None, example: Path = EXAMPLE) -> None:
        self._ports, self._cache, self._example = ports, cache, example
        sys.path.insert(0, str(example))  # its modules import one another by name, as scripts do
        self._feed_module, self._score = _module(example / "feed.py"), _module(example / "score.py")
        self._feed = self._feed_module.Feed(_module(example / "data.py").flights())
        self._fault = self._feed_module.Fault(fault.column, fault.factor, fault.first_day) if fault else None
        self._scorers: dict[str, Any] = {}

    def attach(self, ports: Ports) -> None:
        """Go on with other ports: the story began again."""
        self._ports = ports

    def check(self) -> None:
        """Raises WorldError when the fault cannot happen in this data."""
        if self._fault is None:
            return
        try:
            self._feed.batch(self._fault.first_day, _Nothing(), self._fault)
        except ValueError as error:
            raise WorldError(str(error)) from error

    def prepare(self) -> None:
        """Train January to March as the builders would, once, and hand the model over."""
        trained = self._cache / "trained"
        if not (trained / "summary.json").exists():
            self._train(trained)
        spec = self._example / "spec.yaml"
        training = (trained / "training.parquet").read_bytes()
        version = hand_over(
            self._ports, spec.read_text(encoding="utf-8"), str(spec), self._example, training, trained / "model"
        )  # fmt: skip
        if self._begins():
            self._ports.registry.promote(MODEL, version.version)  # an earlier story may have promoted another
        announce(self._ports, MODEL, version.version)

    def _begins(self) -> bool:
        return next(iter(self._ports.blobs.list("batches")), None) is None

    def _train(self, trained: Path) -> None:
        trained.mkdir(parents=True, exist_ok=True)
        frame = self._feed.training_frame(FIRST_DAY)
        with self._ports.scripts.workspace() as work:
            (work / "january-to-march.parquet").write_bytes(self._feed_module.write_parquet(frame, {}))
            command = ["python", "train.py", "--data", str(work), "--out", str(trained)]
            outcome = self._ports.scripts.run(command, folder=self._example, timeout=600)
        if not outcome.ok:
            raise WorldError(f"training the example failed: {outcome.output[-500:]}")
        import pandas  # noqa: PLC0415 - heavy, and only the demo needs it

        scores = pandas.read_parquet(trained / "left_out.parquet")[["id", "score"]]
        merged = frame.merge(scores, on="id", how="left").assign(prediction=lambda f: (f["score"] >= 0.5) * 1.0)
        (trained / "training.parquet").write_bytes(self._feed_module.write_parquet(merged, {}))

    def arrivals(self, last: date) -> list[Arrival]:
        """Every batch and every label file up to the batch of `last`, in order of arrival."""
        found = []
        for day in self._feed.days(FIRST_DAY, last):
            tomorrow = datetime.combine(day + timedelta(days=1), time(), UTC)
            found.append(Arrival(tomorrow + timedelta(hours=BATCH_AT.hour), "batches", day))
            found.append(Arrival(tomorrow + LABELS_AFTER, "labels", day))
        return sorted(found, key=lambda arrival: (arrival.at, arrival.container))

    def land(self, arrival: Arrival) -> None:
        """Put the file where the feeds put theirs."""
        name, day = f"{MODEL}/{arrival.day}.parquet", arrival.day
        if arrival.container == "labels":
            data = self._feed_module.write_parquet(self._feed.labels(day), {"window": str(day)})
        else:
            champion = self._ports.registry.champion(MODEL)
            version = champion.version if champion else "1"
            frame = self._feed.batch(day, self._scorer(version), self._fault)
            data = self._feed_module.write_parquet(frame, {"window": str(day), "model_version": version})
        self._ports.blobs.put(arrival.container, name, data)

    def landed(self, arrival: Arrival) -> bool:
        return self._ports.blobs.stat(arrival.container, f"{MODEL}/{arrival.day}.parquet") is not None

    def _scorer(self, version: str) -> Any:
        if version not in self._scorers:
            with self._ports.scripts.workspace() as work:
                self._ports.registry.fetch(MODEL, version, work / "model")
                self._scorers[version] = self._score.Scorer(work / "model")
        return self._scorers[version]


class _Nothing:
    """Scores nothing: enough to try whether a fault fits the data."""

    threshold = 0.5

    def score(self, frame: Any) -> Any:
        import numpy as np  # noqa: PLC0415

        return np.zeros(len(frame))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"flight_delays_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise WorldError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
