"""The validator refuses what Slack refuses, wherever it stands."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidewatch.console import problems, view_problems


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(**fields: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn("hello"), **fields}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Press"), "action_id": "a", **fields}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def options(count: int) -> list[dict[str, Any]]:
    return [{"text": plain(str(number)), "value": str(number)} for number in range(count)]


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("It *happens*."), "confirm": plain("Yes"), "deny": plain("No")}

GOOD = [
    {"type": "header", "text": plain("h" * 150)},
    section(text=mrkdwn("t" * 3000)),
    {"type": "section", "fields": [mrkdwn("f")] * 10},
    section(accessory={"type": "overflow", "action_id": "o", "options": options(5)}),
    section(accessory={"type": "image", "image_url": "https://a.test/x.png", "alt_text": "x"}),
    {"type": "divider"},
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "x", "title": plain("x")},
    {"type": "context", "elements": [mrkdwn("c")] * 10},
    actions(*(button(action_id=str(number)) for number in range(25))),
    actions(button(confirm=CONFIRM, style="danger", value="v" * 2000)),
    actions({"type": "static_select", "action_id": "s", "options": options(100), "initial_option": options(1)[0]}),
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_what_slack_takes_is_taken(block: dict[str, Any]) -> None:
    assert problems([block]) == []


BAD = [
    ({"type": "header", "text": plain("h" * 151)}, "/blocks/0/text/text", "less than 151"),
    ({"type": "header", "text": mrkdwn("*h*")}, "/blocks/0/text/type", "unsupported type: mrkdwn"),
    ({"type": "header", "text": plain("")}, "/blocks/0/text/text", "more than 0"),
    (section(text=mrkdwn("t" * 3001)), "/blocks/0/text/text", "less than 3001"),
    ({"type": "section"}, "/blocks/0", "text or fields"),
    ({"type": "section", "fields": [mrkdwn("f")] * 11}, "/blocks/0/fields", "no more than 10"),
    ({"type": "section", "fields": [mrkdwn("f" * 2001)]}, "/blocks/0/fields/0/text", "less than 2001"),
    (section(accessory={"type": "overflow", "options": options(6)}), "/blocks/0/accessory/options", "no more than 5"),
    (section(colour="red"), "/blocks/0", "invalid additional property: colour"),
    (section(block_id="b" * 256), "/blocks/0/block_id", "less than 256"),
    ({"type": "image", "alt_text": "x"}, "/blocks/0", "exactly one of image_url and slack_file"),
    ({"type": "image", "image_url": "https://a.test/x.png"}, "/blocks/0", "alt_text"),
    ({"type": "context", "elements": [mrkdwn("c")] * 11}, "/blocks/0/elements", "no more than 10"),
    (actions(*(button(action_id=str(n)) for n in range(26))), "/blocks/0/elements", "no more than 25"),
    (actions(button(text=plain("b" * 76))), "/blocks/0/elements/0/text/text", "less than 76"),
    (actions(button(text=mrkdwn("b"))), "/blocks/0/elements/0/text/type", "unsupported"),
    (actions(button(value="v" * 2001)), "/blocks/0/elements/0/value", "less than 2001"),
    (actions(button(style="default")), "/blocks/0/elements/0/style", "primary, danger"),
    (actions(button(action_id="a" * 256)), "/blocks/0/elements/0/action_id", "less than 256"),
    (actions(button(), button()), "/blocks/0/elements", "must be unique"),
    (actions(button(confirm={**CONFIRM, "text": mrkdwn("x" * 301)})), "confirm/text/text", "less than 301"),
    (actions({"type": "static_select", "options": options(101)}), "/blocks/0/elements/0/options", "no more than 100"),
    (actions({"type": "static_select", "options": options(2), "initial_option": options(3)[2]}), "initial", "exactly"),
    ({"type": "table", "rows": []}, "/blocks/0/type", "unsupported type: table"),
    ({"type": "rich_text", "elements": []}, "/blocks/0/type", "unsupported"),
    ("text", "/blocks/0", "must be an object"),
]


@pytest.mark.parametrize(("block", "place", "complaint"), BAD, ids=range(len(BAD)))
def test_what_slack_refuses_is_refused_with_its_place(block: Any, place: str, complaint: str) -> None:
    found = problems([block])

    assert any(place in problem and complaint in problem for problem in found), found


def test_a_message_has_at_most_50_blocks_and_a_home_100() -> None:
    many = [{"type": "divider"}] * 51

    assert problems(many) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert problems(many, surface="home") == []


def test_a_block_id_is_used_once() -> None:
    assert "must be unique" in problems([section(block_id="x"), section(block_id="x")])[0]


def test_all_text_of_a_message_together_has_a_limit() -> None:
    assert problems([section(text=mrkdwn("t" * 3000))] * 4) == []
    assert "13201" in problems([section(text=mrkdwn("t" * 3000))] * 5)[0]


def modal(**fields: Any) -> dict[str, Any]:
    text = {"type": "plain_text_input", "action_id": "t", "multiline": True}
    blocks = [{"type": "input", "label": plain("Why?"), "element": text}]
    return {"type": "modal", "title": plain("Resolve"), "submit": plain("Send"), "blocks": blocks, **fields}


def test_a_proper_modal_is_taken() -> None:
    assert view_problems(modal(private_metadata="m" * 3000, callback_id="c")) == []


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"title": plain("t" * 25)}, "less than 25 characters [json-pointer:/view/title/text]"),
        ({"submit": plain("t" * 25)}, "less than 25"),
        ({"close": plain("t" * 25)}, "less than 25"),
        ({"private_metadata": "m" * 3001}, "less than 3001"),
        ({"callback_id": "c" * 256}, "less than 256"),
        ({"blocks": [{"type": "divider"}] * 101}, "no more than 100"),
        ({"type": "page"}, "unsupported type: page"),
    ],
)
def test_a_modal_over_a_limit_is_refused(fields: dict[str, Any], complaint: str) -> None:
    assert any(complaint in problem for problem in view_problems(modal(**fields)))


def test_a_modal_with_inputs_needs_a_submit_button() -> None:
    view = modal()
    del view["submit"]

    assert "submit" in view_problems(view)[0]


WORDS = st.sampled_from(
    ["type", "section", "actions", "text", "elements", "options", "option_groups", "initial_options", "plain_text"]
    + ["accessory", "static_select", "block_id", "action_id", "input", "element", "modal", "blocks", "slack_file"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_no_input_whatever_breaks_the_walk(anything: Any) -> None:
    assert all(isinstance(problem, str) for problem in problems(anything) + view_problems(anything))
    assert problems([anything]) != [] or isinstance(anything, dict)
