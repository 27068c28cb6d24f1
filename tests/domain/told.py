"""Streams of every kind of event, with whatever people, data and programs may have written in them."""

from typing import Any

from hypothesis import strategies as st

from tests.domain.story import SPEC, START, finding
from tidewatch.domain.events import Cause, Draft, Event, chain
from tidewatch.domain.incident.kinds import KINDS
from tidewatch.domain.incident.opening import opened

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[click](javascript:alert(1))", "![x](http://evil/x.png)",
    "# heading", "| a | b |", "```\nfence", "</pre></main>", "{{ told.head }}", "<@U0ANA>", "1. one", "> quote",
    "- item", "http://evil.example", "<http://evil.example>", "&lt;b&gt;", "\u202egnp.exe", "\x00\x1b[31m",
    "a\n\n    code", "***", "*a `b* c`",
)  # fmt: skip
WORDS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
USERS = st.sampled_from(["U0ANA", "U0BEN", "U0CARA", "U0NOBODY", "tidewatch"])
RUNS, REQUESTS = st.sampled_from(["INC-1-R1", "INC-1-R2"]), st.sampled_from(["INC-1-A1", "INC-1-A2"])
TEXT = st.builds(
    lambda text, author: {"sha256": text, "author": author}, WORDS, USERS
)  # the tests read it back from there
LATER = "2026-03-04T05:06:07+00:00"
FOUND = WORDS.map(lambda words: finding(sentence=words, subject="weight").as_dict())
TIERS = st.sampled_from(["L1", "L2", "L3"])

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "findings": st.lists(FOUND, min_size=1, max_size=2), "finding": FOUND, "run": RUNS, "request": REQUESTS,
    "until": st.just(LATER), "expires": st.just(LATER), "by": st.just(LATER), "starts": st.just(LATER),
    "verdict": st.sampled_from(["passed", "failed", "interrupted", "cancelled"]), "tier": TIERS, "from": TIERS,
    "decision": st.sampled_from(["approved", "rejected"]), "again": st.booleans(), "person": USERS, "to": TIERS,
    "requested_by": USERS, "then": USERS, "times": st.integers(1, 99), "timeout": st.just(60.0),
    "seconds": st.just(1.0),
    "exit_status": st.sampled_from([0, 1, None]), "needed": st.integers(1, 2), "windows": st.lists(WORDS, max_size=2),
    "approvers": st.just(["L2"]), "evidence": st.just({}), "joined": st.dictionaries(WORDS, WORDS, max_size=2),
    "ended": st.lists(WORDS, max_size=2), "returned": st.lists(WORDS, max_size=2), "left": st.lists(WORDS, max_size=2),
    "texts": st.lists(WORDS, max_size=2), "how": st.sampled_from(["acknowledged", "resolved"]), "columns": st.just([]),
    "quiet": st.just(""), "storm": st.just(""), "silence": st.just(""),
}  # fmt: skip
OPTIONAL = {"noted": {"text", "sentence"}, "runbook_started": {"inputs"}, "findings_written": {"text"}}


def _draft(kind: str) -> st.SearchStrategy[Draft]:
    fields = {
        name: TEXT if what == "text" else FIELDS.get(name, WORDS)
        for name, what in KINDS[kind].data.items()
        if name not in OPTIONAL.get(kind, ())
    }
    if kind == "assigned":
        fields["to"] = USERS
    if kind == "runbook_undone":
        fields["by"] = RUNS
    return st.fixed_dictionaries(fields).map(lambda data: Draft(kind, data))


LATER_KINDS = st.sampled_from(sorted(KINDS.keys() - {"opened", "overridden"})).flatmap(_draft)


@st.composite
def streams(draw: st.DrawFn) -> tuple[Event, ...]:
    """An incident of up to 12 events, each by somebody."""
    first = opened(draw(WORDS), [finding(sentence=draw(WORDS))], SPEC.response, SPEC.owners)
    events = chain("INC-1", [first], None, Cause("tidewatch", "blob", "k0"), START)
    for number, draft in enumerate(draw(st.lists(LATER_KINDS, max_size=11)), 1):
        events += chain("INC-1", [draft], events[-1], Cause(draw(USERS), "slack", f"k{number}"), START)
    return events
