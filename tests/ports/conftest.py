"""One fixture per port that has several adapters: every test that asks for it runs on each of them."""

import base64
import importlib.util
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, LinearRetry
from azure.storage.queue import QueueServiceClient

from tidewatch.adapters.local.tables import ArrowTables, GuardedTables
from tidewatch.ports.blobs import Blobs
from tidewatch.ports.incident_log import IncidentLog
from tidewatch.ports.queue import Queue
from tidewatch.ports.tables import Tables

ROOT = Path(__file__).parents[2]
RACERS = Path(__file__).with_name("racers.py")
READY = re.compile(r"Azurite (Blob|Queue) service is successfully listening at (http://\S+)")

Race = Callable[..., list[Any]]


def _missing(what: str) -> None:
    reason = f"the Azure adapters were not tested: {what}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _azurite() -> str:
    named = os.environ.get("TIDEWATCH_AZURITE")
    built = ROOT / "build/azurite/node_modules/.bin/azurite"
    path = named or (str(built) if built.exists() else shutil.which("azurite"))
    if shutil.which("node") is None:
        _missing("there is no node")
    if path is None or not Path(path).exists():
        _missing("there is no azurite; `npm install --prefix build/azurite azurite@3` brings it")
    return str(path)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an emulator with nothing in it."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    command = [_azurite(), "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command + ports,
        cwd=tmp_path_factory.mktemp("azurite"),
        env=os.environ | {"AZURITE_ACCOUNTS": f"tidewatch:{key}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            addresses: dict[str, str] = {}
            said = ""
            while len(addresses) < 2:
                line = process.stdout.readline()
                assert line, f"azurite ended at once: {said}"
                said += line
                if ready := READY.search(line):
                    addresses[ready[1]] = f"{ready[2]}/tidewatch"
            yield (
                f"DefaultEndpointsProtocol=http;AccountName=tidewatch;AccountKey={key};"
                f"BlobEndpoint={addresses['Blob']};QueueEndpoint={addresses['Queue']};"
            )
        finally:
            process.terminate()


class LossyTransport(RequestsTransport):  # type: ignore[misc]
    """The network on a bad day: the first write whose address holds `part` loses its answer, or itself."""

    def __init__(self, part: str, *, arrives: bool) -> None:
        super().__init__()
        self._part, self._arrives, self.lost = part, arrives, 0

    def send(self, request: Any, **options: Any) -> Any:
        if self.lost or request.method != "PUT" or self._part not in request.url:
            return super().send(request, **options)
        self.lost += 1
        if self._arrives:
            super().send(request, **options)
            raise ServiceResponseError("the connection broke before the answer")
        raise ServiceRequestError("the connection broke before the request")


@pytest.fixture
def lossy(azurite: str) -> Iterator[Callable[..., BlobServiceClient]]:
    """Makes service clients on an empty emulator, each of which must meet its loss."""
    _empty(azurite)
    transports: list[LossyTransport] = []
    with ExitStack() as stack:

        def service(part: str, *, arrives: bool, retries: int = 0) -> BlobServiceClient:
            transports.append(LossyTransport(part, arrives=arrives))
            return stack.enter_context(
                BlobServiceClient.from_connection_string(
                    azurite,
                    transport=transports[-1],
                    retry_policy=LinearRetry(backoff=0, retry_total=retries, random_jitter_range=0),
                )
            )

        yield service
    assert [transport.lost for transport in transports] == [1] * len(transports)


@pytest.fixture(scope="session")
def guarded() -> GuardedTables:
    return GuardedTables()


@pytest.fixture(params=["arrow", "guarded"])
def tables(request: pytest.FixtureRequest, guarded: GuardedTables) -> Tables:
    return guarded if request.param == "guarded" else ArrowTables()


@pytest.fixture(params=["local", "azure"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Where an adapter keeps its things, in words that another process understands too."""
    if request.param == "local":
        return {"kind": "local", "root": str(tmp_path)}
    connection = request.getfixturevalue("azurite")
    _empty(connection)
    return {"kind": "azure", "connection": connection}


def _empty(connection: str) -> None:
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for container in blobs.list_containers():
            blobs.delete_container(container.name)
    with QueueServiceClient.from_connection_string(connection) as queues:
        for queue in queues.list_queues():
            queues.delete_queue(queue.name)


@pytest.fixture
def racers() -> Any:
    """The module that opens adapters by place; loaded by path, because worker processes start it so too."""
    spec = importlib.util.spec_from_file_location("racers", RACERS)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def blobs(place: dict[str, str], racers: Any) -> Iterator[Blobs]:
    with racers.opened_blobs(place) as blobs:
        yield blobs


@pytest.fixture
def queue(place: dict[str, str], racers: Any) -> Iterator[Queue]:
    with racers.opened_queue(place) as queue:
        yield queue


@pytest.fixture
def incident_log(place: dict[str, str], racers: Any) -> Iterator[IncidentLog]:
    with racers.opened_incident_log(place) as log:
        yield log


@pytest.fixture
def race_in_processes(place: dict[str, str]) -> Race:
    """Run one of the racers in several processes that start together; give what each of them printed as JSON."""

    def race(what: str, racers: int = 8) -> list[Any]:
        command = [sys.executable, "-W", "error", str(RACERS), what, json.dumps(place)]
        running = [
            subprocess.Popen(  # noqa: S603 - our own command
                [*command, str(number)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for number in range(racers)
        ]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        printed = [process.communicate(timeout=120)[0] for process in running]
        assert [process.returncode for process in running] == [0] * racers
        return [json.loads(line) for line in printed]

    return race
