"""Model versions in MLflow on SQLite; artefacts in folders beside it, named by their hash."""

import contextlib
import hashlib
import math
import os
import re
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tidewatch.adapters.local.durable import locked
from tidewatch.domain.events import digest
from tidewatch.ports.registry import ArtefactLost, ChampionChanged, ModelVersion, RegistryError, UnknownVersion

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion as Record

CHAMPION = "champion"  # the alias
ARTEFACT = "tidewatch.artefact"  # the tag that carries the hash
# No dots: MLflow refuses slashes, so a/b is kept as a.b and must come back as nothing else.
MODEL_ID = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9_-]+")
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "WARNING"}  # read while MLflow is imported
MORE_THAN_A_MODEL_HAS = 10_000  # versions; MLflow would give the first 200
# Asked of the database itself: loading MLflow for it takes 3 s, all the time that Slack gives a click.
WHICH = "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?"
TAGS = """SELECT tag.key, tag.value FROM model_version_tags AS tag JOIN model_versions AS kept USING (name, version)
          WHERE name = ? AND version = ? AND kept.current_stage != 'Deleted_Internal'"""


class MlflowRegistry:
    """`folder` holds `mlflow.db` (which `mlflow ui` can show) and `artefacts/`; it may be moved as a whole.

    MLflow is loaded by the first registration or promotion (3 s), its database made at the first registration (4 s).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._database = self._folder / "mlflow.db"
        self._opened: MlflowClient | None = None
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)

    def register(self, model: str, folder: Path, *, properties: Mapping[str, str]) -> ModelVersion:
        name = _mlflow_name(model)
        client = self._client()
        with self._alone(), _said_plainly():
            known = self._versions(client, name)
            record = next((v for v in known if "run" in properties and v.tags.get("run") == properties["run"]), None)
            if record is None:
                artefact = self._keep(name, folder)
                record = self._record(client, name, artefact, properties)
            # Also for a version that is known: a crash may have come between its record and its mark.
            if CHAMPION not in client.get_registered_model(name).aliases:
                client.set_registered_model_alias(name, CHAMPION, str((known or [record])[0].version))
        return _model_version(model, record)

    def champion(self, model: str) -> ModelVersion | None:
        found = self._rows(WHICH, _mlflow_name(model), CHAMPION)
        return self.version(model, str(found[0][0])) if found else None

    def version(self, model: str, version: str) -> ModelVersion:
        name = _mlflow_name(model)
        tags = dict(self._rows(TAGS, name, int(version))) if version.isdecimal() and len(version) < 10 else {}
        if ARTEFACT not in tags:
            raise UnknownVersion(model, version)
        return ModelVersion(model, str(int(version)), tags.pop(ARTEFACT), tags)

    def promote(self, model: str, version: str, *, instead_of: str = "") -> None:
        self.version(model, version)
        client = self._client()
        with self._alone(), _said_plainly():
            champion = self.champion(model)
            now = champion.version if champion else ""
            if instead_of and now not in (instead_of, version):
                raise ChampionChanged(now, instead_of)
            client.set_registered_model_alias(_mlflow_name(model), CHAMPION, version)

    def fetch(self, model: str, version: str, into: Path) -> None:
        wanted = self.version(model, version)
        if into.exists() and (not into.is_dir() or any(into.iterdir())):
            raise RegistryError(f"{into} is not empty: name an empty or a new folder for {model} version {version}")
        kept = self._artefacts(_mlflow_name(model)) / wanted.artefact
        if not kept.is_dir():
            raise ArtefactLost(f"the artefact of {model} version {version} is gone: {kept} does not exist")
        with _copy(kept, into.parent) as copy:
            if artefact_hash(copy) != wanted.artefact:
                raise ArtefactLost(
                    f"the artefact of {model} version {version} was changed after it was registered:"
                    f" do not use it, register the model again (it lies in {kept})"
                )
            copy.replace(into)

    def _client(self) -> "MlflowClient":
        if self._opened is None:
            with self._alone(), _said_plainly():  # several at once break a database that is being made
                if self._opened is None:
                    self._opened = _open(self._database)
        return self._opened

    def _rows(self, question: str, *values: object) -> list[tuple[str, str]]:
        """Nothing before the first registration has made the database."""
        if not self._database.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True)) as database:
                return database.execute(question, values).fetchall()
        except sqlite3.Error as error:
            if "no such table" in str(error):  # it is being made at this moment
                return []
            raise RegistryError(f"the model registry could not be read: {error}") from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time, threads and processes alike; the lock goes when its process dies. Not reentrant."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with locked(self._folder / "registry.lock"):
            yield

    def _artefacts(self, name: str) -> Path:
        return self._folder / "artefacts" / name

    def _keep(self, name: str, folder: Path) -> str:
        """Copy, hash the copy, give it its hash for a name: a crash leaves nothing that looks like an artefact."""
        if not any(file.is_file() for file in folder.rglob("*")):
            raise RegistryError(f"there is nothing to register in {folder}: no files are there")
        with _copy(folder, self._artefacts(name)) as copy:
            artefact = artefact_hash(copy)
            kept = self._artefacts(name) / artefact
            if kept.exists() and artefact_hash(kept) != artefact:  # somebody changed it: these are the true bytes
                shutil.rmtree(kept)
            if not kept.exists():
                copy.replace(kept)
        return artefact

    def _versions(self, client: "MlflowClient", name: str) -> list["Record"]:
        found = client.search_model_versions(f"name = '{name}'", max_results=MORE_THAN_A_MODEL_HAS)
        return sorted(found, key=lambda record: int(record.version))

    def _record(self, client: "MlflowClient", name: str, artefact: str, properties: Mapping[str, str]) -> "Record":
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        kept = self._artefacts(name)
        run = _run(client, name, kept, properties)
        return client.create_model_version(
            name, (kept / artefact).as_uri(), run.info.run_id, tags={**properties, ARTEFACT: artefact}
        )


def artefact_hash(folder: Path) -> str:
    """sha256 over the names (relative, in order) and the sha256 of the contents of every file below."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return digest({file.relative_to(folder).as_posix(): _file_hash(file) for file in files})


