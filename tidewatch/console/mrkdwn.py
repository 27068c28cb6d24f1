"""Slack's mrkdwn as HTML.

Code, `<…>` and known emoji are taken out first, the rest is escaped, then comes the styling: nothing that somebody
typed is ever markup. Slack's three entities (&amp; &lt; &gt;) stand for their characters.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from markupsafe import Markup

from tidewatch.console.config import real_time
from tidewatch.console.emoji import KNOWN

_CODE = re.compile(r"```\n?(?P<block>.*?)```|`(?P<inline>[^`\n]+)`", re.DOTALL)
_ANGLE = re.compile(r"<([^<>\n]+)>")
_EMOJI = re.compile(r":([a-z0-9_+-]+):(?::skin-tone-[2-6]:)?")
_STYLE = re.compile(
    r"(?<![\w*])\*(?=\S)(?P<b>[^*\n]*[^*\s])\*(?![\w*])"
    r"|(?<!\w)_(?=\S)(?P<i>[^\n]*?[^\s])_(?!\w)"
    r"|(?<![\w~])~(?=\S)(?P<s>[^~\n]*[^~\s])~(?![\w~])"
)
_HELD = re.compile("\x00(\\d+)\x00")
_QUOTE = re.compile(r"(?:^&gt;[^\n]*(?:\n|$))+", re.MULTILINE)
_LINK = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)
_DATE = re.compile(r"!date\^(\d+)\^([^^|]*)(?:\^([^|]*))?\|?(.*)", re.DOTALL)
_SPECIAL = {"here": "@here", "channel": "@channel", "everyone": "@everyone"}


@dataclass(frozen=True)
class Readers:
    """Who reads: names for ids, and the place whose time they live by."""

    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    me: str = ""
    zone: tzinfo = UTC
    now: Callable[[], datetime] = real_time


def render(source: str, readers: Readers) -> Markup:
    """HTML for one text object of type mrkdwn."""
    held: list[str] = []

    def hold(markup: str) -> str:
        held.append(markup)
        return f"\x00{len(held) - 1}\x00"

    def code(match: re.Match[str]) -> str:
        block, inline = match.group("block"), match.group("inline")
        if inline is not None:
            return hold(f"<code>{_escape(inline)}</code>")
        return hold(f"<pre>{_escape(_plain_links(block).strip(chr(10)))}</pre>")

    rest = _CODE.sub(code, source.replace("\x00", ""))
    rest = _ANGLE.sub(lambda match: hold(_angle(match.group(1), readers)), rest)
    rest = _EMOJI.sub(lambda match: hold(_emoji(match)) if match.group(1) in KNOWN else match.group(0), rest)
    styled = _style(_escape(rest))
    quoted = _QUOTE.sub(lambda match: f"<blockquote>{_unquote(match.group(0))}</blockquote>", styled)
    lines = quoted.replace("\n", "<br>\n")
    filled = _HELD.sub(lambda match: held[int(match.group(1))], lines)
    # A block element brings its own line breaks; the one typed next to it would be a second.
    filled = re.sub(r"<br>\n(?=<pre>|<blockquote>)", "", filled)
    filled = re.sub(r"(</pre>|</blockquote>)<br>\n", r"\1", filled)
    return Markup(filled)  # noqa: S704 - everything in it was escaped above


def render_plain(source: str, *, emoji: bool = True) -> Markup:
    """HTML for a text object of type plain_text: only emoji names and line breaks mean something."""
    escaped = html.escape(source)
    if emoji:
        escaped = _EMOJI.sub(lambda match: _emoji(match) if match.group(1) in KNOWN else match.group(0), escaped)
    return Markup(escaped.replace("\n", "<br>\n"))  # noqa: S704 - escaped above


def is_link(address: str) -> bool:
    """Only these may become something to click on or a picture to load."""
    return _LINK.fullmatch(address) is not None


def _escape(typed: str) -> str:
    plain = typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return html.escape(plain)


def _style(escaped: str) -> str:
    def wrap(match: re.Match[str]) -> str:
        tag = match.lastgroup or ""
        return f"<{tag}>{_style(match.group(tag))}</{tag}>"

    return _STYLE.sub(wrap, escaped)


def _unquote(lines: str) -> str:
    return "\n".join(line.removeprefix("&gt;").removeprefix(" ") for line in lines.rstrip("\n").split("\n"))


def _emoji(match: re.Match[str]) -> str:
    return f'<span class="emoji" role="img" aria-label="{match.group(1)}">{KNOWN[match.group(1)]}</span>'


def _plain_links(block: str) -> str:
    return re.sub(r"<(https?://[^<>|\s]+)(?:\|([^<>]*))?>", lambda match: match.group(2) or match.group(1), block)


def _angle(inside: str, readers: Readers) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        name = readers.people.get(target[1:]) or label or target[1:]
        own = " me" if target[1:] == readers.me else ""
        return f'<span class="mention{own}">@{_escape(name)}</span>'
    if target.startswith("#"):
        name = readers.channels.get(target[1:]) or label or target[1:]
        return f'<span class="mention">#{_escape(name)}</span>'
    if target.startswith("!date^"):
        return _date(inside, readers)
    if target.startswith("!"):
        special = target[1:].partition("^")[0]
        return f'<span class="mention me">{_escape(_SPECIAL.get(special) or label or special)}</span>'
    plain = target.replace("&amp;", "&")
    if is_link(plain):
        return (
            f'<a href="{html.escape(plain)}" target="_blank" rel="noopener noreferrer">{_escape(label or target)}</a>'
        )
    return _escape(f"<{inside}>")


def _date(inside: str, readers: Readers) -> str:
    match = _DATE.fullmatch(inside)
    if not match:
        return _escape(inside)
    stamp, form, link, fallback = match.groups()
    try:
        at = datetime.fromtimestamp(int(stamp), tz=readers.zone)
    except (OverflowError, ValueError, OSError):
        return _escape(fallback)
    shown = re.sub(r"\{(\w+)\}", lambda token: _date_token(token.group(1), at, readers), form)
    markup = f'<time datetime="{at.isoformat()}" title="{_escape(fallback)}">{_escape(shown)}</time>'
    if link and is_link(link):
        return f'<a href="{html.escape(link)}" target="_blank" rel="noopener noreferrer">{markup}</a>'
    return markup


def _date_token(form: str, at: datetime, readers: Readers) -> str:
    today = readers.now().astimezone(readers.zone).date()
    near = {today: "today", today - timedelta(days=1): "yesterday", today + timedelta(days=1): "tomorrow"}
    forms = {
        "date_num": f"{at:%Y-%m-%d}",
        "date": f"{at:%B} {at.day}, {at.year}",
        "date_short": f"{at:%b} {at.day}, {at.year}",
        "date_long": f"{at:%A}, {at:%B} {at.day}, {at.year}",
        "time": f"{at:%H:%M}",
        "time_secs": f"{at:%H:%M:%S}",
    }
    kind, pretty, _ = form.partition("_pretty")
    if pretty:
        return near.get(at.date()) or forms.get(kind, form)
    if form == "ago":
        return _ago(readers.now() - at)
    return forms.get(form, "{" + form + "}")


def _ago(since: timedelta) -> str:
    seconds = abs(since.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            words = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{words} ago" if since > timedelta(0) else f"in {words}"
    return "just now"
