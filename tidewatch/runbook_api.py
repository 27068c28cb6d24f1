"""What a runbook's scripts may use of Tidewatch: their task, its files, and the checks.

Y (run.py):    task = Task.receive(); read, correct, `task.keep("corrected", window, table)`.
Z (verify.py): task = Task.receive(); `say(passed, sentence)` after looking at the data again.
A dry run is Y's script called by the record's `dry_run`, or another: `task.dry_run` is true, and nothing is kept.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any, Literal, NoReturn

import numpy as np

from tidewatch.compose import tables
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks import drift
from tidewatch.domain.checks.intake import kinds_of, schema_faults
from tidewatch.domain.checks.labels import UNMATCHED, label_faults
from tidewatch.domain.checks.performance import judge as judge_labels
from tidewatch.domain.checks.scale import snapped
from tidewatch.domain.finding import Finding
from tidewatch.domain.judgement import judge
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome, join
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.repair import (
    Mask,
    Values,
    columns_of,
    faulty,
    is_null,
    looked_up,
    neutral,
    replaced,
    same,
    typed,
)
from tidewatch.domain.spec.text import parse_spec
from tidewatch.domain.table import Table
from tidewatch.operations.profiling import count
from tidewatch.ports.tables import UnreadableTable


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
        file = self._out(container, window)
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
        """Let the model answer again, in place, through the builders' scoring command, or end the script."""
        self._of_builders(self.scoring["command"], model=self.work / "model", data=file, out=file)

    def fetch(self, feed: Literal["batch", "labels"], window: str) -> Path:
        """Let the builders' command produce what did not come, for the store; a batch without the model's answers is
        scored. A command that fails ends the script."""
        file = self._out("batches" if feed == "batch" else "labels", window)
        self._of_builders(getattr(self.spec.feeds, feed).command, window=window, out=file)
        if feed == "batch":
            self._answered(file, window)
        return file

    def _answered(self, file: Path, window: str) -> None:
        try:
            came = tables().read(file.read_bytes(), file.name)
        except UnreadableTable:
            return  # Z says what is wrong with it
        if missing := [name for name in self._answers if name not in came.columns]:
            none = dict.fromkeys(missing, np.full(came.rows, np.nan))
            kinds = dict.fromkeys(missing, "number")
            self.keep("batches", window, Table({**came.columns, **none}, {**came.kinds, **kinds}))
            self.rescore(file)

    def _of_builders(self, words: Sequence[str], *, out: Path, **named: object) -> None:
        command = [sys.executable if word == "python" else word for word in words]
        arguments = [str(word) for name, value in {**named, "out": out}.items() for word in (f"--{name}", value)]
        ended = subprocess.run([*command, *arguments], cwd=self.scoring["folder"], check=False)  # noqa: S603 - no shell
        if ended.returncode:
            sys.exit(f"{' '.join(words)} ended with exit status {ended.returncode}; what it said stands above")
        if not out.exists():
            sys.exit(f"{' '.join(words)} ended well and wrote no file")

    def _out(self, container: str, window: str) -> Path:
        folder = self.work / "out" / container
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{window}.parquet"

    @property
    def _answers(self) -> list[str]:
        return [name for role in ("score", "prediction") for name in self.spec.of_role(role)]

    # --- repairing columns -------------------------------------------------------------------------------

    @property
    def columns(self) -> list[str]:
        """The columns the finding is about: one, or those of one source."""
        return columns_of(self.spec, self.finding)

    def original(self, window: str) -> Table:
        """The batch as it came, values of the columns in question in the spec's types."""
        came = self._read(f"originals/{window}.parquet")
        mine = {name: typed(self.spec.columns[name], came.columns[name]) for name in self.columns}
        kinds = {name: kind for name, kind in kinds_of(self.spec).items() if name in mine}
        return Table({**came.columns, **mine}, {**came.kinds, **kinds})

    def set_aside(self, window: str) -> None:
        """Keep the batch as it came in quarantine, byte by byte."""
        self._out("quarantine", window).write_bytes((self.work / "originals" / f"{window}.parquet").read_bytes())

    def faulty(self, window: str, column: str) -> Mask:
        """The rows whose value in that column is faulty (see domain.repair)."""
        usual = self._usual(self._baseline, window).columns.get(column)
        return faulty(self.spec.columns[column], usual, self.finding.check, self.original(window).columns[column])

    def neutralised(self, window: str, column: str) -> Values:
        """The column with what the spec puts for faulty values in their place."""
        usual = self._usual(self._baseline, window).columns.get(column)
        by = neutral(self.spec.columns[column], usual)
        return replaced(self.original(window).columns[column], self.faulty(window, column), by)

    def restored(self, window: str, column: str) -> tuple[Values, Mask]:
        """The column with faulty values looked up in the last good windows, and the rows for which there was none:
        these have what the spec puts for faulty values."""
        came, wanted = self.original(window), self.faulty(window, column)
        keys = [key for key in self.spec.columns[column].restored_by if key in came.columns]
        names = sorted(os.listdir(self.work / "good"), reverse=True)
        good = (self._read(f"good/{name}", [*keys, column]) for name in names)
        found = looked_up(came, keys, column, wanted, good)
        lost = wanted & is_null(found)
        values = self.neutralised(window, column)
        values[wanted & ~lost] = found[wanted & ~lost]
        return values, lost

    # --- verifying ---------------------------------------------------------------------------------------

    def changed_besides(self, window: str) -> str:
        """What a corrected batch lost or changed besides the columns in question and the model's answers, in a
        sentence; empty when nothing."""
        if not self.same_rows(window):
            return f"the corrected batch of {window} does not have the rows that came"
        came, now = self._read(f"originals/{window}.parquet").columns, self.batch(window).columns
        rest = sorted((came.keys() | now.keys()) - {*self._answers, *self.columns})
        changed = [name for name in rest if not same(came.get(name), now.get(name))]
        return f"{', '.join(changed)} of {window} changed, which nobody asked for" if changed else ""

    def wrong_answers(self, window: str) -> str:
        """Whether the answers in the batch are other than the model's answers to its rows (it is asked again), or
        unusual, in a sentence; empty when neither."""
        file = self.work / f"again-{window}.parquet"
        file.write_bytes((self.work / "batches" / f"{window}.parquet").read_bytes())
        self.rescore(file)
        now, again = self.batch(window), tables().read(file.read_bytes(), file.name)
        if not all(same(now.columns.get(name), again.columns.get(name)) for name in self._answers):
            return f"the predictions of {window} are not the model's answers to the corrected rows"
        deciding = self.spec.of_role("score") or self.spec.of_role("prediction")
        unusual = [name for name in self.strange(window) if name in deciding]
        return f"{', '.join(unusual)} is still unusual in {window}" if unusual else ""

    def strange(self, window: str, rows: Mask | None = None) -> list[str]:
        """Columns in which any check of profiles finds the window unusual, by itself: of all its rows, or of some."""
        baseline, file = self._baseline, self.work / "batches" / f"{window}.parquet"
        data = file.read_bytes() if rows is None else tables().write(self.batch(window).where(rows))
        counted = count(tables(), data, file.name, self.spec, baseline)
        usual = self._usual(baseline, window)
        return judge(self.spec, baseline, window, usual, counted.profile, counted.samples, []).strange

    def batch_faults(self, window: str) -> list[str]:
        """Why the intake would refuse the batch, a clause each."""
        file = self.work / "batches" / f"{window}.parquet"
        if not file.stat().st_size:
            return ["there is no batch"]
        try:
            batch = self.batch(window)
        except UnreadableTable as error:
            return [str(error)]
        named = set(batch.columns.get(self.spec.only("window"), np.array([window])).tolist())
        other = sorted(str(name) for name in named - {window})
        return schema_faults(self.spec, batch.rows, batch.kinds) + [f"it has rows of {name}" for name in other[:1]]

    def label_faults(self, window: str) -> list[str]:
        """Why these are no labels of the window, a clause each: unreadable, of other rows, all the same, or of far
        fewer rows than usually have one (90 % of the median of the windows before). What they say of the model is not
        judged: labels that show a bad model must be let in."""
        file = self.work / "labels" / f"{window}.parquet"
        if not file.exists():
            return ["there are no labels"]
        try:
            labels = self._read(f"labels/{window}.parquet")
        except UnreadableTable as error:
            return [str(error)]
        if faults := label_faults(self.spec, labels):
            return faults
        outcome = join(self.spec, window, "", self.batch(window), labels)
        earlier = [DayOutcome.from_dict(each) for each in json.loads((self.work / "outcomes.json").read_bytes())]
        shares = [before.labelled / before.rows for before in earlier if before.rows]
        least = 0.9 * median(shares) if shares else UNMATCHED
        found = []
        if outcome.labelled < least * outcome.rows:
            found.append(f"{outcome.labelled} of {outcome.rows} rows have a label, where {least:.0%} is the least")
        if self.spec.task == "binary" and _only_one(outcome) and not any(map(_only_one, earlier)):
            found.append(f"all {outcome.labelled} labels say the same, which they never did before")
        if outcome.unmatched >= UNMATCHED * max(outcome.labelled + outcome.unmatched, 1):
            found.append(f"{outcome.unmatched} labels are of rows that the batch does not have")
        return found

    def strange_now(self, window: str) -> drift.ColumnResult | None:
        """Check the window's rows again; the result for the finding's column if it is strange. Raises ValueError when
        the finding is not about one column: then nothing would be verified."""
        if self.finding.subject not in self.spec.columns:
            raise ValueError(f"the finding is about {self.finding.subject}, which is no column")
        baseline, file = self._baseline, self.work / "batches" / f"{window}.parquet"
        counted = count(tables(), file.read_bytes(), file.name, self.spec, baseline)
        usual = self._usual(baseline, window)
        results = drift.compare(self.spec, baseline, usual, counted.profile, counted.samples)
        return next((r for r in results if r.column == self.finding.subject and (r.strange or r.scale)), None)

    def as_usual(self, window: str, column: str, values: Numbers) -> Numbers:
        """Converted values, with those that differ from a usual value only by rounding put right."""
        usual = self._usual(self._baseline, window).columns[column]
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
        return judge_labels(self.spec, self._baseline, self.outcomes())[0]

    def _usual(self, baseline: Baseline, window: str) -> Profile:
        return baseline.profile_of((self.work / "usual" / f"{window}.json").read_bytes())

    @cached_property
    def _baseline(self) -> Baseline:
        return Baseline.from_bytes((self.work / "baseline.json").read_bytes())

    def _read(self, name: str, columns: list[str] | None = None) -> Table:
        return tables().read((self.work / name).read_bytes(), name, columns)


def _only_one(outcome: DayOutcome) -> bool:
    return outcome.labels in (0, outcome.labelled)


def say(passed: bool, sentence: str) -> NoReturn:
    """Z's verdict: the last line of its output, and its exit status."""
    sys.stdout.write(json.dumps({"passed": passed, "sentence": sentence}) + "\n")
    sys.stdout.flush()
    os._exit(0 if passed else 1)  # at once: a native library that fails on its way out must not have the last word
