"""What every registry must do; and what the local one does when its files are touched."""

import json
import shutil
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tidewatch.adapters.local.registry import MlflowRegistry, artefact_hash
from tidewatch.ports.registry import ChampionChanged, Registry, RegistryError, UnknownVersion

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated")

RACER = """
import sys
from pathlib import Path
from tidewatch.adapters.local.registry import MlflowRegistry

home, artefact, model = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
sys.stdin.readline()
version = MlflowRegistry(home).register(model, artefact, properties={"run": "spring"})
print(version.version)
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "registry"


@pytest.fixture(scope="session")
def registry(home: Path) -> Registry:
    """One for all tests, because making its database takes seconds; each test has a model of its own."""
    return MlflowRegistry(home)


@pytest.fixture
def model() -> str:
    return f"flights/{uuid.uuid4().hex}"


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    return write_artefact(tmp_path / "model", b"trees")


def write_artefact(folder: Path, content: bytes) -> Path:
    (folder / "deep").mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    (folder / "deep" / "weights").write_bytes(content)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_model_that_nobody_registered_has_no_champion(registry: Registry, model: str) -> None:
    assert registry.champion(model) is None


def test_the_first_version_becomes_champion_and_the_second_does_not(
    registry: Registry, model: str, artefact: Path
) -> None:
    first = registry.register(model, artefact, properties={"run": "spring", "log_loss": "0.51"})
    second = registry.register(model, artefact, properties={"run": "summer"})
    assert (first.model, first.version, second.version) == (model, "1", "2")
    assert first.properties == {"run": "spring", "log_loss": "0.51"}
    assert registry.champion(model) == first


def test_promoting_moves_the_mark_there_and_back(registry: Registry, model: str, artefact: Path) -> None:
    first = registry.register(model, artefact, properties={"run": "spring"})
    second = registry.register(model, artefact, properties={"run": "summer"})
    registry.promote(model, "2")
    assert registry.champion(model) == second
    registry.promote(model, "1")
    assert registry.champion(model) == first


def test_of_two_promotions_of_one_champion_the_second_is_told_who_came_first(
    registry: Registry, model: str, artefact: Path
) -> None:
    for run in ("spring", "summer", "autumn"):
        registry.register(model, artefact, properties={"run": run})
    registry.promote(model, "2", instead_of="1")
    registry.promote(model, "2", instead_of="1")  # the same again, after a crash
    with pytest.raises(ChampionChanged, match="the champion is version 2 by now, the comparison was with 1"):
        registry.promote(model, "3", instead_of="1")
    champion = registry.champion(model)
    assert champion is not None and champion.version == "2"


def test_the_same_run_gives_the_version_that_exists_and_moves_nothing(
    registry: Registry, model: str, artefact: Path
) -> None:
    registry.register(model, artefact, properties={"run": "spring"})
    summer = registry.register(model, artefact, properties={"run": "summer"})
    assert registry.register(model, artefact, properties={"run": "summer", "note": "sent twice"}) == summer
    champion = registry.champion(model)
    assert champion is not None
    assert champion.version == "1"


def test_without_a_run_every_registration_is_a_new_version(registry: Registry, model: str, artefact: Path) -> None:
    assert [registry.register(model, artefact, properties={}).version for _ in range(2)] == ["1", "2"]


def test_models_do_not_share_versions_or_champions(registry: Registry, model: str, artefact: Path) -> None:
    registry.register(model, artefact, properties={"run": "spring"})
    other = registry.register(f"{model}-cancelled", artefact, properties={"run": "spring"})
    assert other.version == "1"
    assert registry.champion(f"{model}-cancelled") == other


def test_a_version_is_found_by_its_number(registry: Registry, model: str, artefact: Path) -> None:
    registered = registry.register(model, artefact, properties={"run": "spring"})
    assert registry.version(model, "1") == registered


@pytest.mark.parametrize("version", ["7", "-1", "one", ""])
def test_a_version_that_does_not_exist_is_a_sentence(
    registry: Registry, model: str, artefact: Path, version: str
) -> None:
    registry.register(model, artefact, properties={})
    for question in (registry.version, registry.promote):
        with pytest.raises(RegistryError, match=f"{model} has no version {version} in the model registry"):
            question(model, version)


@pytest.mark.parametrize("model", ["delays", "flights/", "a.b/c", "flights/delays/x", "o'hare/x", "../up"])
def test_an_id_that_is_not_team_and_name_is_refused(registry: Registry, artefact: Path, model: str) -> None:
    with pytest.raises(RegistryError, match="is not a model: write team/name"):
        registry.register(model, artefact, properties={})


def test_what_is_fetched_is_what_was_registered(registry: Registry, model: str, artefact: Path, tmp_path: Path) -> None:
    version = registry.register(model, artefact, properties={})
    registry.fetch(model, "1", tmp_path / "new" / "folder")
    assert contents(tmp_path / "new" / "folder") == contents(artefact)
    assert artefact_hash(tmp_path / "new" / "folder") == version.artefact


def test_the_artefact_stays_as_it_was_when_the_registered_folder_changes(
    registry: Registry, model: str, artefact: Path, tmp_path: Path
) -> None:
    before = contents(artefact)
    registry.register(model, artefact, properties={})
    (artefact / "model.json").write_text("trained again in the same place")
    registry.fetch(model, "1", tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == before


def test_each_version_keeps_its_own_artefact(registry: Registry, model: str, artefact: Path, tmp_path: Path) -> None:
    registry.register(model, artefact, properties={})
    registry.register(model, write_artefact(tmp_path / "other", b"more trees"), properties={})
    registry.fetch(model, "1", tmp_path / "1")
    registry.fetch(model, "2", tmp_path / "2")
    assert contents(tmp_path / "1")["deep/weights"] == b"trees"
    assert contents(tmp_path / "2")["deep/weights"] == b"more trees"


def test_fetching_overwrites_nothing(registry: Registry, model: str, artefact: Path, tmp_path: Path) -> None:
    registry.register(model, artefact, properties={})
    mine = write_artefact(tmp_path / "mine", b"my own work")
    with pytest.raises(RegistryError, match="is not empty: name an empty or a new folder"):
        registry.fetch(model, "1", mine)
    assert contents(mine)["deep/weights"] == b"my own work"


def test_a_folder_with_nothing_in_it_is_not_a_model(registry: Registry, model: str, tmp_path: Path) -> None:
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(RegistryError, match="there is nothing to register"):
            registry.register(model, folder, properties={})
    assert registry.champion(model) is None


def test_a_property_that_the_registry_cannot_keep_is_a_sentence(registry: Registry, model: str, artefact: Path) -> None:
    with pytest.raises(RegistryError, match="the model registry refused"):
        registry.register(model, artefact, properties={"who's": "that"})


@pytest.mark.parametrize("damage", ["changed", "renamed", "added", "removed"])
def test_an_artefact_that_was_touched_is_not_given_out(
    registry: Registry, model: str, home: Path, artefact: Path, tmp_path: Path, damage: str
) -> None:
    version = registry.register(model, artefact, properties={})
    weights = home / "artefacts" / model.replace("/", ".") / version.artefact / "deep" / "weights"
    if damage == "changed":
        weights.write_bytes(b"treez")
    elif damage == "renamed":
        weights.rename(weights.with_name("heavies"))
    elif damage == "added":
        weights.with_name("loader.py").write_text("import os")
    else:
        weights.unlink()
    with pytest.raises(RegistryError, match="was changed after it was registered"):
        registry.fetch(model, "1", tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()


def test_registering_the_true_bytes_again_mends_a_touched_artefact(
    registry: Registry, model: str, home: Path, artefact: Path, tmp_path: Path
) -> None:
    version = registry.register(model, artefact, properties={})
    (home / "artefacts" / model.replace("/", ".") / version.artefact / "model.json").write_text("touched")
    registry.register(model, artefact, properties={})
    registry.fetch(model, "1", tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == contents(artefact)


def test_an_artefact_that_is_gone_is_a_sentence(
    registry: Registry, model: str, home: Path, artefact: Path, tmp_path: Path
) -> None:
    registry.register(model, artefact, properties={})
    shutil.rmtree(home / "artefacts" / model.replace("/", "."))
    with pytest.raises(RegistryError, match=f"the artefact of {model} version 1 is gone"):
        registry.fetch(model, "1", tmp_path / "fetched")


def test_a_registry_that_was_moved_still_knows_and_gives_everything(
    registry: Registry, model: str, home: Path, artefact: Path, tmp_path: Path
) -> None:
    version = registry.register(model, artefact, properties={"run": "spring"})
    moved = MlflowRegistry(Path(shutil.copytree(home, tmp_path / "elsewhere")))
    assert moved.champion(model) == version
    moved.fetch(model, "1", tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == contents(artefact)


def test_a_crash_before_the_mark_is_made_good_by_the_next_registration(
    registry: Registry, model: str, home: Path, artefact: Path
) -> None:
    from mlflow import MlflowClient  # noqa: PLC0415 - heavy, loaded where it is used

    first = registry.register(model, artefact, properties={"run": "spring"})
    database = f"sqlite:///{home}/mlflow.db"
    MlflowClient(database, database).delete_registered_model_alias(model.replace("/", "."), "champion")
    assert registry.champion(model) is None
    assert registry.register(model, artefact, properties={"run": "spring"}) == first
    assert registry.champion(model) == first


def test_what_others_do_with_mlflow_is_seen(registry: Registry, model: str, home: Path, artefact: Path) -> None:
    from mlflow import MlflowClient  # noqa: PLC0415 - heavy, loaded where it is used

    for run in ("spring", "summer"):
        registry.register(model, artefact, properties={"run": run})
    mlflow, name = MlflowClient(f"sqlite:///{home}/mlflow.db", f"sqlite:///{home}/mlflow.db"), model.replace("/", ".")
    mlflow.set_registered_model_alias(name, "champion", "2")
    champion = registry.champion(model)
    assert champion is not None and champion == registry.version(model, "2")
    mlflow.delete_registered_model_alias(name, "champion")
    mlflow.delete_model_version(name, "2")
    with pytest.raises(UnknownVersion, match="has no version 2"):
        registry.version(model, "2")


def test_a_registry_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database at all, however long it is" * 100)
    with pytest.raises(RegistryError, match="the model registry could not be read: file is not a database"):
        MlflowRegistry(tmp_path).champion("flights/delays")


def test_racing_threads_register_one_run_once(registry: Registry, model: str, artefact: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(registry.register, model, artefact, properties={"run": "spring"}) for _ in range(8)]
        assert {job.result().version for job in jobs} == {"1"}
    with pytest.raises(RegistryError, match="has no version 2"):
        registry.version(model, "2")


def test_racing_processes_on_a_new_folder_register_one_run_once(model: str, artefact: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RACER, str(tmp_path / "fresh"), str(artefact), model]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
        for _ in range(2)
    ]
    assert all(racer.stdout is not None and racer.stdout.readline() == "ready\n" for racer in racers)
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    assert [racer.communicate(timeout=60)[0] for racer in racers] == ["1\n", "1\n"]
    with pytest.raises(RegistryError, match="has no version 2"):
        MlflowRegistry(tmp_path / "fresh").version(model, "2")


def test_asking_an_empty_folder_makes_no_database_and_loads_no_mlflow(tmp_path: Path) -> None:
    question = (
        "import json, sys; from pathlib import Path; from tidewatch.adapters.local.registry import MlflowRegistry;"
        "champion = MlflowRegistry(Path(sys.argv[1])).champion('flights/delays');"
        "print(json.dumps([champion, 'mlflow' in sys.modules]))"
    )
    command = [sys.executable, "-c", question, str(tmp_path / "none")]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    assert json.loads(answer.stdout) == [None, False]
    assert not (tmp_path / "none").exists()


def test_asking_for_champion_and_version_loads_no_mlflow(
    registry: Registry, model: str, home: Path, artefact: Path
) -> None:
    registry.register(model, artefact, properties={})
    question = (
        "import sys; from pathlib import Path; from tidewatch.adapters.local.registry import MlflowRegistry;"
        "registry = MlflowRegistry(Path(sys.argv[1])); champion = registry.champion(sys.argv[2]);"
        "print(champion == registry.version(sys.argv[2], '1'), 'mlflow' in sys.modules)"
    )
    command = [sys.executable, "-c", question, str(home), model]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    assert answer.stdout == "True False\n"


def test_reading_the_champion_again_is_cheap(registry: Registry, model: str, artefact: Path) -> None:
    registry.register(model, artefact, properties={})
    registry.champion(model)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        registry.champion(model)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.020