def _file_hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _mlflow_name(model: str) -> str:
    if not MODEL_ID.fullmatch(model):
        raise RegistryError(f"{model!r} is not a model: write team/name with letters, digits, '-' and '_'")
    return model.replace("/", ".")


def _model_version(model: str, record: "Record") -> ModelVersion:
    properties = {key: value for key, value in record.tags.items() if key != ARTEFACT}
    return ModelVersion(model, str(record.version), record.tags[ARTEFACT], properties)


def _open(database: Path) -> "MlflowClient":
    from mlflow import MlflowClient  # noqa: PLC0415 - heavy, loaded where it is used

    address = f"sqlite:///{database}"
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    client.search_registered_models(max_results=1)  # makes or migrates the database while we are alone
    return client


def _run(client: "MlflowClient", name: str, artefacts: Path, properties: Mapping[str, str]) -> "Run":
    """What `mlflow ui` shows beside a version: numbers among the properties as metrics, the rest as parameters."""
    from mlflow.entities import Metric, Param  # noqa: PLC0415 - heavy, loaded where it is used

    experiment = client.get_experiment_by_name(name)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(name, artefacts.as_uri())
    run = client.create_run(experiment_id, run_name=properties.get("run"))
    numbers = {key: number for key, text in properties.items() if (number := _number(text)) is not None}
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(key, number, run.info.start_time, 0) for key, number in numbers.items()],
        params=[Param(key, text) for key, text in properties.items() if key not in numbers],
    )
    client.set_terminated(run.info.run_id)
    return run


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@contextlib.contextmanager
def _copy(folder: Path, beside: Path) -> Iterator[Path]:
    """A copy in `beside` that the caller moves to its place; removed if it does not come to that."""
    copy = beside / f".{uuid.uuid4().hex}"
    try:
        shutil.copytree(folder, copy)
        yield copy
    except OSError as error:
        raise RegistryError(f"{folder} could not be copied: {error}") from error
    finally:
        shutil.rmtree(copy, ignore_errors=True)


@contextlib.contextmanager
def _said_plainly() -> Iterator[None]:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy, loaded where it is used

    try:
        yield
    except MlflowException as error:
        raise RegistryError(f"the model registry refused: {error.message}") from error
