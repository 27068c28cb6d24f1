"""The builders hand over a model: spec, training data, first version."""

from pathlib import Path

from tidewatch.domain.baseline import Baseline, learn
from tidewatch.domain.model_spec import ModelSpec, parse_spec
from tidewatch.operations.shelf import Shelf
from tidewatch.ports import Ports
from tidewatch.ports.registry import ModelVersion


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
    return learn(ports.tables.read(data, name, wanted), spec)
