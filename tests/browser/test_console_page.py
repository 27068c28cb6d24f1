"""The console's page in a real browser: live updates and modals in place, as hands and eyes would meet them."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import uvicorn
from slack_sdk import WebClient

from tidewatch.console import Channel, Console, ConsoleConfig, Person, StageStatus, serve

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true",
    reason="chromium is not installed here (apt-get install chromium)",
)


class Browser:
    """Chromium, spoken to through its debugging pipe."""

    def __init__(self, profile: Path) -> None:
        theirs, self._to = os.pipe()
        self._from, answers = os.pipe()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(  # noqa: S603 - our own words; bash gives the pipe its numbers 3 and 4
            [
                str(shutil.which("bash")),
                "-c",
                f'exec "$@" 3<&{theirs} 4>&{answers}',
                "bash",
                str(CHROMIUM),
                *flags,
                "about:blank",
            ],
            pass_fds=(theirs, answers),
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(answers)
        self._rest, self._number, self._session = b"", 0, ""
        self.complaints: list[Any] = []
        pages = [each for each in self._call("Target.getTargets")["targetInfos"] if each["type"] == "page"]
        attached = self._call("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def close(self) -> None:
        self._call("Browser.close")
        self._process.wait(10)
        os.close(self._to)
        os.close(self._from)

    def open(self, address: str) -> None:
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        while not self.run(condition):
            assert time.monotonic() < end, f"never came true: {condition}"
            time.sleep(0.02)

    def press(self, selector: str) -> None:
        """A real click of the mouse in the middle of it."""
        self.run(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        x, y = self.run(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({box})")
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        self._call("Input.insertText", text=text)

    def key(self, name: str) -> None:
        code = {"Enter": 13, "Escape": 27}[name]
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self._call("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code, **text)

    def size(self, width: int, height: int) -> None:
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name: str) -> None:
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                self._rest += os.read(self._from, 1 << 20)
            line, _, self._rest = self._rest.partition(b"\0")
            answer = json.loads(line)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            if answer.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(answer["params"])


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "INC-482", **fields}


CONFIRM = {
    "title": plain("Page Ben now?"),
    "text": plain("He wakes up."),
    "confirm": plain("Page"),
    "deny": plain("No"),
}
OPTIONS = [{"text": plain(name), "value": name} for name in ("Resolve", "Silence")]
CARD: list[dict[str, Any]] = [
    {"type": "header", "text": plain(":red_circle: Rotterdam: temperature arriving in °F")},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*boiler-yield v7* is forecasting on bad input since *02:41*."},
        "accessory": {"type": "overflow", "action_id": "more", "options": OPTIONS},
    },
    {
        "type": "actions",
        "block_id": "do",
        "elements": [button("Acknowledge", "ack", style="primary"), button("Escalate", "up", confirm=CONFIRM)],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "INC-482 · tier 1: <@U01>"}]},
]
FORM: dict[str, Any] = {
    "type": "modal",
    "title": plain("Resolve INC-482"),
    "submit": plain("Resolve"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("What was it?"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
    ],
}


class Story:
    def status(self) -> StageStatus:
        return StageStatus("Day 43 of 101", "Be *Ana*, press *Acknowledge*.", 0.43, controls=(("pause", "Pause"),))

    def act(self, action: str) -> str:
        return f"Did {action}."


@pytest.fixture(scope="module")
def asked() -> list[Any]:
    return []


@pytest.fixture(scope="module")
def running(asked: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    class Bot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            asked.append(json.loads(form["payload"][0]) if "payload" in form else {"type": "command", **form})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    bot = ThreadingHTTPServer(("127.0.0.1", 0), Bot)
    bot.daemon_threads = True
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = ConsoleConfig(
        workspace="Tidewatch local",
        url=f"http://127.0.0.1:{port}",
        bot_url=f"http://127.0.0.1:{bot.server_address[1]}/",
        bot_token="xoxb-page",
        signing_secret="secret",
        page_token="",
        channels=(Channel("C01", "model-alerts"), Channel("C02", "approvals")),
        people=(Person("U01", "Ana Ruiz", "L1 operator"), Person("U02", "Ben Okafor", "L2 data scientist")),
        bot=Person("U0BOT", "Tidewatch"),
    )
    console = Console(
        replace(config, now=lambda: datetime(2013, 5, 14, 3, 3, tzinfo=UTC)), tmp_path_factory.mktemp("c")
    )
    server = uvicorn.Server(uvicorn.Config(serve(console, Story()), host="127.0.0.1", port=port, log_level="error"))
    threads = [
        threading.Thread(target=bot.serve_forever, kwargs={"poll_interval": 0.01}),
        threading.Thread(target=server.run),
    ]
    for thread in threads:
        thread.start()
    while not server.started:
        time.sleep(0.005)
    yield console
    server.should_exit = True
    bot.shutdown()
    bot.server_close()
    for thread in threads:
        thread.join()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def console(running: Console, asked: list[Any]) -> Console:
    running.clear()
    asked.clear()
    return running


@pytest.fixture
def slack(console: Console) -> WebClient:
    return WebClient(token="xoxb-page", base_url=f"{console.config.url}/slack/api/")


@pytest.fixture
def page(chromium: Browser, console: Console) -> Browser:
    chromium.complaints.clear()
    chromium.size(1280, 900)
    chromium.open(console.new_link())
    return chromium


def post(slack: WebClient, text: str = "", **fields: Any) -> str:
    card = [{"color": "#b3261e", "fallback": "Rotterdam", "blocks": CARD}]
    return str(slack.chat_postMessage(channel="C01", text=text, attachments=None if text else card, **fields)["ts"])


def message(ts: str) -> str:
    return f"document.getElementById('m-{ts}')"


def test_a_new_message_appears_by_itself_and_the_browser_has_no_complaints(page: Browser, slack: WebClient) -> None:
    ts = post(slack)

    page.wait(f"{message(ts)} && {message(ts)}.innerText.includes('Rotterdam')")
    assert page.complaints == []


def test_the_token_does_not_stay_in_the_address(page: Browser, console: Console) -> None:
    page.wait("location.search === ''")
    assert page.run("location.pathname") == "/c/C01"


def test_a_button_is_pressed_in_place(page: Browser, slack: WebClient, asked: list[Any]) -> None:
    ts = post(slack)
    page.wait(f"!!{message(ts)}")
    page.run("window.stays = true")

    page.press(f"[id='m-{ts}'] .button.primary")
    page.wait("!document.querySelector('[aria-busy]')")
    assert asked[0]["actions"][0]["action_id"] == "ack"
    assert asked[0]["user"]["id"] == "U01"
    assert page.run("window.stays")


def test_a_confirmation_is_asked_before_anything_happens(page: Browser, slack: WebClient, asked: list[Any]) -> None:
    ts = post(slack)
    page.wait(f"!!{message(ts)}")
    escalate = f"[id='m-{ts}'] .actions .button:last-of-type"

    page.press(escalate)
    page.wait("!!document.getElementById('veil-confirm')")
    page.key("Escape")
    page.wait("!document.getElementById('veil-confirm')")
    assert asked == []
    page.press(escalate)
    page.wait("!!document.getElementById('confirm-yes')")
    page.press("#confirm-yes")
    page.wait("!document.getElementById('veil-confirm')")
    assert asked[0]["actions"][0]["action_id"] == "up"


def test_an_open_thread_a_half_written_reply_and_the_focus_survive_an_update(page: Browser, slack: WebClient) -> None:
    root = post(slack)
    post(slack, "first reply", thread_ts=root)
    page.wait(f"!!document.querySelector('[id=\"t-{root}\"] .replies .message')")
    page.press(f"[id='t-{root}'] > summary")
    page.press(f"[id='reply-{root}']")
    page.type("half a sen")

    other = post(slack, "second reply", thread_ts=root)
    slack.chat_update(channel="C01", ts=root, text="Ana has it", attachments=[])
    page.wait(f"!!{message(other)} && {message(root)}.innerText.includes('Ana has it')")

    assert page.run(f"document.getElementById('t-{root}').open")
    assert page.run("document.activeElement.id") == f"reply-{root}"
    page.type("tence")
    assert page.run("document.activeElement.value") == "half a sentence"
    page.key("Enter")
    page.wait(f"{message(root)}.innerText.includes('half a sentence')")
    assert page.run("document.activeElement.value") == ""


def test_an_open_menu_survives_an_update(page: Browser, slack: WebClient, asked: list[Any]) -> None:
    ts = post(slack)
    page.wait(f"!!{message(ts)}")
    page.press(f"[id='m-{ts}'] .accessory summary")
    other = post(slack, "another")
    page.wait(f"!!{message(other)}")

    page.press(f"[id='m-{ts}'] .menu button:last-child")
    page.wait("!document.querySelector('.overflow[open]')")
    assert asked[0]["actions"][0]["selected_option"]["value"] == "Silence"


def test_the_end_stays_in_sight_only_for_who_was_there(page: Browser, slack: WebClient) -> None:
    for number in range(40):
        last = post(slack, f"message {number}")
    page.wait(f"!!{message(last)}")
    at_the_end = "Math.abs(document.getElementById('timeline').scrollTop) < 2"
    assert page.run(at_the_end)
    last = post(slack, "one more")
    page.wait(f"!!{message(last)}")
    assert page.run(at_the_end)

    page.run("document.getElementById('timeline').scrollTop = -600")
    page.wait("document.getElementById('timeline').scrollTop <= -590")
    read = "[...document.querySelectorAll('.message')].find(m => m.getBoundingClientRect().top > 200)"
    before = page.run(f"(m => [m.id, Math.round(m.getBoundingClientRect().top)])({read})")
    last = post(slack, "and another")
    page.wait(f"!!{message(last)}")
    after = page.run(f"Math.round(document.getElementById('{before[0]}').getBoundingClientRect().top)")
    assert abs(after - before[1]) <= 2


def test_a_modal_opens_keeps_what_is_typed_and_is_sent(
    page: Browser, console: Console, slack: WebClient, asked: list[Any]
) -> None:
    view = slack.views_open(trigger_id=console.workspace.trigger("U01"), view=FORM)["view"]["id"]
    page.wait("!!document.querySelector('.modal')")
    page.wait("document.activeElement.tagName === 'TEXTAREA'")
    page.type("the gateway")

    hinted = {**FORM, "blocks": [{**FORM["blocks"][0], "hint": plain("Be kind.")}]}
    slack.views_update(view_id=view, view=hinted)
    page.wait("document.querySelector('.modal').innerText.includes('Be kind.')")
    assert page.run("document.activeElement.value") == "the gateway"
    page.press(f"#submit-{view}")
    page.wait("!document.querySelector('.modal')")
    assert asked[0]["view"]["state"]["values"]["why"]["text"]["value"] == "the gateway"


def test_a_command_is_sent_with_the_enter_key(page: Browser, asked: list[Any]) -> None:
    page.press("#write")
    page.type("/ml status")
    page.key("Enter")
    page.wait("document.getElementById('write').value === ''")

    assert asked[0]["text"] == ["status"]


def test_another_person_sees_their_own_ephemerals(page: Browser, slack: WebClient) -> None:
    slack.chat_postEphemeral(channel="C01", user="U02", text="Ana took this at 03:03")
    page.press("#be-U02")

    page.wait("document.querySelector('.whisper')?.innerText.includes('Ana took this')")
    page.press(".whisper .link")
    page.wait("!document.querySelector('.whisper')")
    page.press("#be-U01")
    page.wait("document.querySelector('.who .me').id === 'be-U01'")


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_wider_than_the_window(page: Browser, slack: WebClient, width: int) -> None:
    wide = "```" + "x" * 300 + "```"
    slack.chat_postMessage(
        channel="C01", text="w" * 300, blocks=[*CARD, {"type": "section", "text": {"type": "mrkdwn", "text": wide}}]
    )
    page.size(width, 900)
    page.wait("!!document.querySelector('.message')")

    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(
        "document.getElementById('timeline').scrollWidth <= document.getElementById('timeline').clientWidth"
    )
    assert page.run("document.querySelector('.who').getBoundingClientRect().right") <= width


# Everything written whose colour stands out less than 4.5 : 1 from what lies behind it.
PALE = """
(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [0, 0, 0];
  };
  const ratio = (element) => {
    const pair = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  };
  const written = ".by b, .by time, .header, .section .text, .context .text, .mention, .button, .topic h2";
  return [...document.querySelectorAll(written)].filter((e) => ratio(e) < 4.5).map((e) => [e.className, ratio(e)]);
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_by_day_and_by_night(page: Browser, slack: WebClient, scheme: str) -> None:
    post(slack)
    page.wait("!!document.querySelector('.message')")
    page.scheme(scheme)

    assert page.run(PALE) == []
    page.scheme("light")
