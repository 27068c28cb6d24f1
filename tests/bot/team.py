"""People at a console press and type; what they send reaches the real bot over HTTP, signed."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from slack_bolt import App, BoltRequest, BoltResponse

from bot.app import build
from tests.operations.house import CHANNEL, PEOPLE, House
from tidewatch import console as slack
from tidewatch.adapters.slack import SlackChat
from tidewatch.console import Channel, Console, ConsoleConfig, Reply, serve
from tidewatch.domain.people import People, Person
from tidewatch.operations.deliver import deliver
from tidewatch.operations.respond import acknowledge, escalate
from tidewatch.operations.retrain import request_retraining
from tidewatch.ports import Ports
from tidewatch.server import free_socket

SECRET, TOKEN = "a signing secret", "xoxb-test"
CROWD = tuple(Person(f"U1{number:02d}", f"Operator {number}", "L1") for number in range(50))
EVERYONE = People((*PEOPLE.everyone, *CROWD))
STRANGER = "U0STRANGER"
NOWHERE = "http://127.0.0.1:9/"  # a response_url that nobody answers


class Door:
    """Where the workspace knocks: whichever app is the bot at the moment."""

    app: App | None = None

    def __init__(self) -> None:
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                assert door.app is not None
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = door.app.dispatch(BoltRequest(body=body, headers=dict(self.headers)))
                data = answer.body.encode()
                self.send_response(answer.status)
                for name, value in answer.first_headers().items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/slack/events"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Line:
    """Requests as Slack signs them, straight to the bot's door."""

    house: House
    app: App
    triggers: int = 0

    @property
    def ports(self) -> Ports:
        return self.house.ports

    def send(
        self, body: str | dict[str, Any], *, secret: str = SECRET, age: float = 0.0, signed: str = ""
    ) -> BoltResponse:
        """A form, or the payload of an interaction; `signed` is what the signature is for, if not for that."""
        if isinstance(body, dict):
            body = urlencode({"payload": json.dumps(body)})
        stamp = str(int(time.time() - age))
        signature = (
            "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{signed or body}".encode(), hashlib.sha256).hexdigest()
        )
        headers: dict[str, str | Sequence[str]] = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": signature,
        }
        return self.app.dispatch(BoltRequest(body=body, headers=headers))

    def command(self, user: str, words: str, trigger: str = "") -> str:
        """The body of a slash command; without a trigger, every one is another."""
        form = {"command": "/ml", "text": words, "user_id": user, "trigger_id": trigger or self._trigger()}
        return urlencode(form | {"team_id": "T0", "channel_id": CHANNEL, "response_url": NOWHERE})

    def pressed(self, user: str, action: str, identity: str, version: int, at: str = "1.000001") -> dict[str, Any]:
        """What a press on a button sends."""
        pressed = {"action_id": action, "value": json.dumps({"id": identity, "version": version}), "type": "button"}
        return self._interaction("block_actions", user) | {"actions": [pressed | {"block_id": "b1", "action_ts": at}]}

    def submission(self, user: str, verb: str, identity: str, text: str, version: int = 1) -> dict[str, Any]:
        """What a modal sends when its reason is written."""
        state = {"values": {"reason": {"text": {"type": "plain_text_input", "value": text}}}}
        private = json.dumps({"verb": verb, "id": identity, "version": version})
        view = {"id": self._trigger(), "type": "modal", "callback_id": "reason", "private_metadata": private}
        return self._interaction("view_submission", user) | {"view": view | {"state": state}}

    def _interaction(self, kind: str, user: str) -> dict[str, Any]:
        return {
            "type": kind, "user": {"id": user}, "team": {"id": "T0"}, "trigger_id": self._trigger(),
            "channel": {"id": CHANNEL}, "response_url": NOWHERE, "api_app_id": "A0",
        }  # fmt: skip

    def _trigger(self) -> str:
        self.triggers += 1
        return f"T{self.triggers}"


