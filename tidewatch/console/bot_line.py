"""The line to the bot: signed requests as Slack sends them, and what came back in time."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from tidewatch.console.config import ConsoleConfig


@dataclass(frozen=True)
class Reply:
    """What became of one command, click or submission."""

    ok: bool
    problem: str = ""  # one clause for people when it failed
    status: int | None = None  # the bot's HTTP status; None when there was no answer
    body: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)  # what a submitted modal complains about, by block id
    sent: bool = True  # False when the bot was not asked: what was pressed is gone, or the form is not complete

    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is not one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class BotLine:
    def __init__(self, config: ConsoleConfig) -> None:
        self._config = config
        self._http = httpx.Client(timeout=config.patience, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def command(self, form: Mapping[str, str]) -> Reply:
        return self._send(urlencode(form).encode(), "application/x-www-form-urlencoded")

    def interaction(self, payload: Mapping[str, Any]) -> Reply:
        form = {"payload": json.dumps(payload)}
        return self._send(urlencode(form).encode(), "application/x-www-form-urlencoded")

    def event(self, envelope: Mapping[str, Any]) -> Reply:
        return self._send(json.dumps(envelope).encode(), "application/json")

    def _send(self, body: bytes, content_type: str) -> Reply:
        timestamp = str(int(time.time()))  # real even on a simulated clock: the bot refuses what is 300 s off
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (console)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._config.signing_secret, timestamp, body),
        }
        try:
            response = self._http.post(self._config.bot_url, content=body, headers=headers)
        except httpx.ConnectError:
            return Reply(False, f"the bot is not running at {self._config.bot_url}")
        except httpx.TimeoutException:
            return Reply(False, f"the bot did not answer in {self._config.patience:g} s")
        except httpx.HTTPError as error:
            return Reply(False, f"the bot broke off its answer ({type(error).__name__})")
        if response.status_code != 200:
            return Reply(
                False, f"the bot answered with HTTP {response.status_code}", response.status_code, response.text
            )
        return Reply(True, "", 200, response.text)
