"""The builders hand over a model: spec, training data, first version."""

from pathlib import Path

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks.intake import misfits
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.spec.text import parse_spec
from tidewatch.operations.probe import follow_probes
from tidewatch.operations.profiling import learn
from tidewatch.operations.row_checks import learn as learn_for_row_checks
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.timeliness import follow_arrivals
from tidewatch.ports import Ports
from tidewatch.ports.registry import ModelVersion
from tidewatch.ports.tables import UnreadableTable
from tidewatch.render.cards import handover_message


def hand_over(ports: Ports, spec_text: str, name: str, folder: Path, training: bytes, artefact: Path) -> ModelVersion:
    """Learn the baseline, register the first version, keep the spec. Doing it again replaces spec and baseline.

    `training` is a parquet file with the spec's columns, labels and left-out scores included. Raises SpecError,
    UnreadableTable and RegistryError.
    """
    spec = parse_spec(spec_text, name)
    baseline = baseline_of(ports, spec, training, "training.parquet")
    version = ports.registry.register(spec.model, artefact, properties={"run": "hand-over"})
    shelf = Shelf(ports, spec.model)
    shelf.keep_baseline(version.version, baseline)
    learn_for_row_checks(shelf, spec, training)
    shelf.keep_hand_over(spec_text, str(folder), training)
    follow_probes(ports, spec)
    follow_arrivals(ports, spec)
    return version


def baseline_of(ports: Ports, spec: ModelSpec, data: bytes, name: str) -> Baseline:
    """Raises UnreadableTable."""
    baseline, contents = learn(ports.tables, data, name, spec)
    if faults := misfits(spec, contents.kinds, [spec.only("window"), spec.only("label")]):
        raise UnreadableTable("; ".join(faults))
    return baseline


def announce(ports: Ports, model: str, version: str) -> None:
    """Say in the channel, once a version, that the model is under watch and who answers for it."""
    metadata = {"handover": model, "version": version}
    if ports.chat.find(ports.channel, metadata) is None:
        shelf = Shelf(ports, model)
        message = handover_message(shelf.spec(), version, len(shelf.baseline(version).windows), ports.people)
        ports.chat.post(ports.channel, message, metadata=metadata)
