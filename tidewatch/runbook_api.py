"""What a runbook's scripts may use of Tidewatch: their task, its files, and the checks.

Y (run.py):    task = Task.receive(); read, correct, `task.keep("corrected", window, table)`.
Z (verify.py): task = Task.receive(); `say(passed, sentence)` after looking at the data again.
A dry run is Y's script called by the record's `dry_run`, or another: `task.dry_run` is true, and nothing is kept.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tidewatch.compose import tables
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks import drift
from tidewatch.domain.checks.performance import judge
from tidewatch.domain.checks.scale import snapped
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome, join
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table
from tidewatch.operations.profiling import count


@dataclass(frozen=True)
class Task:
    incident: str
    finding: Finding
    windows: list[str]  # the windows to work on, in order
    work: Path
    spec: ModelSpec
    scoring: Mapping[str, Any]
    inputs: Mapping[str, Any]  # the answers to the record's inputs, in their types
    dry_run: bool  # say what would be done, and touch nothing

    @staticmethod
    def receive() -> "Task":
        """The task that Tidewatch hands over on standard input."""
        request = json.load(sys.stdin)
        work = Path(request["work"])
        spec = parse_spec((work / "spec.yaml").read_text(), "spec.yaml")
        finding = Finding.from_dict(request["finding"])
        return Task(
            request["incident"], finding, request["windows"], work, spec, request["scoring"], request["inputs"],
            request["step"] == "dry_run",
        )  # fmt: skip

    def batch(self, window: str) -> Table:
        return self._read(f"batches/{window}.parquet")

    def keep(self, container: str, window: str, table: Table) -> Path:
        """Write a table for the store; containers must be named in the runbook's `writes`."""
        folder = self.work / "out" / container
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{window}.parquet"
        file.write_bytes(tables().write(table, {"window": window, "corrected_for": self.incident}))
        return file

    def secret(self, name: str) -> str:
        """A secret that the record declares. It comes as a file that ends with this process, so no listing shows it."""
        return Path(os.environ[f"{name.upper()}_FILE"]).read_text(encoding="utf-8")  # noqa: TID251 - the task's own

    def step(self, number: int, of: int, what: str) -> None:
        """Tell people how far it is: "[2/5] score again" is shown as the step while it runs."""
        sys.stdout.write(f"[{number}/{of}] {what}\n")
        sys.stdout.flush()

    def rescore(self, file: Path) -> None:
        """Let the model answer again, in place, through the builders' scoring command. Raises CalledProcessError."""
        command = [sys.executable if word == "python" else word for word in self.scoring["command"]]
        arguments = ["--model", str(self.work / "model"), "--data", str(file), "--out", str(file)]
        subprocess.run([*command, *arguments], cwd=self.scoring["folder"], check=True)  # noqa: S603 - no shell

    def strange_now(self, window: str) -> drift.ColumnResult | None:
        """Check the window's rows again; the result for the finding's column if it is strange. Raises ValueError when
        the finding is not about one column: then nothing would be verified."""
        if self.finding.subject not in self.spec.columns:
            raise ValueError(f"the finding is about {self.finding.subject}, which is no column")
        baseline, file = self._baseline(), self.work / "batches" / f"{window}.parquet"
        counted = count(tables(), file.read_bytes(), file.name, self.spec, baseline)
        usual = self._usual(baseline, window)
        results = drift.compare(self.spec, baseline, usual, counted.profile, counted.samples)
        return next((r for r in results if r.column == self.finding.subject and (r.strange or r.scale)), None)

    def as_usual(self, window: str, column: str, values: Numbers) -> Numbers:
        """Converted values, with those that differ from a usual value only by rounding put right."""
        usual = self._usual(self._baseline(), window).columns[column]
        return snapped(values, usual) if isinstance(usual, NumberProfile) else values

    def same_rows(self, window: str) -> bool:
        """Whether the batch still has the rows it came with, in their order, by id."""
        identity = self.spec.only("id")
        came = self._read(f"originals/{window}.parquet").columns[identity]
        return bool(np.array_equal(came, self.batch(window).columns[identity]))

    def outcomes(self) -> list[DayOutcome]:
        """Predictions and labels of every window, joined again by id."""
        version = str(self.finding.evidence.get("version", ""))
        return [
            join(self.spec, window, version, self.batch(window), self._read(f"labels/{window}.parquet"))
            for window in self.windows
        ]

    def performance_findings(self) -> list[Finding]:
        """Run the performance check again on `outcomes`."""
        return judge(self.spec, self._baseline(), self.outcomes())[0]

    def _usual(self, baseline: Baseline, window: str) -> Profile:
        return baseline.profile_of((self.work / "usual" / f"{window}.json").read_bytes())

    def _baseline(self) -> Baseline:
        return Baseline.from_bytes((self.work / "baseline.json").read_bytes())

    def _read(self, name: str) -> Table:
        return tables().read((self.work / name).read_bytes(), name)


def say(passed: bool, sentence: str) -> NoReturn:
    """Z's verdict: the last line of its output, and its exit status."""
    sys.stdout.write(json.dumps({"passed": passed, "sentence": sentence}) + "\n")
    sys.stdout.flush()
    os._exit(0 if passed else 1)  # at once: a native library that fails on its way out must not have the last word
