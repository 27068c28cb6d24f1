"""The whole log for auditors: complete, in order, checkable without Tidewatch, and honest about what is gone."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.operations.house import House
from tidewatch.domain.export import schema_text
from tidewatch.operations.duty import override
from tidewatch.operations.erase import erase
from tidewatch.operations.export_log import Exported, export_log
from tidewatch.operations.journal import TEXTS, keep_text
from tidewatch.operations.report import report
from tidewatch.operations.respond import acknowledge, note

SCHEMA = Draft202012Validator(json.loads(schema_text()))


def exported(house: House) -> tuple[Exported, list[dict[str, Any]]]:
    lines: list[str] = []
    done = export_log(house.ports, lines.append)
    parsed = [json.loads(line) for line in lines]
    for line in parsed:
        SCHEMA.validate(line)
    return done, parsed


@pytest.fixture
def told(house: House) -> House:
    """Two incidents, a note of Ana's, a note of Ben's, and somebody who stands in."""
    for subject in ("weight", "income"):
        report(house.ports, [house.finding(subject)], subject, "test")
    acknowledge(house.ports, "INC-1001", house.by("U0ANA"))
    note(house.ports, "INC-1001", "the feed <changed> | today", house.by("U0ANA"))
    note(house.ports, "INC-1001", "I call them", house.by("U0BEN"))
    override(house.ports, "acme", "L1", "U0ANA", timedelta(hours=2), "Ben is ill", house.by("U0BEN"))
    return house


def test_every_event_of_every_stream_is_there_in_order_with_its_texts(told: House) -> None:
    done, lines = exported(told)
    places = [(line["record"]["incident"], line["record"]["seq"]) for line in lines]
    streams = [("INC-1001", 4), ("INC-1002", 1), ("oncall/acme", 1)]
    assert places == [(stream, seq) for stream, length in streams for seq in range(1, length + 1)]
    assert done.events == 6 and not done.faults
    texts = {digest: text for line in lines for digest, text in line["texts"].items()}
    assert [text["text"] for text in texts.values()] == ["the feed <changed> | today", "I call them", "Ben is ill"]
    for digest, text in texts.items():
        assert hashlib.sha256(f"{text['salt']}\n{text['text']}".encode()).hexdigest() == digest


def test_erased_texts_say_so_and_the_others_stay(told: House) -> None:
    erase(told.ports, "U0BEN")
    _, lines = exported(told)
    states = [(text["author"], text["state"], "text" in text) for line in lines for text in line["texts"].values()]
    assert states == [("U0ANA", "kept", True), ("U0BEN", "erased", False), ("U0BEN", "erased", False)]
    assert [line["record"]["kind"] for line in lines].count("texts_erased") == 2


def test_a_damaged_line_is_exported_as_it_lies_there_and_told(told: House) -> None:
    path = told.root / "log" / "INC-1001.jsonl"
    stored = path.read_text(encoding="utf-8").splitlines()
    stored[1] = stored[1][:40]
    path.write_text("\n".join(stored) + "\n", encoding="utf-8")
    done, lines = exported(told)
    assert lines[1] == {"incident": "INC-1001", "line": 2, "damaged": stored[1]}
    assert "INC-1001 event 2: the record cannot be read" in done.faults
    assert done.events == 5


def test_a_text_that_somebody_changed_is_told(told: House) -> None:
    reference = keep_text(told.ports, "INC-1002", "as I wrote it", "U0ANA")
    note(told.ports, "INC-1002", "whatever", told.by("U0ANA"))
    for blob in list(told.ports.blobs.list(TEXTS, "U0ANA/INC-1002/")):
        if reference["sha256"] not in blob.name:
            told.ports.blobs.put(TEXTS, blob.name, b'{"salt": "1", "text": "forged"}')
    done, _ = exported(told)
    assert len(done.faults) == 1 and "was changed after it was written" in done.faults[0]


def test_an_empty_log_is_an_empty_file(house: House) -> None:
    assert exported(house) == (Exported(), [])
