"""The house that the tests of operations and of the bot act in; how many examples hypothesis tries."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.operations.house import House, furnish
from tests.operations.stand_ins import FolderRegistry, RecordingChat
from tidewatch.adapters.local.pictures import ResvgPictures

settings.register_profile("steady", derandomize=True, database=None, deadline=None, max_examples=40)
settings.register_profile("long", database=None, deadline=None, max_examples=1000)  # make fuzz
settings.load_profile("steady")


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
