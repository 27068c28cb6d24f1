"""What auditors are promised of a line of the log."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.domain.story import START
from tidewatch.domain.events import Cause, Draft, canonical, chain
from tidewatch.domain.export import damaged_line, event_line, references, schema_text, whole
from tidewatch.domain.incident.fold import _STEPS
from tidewatch.domain.incident.kinds import KINDS, kinds_page
from tidewatch.render.thread import TELLS

ROOT = Path(__file__).parents[2]
SCHEMA = Draft202012Validator(json.loads(schema_text()))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def stored(**data: Any) -> str:
    [event] = chain("INC-1001", [Draft("noted", data)], None, Cause("U0ANA", "slack", "k"), START)
    return event.line()


def test_the_pages_beside_the_code_are_those_that_are_printed() -> None:
    assert (ROOT / "docs/events.md").read_text() == kinds_page(), "run: tidewatch log kinds > docs/events.md"
    schema = (ROOT / "docs/log-line.schema.json").read_text()
    assert schema == schema_text(), "run: tidewatch log schema > docs/log-line.schema.json"
    Draft202012Validator.check_schema(json.loads(schema))


def test_every_kind_that_is_written_folded_or_told_is_documented() -> None:
    sources = [path.read_text() for path in (ROOT / "tidewatch").rglob("*.py")]
    written = {kind for source in sources for kind in re.findall(r'Draft\(\s*"(\w+)"', source)}
    assert len(written) > 30
    assert written | _STEPS.keys() | TELLS.keys() <= KINDS.keys()


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_a_line_holds_the_record_byte_for_byte_and_fits_the_schema(data: dict[str, Any]) -> None:
    record = stored(**{f"x{name}": value for name, value in data.items()})
    line = event_line(record, {})
    assert record in line and "\n" not in line
    SCHEMA.validate(json.loads(line))
    exported = json.loads(line)["record"]
    digest = exported.pop("hash")
    assert hashlib.sha256(canonical(exported).encode()).hexdigest() == digest


@pytest.mark.parametrize(
    "record",
    ["", "{}", "[]", "null", '{"v": 1', stored(n=1).replace('"n":1', '"n":NaN'), stored(n=1).replace(":1,", ": 1,"),
     stored(n=1).replace('"seq":1', '"seq":"1"'), stored(n=1).replace('{"n":1}', "[]")],
)  # fmt: skip
def test_what_is_no_event_is_exported_as_damaged(record: str) -> None:
    assert whole(record) is None
    line = damaged_line("INC-1001", 3, record)
    SCHEMA.validate(json.loads(line))
    assert json.loads(line)["damaged"] == record and "\n" not in line


def test_a_line_with_anything_else_in_it_does_not_fit_the_schema() -> None:
    line = json.loads(event_line(stored(n=1), {}))
    for wrong in ({**line, "more": 1}, {"record": line["record"]}, {**line, "texts": {"short": {}}}):
        assert not SCHEMA.is_valid(wrong)


def test_references_are_found_however_deep_they_lie() -> None:
    reference = {"sha256": "a" * 64, "author": "U0ANA"}
    data = {"text": reference, "evidence": {"inputs": [reference]}, "artefact": {"sha256": "b", "size": 3}}
    assert list(references(data)) == [reference, reference]
