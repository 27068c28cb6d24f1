"""What real Slack refuses in blocks and views, found by walking everything.

`problems` speaks as Slack does: "must be less than 3001 characters [json-pointer:/blocks/0/text/text]". Block types
that Slack does not take everywhere, or that the page cannot draw, are refused too: stay with the old ones.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from tidewatch.console.block_elements import CONTEXT, IN_ACTIONS, IN_INPUT, IN_SECTION
from tidewatch.console.shapes import Check, Fault, array, boolean, image_source, one_of, shape, string, text

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_TEXT = 13_200  # characters of all text in one message, in sum (undocumented, measured)


def _section(value: Any, at: str) -> Iterator[Fault]:
    if "text" not in value and "fields" not in value:
        yield at, "missing required field: text or fields"


BLOCK: Check = one_of(
    {
        "header": shape({"text": text(150, "plain_text")}, {"block_id": string(255)}),
        "section": shape(
            {},
            {
                "text": text(3000),
                "fields": array(text(2000), 10),
                "accessory": one_of(IN_SECTION),
                "block_id": string(255),
                "expand": boolean,
            },
            also=_section,
        ),
        "divider": shape({}, {"block_id": string(255)}),
        "image": shape(
            {"alt_text": string(2000)},
            {
                "image_url": string(3000),
                "slack_file": shape({}, {"id": string(255), "url": string(3000)}),
                "title": text(2000, "plain_text"),
                "block_id": string(255),
            },
            also=image_source,
        ),
        "context": shape({"elements": array(one_of(CONTEXT), 10)}, {"block_id": string(255)}),
        "actions": shape({"elements": array(one_of(IN_ACTIONS), 25)}, {"block_id": string(255)}),
        "input": shape(
            {"label": text(2000, "plain_text"), "element": one_of(IN_INPUT)},
            {
                "hint": text(2000, "plain_text"),
                "optional": boolean,
                "dispatch_action": boolean,
                "block_id": string(255),
            },
        ),
    }
)

_VIEW: Mapping[str, Check] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}
_MODAL = shape(
    {"title": text(24, "plain_text")},
    {
        "submit": text(24, "plain_text"),
        "close": text(24, "plain_text"),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
        "blocks": lambda value, at: iter(()),  # walked with their own limit
        **_VIEW,
    },
)
_HOME = shape({}, {"blocks": lambda value, at: iter(()), **_VIEW})


def problems(blocks: Any, *, surface: Surface = "message", at: str = "/blocks") -> list[str]:
    """Everything real Slack would refuse about a list of blocks; empty when it would take them."""
    if not isinstance(blocks, list | tuple):
        return [_line((at, "must be an array"))]
    faults = list(array(BLOCK, MOST_BLOCKS[surface], least=0)(list(blocks), at))
    faults += _doubles(blocks, at)
    if surface == "message" and text_length(blocks) > MOST_TEXT:
        faults.append((at, f"all text together must be less than {MOST_TEXT + 1} characters"))
    return [_line(fault) for fault in faults]


def view_problems(view: Any) -> list[str]:
    """Everything real Slack would refuse about a modal or a home."""
    if not isinstance(view, Mapping):
        return [_line(("/view", "must be an object"))]
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [_line(("/view/type", f"unsupported type: {kind}"))]
    faults = list((_MODAL if kind == "modal" else _HOME)(view, "/view"))
    blocks = view.get("blocks")
    if blocks is None:
        faults.append(("/view", "missing required field: blocks"))
    elif kind == "modal" and "submit" not in view and any(_type(block) == "input" for block in _items(blocks)):
        faults.append(("/view", "missing required field: submit, because a block is an input"))
    found = [_line(fault) for fault in faults]
    return found if blocks is None else found + problems(blocks, surface=kind, at="/view/blocks")


def text_length(value: Any) -> int:
    """Characters of everything people read in these blocks."""
    if isinstance(value, Mapping):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(text_length(inner) for inner in value.values())
    return sum(text_length(inner) for inner in _items(value))


def _doubles(blocks: Sequence[Any], at: str) -> Iterator[Fault]:
    names = Counter(block["block_id"] for block in blocks if isinstance(block, Mapping) and _named(block, "block_id"))
    for name, times in names.items():
        if times > 1:
            yield at, f"block_id {name!r} is used {times} times: it must be unique"
    for number, block in enumerate(blocks):
        if _type(block) == "actions":
            elements = [each for each in _items(block.get("elements")) if isinstance(each, Mapping)]
            actions = Counter(each["action_id"] for each in elements if _named(each, "action_id"))
            for name, times in actions.items():
                if times > 1:
                    yield f"{at}/{number}/elements", f"action_id {name!r} is used {times} times: it must be unique"


def _named(value: Mapping[str, Any], field: str) -> bool:
    return isinstance(value.get(field), str)


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _type(block: Any) -> Any:
    return block.get("type") if isinstance(block, Mapping) else None


def _line(fault: Fault) -> str:
    return f"{fault[1]} [json-pointer:{fault[0]}]"
