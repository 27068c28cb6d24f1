"""Whatever happened to an incident, it can be written up in every form."""

import json
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.story import PEOPLE, Story, finding
from tidewatch.domain.incident.fold import fold
from tidewatch.render.postmortem import Around, write_up
from tidewatch.render.postmortem_forms import as_html, as_json, as_markdown

TEXT = {"sha256": "0" * 64, "author": "U0BEN"}
# What may follow an opening, in any order: old logs and races have seen stranger ones.
HAPPENS: dict[str, dict[str, Any]] = {
    "acknowledged": {"tier": "L1"}, "unacknowledged": {}, "assigned": {"to": "U0STRANGER"},
    "paged": {"tier": "L1", "person": "U0ANA", "why": "it is hers"}, "noted": {"text": TEXT},
    "escalated": {"from": "L1", "to": "L2", "why": "no | answer", "reason": TEXT},
    "findings_written": {"examined": TEXT, "cause": TEXT, "tried": TEXT},
    "runbook_started": {"run": "R1", "runbook": "convert-unit", "title": "<b>convert</b>", "timeout": 60.0},
    "runbook_finished": {
        "run": "R1", "runbook": "convert-unit", "verdict": "failed", "sentence": "no *luck*", "output": TEXT,
    },
    "approval_requested": {
        "request": "A1", "question": "Promote?", "requested_by": "U0BEN", "expires": "2026-03-05T00:00:00+00:00",
        "approvers": ["L2"], "evidence": {}, "why": TEXT,
    },
    "approval_voted": {"request": "A1", "decision": "rejected", "reason": TEXT}, "approval_expired": {"request": "A1"},
    "observed": {"findings": [finding(value=3.0, window="2026-03-02").as_dict()], "times": 4},
    "window_passed": {"window": "2026-03-03"}, "resolved": {"sentence": "it is <fine>", "reason": TEXT},
    "recovered": {"sentence": "3 good windows"}, "confirmed": {"sentence": "3 more good windows"},
    "reopened": {"findings": [finding("nulls").as_dict()]}, "promoted": {"version": "2", "previous": "1"},
    "of_a_later_day": {"anything": [1]},
}  # fmt: skip


class Balanced(HTMLParser):
    """Refuses a page whose tags do not close, or that can run or load anything."""

    VOID = ("meta", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.feed(text)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "a", "iframe", "link")
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)
        if tag not in self.VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


@given(
    st.lists(st.tuples(st.sampled_from(sorted(HAPPENS)), st.sampled_from(["U0ANA", "tidewatch", "U0<GONE>"]))),
    st.text(max_size=60) | st.sampled_from(["<script>x</script>", "| a |", "```\nx\n```", "[x](http://y)", "(erased)"]),
)
def test_any_incident_can_be_written_up_in_every_form(happened: list[tuple[str, str]], text: str) -> None:
    story = Story.about()
    for number, (kind, who) in enumerate(happened):
        story.later(minutes=number % 3)
        story.happened(kind, by=who, **HAPPENS[kind])
    incident = fold(story.events)
    assert incident is not None
    record = write_up(incident, story.events, PEOPLE, lambda at: text if at else "", Around({}, None, None))
    assert json.loads(as_json(record)) == record
    assert len(record["timeline"]) == len(story.events)
    Balanced(as_html(record, None))
    lines = as_markdown(record).splitlines()
    rows = [line for line in lines[lines.index("## Timeline") :] if line.startswith("|")]
    assert len(rows) == 2 + len(story.events)
    assert all(row.replace("\\\\", "").replace("\\|", "").count("|") == 4 for row in rows)
