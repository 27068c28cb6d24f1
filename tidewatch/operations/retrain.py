"""Train a challenger on everything labelled so far, compare it on newer days, and ask people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tidewatch.domain import response
from tidewatch.domain.baseline import metric_levels
from tidewatch.domain.comparison import Comparison, compare_versions
from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.outcomes import DayOutcome, outcomes_by_window
from tidewatch.domain.table import Table
from tidewatch.operations.journal import keep_text, load, record_known, send_job
from tidewatch.operations.shelf import Shelf
from tidewatch.ports import Ports
from tidewatch.ports.registry import ModelVersion, RegistryError


class TrainingFailed(Exception):
    """The message is a sentence; `output` is what the script said."""

    def __init__(self, sentence: str, output: str = "") -> None:
        self.output = output
        super().__init__(sentence)


@dataclass(frozen=True)
class Challenger:
    version: ModelVersion
    comparison: Comparison
    trained_until: str
    output: str


def request_retraining(ports: Ports, incident: str, reason: str, cause: Cause) -> Incident:
    """Record who wants it and why, and put the work on the queue. Raises Refused and UnknownIncident."""
    ports.people.allow(cause.actor, "retrain", load(ports, incident).model)
    text = keep_text(ports, incident, reason)
    after = record_known(
        ports, incident, cause, lambda now: response.request_retraining(now, ports.people, cause.actor, text)
    )
    send_job(ports, {"do": "retrain", "incident": incident, "requested_by": cause.actor, "key": cause.key})
    return after


def carry_out_retraining(ports: Ports, incident: str, requested_by: str, key: str) -> None:
    """Train, compare, register, ask for approval. Delivered twice it registers once: the run has a name."""
    state = load(ports, incident)
    if state.retraining not in ("requested", "running"):
        return
    run = f"{incident}:{key}"
    record_known(
        ports, incident, Cause("tidewatch", "queue", f"training:{run}"), lambda _: [Draft("retraining_started")]
    )
    try:
        challenger = _train(Shelf(ports, state.model), run)
    except (TrainingFailed, RegistryError) as error:
        text = keep_text(ports, incident, getattr(error, "output", ""))
        failed = Draft("retraining_failed", {"sentence": str(error), "output": text})
        record_known(ports, incident, Cause("tidewatch", "queue", f"trained:{run}"), lambda _: [failed])
        return
    _ask(ports, incident, requested_by, challenger, run)


def _ask(ports: Ports, incident: str, requested_by: str, challenger: Challenger, run: str) -> None:
    shelf = Shelf(ports, challenger.version.model)
    spec, champion = shelf.spec(), ports.registry.champion(shelf.model)
    evidence: dict[str, Any] = {
        "version": challenger.version.version,
        "artefact": challenger.version.artefact,
        "champion": champion.version if champion else "",
        "trained_until": challenger.trained_until,
        "comparison": challenger.comparison.as_dict(),
        "output": keep_text(ports, incident, challenger.output),
    }
    question = f"Promote {spec.title} version {challenger.version.version}?"
    record_known(
        ports, incident, Cause("tidewatch", "queue", f"trained:{run}"),
        lambda now: [response.request_approval(now, spec, question, requested_by, evidence, ports.clock.now())],
    )  # fmt: skip


def _train(shelf: Shelf, run: str) -> Challenger:
    spec, champion = shelf.spec(), shelf.ports.registry.champion(shelf.model)
    if champion is None:
        raise TrainingFailed(f"{shelf.model} has no champion to compare with")
    windows = _labelled_windows(shelf)
    held_out = windows[-spec.retraining.holdout_windows :]
    if len(held_out) < spec.retraining.holdout_windows:
        raise TrainingFailed(
            f"{spec.retraining.holdout_windows} labelled windows are needed to compare on; there are {len(held_out)}"
        )
    with shelf.ports.scripts.workspace() as work:
        tables = {window: _labelled(shelf, spec, window) for window in windows}
        _lay_out_data(shelf, tables, work)
        arguments = ["--data", str(work / "data"), "--until", held_out[0], "--out", str(work / "out")]
        output = _script(shelf, spec.retraining.command, arguments, spec.retraining.timeout.total_seconds())
        shelf.ports.registry.fetch(shelf.model, champion.version, work / "champion")
        days = {
            name: _score_days(shelf, spec, folder, [tables[window] for window in held_out], work)
            for name, folder in (("champion", work / "champion"), ("challenger", work / "out" / "model"))
        }
        comparison = compare_versions(days["champion"], days["challenger"])
        version = shelf.ports.registry.register(
            shelf.model, work / "out" / "model", properties=_properties(run, held_out[0], comparison)
        )
        _keep_baseline(shelf, spec, version.version, work / "out" / "left_out.parquet")
    return Challenger(version, comparison, held_out[0], output)


def _labelled_windows(shelf: Shelf) -> list[str]:
    """Windows with labels whose data was accepted: a faulty batch must not be learnt from."""
    names = shelf.label_windows()
    return [name for name in names if (record := shelf.window(name)) and record.accepted]


def _labelled(shelf: Shelf, spec: ModelSpec, window: str) -> Table:
    batch, labels = shelf.batch(window), shelf.labels(window)
    if batch is None or labels is None:
        raise TrainingFailed(f"the data of {window} is gone from the store")
    rows, known = shelf.table(batch), shelf.table(labels)
    identity, label = spec.only("id"), spec.only("label")
    of_id = dict(zip(known.columns[identity], known.columns[label], strict=True))
    column = np.array([of_id.get(key, np.nan) for key in rows.columns[identity]], dtype=np.float64)
    return Table({**rows.columns, label: column}, {**rows.kinds, label: "number"})


def _lay_out_data(shelf: Shelf, tables: dict[str, Table], work: Path) -> None:
    data = work / "data"
    data.mkdir()
    (data / "training.parquet").write_bytes(shelf.training())
    for window, table in tables.items():
        (data / f"{window}.parquet").write_bytes(shelf.ports.tables.write(table))


def _script(shelf: Shelf, command: list[str], arguments: list[str], timeout: float) -> str:
    folder = Path(shelf.folder())
    outcome = shelf.ports.scripts.run([*command, *arguments], folder=folder, timeout=timeout)
    if not outcome.ok:
        last = outcome.output.strip().splitlines()[-1:] or ["it said nothing"]
        raise TrainingFailed(f"{' '.join(command)} failed: {last[0][:200]}", outcome.output)
    return outcome.output


def _score_days(shelf: Shelf, spec: ModelSpec, model: Path, tables: list[Table], work: Path) -> list[DayOutcome]:
    """The model's answers on the held-out days: both versions through the same script, on the same rows."""
    data, scored = work / "held_out.parquet", work / f"{model.name}.parquet"
    data.write_bytes(shelf.ports.tables.write(Table.stack(tables)))
    arguments = ["--model", str(model), "--data", str(data), "--out", str(scored)]
    _script(shelf, spec.scoring.command, arguments, spec.scoring.timeout.total_seconds())
    return outcomes_by_window(shelf.table(scored.read_bytes()), spec, model.name)


def _properties(run: str, trained_until: str, comparison: Comparison) -> dict[str, str]:
    challenger = {name: f"{value:.5f}" for name, value in comparison.challenger.items()}
    return {"run": run, "trained_until": trained_until, "gain": f"{comparison.gain:.5f}"} | challenger


def _keep_baseline(shelf: Shelf, spec: ModelSpec, version: str, left_out: Path) -> None:
    """The challenger's metrics are judged by how its own left-out windows vary; the columns stay as they are."""
    outcomes = outcomes_by_window(shelf.table(left_out.read_bytes()), spec, "left-out")
    shelf.keep_baseline(version, shelf.baseline("1").with_metrics(metric_levels(spec, outcomes)))
