"""What the templates draw, put together for one person looking at one place."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from tidewatch.console.config import Channel, ConsoleConfig, Person
from tidewatch.console.console import Console
from tidewatch.console.content import image_type
from tidewatch.console.controls import Entered, initial, options
from tidewatch.console.links import Session
from tidewatch.console.mrkdwn import Readers, is_link, render, render_plain
from tidewatch.console.stage import Stage
from tidewatch.console.store import Post, Store
from tidewatch.console.workspace import CONSOLE

_MOST_SHOWN = 80  # messages of a channel; the rest comes on request
_PREVIEW_LINES = 8


@dataclass
class Shown:
    """One message with everything below it."""

    post: Post
    author: Person
    replies: list["Shown"] = field(default_factory=list)
    new_day: str = ""  # the date, when it differs from the message before

    @property
    def key(self) -> str:
        return self.post.ts


@dataclass(frozen=True)
class Look:
    """Who looks at what: the home when there is no channel."""

    session: Session
    me: Person
    channel: Channel | None
    everything: bool = False

    @property
    def place(self) -> str:
        if self.channel is None:
            return "/home"
        return f"/c/{self.channel.id}" + ("?all=1" if self.everything else "")


class Drawing:
    def __init__(self, console: Console, stage: Stage | None) -> None:
        self._console, self._stage = console, stage
        self._zone = ZoneInfo(console.config.zone)
        self._templates = _environment()

    def version(self, look: Look) -> str:
        """Changes whenever the page (not the banner) would look different."""
        return f"{self._console.store.changes}.{look.session.changes}.{look.me.id}.{look.place}"

    def page(self, look: Look) -> str:
        version = self.version(look)  # before the body is read: what comes in between is then drawn again
        body, banner = Markup(self.body(look)), Markup(self.banner(look))  # noqa: S704 - from our own templates
        return self._draw("page.html", look, version=version, body=body, banner=banner)

    def banner(self, look: Look) -> str:
        if self._stage is None:
            return ""
        return self._draw("banner.html", look, status=self._stage.status())

    def body(self, look: Look) -> str:
        console, store = self._console, self._console.store
        context: dict[str, Any] = {"shown": [], "earlier": 0, "home": None}
        if look.channel:
            shown = self._timeline(look.me, store.posts(look.channel.id))
            context["earlier"] = 0 if look.everything else max(0, len(shown) - _MOST_SHOWN)
            context["shown"] = shown[context["earlier"] :]
            look.session.seen[look.me.id, look.channel.id] = store.newest(look.channel.id)
        else:
            context["home"] = console.home(look.me.id)
        return self._draw("body.html", look, modal=console.view(look.me.id), unread=self._unread(look), **context)

    def _draw(self, template: str, look: Look, **context: Any) -> str:
        config = self._console.config
        readers = Readers(
            people={person.id: person.name for person in (*config.people, config.bot)},
            channels={channel.id: channel.name for channel in config.channels},
            me=look.me.id,
            zone=self._zone,
            now=config.now,
        )
        return self._templates.get_template(template).render(
            config=config,
            look=look,
            me=look.me,
            pen=Pen(config, readers, self._console.store),
            **context,
        )

    def _timeline(self, me: Person, posts: Sequence[Post]) -> list[Shown]:
        mine = [post for post in posts if post.visible_to in (None, me.id)]
        every = {post.ts: Shown(post, self._author(post)) for post in mine}
        top: list[Shown] = []
        day: date | None = None
        for shown in every.values():
            post = shown.post
            if post.is_reply and post.thread in every:
                every[post.thread].replies.append(shown)
            if not post.is_reply or post.thread not in every or post.body.get("subtype") == "thread_broadcast":
                local = post.at.astimezone(self._zone)
                if local.date() != day:
                    shown.new_day, day = f"{local:%A}, {local.day} {local:%B %Y}", local.date()
                top.append(shown)
        return top

    def _author(self, post: Post) -> Person:
        config, author = self._console.config, str(post.body.get("user"))
        known = (*config.people, config.bot, CONSOLE)
        return next((person for person in known if person.id == author), Person(author, author))

    def _unread(self, look: Look) -> Mapping[str, Any]:
        """Channels with news for me, and for each person how many messages name them that they have not seen."""
        store, seen = self._console.store, look.session.seen
        channels = self._console.config.channels
        news = {channel.id for channel in channels if store.newest(channel.id) > seen.get((look.me.id, channel.id), "")}
        named = {
            person.id: sum(store.mentions(each.id, person.id, seen.get((person.id, each.id), "")) for each in channels)
            for person in self._console.config.people
        }
        direct = {
            person.id
            for person in self._console.config.people
            if store.newest(person.direct) > seen.get((person.id, person.direct), "")
        }
        return {"channels": news, "named": named, "direct": direct}


class Pen:
    """What a template may ask while it draws."""

    def __init__(self, config: ConsoleConfig, readers: Readers, store: Store) -> None:
        self._config, self._readers, self._store = config, readers, store

    def text(self, value: Any) -> Markup:
        """A text object, or a bare string as mrkdwn."""
        if isinstance(value, Mapping) and value.get("type") == "plain_text":
            return render_plain(str(value.get("text", "")), emoji=value.get("emoji", True))
        return render(str(value.get("text", "") if isinstance(value, Mapping) else value), self._readers)

    def clock(self, at: datetime) -> str:
        return f"{at.astimezone(self._readers.zone):%H:%M}"

    def moment(self, at: datetime) -> str:
        local = at.astimezone(self._readers.zone)
        return f"{local:%A}, {local.day} {local:%B %Y}, {local:%H:%M:%S %Z}"

    def iso(self, at: datetime) -> str:
        return at.astimezone(UTC).isoformat(timespec="seconds")

    def initials(self, person: Person) -> str:
        words = person.name.split()
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    def hue(self, person: Person) -> str:
        """The class that colours an avatar: always the same for one person."""
        if person.id in (self._config.bot.id, CONSOLE.id):
            return "bot" if person.id == self._config.bot.id else "system"
        ids = [each.id for each in self._config.people]
        return f"hue-{(ids.index(person.id) if person.id in ids else 0) % 8}"

    def act(self, block: Mapping[str, Any], element: Mapping[str, Any], value: str | None = None) -> str:
        """What a button's form field says about the element it stands for."""
        return json.dumps([block["block_id"], element["action_id"], value])

    def held(self, view: Any, block: Mapping[str, Any], element: Mapping[str, Any]) -> Entered:
        """What an input holds: what was entered, else what it starts with."""
        entered = view.state.get(block["block_id"]) if view else None
        return initial(element) if entered is None else entered

    def people(self) -> Sequence[Person]:
        return self._config.people

    def options(self, element: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return options(element)

    def picture(self, image: Mapping[str, Any]) -> str:
        """The address of a picture; "" when it may not be loaded."""
        file = image.get("slack_file") or {}
        if file:
            return "/files/" + str(file.get("id") or str(file.get("url")).rsplit("/", 1)[-1])
        address = str(image.get("image_url", ""))
        own = urlsplit(self._config.url)
        if urlsplit(address).netloc == own.netloc:
            return urlsplit(address).path
        return address if is_link(address) and not address.lower().startswith("mailto:") else ""

    def link(self, address: Any) -> str:
        return str(address) if is_link(str(address)) else ""

    def color(self, value: Any) -> str:
        """An attachment's colour as "#rrggbb"; Slack's three words too."""
        words = {"good": "2eb67d", "warning": "ecb22e", "danger": "e01e5a"}
        plain = words.get(str(value), str(value).lstrip("#"))
        return "#" + plain if len(plain) in (3, 6) and all(each in "0123456789abcdefABCDEF" for each in plain) else ""

    def is_picture(self, file: Mapping[str, Any]) -> bool:
        return str(file.get("mimetype", "")).startswith("image/")

    def preview(self, file: Mapping[str, Any]) -> list[str]:
        """The last lines of a text file; empty for anything else."""
        found = self._store.file(str(file.get("id")))
        content = found.content if found and found.content else b""
        if image_type(content) or len(content) > 1_000_000 or b"\x00" in content:
            return []
        return content.decode("utf-8", "replace").rstrip().split("\n")[-_PREVIEW_LINES:]

    def size(self, file: Mapping[str, Any]) -> str:
        count = int(file.get("size", 0))
        return f"{count} bytes" if count < 2000 else f"{count / 1000:.0f} kB"

    def as_json(self, value: Any) -> str:
        return json.dumps(value, indent=2, ensure_ascii=False)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
