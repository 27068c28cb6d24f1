"""A line of the log for auditors: the stored record as it is, and the texts it refers to."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tidewatch.domain.events import BrokenRecord, Event, canonical, parse
from tidewatch.domain.incident.kinds import KINDS

ERASED = "erased"
Texts = Mapping[str, Mapping[str, str]]  # by sha256: author and either salt and text, or state "erased"


def whole(stored: str) -> Event | None:
    """The event of a stored line that is spelt as events are; None for anything else, which is exported as damaged."""
    try:
        event = parse(stored)
        spelt = event.line() == stored
    except (BrokenRecord, ValueError, OverflowError, RecursionError):  # a NaN, a time outside the calendar
        return None
    texts = (event.incident, event.actor, event.via, event.key, event.kind, event.prev, event.hash)
    fits = all(isinstance(text, str) for text in texts) and isinstance(event.data, dict)
    return event if spelt and fits and type(event.seq) is int and type(event.version) is int else None


def references(data: object) -> Iterator[Mapping[str, str]]:
    """Every reference to a text in an event's data, however deep."""
    if isinstance(data, Mapping):
        if isinstance(data.get("sha256"), str) and data.keys() <= {"sha256", "author"}:
            yield data
        for value in data.values():
            yield from references(value)
    elif isinstance(data, list):
        for value in data:
            yield from references(value)


def event_line(stored: str, texts: Texts) -> str:
    """JSON in one line. The record is copied, not written anew: hash it without `hash` and it must give `hash`."""
    return f'{{"record":{stored},"texts":{canonical(texts)}}}'


def damaged_line(incident: str, number: int, stored: str) -> str:
    return json.dumps({"damaged": stored, "incident": incident, "line": number})


def is_genuine(digest: str, salt: str, text: str) -> bool:
    """Whether this is the text whose hash is in the chain."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest() == digest


def schema_text() -> str:
    """The JSON Schema of a line, with a final newline."""
    return json.dumps(_SCHEMA, indent=1, ensure_ascii=False) + "\n"


def _object(properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": [*properties], "additionalProperties": False, **more,
    }  # fmt: skip


_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 1}
_RECORD = _object({
    "incident": {**_TEXT, "description": "the stream: INC-1001, or ONCALL-team"},
    "seq": {**_COUNT, "description": "place in the stream"},
    "at": {**_TEXT, "format": "date-time", "description": "UTC"},
    "actor": {**_TEXT, "description": "a user id, or tidewatch"},
    "via": {**_TEXT, "description": "slack, timer, blob, queue, cli …"},
    "key": {**_TEXT, "description": "never recorded twice in a stream"},
    "kind": {**_TEXT, "anyOf": [
        *({"const": name, "description": kind.meaning} for name, kind in KINDS.items()),
        {"description": "a kind of another version of Tidewatch"},
    ]},
    "v": {**_COUNT, "description": "of the shape of the data"},
    "data": {"type": "object", "description": "what belongs to the kind: docs/events.md"},
    "prev": {**_HASH, "description": "hash of the event before, zeros for the first"},
    "hash": {**_HASH, "description": "SHA-256 of this record without hash: keys sorted, no spaces, UTF-8"},
})  # fmt: skip
_KEPT = _object({"author": _TEXT, "salt": _TEXT, "text": _TEXT, "state": {"const": "kept"}})
_ERASED = _object({"author": _TEXT, "state": {"const": ERASED}})
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A line of `tidewatch log export`",
    "oneOf": [
        _object(
            {
                "record": _RECORD,
                "texts": {
                    "type": "object", "propertyNames": _HASH, "additionalProperties": {"oneOf": [_KEPT, _ERASED]},
                    "description": "by sha256, which is that of salt, line feed, text",
                },
            },
            description="An event, as it is stored.",
        ),
        _object(
            {"incident": _TEXT, "line": _COUNT, "damaged": _TEXT},
            description="What is stored there and is no event.",
        ),
    ],
}  # fmt: skip