@dataclass
class Team(Line):
    """The same door, and a served workspace with people in it who type and press."""

    console: Console = field(kw_only=True)

    def type(self, user: str, words: str) -> str:
        """What a slash command answers, to that person alone."""
        reply = self.console.slash(user, CHANNEL, words)
        assert reply.ok, reply.problem
        return reply.body

    def press(self, user: str, action: str, value: str | None = None, *, post: str = ":card") -> Reply:
        """A button on the newest card or question; of the overflow, the option that starts with `value`."""
        message = self.message(post)
        if action == "more":
            value = next(each["value"] for each in options(message) if each["value"].startswith(f"{value} "))
        return self.console.click(user, CHANNEL, message["ts"], action, value)

    def submit(self, user: str, text: str) -> Reply:
        return self.console.submit_view(user, {"reason": text})

    def message(self, post: str) -> dict[str, Any]:
        self.house.run_jobs()
        found = [
            message
            for message in self.console.messages(CHANNEL)
            if message.get("metadata", {}).get("event_payload", {}).get("post", "").endswith(post)
        ]
        return found[-1]

    def thread(self) -> list[str]:
        """What stands in the thread of the newest card."""
        card = self.message(":card")["ts"]
        return [m["text"] for m in self.console.messages(CHANNEL) if m.get("thread_ts") == card and m["ts"] != card]

    def told(self, user: str) -> list[str]:
        """What only that person sees."""
        return [message["text"] for message in self.console.ephemerals(user, CHANNEL)]


def options(value: Any) -> Iterator[dict[str, Any]]:
    """Every option of every overflow in a message."""
    if isinstance(value, dict):
        yield from value.get("options", [])
        for inner in value.values():
            yield from options(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from options(inner)


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


@pytest.fixture(scope="session")
def workspace(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    place = free_socket(8400)
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    people = [slack.Person(person.id, person.name) for person in EVERYONE.everyone]
    config = ConsoleConfig(
        workspace="Test", url=url, bot_url=door.url, bot_token=TOKEN, signing_secret=SECRET, page_token="once",
        channels=(Channel(CHANNEL, "model-alerts"),), people=(*people, slack.Person(STRANGER, "Stranger")),
        bot=slack.Person("U0TIDE", "Tidewatch"), patience=30.0,
    )  # fmt: skip
    console = Console(config, tmp_path_factory.mktemp("console"))
    server = uvicorn.Server(uvicorn.Config(serve(console), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield console
    server.should_exit = True
    thread.join()


def gather(house: House, workspace: Console, door: Door, people: People = EVERYONE) -> Team:
    """Connect a house to the workspace, where nothing has been said yet."""
    workspace.clear()
    api = f"{workspace.config.url}/slack/api/"
    house.change(chat=SlackChat(TOKEN, api), people=people, channel=CHANNEL)
    door.app = build(house.ports, token=TOKEN, signing_secret=SECRET, api_url=api)
    return Team(house, door.app, console=workspace)


@pytest.fixture
def team(model_house: House, workspace: Console, door: Door, tmp_path: Path) -> Team:
    """A model was handed over and nothing has happened yet."""
    return gather(model_house.copy(tmp_path / "house"), workspace, door)


@pytest.fixture
def alarmed(team: Team) -> Team:
    """The weights of a day arrive in another unit: INC-1001, and its card is shown."""
    team.house.batch("2026-02-01", times=1.609344)
    team.house.run_jobs()
    return team


@pytest.fixture(scope="session")
def compared_house(model_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Ben, who has INC-1001, asked for a retraining, which asks INC-1001-A1; the chat knows nothing of it yet."""
    house = model_house.copy(tmp_path_factory.mktemp("compared") / "house")
    house.late_days(1, 8)
    escalate(house.ports, "INC-1001", "labels are complete", house.by("U0ANA"))
    acknowledge(house.ports, "INC-1001", house.by("U0BEN"))
    request_retraining(house.ports, "INC-1001", "the pattern changed", house.by("U0BEN"))
    house.run_jobs()
    house.ports.blobs.delete("delivery", "INC-1001.json")
    return house


@pytest.fixture
def compared(compared_house: House, workspace: Console, door: Door, tmp_path: Path) -> Team:
    """INC-1001-A1, which Ben asked for, waits in the channel for a decision."""
    team = gather(compared_house.copy(tmp_path / "house"), workspace, door)
    deliver(team.house.ports, "INC-1001")
    return team


@pytest.fixture(params=[1, 3])
def asked_of_fifty(
    model_house: House, workspace: Console, door: Door, tmp_path: Path, request: pytest.FixtureRequest
) -> Team:
    """INC-1001-A1 waits for one yes, or for three, of fifty who may decide."""
    deciders = People((*PEOPLE.everyone, *(replace(person, tier="L2") for person in CROWD)))
    team = gather(model_house.copy(tmp_path / "house"), workspace, door, deciders)
    team.house.late_days(1, 3)
    team.house.ask_to_promote(needed=request.param)
    team.house.run_jobs()
    return team
