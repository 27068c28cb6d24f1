"""Handing a model over from files."""

from pathlib import Path

from tidewatch import compose, home
from tidewatch.commands.checking import InputRefused, read_bytes, read_text
from tidewatch.domain.model_spec import SpecError
from tidewatch.operations.hand_over import hand_over
from tidewatch.ports.registry import RegistryError
from tidewatch.ports.tables import UnreadableTable
from tidewatch.settings import Settings


def hand_over_files(folder: Path, spec: Path, data: Path, model: Path) -> str:
    """Raises InputRefused."""
    settings = Settings(home=folder.absolute())
    home.ensure_roster(settings)
    text = read_text(spec)
    if not model.is_dir():
        raise InputRefused(f"{model} is not a folder; --model names the folder your scoring script loads")
    try:
        version = hand_over(
            compose.compose(settings), text, str(spec), spec.parent.absolute(), read_bytes(data), model
        )  # fmt: skip
    except (SpecError, RegistryError) as error:
        raise InputRefused(str(error)) from error
    except UnreadableTable as error:
        raise InputRefused(f"{data}: {error}") from error
    return (
        f"{version.model} version {version.version} is handed over. Its batches go to "
        f"{folder}/blobs/batches/{version.model}/WINDOW.parquet, labels to {folder}/blobs/labels/{version.model}/."
    )
