"""What workers find when they start, made once; and a place where they die."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bot.team import door, workspace
from tests.crash.jobs import furnish_model
from tests.crash.tracing import Workshop
from tests.crash.works import WORKS
from tests.operations.house import House
from tidewatch.console import Console

__all__ = ["door", "workspace"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-call", action="store_true", help="fail every call, not only some (make crash-test)")


@pytest.fixture(scope="session")
def every_call(request: pytest.FixtureRequest) -> bool:
    """Whether a test tries every fault, or only some."""
    return bool(request.config.getoption("--every-call", default=False))


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    if not shutil.which("strace"):
        if os.environ.get("CI") == "true":
            pytest.fail("strace is missing: install it (Debian: apt-get install strace)")
        pytest.skip("strace is not installed")
    made = Workshop(tmp_path_factory.mktemp("workshop"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def templates(
    tmp_path_factory: pytest.TempPathFactory, model_house: House, workspace: Console
) -> Callable[[str], Path]:
    """What lies there before a work begins, by its name."""
    made: dict[str, Path] = {}

    def template(name: str) -> Path:
        if name not in made:
            made[name] = root = tmp_path_factory.mktemp(name) / "home"
            root.mkdir()
            if name == "runs":
                furnish_model(root, model_house)
            if name == "delivery":
                (root / "chat").write_text(f"{workspace.config.url}/slack/api/")
            WORKS[name].prepare(root)
        return made[name]

    return template
