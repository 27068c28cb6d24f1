import json
from html.parser import HTMLParser

import pytest

from tests.operations.house import MODEL, House
from tidewatch.domain.events import BrokenRecord
from tidewatch.operations.checkpoints import take_checkpoint
from tidewatch.operations.deliver import deliver
from tidewatch.operations.erase import erase
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.picture import draw
from tidewatch.operations.post_mortem import attach_timeline, post_mortem
from tidewatch.operations.report import report
from tidewatch.operations.respond import acknowledge, note
from tidewatch.operations.take_batch import examine_again
from tidewatch.render.postmortem import Record
from tidewatch.render.postmortem_forms import as_html, as_json, as_markdown

NASTY = "<script>alert(1)</script> [x](javascript:alert(1)) | `a` ![i](http://evil.example/p.png) &amp; ``` <b>"


class Page(HTMLParser):
    """Which tags a page really has, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.said += data


def written(house: House, name: str = "INC-1001") -> Record:
    return post_mortem(house.ports, name)[0]


def with_note(house: House, text: str) -> None:
    report(house.ports, [house.finding()], "one", "blob")
    house.later(minutes=7)
    acknowledge(house.ports, "INC-1001", house.by("U0ANA"))
    note(house.ports, "INC-1001", text, house.by("U0BEN"))


def test_it_says_who_had_it_how_long_it_took_and_what_is_open(house: House) -> None:
    with_note(house, "the scale was replaced")
    record = written(house)
    assert "Ana had it." in record["summary"]
    assert {"what": "acknowledged", "after": "7 minutes"}.items() <= record["times"][0].items()
    assert [(each["name"], each["did"]) for each in record["people"]] == [
        ("Ana", ["acknowledged"]),
        ("Ben", ["noted"]),
    ]
    assert record["open_questions"] == ["It is not over: its state is acknowledged."]
    assert "the scale was replaced" in record["timeline"][-1]["told"]


def test_what_nobody_took_is_said_to_be_so(house: House) -> None:
    report(house.ports, [house.finding()], "one", "blob")
    assert "It was never acknowledged." in written(house)["open_questions"]


def test_free_text_is_no_markup_on_the_page(house: House) -> None:
    with_note(house, NASTY)
    record, picture = post_mortem(house.ports, "INC-1001")
    page = Page(as_html(record, picture))
    assert not {"script", "b", "img", "a"} & set(page.tags)
    assert "<script>alert(1)</script> [x](javascript:alert(1))" in page.said


def test_free_text_is_no_markup_in_markdown(house: House) -> None:
    with_note(house, NASTY)
    (row,) = [line for line in as_markdown(written(house)).splitlines() if "alert" in line]
    bare = row.replace("\\\\", "")
    for sign in ("<", "[", "](", "`", "!["):
        assert bare.count(sign) == bare.count(f"\\{sign}"), sign
    assert bare.count("|") - bare.count("\\|") == 4  # the table's own


def test_erased_texts_are_said_to_be_erased(house: House) -> None:
    with_note(house, "call my mobile")
    erase(house.ports, "U0BEN")
    text = as_json(written(house))
    assert "call my mobile" not in text
    assert "(erased)" in text


def test_the_checkpoint_that_saw_its_last_event_is_the_witness(house: House) -> None:
    with_note(house, "first")
    assert written(house)["checkpoint"] is None
    house.later(hours=1)
    first = take_checkpoint(house.ports)
    report(house.ports, [house.finding("income")], "two", "blob")
    house.later(hours=1)
    take_checkpoint(house.ports)
    assert first is not None
    assert written(house)["checkpoint"]["hash"] == first.hash
    assert written(house, "INC-1002")["checkpoint"]["number"] == 2
    house.later(minutes=1)
    note(house.ports, "INC-1001", "second", house.by("U0ANA"))
    assert written(house)["checkpoint"] is None


def test_a_drift_brings_its_picture_and_the_rows_it_touched(house: House) -> None:
    for number in range(1, 4):
        house.batch(f"2026-02-{number:02d}", times=2.2)
    name = next(name for name in house.incidents() if house.incident(name).signal.group == "weight")
    record, picture = post_mortem(house.ports, name)
    assert picture is not None
    assert picture[0] in as_html(record, picture)
    assert record["impact"]["rows"] == 60 * len(record["impact"]["windows"])


def test_an_unknown_incident_and_a_damaged_stream_are_sentences(house: House) -> None:
    with pytest.raises(UnknownIncident, match="no incident INC-9"):
        post_mortem(house.ports, "INC-9")
    with_note(house, "x")
    (stream,) = house.root.joinpath("log").rglob("INC-1001.jsonl")
    stream.write_text("{" + stream.read_text())
    with pytest.raises(BrokenRecord):
        post_mortem(house.ports, "INC-1001")


def test_the_file_in_the_thread_holds_nothing_that_could_not_be_erased(house: House) -> None:
    with_note(house, "call my mobile")
    attach_timeline(house.ports, "INC-1001")
    assert house.chat.attached == {}  # it has no thread yet
    deliver(house.ports, "INC-1001")
    attach_timeline(house.ports, "INC-1001")
    ((name, text),) = house.chat.attached.items()
    assert name == f"INC-1001-to-event-{house.incident().version}.md"
    assert "Ben" in text
    assert "call my mobile" not in text


def test_the_record_is_json_all_the_way(house: House) -> None:
    with_note(house, "ünïcode")
    house.ask_to_promote()
    record = written(house)
    assert json.loads(as_json(record)) == record
    assert record["approvals"][0]["why"] == "the pattern changed"
    assert record["approvals"][0]["requested_by"] == "Ben"


def test_a_window_that_was_corrected_is_drawn_as_it_was_found(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    found = draw(house.ports, house.incident())
    right = house.parquet(house.day("2026-02-01"), without=("late",))
    house.ports.blobs.put("corrected", f"{MODEL}/2026-02-01.parquet", right)
    examine_again(house.ports, MODEL, "2026-02-01")
    assert found is not None and draw(house.ports, house.incident()) == found
