"""The account of an incident as one page of HTML: no script, nothing loaded from elsewhere, ready to print."""

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tidewatch.render.postmortem import Account
from tidewatch.render.postmortem_markdown import clock, length

if TYPE_CHECKING:
    from jinja2 import Template


def page(told: Account, picture: tuple[str, str] | None = None) -> str:
    """`picture` is an SVG and the sentence that a screen reader says instead."""
    svg, alt = picture or ("", "")
    drawn = base64.b64encode(svg.encode()).decode()
    return _template().render(told=told, picture=drawn, alt=alt) + "\n"


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - not where functions start cold

    folder = FileSystemLoader(Path(__file__).parent / "templates")
    made = Environment(loader=folder, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    made.filters |= {"clock": clock, "span": length}
    return made.get_template("postmortem.html")
