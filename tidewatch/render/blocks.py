"""The few Block Kit shapes the cards are made of. Long text is cut, never refused."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Block = dict[str, Any]
RED, AMBER, BLUE, GREEN = "#b3261e", "#d9a441", "#1264a3", "#2eb67d"
GREY = "#868686"


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Text of unknown origin inside mrkdwn: no links, no mentions, no markup of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """Somebody's words, on lines of their own; nothing for none."""
    return "".join(f"\n> {escape(line)}" for line in text.splitlines()[:20]) if text else ""


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, 150), "emoji": True}}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, 3000)}}
    return block | ({"accessory": accessory} if accessory else {})


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, 2000)}]}


def actions(buttons: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def picture(file: str, alt: str) -> Block:
    return {"type": "image", "slack_file": {"id": file}, "alt_text": cut(alt, 2000)}


def value(identity: str, version: int) -> str:
    """All that a button carries: which thing, and which version of it the person saw."""
    return json.dumps({"id": identity, "version": version})


def button(action: str, text: str, carried: str, style: str = "", confirm: Block | None = None) -> Block:
    block: Block = {
        "type": "button", "action_id": action, "value": carried,
        "text": {"type": "plain_text", "text": cut(text, 75), "emoji": True},
    }  # fmt: skip
    return block | ({"style": style} if style else {}) | ({"confirm": confirm} if confirm else {})


def confirm(title: str, text: str, yes: str) -> Block:
    return {
        "title": {"type": "plain_text", "text": cut(title, 100)},
        "text": {"type": "mrkdwn", "text": cut(text, 300)},
        "confirm": {"type": "plain_text", "text": cut(yes, 30)},
        "deny": {"type": "plain_text", "text": "Not now"},
    }


def overflow(options: Sequence[tuple[str, str]], carried: str) -> Block:
    """Options of (verb, text); the verb travels in front of the value."""
    return {
        "type": "overflow", "action_id": "more",
        "options": [
            {"text": {"type": "plain_text", "text": cut(text, 75)}, "value": f"{verb} {carried}"}
            for verb, text in options[:5]
        ],
    }  # fmt: skip


def reason_view(title: str, question: str, hint: str, submit: str, private: str) -> Block:
    """One sentence that goes into the log."""
    return form_view("reason", title, {"reason": (question, hint)}, submit, private)


def form_view(callback: str, title: str, asked: Mapping[str, tuple[str, str]], submit: str, private: str) -> Block:
    """A modal that asks for text: question and hint by the name of the answer."""
    return {
        "type": "modal", "callback_id": callback, "private_metadata": private,
        "title": {"type": "plain_text", "text": cut(title, 24)},
        "submit": {"type": "plain_text", "text": cut(submit, 24)},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [{
            "type": "input", "block_id": name,
            "label": {"type": "plain_text", "text": cut(question, 2000)},
            "hint": {"type": "plain_text", "text": cut(hint, 2000)},
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": 1000},
        } for name, (question, hint) in asked.items()],
    }  # fmt: skip
