"""The write-up of an incident as JSON, as Markdown, and as a page of its own."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from tidewatch.domain.incident.handling import FINDINGS
from tidewatch.render.postmortem import Record


def as_json(record: Record) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def as_markdown(record: Record) -> str:
    return _pages(_markdown_text).get_template("postmortem.md").render(_printable(record), answers=FINDINGS) + "\n"


def as_html(record: Record, picture: tuple[str, str] | None) -> str:
    """One file that needs nothing else; `picture` is SVG of ours and what it shows in words."""
    svg, alt = picture or ("", "")
    pages = _pages(None)
    shown = _printable(record)
    return pages.get_template("postmortem.html").render(shown, answers=FINDINGS, svg=Markup(svg), alt=alt)  # noqa: S704


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MENTION = re.compile(r"<@([\w.-]+)>")


def _printable(value: Any) -> Any:
    """Every text in it without what hides or turns letters round; people nobody knows by their bare id."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("�", _MENTION.sub(r"\1", value.replace("\r\n", "\n")))
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list) else value


def _pages(finalize: Callable[[Any], Any] | None) -> Environment:
    pages = Environment(
        loader=PackageLoader("tidewatch", "render/templates"), autoescape=finalize is None, trim_blocks=True,  # noqa: S701 - Markdown is escaped by `finalize`
        lstrip_blocks=True, finalize=finalize,
    )  # fmt: skip
    pages.filters |= {
        "clock": _clock,
        "told": _told,
        "told_in_markdown": _told_in_markdown,
        "block": _block,
        "number": _number,
    }
    return pages


def _clock(at: str) -> str:
    return f"{datetime.fromisoformat(at):%d %b %Y %H:%M:%S}"


def _number(value: float) -> str:
    return f"{value:,.4g}"


class _Made(str):
    """Markdown of ours, not to be escaped again."""


_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|~&<>$@])")
_LINK, _STARTS = re.compile(r"(://|www\.)"), re.compile(r"^([-+=]|[0-9]+(?=[.)]))")


def _markdown_text(value: Any) -> str:
    """Somebody's words as words: nothing in them is markup, and they stay on their line."""
    if isinstance(value, _Made):
        return value
    text = _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))
    text = _LINK.sub(lambda found: found[0].replace(":", "\\:").replace(".", "\\."), text)
    return _STARTS.sub(lambda found: f"\\{found[0]}" if found[0] in "-+=" else f"{found[0]}\\", text)


_MARKED = re.compile(r"\\([*`])([^*`\n]+?)\\\1")


def _told_in_markdown(text: str) -> _Made:
    """What is code or bold in the chat is bold here."""
    return _Made(_MARKED.sub(r"**\2**", _markdown_text(text)))


def _block(text: str) -> _Made:
    """Words of several lines as code of their own, behind a fence that is longer than any in them."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return _Made(f"{fence}text\n{text}\n{fence}")


_CODE_OR_BOLD = re.compile(r"`([^`\n]+)`|\*([^*`\n]+)\*")  # in one go: neither may begin inside the other


def _told(text: str) -> Markup:
    """A line of the thread for the page: escaped first, then code, bold and quotations as they are in the chat."""
    lines = []
    for line in text.replace("```", "\n").strip().splitlines():
        quoted = line.startswith("> ")
        marked = _CODE_OR_BOLD.sub(_tagged, str(escape(line[2 * quoted :])))
        lines.append(f"<q>{marked}</q>" if quoted else marked)
    return Markup("<br>".join(lines))  # noqa: S704 - escaped above


def _tagged(found: re.Match[str]) -> str:
    return f"<code>{found[1]}</code>" if found[1] else f"<strong>{found[2]}</strong>"
