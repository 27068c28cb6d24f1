"""The modal that asks for what a run has to be told."""

import json

from tidewatch.domain.incident.state import Incident
from tidewatch.domain.runbook import Runbook
from tidewatch.domain.runbook_input import Answer, Input
from tidewatch.render import blocks as kit

CALLBACK = "run_form"


def run_form(incident: Incident, runbook: Runbook) -> kit.Block:
    """An input a block, named by its block; what counts when nothing is changed stands in it."""
    asked = [_input(name, each, each.offered(incident.finding)) for name, each in runbook.inputs.items()]
    return {
        "type": "modal", "callback_id": CALLBACK,
        "private_metadata": json.dumps({"id": incident.id, "runbook": runbook.name}),
        "title": _plain(f"Run {runbook.name}", 24),
        "submit": _plain("Run", 24),
        "close": _plain("Cancel", 24),
        "blocks": [kit.section(kit.escape(f"{runbook.title}. {runbook.touches}; {runbook.takes}.")), *asked],
    }  # fmt: skip


def _input(name: str, asked: Input, offered: Answer | None) -> kit.Block:
    choices = ["yes", "no"] if asked.type == "boolean" else asked.choices
    shown = "" if offered is None else ("yes" if offered else "no") if asked.type == "boolean" else str(offered)
    element: kit.Block = {"type": "plain_text_input", "action_id": "answer"}
    if choices:
        options = [{"text": _plain(choice, 75), "value": choice[:150]} for choice in choices]
        element = {"type": "static_select", "action_id": "answer", "options": options}
        chosen = [option for option in options if option["value"] == shown]
        element |= {"initial_option": chosen[0]} if chosen else {}
    elif shown:
        element["initial_value"] = shown
    return {"type": "input", "block_id": name, "label": _plain(asked.title or name, 2000), "element": element}


def _plain(text: str, most: int) -> kit.Block:
    return {"type": "plain_text", "text": kit.cut(text, most)}
