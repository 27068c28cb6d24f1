"""The account of an incident: what it says, and that nobody's words become markup in it."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from tests.domain.story import PEOPLE, START, Story
from tests.domain.told import HOSTILE, streams
from tidewatch.domain.events import Event, as_today
from tidewatch.domain.incident.fold import fold
from tidewatch.render.postmortem import Account, Source, account
from tidewatch.render.postmortem_markdown import inline, markdown
from tidewatch.render.postmortem_page import page

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Which elements and attributes there are, whether they are balanced, and what the text says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def told(events: tuple[Event, ...] | list[Event], later: timedelta = timedelta(hours=5)) -> Account:
    today = tuple(map(as_today, events))
    incident = fold(today)
    assert incident is not None

    def text(reference: object) -> str:
        return str(reference["sha256"]) if isinstance(reference, dict) and reference else ""

    return account(Source(incident, today, PEOPLE, text, {"2026-03-01": 967}), START + later)


USUAL = Page(page(told(Story.about().events), ("<svg/>", "a picture")))
ELEMENTS = USUAL.elements | {"ol", "ul", "li", "blockquote", "div", "pre", "h3"}
ATTRIBUTES = USUAL.attributes | {"aria-hidden"}


@given(streams())
def test_whatever_happened_the_page_is_whole_and_nobodys_words_are_markup(events: tuple[Event, ...]) -> None:
    parsed = Page(page(told(events)))
    assert parsed.elements <= ELEMENTS
    assert parsed.attributes <= ATTRIBUTES


@given(streams())
def test_whatever_happened_the_markdown_has_no_links_pictures_or_html_in_it(events: tuple[Event, ...]) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown(told(events)))
    inlines = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in [*tokens, *inlines]}
    assert not kinds & {"link_open", "image", "html_block", "html_inline", "code_block"}
    headings = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings[1:] == [
        "Impact", "Times", "People", "Findings", "What was tried", "Approvals", "Open questions", "Timeline", "The log",
    ]  # fmt: skip


@given(streams())
def test_whatever_happened_the_json_is_json_and_has_every_event(events: tuple[Event, ...]) -> None:
    record = json.loads(json.dumps(told(events).as_dict(), allow_nan=False))
    assert [entry["seq"] for entry in record["timeline"]] == [event.seq for event in events]
    assert record["head"] == events[-1].hash


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_text_on_one_line(words: str) -> None:
    shown = inline(words)
    assert "\n" not in shown
    rendered = MarkdownIt("commonmark", {"html": True}).render(shown)
    assert re.fullmatch(r"<p>[^<]*</p>\n", rendered), rendered


def handled() -> Story:
    """Called, taken after 12 minutes, a runbook that failed, an escalation, an approval, resolved by decision."""
    story = Story.about()
    story.happened("paged", person="U0ANA", tier="L1", why="it was opened")
    story.later(minutes=12)
    story.happened("acknowledged", by="U0ANA", tier="L1")
    story.happened("runbook_started", by="U0ANA", run="INC-1-R1", runbook="convert-unit", title="convert", timeout=60.0)
    story.later(minutes=3)
    story.happened(
        "runbook_finished", run="INC-1-R1", runbook="convert-unit", verdict="failed", sentence="it is still the same",
        output={"sha256": "first\nlast line\n--- verification ---\n{}"},
    )  # fmt: skip
    story.happened("escalated", **{"from": "L1", "to": "L2"}, why="convert-unit did not fix it")
    story.happened("findings_written", by="U0BEN", cause={"sha256": "the scale broke"})
    story.happened(
        "approval_requested", request="INC-1-A1", question="Promote Parcels version 2?", requested_by="U0BEN",
        why={"sha256": "it is better"}, approvers=["L2"], needed=1, evidence={}, expires="2026-03-04T00:00:00+00:00",
    )  # fmt: skip
    story.happened(
        "approval_voted", by="U0EVA", request="INC-1-A1", decision="rejected", reason={"sha256": "too early"}
    )
    story.later(hours=2)
    story.happened("resolved", by="U0BEN", sentence="resolved by decision, the check still failed")
    return story


def test_the_account_says_what_broke_who_had_it_what_was_tried_and_how_it_ended() -> None:
    said = told(handled().events)
    assert said.summary == (
        "Parcels: weight arrives in another unit: weight is strange. It was opened at 03:00 UTC on 2 March 2026 for "
        "acme/parcels, severity high. Ana had it after 12 minutes. What was tried: convert-unit failed. It was "
        "resolved at 05:15 UTC on 2 March 2026, after 2 hours and 15 minutes: resolved by decision, the "
        "check still failed."
    )
    assert ("Rows in them", "967") in said.impact
    assert [(step.what, step.after) for step in said.steps] == [
        ("Opened", 0), ("Somebody was called", 0), ("Acknowledged", 720), ("First runbook", 720), ("Escalated", 900),
        ("Resolved", 8100),
    ]  # fmt: skip
    assert dict(said.people)["Ana"] == "was called, acknowledged, runbook started"
    [run], [asked], [(who, _, answers)] = said.tried, said.approvals, said.findings
    assert (run.verdict, run.output, run.seconds) == ("failed", "first\nlast line", 180)
    assert (asked.decision, asked.votes[0][0], asked.votes[0][2:]) == ("rejected", "Eva", ("no", "too early"))
    assert (who, answers) == ("Ben", (("The suspected cause", "the scale broke"),))
    assert said.open_questions[0] == "Resolved without verification by Ben: is it really over?"


def test_an_incident_nobody_took_says_so() -> None:
    said = told(Story.about().events)
    assert "Nobody acknowledged it. It is with L1, 5 hours after it was opened." in said.summary
    assert said.open_questions == ("It is not resolved yet.", "It was never acknowledged.")


def test_the_same_is_in_the_markdown_and_on_the_page() -> None:
    said = told(handled().events)
    written, shown = markdown(said), page(said, ("<svg/>", "two curves"))
    for part in ("first\nlast line", "the scale broke", "too early", "is it really over?", said.head):
        assert part in written and part in shown
    assert 'alt="two curves"' in shown and "<script" not in shown
