"""One step of a runbook in a folder of its own: the files are laid out, the script runs, what it proposes is kept.

What Y wrote is a proposal until Z has verified it; then it goes in its place, and what stood there is remembered, so
that it can be put back.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from tidewatch.domain.incident.state import Incident
from tidewatch.domain.repair import columns_of
from tidewatch.domain.runbook import Runbook
from tidewatch.operations.examine import usual_before
from tidewatch.operations.shelf import BATCHES, CORRECTED, LABELS, Shelf
from tidewatch.operations.take_labels import known_labels
from tidewatch.ports.blobs import BlobNotFound
from tidewatch.ports.scripts import Limits, Look, Outcome

PROPOSED = "proposed"  # the container of what Y wrote and Z has not verified yet
EARLIER = 29  # windows with labels that show how many rows usually get one
BEFORE = "before"  # in it, what stood where a verified proposal went
StepName = Literal["run", "verify", "dry_run", "undo"]


@dataclass(frozen=True)
class Task:
    """What the steps of one run have in common."""

    shelf: Shelf
    incident: Incident
    runbook: Runbook
    run: str  # INC-1001-R1
    windows: tuple[str, ...]
    inputs: Mapping[str, Any]

    def carry_out(self, step: StepName, look: Look | None = None) -> Outcome:
        """Only what Y writes for its windows is kept; the others only look."""
        command: list[str] = getattr(self.runbook, step)
        scripts, team = self.shelf.ports.scripts, self.incident.model.partition("/")[0]
        with scripts.workspace() as work:
            self._lay_out(work, step)
            request = self._request(work, step)
            outcome = scripts.run(
                command,
                folder=Path(self.runbook.folder),
                timeout=self.runbook.timeout.total_seconds(),
                stdin=json.dumps(request),
                environment=_spoken(request),
                secrets=[f"{team}/{name}" for name in self.runbook.secrets],
                limits=Limits(),
                look=look,
            )
            if outcome.ok and step == "run":
                for container, window in self._places():
                    file = work / "out" / container / f"{window}.parquet"
                    if file.exists():
                        place = f"{self.run}/{container}/{self.shelf.model}/{window}.parquet"
                        self.shelf.ports.blobs.put(PROPOSED, place, file.read_bytes())
        return outcome

    def put_in_place(self) -> None:
        """Every proposal into the store; what stands there now is kept before."""
        blobs = self.shelf.ports.blobs
        for container, window in self._places():
            if (proposal := self._proposed(container, window)) is not None:
                name = f"{self.shelf.model}/{window}.parquet"
                if (stood := _got(self.shelf, container, name)) is not None:
                    blobs.put(PROPOSED, f"{self.run}/{BEFORE}/{container}/{name}", stood)
                blobs.put(container, name, proposal)

    def put_back(self) -> list[str]:
        """What stood before goes back where the proposals are; gives the windows that somebody changed since, which
        are left alone."""
        blobs, changed = self.shelf.ports.blobs, []
        for container, window in self._places():
            name = f"{self.shelf.model}/{window}.parquet"
            proposal, stands = self._proposed(container, window), _got(self.shelf, container, name)
            stood = _got(self.shelf, PROPOSED, f"{self.run}/{BEFORE}/{container}/{name}")
            if proposal is None or stands == stood:
                continue
            if stands is None or _digest(stands) != _digest(proposal):
                changed.append(window)
            elif stood is None:
                blobs.delete(container, name)
            else:
                blobs.put(container, name, stood)
        return changed

    def _places(self) -> Iterator[tuple[str, str]]:
        return ((container, window) for container in self.runbook.writes for window in self.windows)

    def _proposed(self, container: str, window: str) -> bytes | None:
        return _got(self.shelf, PROPOSED, f"{self.run}/{container}/{self.shelf.model}/{window}.parquet")

    def _request(self, work: Path, step: StepName) -> dict[str, Any]:
        return {
            "step": step,
            "incident": self.incident.id,
            "finding": self.incident.finding.as_dict(),
            "windows": list(self.windows),
            "inputs": dict(self.inputs),
            "work": str(work),
            "scoring": {"command": self.shelf.spec().scoring.command, "folder": self.shelf.folder()},
        }

    def _lay_out(self, work: Path, step: StepName) -> None:
        """For Z what the run proposes stands in place of what came; for the others everything is as it lies there."""
        shelf, spec = self.shelf, self.shelf.spec()
        record = shelf.window(self.incident.finding.window)
        champion = shelf.ports.registry.champion(shelf.model)
        version = record.version if record else champion.version if champion else "1"
        baseline = shelf.baseline(version)
        (work / "spec.yaml").write_text(shelf.spec_text())
        (work / "baseline.json").write_bytes(baseline.to_bytes())
        for name in ("batches", "originals", "labels", "usual"):
            (work / name).mkdir()
        of_inputs = self.incident.signal.family == "input"
        for window in self.windows:
            proposed: dict[str, bytes | None] = {
                name: self._proposed(name, window) if step == "verify" else None for name in self.runbook.writes
            }
            original = proposed.get(BATCHES) or shelf.original(window) or b""
            lies = original if of_inputs or proposed.get(BATCHES) else shelf.batch(window) or b""
            (work / "originals" / f"{window}.parquet").write_bytes(original)
            (work / "batches" / f"{window}.parquet").write_bytes(proposed.get(CORRECTED) or lies)
            usual = usual_before(shelf, spec, baseline, window)
            (work / "usual" / f"{window}.json").write_text(json.dumps(usual.as_dict()))
            if labels := proposed.get(LABELS) or known_labels(shelf, spec, window):
                (work / "labels" / f"{window}.parquet").write_bytes(labels)
        self._lay_out_past(work)
        if of_inputs or BATCHES in self.runbook.writes:
            shelf.ports.registry.fetch(shelf.model, version, work / "model")

    def _lay_out_past(self, work: Path) -> None:
        """The last good windows, where the runbook asks for them, and how earlier windows turned out, where it brings
        labels."""
        shelf, first = self.shelf, min(self.windows, default="")
        (work / "good").mkdir()
        columns = set(columns_of(shelf.spec(), self.incident.finding))
        records = shelf.windows_before(first) if self.runbook.good_windows else iter(())
        good = (record.window for record in records if record.accepted and columns.isdisjoint(record.strange))
        for window in islice(good, self.runbook.good_windows):
            (work / "good" / f"{window}.parquet").write_bytes(shelf.batch(window) or b"")
        if LABELS in self.runbook.writes:
            earlier = [outcome for outcome in shelf.outcomes(first, EARLIER) if outcome.window < first]
            (work / "outcomes.json").write_text(json.dumps([outcome.as_dict() for outcome in earlier]))


def _got(shelf: Shelf, container: str, name: str) -> bytes | None:
    try:
        return shelf.ports.blobs.get(container, name)
    except BlobNotFound:
        return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _spoken(request: Mapping[str, Any]) -> dict[str, str]:
    """The task in variables, for programs that read no JSON."""
    named = {f"TIDEWATCH_{key.upper()}": str(request[key]) for key in ("step", "incident", "work")}
    inputs = {f"TIDEWATCH_INPUT_{name.upper()}": str(value) for name, value in request["inputs"].items()}
    return named | inputs | {"TIDEWATCH_WINDOWS": " ".join(request["windows"])}
