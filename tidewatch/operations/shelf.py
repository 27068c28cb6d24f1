"""What is kept about each model, and where: one place that knows the names of blobs."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound

MODELS, PROFILES, WINDOWS, METRICS = "models", "profiles", "windows", "metrics"
ROWS, SAMPLES = "rows", "samples"
BATCHES, LABELS = "batches", "labels"
CONVERTED, CORRECTED, QUARANTINE = "converted", "corrected", "quarantine"
KNOWN_LABELS = "known-labels"


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
class RowResult:
    """What looking at the rows of one window came to, for one row check."""

    window: str
    values: dict[str, Any]
    strange: list[str]
    findings: list[dict[str, Any]]
    good: list[list[str]]  # family and group of the signals for which this is a good window
    content: str = ""  # hash of the batch that was looked at

    def of(self, content: str) -> "RowResult":
        return replace(self, content=content)


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

    def baseline_versions(self) -> list[str]:
        """Those that have a baseline of their own."""
        prefix = f"{self.model}/baselines/"
        names = [blob.name.removeprefix(prefix) for blob in self.ports.blobs.list(MODELS, prefix)]
        return [name.removesuffix(".json") for name in names if "/" not in name]

    def relearn_baseline(self, version: str, learnt: Callable[[Baseline], Baseline]) -> None:
        """Put what is `learnt` from the baseline in its place, and keep the old one beside it, under its number."""
        place = f"baselines/{version}.json"
        while info := self.ports.blobs.stat(MODELS, f"{self.model}/{place}"):
            before = Baseline.from_bytes(self._get(MODELS, place) or b"")
            after = learnt(before)
            if after is before:
                return
            self._put(MODELS, f"baselines/{version}/{len(before.decisions):04}.json", before.to_bytes())
            with suppress(BlobChanged):  # somebody else accepted something: learn again, from that
                data = after.to_bytes()
                self.ports.blobs.put(MODELS, f"{self.model}/{place}", data, if_match=info.etag)
                return

    def earlier_baselines(self, version: str) -> list[Baseline]:
        """Those that an accepted change has replaced, the first one first."""
        prefix = f"{self.model}/baselines/{version}/"
        return [
            Baseline.from_bytes(self.ports.blobs.get(MODELS, blob.name))
            for blob in self.ports.blobs.list(MODELS, prefix)
        ]

    # --- what came in ------------------------------------------------------------------------------------

    def batch(self, window: str) -> bytes | None:
        """The corrected batch where there is one, else the batch as it came."""
        return self._get(CORRECTED, f"{window}.parquet") or self.original(window)

    def is_corrected(self, window: str) -> bool:
        return self.ports.blobs.stat(CORRECTED, f"{self.model}/{window}.parquet") is not None

    def original(self, window: str) -> bytes | None:
        return self._came(BATCHES, window)

    def labels(self, window: str) -> bytes | None:
        return self._came(LABELS, window)

    def keep_converted(self, container: str, window: str, data: bytes) -> None:
        """A file that came in a text format, as parquet."""
        self._put(CONVERTED, f"{container}/{window}.parquet", data)

    def _came(self, container: str, window: str) -> bytes | None:
        file = f"{window}.parquet"
        return self._get(container, file) or self._get(CONVERTED, f"{container}/{file}")

    def known_labels(self, window: str) -> bytes | None:
        """The window's labels out of all files together, as parquet of id and label."""
        return self._get(KNOWN_LABELS, f"{window}.parquet")

    def complete_labels(self, window: str, completed: Callable[[bytes | None], bytes]) -> None:
        """`completed` gives what is to be kept, from what is kept; asked again when somebody else was faster."""
        name = f"{self.model}/{window}.parquet"
        while True:
            info, kept = self.ports.blobs.stat(KNOWN_LABELS, name), self.known_labels(window)
            data = completed(kept)
            if data == kept:
                return
            try:
                self.ports.blobs.put(
                    KNOWN_LABELS, name, data, if_absent=info is None, if_match=info.etag if info else None
                )
            except (BlobExists, BlobChanged):
                continue
            return

    def label_windows(self) -> list[str]:
        """The windows whose labels were joined with their predictions, in order of time."""
        return [name.removesuffix(".json") for name in self._names(METRICS)]

    def table(self, data: bytes, columns: list[str] | None = None) -> Table:
        return self.ports.tables.read(data, "batch.parquet", columns)

    # --- what was found ----------------------------------------------------------------------------------

    def profile(self, window: str, baseline: Baseline) -> Profile | None:
        """None too when it was counted for an earlier spec or on other grids: such profiles do not add up."""
        data = self._get(PROFILES, f"{window}.json")
        try:
            return baseline.profile_of(data) if data else None
        except ValueError:
            return None

    def keep_profile(self, window: str, profile: Profile) -> None:
        self._put(PROFILES, f"{window}.json", json.dumps(profile.as_dict(), separators=(",", ":")).encode())

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

    def forget_gone(self, window: str) -> None:
        """What was found in a batch or in labels that were taken back."""
        of_batch = () if self.batch(window) else (PROFILES, WINDOWS, METRICS)
        of_labels = () if self.labels(window) or self.known_labels(window) else (METRICS,)
        for container in {*of_batch, *of_labels}:
            self.ports.blobs.delete(container, f"{self.model}/{window}.json")

    # --- row checks --------------------------------------------------------------------------------------

    def learnt(self, check: str) -> dict[str, Any] | None:
        """What a row check learnt from the training data."""
        data = self._get(MODELS, f"learnt/{check}.json")
        return dict(json.loads(data)) if data else None

    def keep_learnt(self, check: str, record: dict[str, Any]) -> None:
        self._put(MODELS, f"learnt/{check}.json", json.dumps(record).encode())

    def row_result(self, check: str, window: str) -> RowResult | None:
        data = self._get(ROWS, f"{check}/{window}.json")
        return RowResult(**json.loads(data)) if data else None

    def keep_row_result(self, check: str, result: RowResult) -> None:
        self._put(ROWS, f"{check}/{result.window}.json", json.dumps(asdict(result)).encode())

    def sample(self, window: str) -> Table | None:
        """Some rows of a window, for later ones to be compared with."""
        data = self._get(SAMPLES, f"{window}.parquet")
        return self.table(data) if data else None

    def keep_sample(self, window: str, rows: Table) -> None:
        self._put(SAMPLES, f"{window}.parquet", self.ports.tables.write(rows))

    def drop_sample(self, window: str) -> None:
        self.ports.blobs.delete(SAMPLES, f"{self.model}/{window}.parquet")

    def _names(self, container: str) -> list[str]:
        prefix = f"{self.model}/"
        return [blob.name.removeprefix(prefix) for blob in self.ports.blobs.list(container, prefix)]
