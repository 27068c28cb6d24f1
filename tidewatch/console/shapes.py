"""Small checks that combine into the shape of a whole block: each gives (JSON pointer, complaint) pairs."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Fault = tuple[str, str]
Check = Callable[[Any, str], Iterator[Fault]]


def string(most: int, *, least: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield at, "must be a string"
        elif len(value) > most:
            yield at, f"must be less than {most + 1} characters"
        elif len(value) < least:
            yield at, f"must be more than {least - 1} characters"

    return check


def number(least: int, most: int) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            yield at, f"must be a number from {least} to {most}"

    return check


def boolean(value: Any, at: str) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield at, "must be a boolean"


def choice(*allowed: str) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if value not in allowed:
            yield at, f"must be one of {', '.join(allowed)}"

    return check


def array(item: Check, most: int, *, least: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, list | tuple):
            yield at, "must be an array"
            return
        if len(value) > most:
            yield at, f"no more than {most} items allowed"
        if len(value) < least:
            yield at, f"no fewer than {least} items allowed"
        for position, each in enumerate(value):
            yield from item(each, f"{at}/{position}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check], *, also: Check | None = None) -> Check:
    """An object with these fields and no others; `type` belongs to whoever chose this shape."""
    known = {**required, **optional}

    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, Mapping):
            yield at, "must be an object"
            return
        for field in required:
            if field not in value:
                yield at, f"missing required field: {field}"
        for field, inner in value.items():
            if field in known:
                yield from known[field](inner, f"{at}/{field}")
            elif field != "type":
                yield at, f"invalid additional property: {field}"
        if also:
            yield from also(value, at)

    return check


def one_of(shapes: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of these shapes it has."""

    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, Mapping):
            yield at, "must be an object"
            return
        kind = value.get("type")
        if isinstance(kind, str) and kind in shapes:
            yield from shapes[kind](value, at)
        else:
            yield f"{at}/type", f"unsupported type: {kind} (here: {', '.join(shapes)})"

    return check


def text(most: int, *kinds: str, least: int = 1) -> Check:
    """A text object; of any kind when none is named."""
    plain = shape({"text": string(most, least=least)}, {"emoji": boolean})
    mrkdwn = shape({"text": string(most, least=least)}, {"verbatim": boolean})
    every = {"plain_text": plain, "mrkdwn": mrkdwn}
    return one_of({kind: every[kind] for kind in kinds or every})


def image_source(value: Any, at: str) -> Iterator[Fault]:
    """An image names exactly one place where its picture is."""
    if ("image_url" in value) == ("slack_file" in value):
        yield at, "an image needs exactly one of image_url and slack_file"
    file = value.get("slack_file")
    if isinstance(file, Mapping) and ("id" in file) == ("url" in file):
        yield f"{at}/slack_file", "needs exactly one of id and url"
