"""The builders hand over a model: spec, training data, first version."""

from pathlib import Path

from tidewatch.domain.baseline import Baseline, learn
from tidewatch.domain.model_spec import ModelSpec, parse_spec
from tidewatch.operations.shelf import Shelf
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
    shelf.keep_hand_over(spec_text, str(folder), training)
    return version


def baseline_of(ports: Ports, spec: ModelSpec, data: bytes, name: str) -> Baseline:
    """Raises UnreadableTable."""
    wanted = [*spec.watched, spec.only("window"), spec.only("label")]
    table = ports.tables.read(data, name, wanted)
    if missing := [column for column in wanted if column not in table.columns]:
        raise UnreadableTable(f"the columns {', '.join(missing)} are missing; the spec names them")
    return learn(table, spec)


def announce(ports: Ports, model: str, version: str) -> None:
    """Say in the channel, once a version, that the model is under watch and who answers for it."""
    metadata = {"handover": model, "version": version}
    if ports.chat.find(ports.channel, metadata) is None:
        shelf = Shelf(ports, model)
        message = handover_message(shelf.spec(), version, len(shelf.baseline(version).windows), ports.people)
        ports.chat.post(ports.channel, message, metadata=metadata)
