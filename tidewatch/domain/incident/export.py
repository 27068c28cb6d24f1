"""The log for auditors: a line of JSON a record, with the stored record as it lies there, its hash, and its texts."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tidewatch.domain.events import BrokenRecord, parse
from tidewatch.domain.incident.kinds import KINDS

ERASED = "erased"
_SHA256 = re.compile(r"[0-9a-f]{64}")
Kept = Mapping[str, str] | None  # {"salt", "text"}; None when it was erased


def texts_named(data: Any, at: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every reference to a text inside an event's data, with where it stands: reason, evidence.inputs."""
    if not isinstance(data, Mapping):
        return
    if _SHA256.fullmatch(str(data.get("sha256", ""))):
        yield at, data
        return
    for name, value in data.items():
        yield from texts_named(value, f"{at}.{name}" if at else name)


def exported_line(stream: str, place: int, stored: str, texts: Mapping[str, Kept]) -> str:
    """One line. What is no event is passed on as it is, as `unreadable`."""
    told = {"stream": stream, "place": place}
    if not is_readable(stored):
        return json.dumps(told | {"unreadable": stored}, ensure_ascii=False)
    record_hash = json.loads(stored)["hash"]
    more = {"hash": record_hash, "texts": {at: ERASED if kept is None else dict(kept) for at, kept in texts.items()}}
    # The stored record is put in as it is written: read and written again, a changed one might look unchanged.
    begins, ends = json.dumps(told, ensure_ascii=False)[:-1], json.dumps(more, ensure_ascii=False)[1:]
    return f'{begins}, "record": {stored}, {ends}'


def is_readable(stored: str) -> bool:
    """Whether it is an event in the shape that the schema describes."""
    try:
        event = parse(stored)
        json.loads(stored, parse_constant=_refuse)
    except (BrokenRecord, ValueError):
        return False
    texts = (event.incident, event.actor, event.via, event.key, event.kind)
    numbers = (event.seq, event.version)
    return (
        all(isinstance(text, str) for text in texts)
        and all(type(number) is int and number > 0 for number in numbers)
        and isinstance(event.data, Mapping)
        and all(isinstance(each, str) and _SHA256.fullmatch(each) is not None for each in (event.prev, event.hash))
    )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def schema_text() -> str:
    return json.dumps(SCHEMA, indent=2) + "\n"


def _line(named: str, shape: Mapping[str, Any], **more: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        "stream": {"type": "string", "description": "INC-1042, or oncall/TEAM"},
        "place": {"type": "integer", "minimum": 1, "description": "where it lies in its stream: 1, 2, 3 …"},
        named: shape, **more,
    }  # fmt: skip
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TEXT = {
    "type": "object", "properties": {"salt": {"type": "string"}, "text": {"type": "string"}},
    "required": ["salt", "text"], "additionalProperties": False,
}  # fmt: skip
_KNOWN = [
    {"const": name, "description": kind.says, "$comment": "; ".join(f"{of}: {what}" for of, what in kind.data.items())}
    for name, kind in KINDS.items()
]
_RECORD = {
    "v": {"type": "integer", "minimum": 1, "description": "version of the shape of `data`, counted for each kind"},
    "incident": {"type": "string", "description": "the stream it was written for"},
    "seq": {"type": "integer", "minimum": 1},
    "at": {"type": "string", "description": "UTC, ISO 8601"},
    "actor": {"type": "string", "description": "a user id, or tidewatch"},
    "via": {"type": "string", "description": "slack, timer, blob, queue, cli …"},
    "key": {"type": "string", "description": "idempotency key"},
    "kind": {"anyOf": [*_KNOWN, {"type": "string", "description": "of a newer Tidewatch"}]},
    "data": {"type": "object"},
    "prev": _HASH | {"description": "hash of the record before; 64 zeros for the first"},
    "hash": _HASH,
}
SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A line of `tidewatch log export`",
    "oneOf": [
        _line(
            "record",
            {
                "type": "object", "properties": _RECORD, "required": list(_RECORD),
                "description": "as it is stored. Without `hash`, keys sorted, no spaces, UTF-8: its SHA-256 is `hash`",
            },
            hash=_HASH,
            texts={
                "description": "by where it is named in `data`; the SHA-256 of salt, newline, text is named there",
                "type": "object", "additionalProperties": {"oneOf": [_TEXT, {"const": ERASED}]},
            },
        ),
        _line("unreadable", {"type": "string", "description": "what lies there and is no event"}),
    ],
}  # fmt: skip
