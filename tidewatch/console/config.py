"""What a console is told about the workspace it plays."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Channel:
    id: str  # "C01"
    name: str  # "model-alerts", without the #


@dataclass(frozen=True)
class Person:
    id: str  # "U01"
    name: str
    title: str = ""  # "L1 operator"

    @property
    def handle(self) -> str:
        """What others type after the @."""
        return self.name.split()[0].lower()

    @property
    def direct(self) -> str:
        """The channel of their direct messages with the bot."""
        return "D" + self.id[1:]


@dataclass(frozen=True)
class Shortcut:
    """A message shortcut of the bot, offered beside every message."""

    callback_id: str
    name: str


def real_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class ConsoleConfig:
    workspace: str
    url: str  # where the console itself is served: "http://127.0.0.1:8300"
    bot_url: str  # where signed requests go: "http://127.0.0.1:8321/api/slack/events"
    bot_token: str  # "xoxb-…", the Web API's Bearer
    signing_secret: str
    page_token: str  # opens the page once
    channels: tuple[Channel, ...]
    people: tuple[Person, ...]
    bot: Person
    command: str = "/ml"
    shortcuts: tuple[Shortcut, ...] = ()
    zone: str = "UTC"  # in which people read the time of messages
    now: Callable[[], datetime] = real_time  # may be a simulated clock; signatures always use the real one
    patience: float = 3.0  # seconds the bot has to answer, as at Slack
    team_id: str = "T0CONSOLE"
    app_id: str = "A0CONSOLE"

    @property
    def bot_id(self) -> str:
        return "B" + self.bot.id[1:]

    def link(self, token: str) -> str:
        return f"{self.url.rstrip('/')}/?token={token}"
