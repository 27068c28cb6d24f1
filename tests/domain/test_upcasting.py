"""Streams of earlier versions tell the same story today, and their hashes stay what they were."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.domain.story import PEOPLE
from tidewatch.domain.events import BrokenRecord, Cause, Draft, Event, as_today, chain, parse, verify
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.upcasting import version_of
from tidewatch.render.thread import tell

# Written by Tidewatch of 30 November 2026, when a reference to a text did not name its author.
STORED = (Path(__file__).parent / "streams" / "texts_without_authors.jsonl").read_text().splitlines()


@pytest.fixture
def old() -> list[Event]:
    return [parse(line) for line in STORED]


def test_an_old_stream_verifies_as_it_lies_there() -> None:
    assert verify("INC-1001", STORED) == []


def test_an_old_stream_folds_to_the_incident_it_tells_of(old: list[Event]) -> None:
    incident = fold(old)
    assert incident is not None
    assert (incident.status, incident.tier, incident.owner) == ("observing", "L2", "U0BEN")
    assert (incident.version, incident.head) == (8, old[-1].hash)
    assert incident.written_findings == 1


def test_texts_of_old_events_have_the_author_who_caused_them(old: list[Event]) -> None:
    authors = [
        value["author"]
        for event in map(as_today, old)
        for value in event.data.values()
        if isinstance(value, Mapping) and "sha256" in value
    ]
    assert authors == ["U0ANA", "U0ANA", "U0BEN", "U0BEN"]
    assert [event.line() for event in old] == STORED, "what is stored and hashed is not touched"


def test_old_events_are_told_like_new_ones(old: list[Event]) -> None:
    seen: list[object] = []

    def text_of(reference: object) -> str:
        seen.append(reference)
        return "The feed changed on Sunday."

    assert tell(old[3], PEOPLE, text_of) == "📝 Ana:\n> The feed changed on Sunday."
    assert seen == [{"author": "U0ANA", **old[3].data["text"]}]


def test_new_events_carry_the_version_of_their_kind(old: list[Event]) -> None:
    drafts = [Draft("noted", {"text": {"sha256": "0", "author": "U0EVA"}}), Draft("paged", {})]
    noted, paged = chain("INC-1001", drafts, old[-1], Cause("U0ANA", "slack", "k"), old[-1].at)
    assert (noted.version, paged.version) == (2, 1)
    assert as_today(noted) is noted
    assert as_today(replace(noted, version=1)).data == noted.data, "an author that is named stays"


def test_an_event_of_a_newer_tidewatch_is_refused_by_name(old: list[Event]) -> None:
    newer = replace(old[3], version=version_of("noted") + 1)
    with pytest.raises(BrokenRecord, match=r"event 4 \(noted\) was written by a newer Tidewatch"):
        fold([*old[:3], newer, *old[4:]])
