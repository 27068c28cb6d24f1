"""A console that is really served, and a bot that is really asked."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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

from tidewatch.console import Channel, Console, ConsoleConfig, Person, Shortcut, Stage, serve

SECRET = "a signing secret"
TOKEN = "xoxb-console-test"


@dataclass
class FakeBot:
    """Answers with what it was told to answer and keeps what it was asked; unsigned requests get a 401."""

    answer: Callable[[dict[str, Any]], tuple[int, str, str]] = lambda asked: (200, "text/plain", "")
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def reply(self, body: Any, status: int = 200) -> None:
        kind = "text/plain" if isinstance(body, str) else "application/json"
        text = body if isinstance(body, str) else json.dumps(body)
        self.answer = lambda asked: (status, kind, text)


@pytest.fixture
def bot() -> Iterator[FakeBot]:
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


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def config(bot: FakeBot, port: int) -> ConsoleConfig:
    return ConsoleConfig(
        workspace="Tidewatch local",
        url=f"http://127.0.0.1:{port}",
        bot_url=bot.url,
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


@pytest.fixture
def stage() -> Stage | None:
    return None


@pytest.fixture
def console(config: ConsoleConfig, tmp_path: Path, stage: Stage | None) -> Iterator[Console]:
    """Served at config.url until the test is over."""
    made = Console(config, tmp_path / "console")
    server = uvicorn.Server(
        uvicorn.Config(serve(made, stage), host="127.0.0.1", port=int(config.url.rsplit(":")[-1]), log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield made
    server.should_exit = True
    thread.join()


@pytest.fixture
def slack(config: ConsoleConfig, console: Console) -> WebClient:
    return WebClient(token=TOKEN, base_url=f"{config.url}/slack/api/")


@pytest.fixture
def browser(config: ConsoleConfig, console: Console) -> Iterator[httpx.Client]:
    """A browser without JavaScript that has opened the link."""
    with httpx.Client(base_url=config.url, headers={"Origin": config.url}, follow_redirects=True) as client:
        assert client.get("/?token=once").status_code == 200
        yield client
