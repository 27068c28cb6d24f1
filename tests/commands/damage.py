"""What happens to files on their way: bytes are lost or changed, and what a record says is not what was meant."""

import gzip
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

Damage = Callable[[bytes, Random], bytes]

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2, 7.5, -0.0, 1e308, -1e308, 1e-320, 10**30, -(10**30), float("nan"), float("inf"),
    float("-inf"), "", "x", "AAAA", "eJwDAAAAAAE=", "NaN", "\ud800", "é\u0000", [], {}, [None], [[]], {"": None},
    [1, 2], {"x": 1}, "2013-01-01",
]  # fmt: skip
DEEP = 100_000  # levels: no parser and no recursion survives them all


def flipped(data: bytes, chance: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8, 64])):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def torn(data: bytes, chance: Random) -> bytes:
    """A stretch is missing, twice there, or zeros: what a bad disk and a bad copy leave."""
    start = chance.randrange(len(data) + 1)
    end = min(start + chance.choice([1, 4, 100, 4096]), len(data))
    return data[:start] + chance.choice([b"", data[start:end] * 2, bytes(end - start)]) + data[end:]


def places(record: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in the record with each of its keys."""
    keys = record if isinstance(record, dict) else range(len(record)) if isinstance(record, list) else ()
    for key in keys:
        yield record, key
        yield from places(record[key])


def misstated(record: Any, chance: Random) -> Any:
    """A field or a few of the record say something else, are gone, or stand where others should."""
    record = deepcopy(record)
    for _ in range(chance.choice([1, 1, 1, 3])):
        found = list(places(record))
        if not found:
            return chance.choice(ODD)
        holder, key = chance.choice(found)
        match chance.choice(["odd", "odd", "gone", "swapped", "new", "digits"]):
            case "gone":
                del holder[key]
            case "swapped":
                other, place = chance.choice(found)
                holder[key] = deepcopy(other[place])
            case "new" if isinstance(holder, dict):
                holder[chance.choice(["", "x", "\ud800", "format", "rows"])] = chance.choice(ODD)
            case "digits" if isinstance(holder[key], str) and holder[key]:
                word, at = holder[key], chance.randrange(len(holder[key]))
                holder[key] = word[:at] + chance.choice(["", "A", "=", "~", "9"]) + word[at + 1 :]
            case _:
                holder[key] = deepcopy(chance.choice(ODD))
    return record


def of_json(data: bytes, chance: Random) -> bytes:
    return json.dumps(misstated(json.loads(data), chance)).encode()


def of_json_lines(data: bytes, chance: Random) -> bytes:
    lines = data.splitlines()
    at = chance.randrange(len(lines))
    lines[at] = of_json(lines[at], chance)
    return b"\n".join(lines)


def of_fields(data: bytes, chance: Random) -> bytes:
    """A field of a CSV file holds something else."""
    lines = data.splitlines()
    at = chance.choice([0, 0, chance.randrange(len(lines))])
    fields = lines[at].split(b",")
    odd = [b"", b"x", b"1e999", b"-inf", b"nan", b'"', b'"a\nb"', b"9" * 400, b"\xff", b"\x00", b"1,2", b"true", b"\r"]
    fields[chance.randrange(len(fields))] = chance.choice(odd)
    lines[at] = b",".join(fields)
    return b"\n".join(lines)


def packed(damage: Damage) -> Damage:
    """The same to what is inside a gzip file."""
    return lambda data, chance: gzip.compress(damage(gzip.decompress(data), chance), mtime=0)


BYTES: list[Damage] = [flipped, cut, torn]
BY_ENDING: dict[str, list[Damage]] = {
    ".json": [*BYTES, of_json, of_json, of_json, of_json],
    ".yaml": BYTES,
    ".parquet": BYTES,
    ".csv": [*BYTES, of_fields, of_fields],
    ".csv.gz": [*BYTES, packed(flipped), packed(of_fields)],
    ".jsonl": [*BYTES, of_json_lines, of_json_lines],
}
NEVER_RIGHT: dict[str, bytes] = {
    "empty": b"",
    "a zero": b"\0",
    "blank": b" \n",
    "nothing": b"null",
    "a number": b"7",
    "a huge number": b"1" * 100_000,
    "no number": b"NaN",
    "a list": b"[]",
    "an object": b"{}",
    "text": b'"x"',
    "half a character": b'{"x": "\\ud800"}',
    "not text": bytes(range(256)),
    "UTF-16": '{"format": 2}'.encode("utf-16"),
    "deep lists": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP,
    "deep and closed": b"[" * DEEP + b"]" * DEEP,
    "gzip": gzip.compress(b"{}", mtime=0),
    "two footers": b"PAR1PAR1",
    "a parquet of nothing": b"PAR1" + bytes(8) + b"PAR1",
    "one long line": b"x" * 3_000_000,
}
