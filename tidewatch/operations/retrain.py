"""Train a challenger on everything labelled so far, compare it on newer days, and ask people."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident import approving, handling
from tidewatch.domain.incident.handling import Text
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.performance.answers import answer_columns
from tidewatch.domain.performance.comparison import Comparison, compare_versions
from tidewatch.domain.performance.outcomes import DayOutcome, labelled, outcomes_by_window
from tidewatch.domain.performance.usual import metric_levels
from tidewatch.domain.table import Table
from tidewatch.operations import estimation
from tidewatch.operations.journal import MACHINE, keep_text, load, record_known, send_job
from tidewatch.operations.request_approval import request_approval
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_labels import known_labels
from tidewatch.ports import Ports
from tidewatch.ports.registry import ModelVersion, RegistryError
from tidewatch.ports.tables import UnreadableTable


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
    text = keep_text(ports, incident, reason, cause.actor)
    after = record_known(
        ports, incident, cause, lambda now: handling.request_retraining(now, ports.people, cause.actor, text)
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
        abandon_retraining(ports, incident, key, str(error), getattr(error, "output", ""))
        return
    asked = [event for event in ports.log.read(incident) if event.kind == "retraining_requested"]
    _ask(ports, incident, requested_by, asked[-1].data.get("reason", {}), challenger, run)


def abandon_retraining(ports: Ports, incident: str, key: str, sentence: str, output: str = "") -> None:
    """It has failed, and may be asked for again. Raises UnknownIncident."""
    failed = Draft("retraining_failed", {"sentence": sentence, "output": keep_text(ports, incident, output, MACHINE)})
    cause = Cause("tidewatch", "queue", f"trained:{incident}:{key}")
    record_known(
        ports, incident, cause, lambda now: [failed] if now.retraining in ("requested", "running") else []
    )  # fmt: skip


def _ask(ports: Ports, incident: str, requested_by: str, why: Text, challenger: Challenger, run: str) -> None:
    shelf = Shelf(ports, challenger.version.model)
    spec, champion = shelf.spec(), ports.registry.champion(shelf.model)
    evidence: dict[str, Any] = {
        "version": challenger.version.version,
        "artefact": challenger.version.artefact,
        "champion": champion.version if champion else "",
        "trained_until": challenger.trained_until,
        "comparison": challenger.comparison.as_dict(),
        "output": keep_text(ports, incident, challenger.output, MACHINE),
    }
    ask = approving.promotion(spec, requested_by, why, evidence)
    request_approval(ports, incident, ask, Cause("tidewatch", "queue", f"trained:{run}"))


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
        left_out = _written(shelf, spec, work / "out" / "left_out.parquet", spec.retraining.command)
        if not (work / "out" / "model").is_dir():
            raise TrainingFailed(f"{' '.join(spec.retraining.command)} ended well and wrote no model")
        shelf.ports.registry.fetch(shelf.model, champion.version, work / "champion")
        days = {
            name: _score_days(shelf, spec, folder, [tables[window] for window in held_out], work)
            for name, folder in (("champion", work / "champion"), ("challenger", work / "out" / "model"))
        }
        comparison = compare_versions(days["champion"], days["challenger"], spec.costs)
        version = shelf.ports.registry.register(
            shelf.model, work / "out" / "model", properties=_properties(run, held_out[0], comparison)
        )
        _keep_baseline(shelf, spec, version.version, left_out)
    return Challenger(version, comparison, held_out[0], output)


def _labelled_windows(shelf: Shelf) -> list[str]:
    """Windows whose data was accepted and whose labels were joined: what was refused must not be learnt from."""
    accepted = (name for name in shelf.label_windows() if (record := shelf.window(name)) and record.accepted)
    return [name for name in accepted if (outcome := shelf.outcome(name)) and outcome.labelled]


def _labelled(shelf: Shelf, spec: ModelSpec, window: str) -> Table:
    batch, labels = shelf.batch(window), known_labels(shelf, spec, window)
    if batch is None or labels is None:
        raise TrainingFailed(f"the data of {window} is gone from the store")
    return labelled(spec, shelf.table(batch), shelf.table(labels))


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
    answered = _written(shelf, spec, scored, spec.scoring.command)
    if spec.task == "binary":  # decisions that came with the data are those of the model in service
        kept = {n: v for n, v in answered.columns.items() if n not in spec.of_role("prediction")}
        answered = Table(kept, answered.kinds)
    days = outcomes_by_window(answered, spec, model.name)
    if silent := [day.window for day in days if not day.labelled]:
        raise TrainingFailed(f"{' '.join(spec.scoring.command)} gave no score for {', '.join(silent)}")
    return days


def _written(shelf: Shelf, spec: ModelSpec, file: Path, command: list[str]) -> Table:
    """What a script of the builders had to write: rows with their window, score and label."""
    try:
        table = shelf.table(file.read_bytes())
    except (FileNotFoundError, UnreadableTable) as error:
        raise TrainingFailed(f"{' '.join(command)} ended well and wrote no readable {file.name}") from error
    needed = [spec.only("window"), *answer_columns(spec), spec.only("label")]
    if missing := [name for name in needed if name not in table.columns]:
        raise TrainingFailed(f"{' '.join(command)} wrote {file.name} without {', '.join(missing)}")
    return table


def _properties(run: str, trained_until: str, comparison: Comparison) -> dict[str, str]:
    challenger = {name: f"{value:.5f}" for name, value in comparison.challenger.items()}
    return {"run": run, "trained_until": trained_until, "gain": f"{comparison.gain:.5f}"} | challenger


def _keep_baseline(shelf: Shelf, spec: ModelSpec, version: str, left_out: Table) -> None:
    """The challenger's metrics are judged by how its own left-out windows vary; the columns stay as they are."""
    outcomes = outcomes_by_window(left_out, spec, "left-out")
    shelf.keep_baseline(version, shelf.baseline("1").with_metrics(metric_levels(spec, outcomes)))
    if spec.estimation.metrics:
        estimation.learn_version(shelf, spec, version, left_out)
