"""The house that the tests of operations and of the bot act in."""

from pathlib import Path

import pytest

from tests.operations.house import House, furnish
from tests.operations.stand_ins import FolderRegistry, RecordingChat
from tidewatch.adapters.local.pictures import ResvgPictures


@pytest.fixture(scope="session")
def model_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """For copies only: a model is handed over and nothing has happened yet; the chat records."""
    root = tmp_path_factory.mktemp("house")
    made = furnish(root, RecordingChat(), FolderRegistry(root / "registry"))
    made.hand_over()
    return made


@pytest.fixture
def house(model_house: House, tmp_path: Path) -> House:
    made = model_house.copy(tmp_path / "house")
    made.change(pictures=ResvgPictures())
    return made
