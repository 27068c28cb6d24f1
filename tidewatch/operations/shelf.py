"""What is kept about each model, and where: one place that knows the names of blobs."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.model_spec import ModelSpec, parse_spec
from tidewatch.domain.outcomes import DayOutcome
from tidewatch.domain.profile import Profile
from tidewatch.domain.table import Table
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobNotFound

MODELS, PROFILES, WINDOWS, METRICS = "models", "profiles", "windows", "metrics"
BATCHES, LABELS, CORRECTED, QUARANTINE = "batches", "labels", "corrected", "quarantine"


class UnknownModel(Exception):
    def __init__(self, model: str) -> None:
        super().__init__(f"no model {model} has been handed over")


@dataclass(frozen=True)
class WindowRecord:
    """What examining one batch came to."""

    window: str
    version: str  # of the model that scored it
    rows: int
    accepted: bool  # part of what later windows are compared with
    strange: list[str]
    findings: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Shelf:
    """Everything kept about one model."""

    ports: Ports
    model: str

    def _get(self, container: str, name: str) -> bytes | None:
        try:
            return self.ports.blobs.get(container, f"{self.model}/{name}")
        except BlobNotFound:
            return None

    def _put(self, container: str, name: str, data: bytes) -> None:
        self.ports.blobs.put(container, f"{self.model}/{name}", data)

    # --- what the builders handed over -------------------------------------------------------------------

    def keep_hand_over(self, spec_text: str, folder: str, training: bytes) -> None:
        """The spec goes last: a model exists once its spec does."""
        self._put(MODELS, "folder", folder.encode())
        self._put(MODELS, "training.parquet", training)
        self._put(MODELS, "spec.yaml", spec_text.encode())

    def spec_text(self) -> str:
        data = self._get(MODELS, "spec.yaml")
        if data is None:
            raise UnknownModel(self.model)
        return data.decode()

    def spec(self) -> ModelSpec:
        """Raises UnknownModel."""
        return parse_spec(self.spec_text(), f"{self.model}/spec.yaml")

    def folder(self) -> str:
        """Where the builders' scripts lie."""
        return (self._get(MODELS, "folder") or b"").decode()

    def training(self) -> bytes:
        return self._get(MODELS, "training.parquet") or b""

    def baseline(self, version: str) -> Baseline:
        data = self._get(MODELS, f"baselines/{version}.json") or self._get(MODELS, "baselines/1.json")
        if data is None:
            raise UnknownModel(self.model)
        return Baseline.from_bytes(data)

    def keep_baseline(self, version: str, baseline: Baseline) -> None:
        self._put(MODELS, f"baselines/{version}.json", baseline.to_bytes())

    # --- what came in ------------------------------------------------------------------------------------

    def batch(self, window: str) -> bytes | None:
        """The corrected batch where there is one, else the batch as it came."""
        return self._get(CORRECTED, f"{window}.parquet") or self.original(window)

    def original(self, window: str) -> bytes | None:
        return self._get(BATCHES, f"{window}.parquet")

    def labels(self, window: str) -> bytes | None:
        return self._get(LABELS, f"{window}.parquet")

    def label_windows(self) -> list[str]:
        """The windows whose labels were joined with their predictions, in order of time."""
        return [name.removesuffix(".json") for name in self._names(METRICS)]

    def table(self, data: bytes, columns: list[str] | None = None) -> Table:
        return self.ports.tables.read(data, "batch.parquet", columns)

    # --- what was found ----------------------------------------------------------------------------------

    def profile(self, window: str) -> Profile | None:
        data = self._get(PROFILES, f"{window}.json")
        return Profile.from_bytes(data) if data else None

    def keep_profile(self, window: str, profile: Profile) -> None:
        self._put(PROFILES, f"{window}.json", profile.to_bytes())

    def window(self, window: str) -> WindowRecord | None:
        data = self._get(WINDOWS, f"{window}.json")
        return WindowRecord(**json.loads(data)) if data else None

    def keep_window(self, record: WindowRecord) -> None:
        self._put(WINDOWS, f"{record.window}.json", json.dumps(asdict(record)).encode())

    def windows_before(self, window: str) -> Iterator[WindowRecord]:
        """The latest first."""
        names = [name.removesuffix(".json") for name in self._names(WINDOWS)]
        for name in reversed([name for name in names if name < window]):
            if record := self.window(name):
                yield record

    def outcome(self, window: str) -> DayOutcome | None:
        data = self._get(METRICS, f"{window}.json")
        return DayOutcome.from_dict(json.loads(data)) if data else None

    def keep_outcome(self, outcome: DayOutcome) -> None:
        self._put(METRICS, f"{outcome.window}.json", json.dumps(outcome.as_dict()).encode())

    def outcomes(self, until: str, most: int) -> list[DayOutcome]:
        """The latest `most` up to and including the window `until`, in order of time."""
        names = [name.removesuffix(".json") for name in self._names(METRICS)]
        chosen = [name for name in names if name <= until][-most:]
        return [outcome for name in chosen if (outcome := self.outcome(name))]

    def _names(self, container: str) -> list[str]:
        prefix = f"{self.model}/"
        return [blob.name.removeprefix(prefix) for blob in self.ports.blobs.list(container, prefix)]
