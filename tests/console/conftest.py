"""A console that is really served, and a bot that is really asked; one of each, emptied between tests."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import uvicorn
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from tidewatch.console import Channel, Console, ConsoleConfig, Person, Shortcut, Stage, StageStatus, serve

SECRET = "a signing secret"
TOKEN = "xoxb-console-test"


@dataclass
class FakeBot:
    """Answers with what it was told to answer and keeps what it was asked; unsigned requests get a 401."""

    answer: Callable[[dict[str, Any]], tuple[int, str, str]] = lambda asked: (200, "text/plain", "")
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def forget(self) -> None:
        self.asked.clear()
        self.reply("")

    def reply(self, body: Any, status: int = 200) -> None:
        kind = "text/plain" if isinstance(body, str) else "application/json"
        text = body if isinstance(body, str) else json.dumps(body)
        self.answer = lambda asked: (status, kind, text)


@pytest.fixture(scope="session")
def running_bot() -> Iterator[FakeBot]:
    fake = FakeBot()
    verifier = SignatureVerifier(SECRET)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not verifier.is_valid_request(body, dict(self.headers)):
                self._send(401, "text/plain", "bad signature")
                return
            if self.headers["Content-Type"] == "application/json":
                asked = json.loads(body)
            else:
                form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
                asked = json.loads(form["payload"]) if "payload" in form else form
            fake.asked.append(asked)
            self._send(*fake.answer(asked))

        def _send(self, status: int, kind: str, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):  # the console does not wait for late answers
                self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}/api/slack/events"
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


class Ticking:
    """A clock that moves a second with every look."""

    def __init__(self) -> None:
        self.at = datetime(2013, 5, 14, 3, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def config(running_bot: FakeBot, port: int) -> ConsoleConfig:
    return ConsoleConfig(
        workspace="Tidewatch local",
        url=f"http://127.0.0.1:{port}",
        bot_url=running_bot.url,
        bot_token=TOKEN,
        signing_secret=SECRET,
        page_token="once",
        channels=(Channel("C01", "model-alerts"), Channel("C02", "approvals")),
        people=(Person("U01", "Ana Ruiz", "L1 operator"), Person("U02", "Ben Okafor", "L2 data scientist")),
        bot=Person("U0BOT", "Tidewatch"),
        shortcuts=(Shortcut("note", "Add a note"),),
        now=Ticking(),
        patience=0.3,
    )


@dataclass
class Story:
    """A stage that keeps what was done on it."""

    done: list[str] = field(default_factory=list)

    def status(self) -> StageStatus:
        controls = (("pause", "Pause"), ("start-over", "Start over"))
        return StageStatus("Day 43 of 101", "Be *Ana* and press *Acknowledge*.", 0.43, controls=controls)

    def act(self, action: str) -> str:
        self.done.append(action)
        return f"Did {action}."


@pytest.fixture(scope="session")
def running_story() -> Story:
    return Story()


@pytest.fixture(scope="session")
def running_console(
    config: ConsoleConfig, running_story: Story, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    made = Console(config, tmp_path_factory.mktemp("console"))
    with serving(made, running_story):
        yield made


@contextmanager
def serving(console: Console, stage: Stage | None) -> Iterator[None]:
    port = int(console.config.url.rpartition(":")[2])
    app = serve(console, stage)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield
    server.should_exit = True
    thread.join()


@pytest.fixture
def fresh_console(config: ConsoleConfig, tmp_path: Path) -> Iterator[Console]:
    """Another one that was just started, without a stage; its page token is "once"."""
    made = Console(replace(config, url=f"http://127.0.0.1:{free_port()}"), tmp_path)
    with serving(made, None):
        yield made


@pytest.fixture
def bot(running_bot: FakeBot) -> FakeBot:
    running_bot.forget()
    return running_bot


@pytest.fixture
def console(running_console: Console, bot: FakeBot) -> Console:
    running_console.clear()
    return running_console


@pytest.fixture
def story(running_story: Story) -> Story:
    running_story.done.clear()
    return running_story


@pytest.fixture
def slack(config: ConsoleConfig, console: Console) -> WebClient:
    return WebClient(token=TOKEN, base_url=f"{config.url}/slack/api/")


@pytest.fixture
def browser(config: ConsoleConfig, console: Console) -> Iterator[httpx.Client]:
    """A browser without JavaScript that has opened the link."""
    with httpx.Client(base_url=config.url, headers={"Origin": config.url}, follow_redirects=True) as client:
        assert client.get(console.new_link()).status_code == 200
        yield client
