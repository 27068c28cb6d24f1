"""What people and bots typed becomes text, never markup of theirs."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidewatch.console.mrkdwn import Readers, render, render_plain

NOW = datetime(2013, 3, 23, 12, tzinfo=UTC)
READERS = Readers({"U1": "Ana"}, {"C1": "alerts"}, me="U1", zone=ZoneInfo("America/New_York"), now=lambda: NOW)


def shown(source: str) -> str:
    return str(render(source, READERS))


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("*bold* _it_ ~gone~", "<b>bold</b> <i>it</i> <s>gone</s>"),
        ("*b _i_*", "<b>b <i>i</i></b>"),
        ("2*3*4 snake_case_name a~b~c", "2*3*4 snake_case_name a~b~c"),
        ("`a *b* <c>`", "<code>a *b* &lt;c&gt;</code>"),
        ("a &amp; b &lt;i&gt;", "a &amp; b &lt;i&gt;"),
        ("a\nb", "a<br>\nb"),
        ("<#C1>", '<span class="mention">#alerts</span>'),
        ("<@U1>", '<span class="mention me">@Ana</span>'),
        ("<@U9|zoe>", '<span class="mention">@zoe</span>'),
        ("> said\nthen", "<blockquote>said</blockquote>then"),
        ("03:04:05 :nosuch:", "03:04:05 :nosuch:"),
    ],
)
def test_mrkdwn_is_drawn_as_slack_draws_it(source: str, html: str) -> None:
    assert shown(source) == html


def test_code_blocks_keep_their_lines() -> None:
    assert shown("```\na  <b>\n*c*\n```") == "<pre>a  &lt;b&gt;\n*c*</pre>"


def test_known_emoji_are_drawn_with_their_name() -> None:
    assert 'aria-label="eyes">👀</span>' in shown(":eyes:")
    assert "👀" in render_plain(":eyes:")


@pytest.mark.parametrize("address", ["https://a.test/?a=1&amp;b=2", "http://a.test", "mailto:a@b.test"])
def test_links_go_to_the_web_and_to_mail(address: str) -> None:
    assert f'<a href="{address}" target="_blank" rel="noopener noreferrer">here</a>' == shown(f"<{address}|here>")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.test", " x"]
)
def test_links_to_anything_else_stay_text(address: str) -> None:
    assert "<a" not in shown(f"<{address}|here>")


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "*<img src=x onerror=alert(1)>*",
        '<https://a.test/"onmouseover="alert(1)|x>',
        '<@U1"><script>|<script>>',
        "```</pre><script>alert(1)</script>```",
        "`</code><script>`",
        '<!date^1364000000^<script>|"><script>>',
        "<!here|<script>>",
        "\x000\x00<b>",
    ],
)
def test_nothing_typed_becomes_markup(source: str) -> None:
    html = shown(source) + str(render_plain(source))

    tags = re.findall(r"<\s*([a-zA-Z]+)([^>]*)>", html)
    assert {tag for tag, _ in tags} <= {"a", "b", "br", "code", "i", "pre", "s", "span", "time", "blockquote"}
    assert not any(re.search(r"\bon\w+\s*=", re.sub(r'"[^"]*"', "", rest)) for _, rest in tags)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="<>&*_~`:|@#!^\"'=/\x00\n ab1U{}-", max_size=40))
def test_every_tag_that_is_opened_is_closed_in_order(source: str) -> None:
    html = shown(source)
    open_tags: list[str] = []
    for closing, tag in re.findall(r"<(/?)([a-z]+)[^>]*>", html):
        if tag == "br":
            continue
        if closing:
            assert open_tags.pop() == tag
        else:
            open_tags.append(tag)
    assert open_tags == []


def test_dates_are_shown_in_the_readers_zone() -> None:
    assert ">2013-03-22 20:53</time>" in shown("<!date^1364000000^{date_num} {time}|fallback>")
    assert ">yesterday at 20:53:20</time>" in shown("<!date^1364000000^{date_pretty} at {time_secs}|fallback>")
    assert ">11 hours ago</time>" in shown("<!date^1364000000^{ago}|fallback>")
