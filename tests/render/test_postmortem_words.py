"""Whatever people, data and programs wrote, in every kind of event: none of it becomes markup in a write-up."""

from html.parser import HTMLParser

from hypothesis import given
from markdown_it import MarkdownIt

from tests.domain.story import PEOPLE, Story, finding
from tests.domain.told import streams
from tidewatch.domain.events import Event
from tidewatch.domain.incident.fold import fold
from tidewatch.render.postmortem import Around, Record, open_questions, write_up
from tidewatch.render.postmortem_forms import as_html, as_markdown

UNPRINTABLE = {"\x00", "\x1b", "\u202e"}


def record_of(events: tuple[Event, ...] | list[Event]) -> Record:
    incident = fold(events)
    assert incident is not None

    def text(reference: object) -> str:
        return str(reference["sha256"]) if isinstance(reference, dict) and reference else ""

    return write_up(incident, events, PEOPLE, text, Around({}, None, None))


class Page(HTMLParser):
    """Refuses tags that do not close in order; keeps which elements and attributes there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.used: set[str] = set()
        self.feed(text)
        self.close()
        assert not self.opened

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.used |= {tag, *(f"@{name}" for name, _ in attrs)}
        if tag not in ("meta", "br"):
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


OURS = Page(as_html(record_of(Story.about().events), None)).used | {
    "ol",
    "li",
    "q",
    "pre",
    "h3",
    "strong",
    "code",
    "ul",
}
OURS |= {"@tabindex", "@role", "@aria-label", "@class"}


@given(streams())
def test_nobodys_words_are_markup_on_the_page(events: tuple[Event, ...]) -> None:
    page = as_html(record_of(events), None)
    assert Page(page).used <= OURS
    assert not UNPRINTABLE & set(page)


@given(streams())
def test_nobodys_words_are_markup_in_the_markdown(events: tuple[Event, ...]) -> None:
    written = as_markdown(record_of(events))
    assert not UNPRINTABLE & set(written)
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(written)
    kinds = {each.type for token in tokens for each in (token, *(token.children or ()))}
    assert not kinds & {"link_open", "image", "html_block", "html_inline", "code_block", "blockquote_open"}
    titles = [
        tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"
    ]
    every = ["Impact", "How long it took", "Who", "What was tried", "What L2 found", "Approvals", "Timeline",
             "Open questions", "Witness"]  # fmt: skip
    assert titles == [title for title in every if title in titles]
    assert {"Impact", "Timeline", "Witness"} <= {*titles}


def test_the_worst_is_what_departs_most_and_not_what_is_largest() -> None:
    low = [finding("accuracy", "accuracy", value, window=f"2026-03-0{day}") for day, value in ((1, 0.09), (2, 0.01))]
    story = Story.about(low[0])
    story.happened("observed", findings=[low[1].as_dict()])
    [measured] = record_of(story.events)["impact"]["measured"]
    assert measured["worst"] == {"window": "2026-03-02", "value": 0.01}


def test_what_went_wrong_in_calling_people_is_asked_afterwards() -> None:
    story = Story.about()
    story.happened("nobody_on_call", tier="L1", why="the rota has a hole")
    story.happened("paged", person="U0ANA", tier="L1", why="it was opened")
    story.happened("page_failed", page="INC-1-3", pager="mail", person="U0ANA", why="refused", again=False)
    story.happened("texts_erased", person="U0ANA", texts=["0" * 64])
    assert open_questions(story.incident, story.events)[2:] == [
        "Nobody of L1 could be called: who should have been on call?",
        "A call did not go out by mail: does that way work?",
        "Some of what was written here has been erased; what it said cannot be told any more.",
    ]


def test_people_who_are_not_in_the_roster_are_told_by_their_id() -> None:
    story = Story.about()
    story.happened("acknowledged", by="U0GONE", tier="L1")
    written = as_markdown(record_of(story.events))
    assert "- U0GONE: acknowledged" in written and "👀 U0GONE has it" in written
