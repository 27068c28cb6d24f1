"""Buttons, and the modals that ask for words."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.verbs.looking import incident_timeline
from tidewatch.domain.events import Cause
from tidewatch.domain.incident import handling
from tidewatch.domain.incident.handling import FINDINGS
from tidewatch.domain.people import Refused
from tidewatch.operations import respond
from tidewatch.operations.journal import load
from tidewatch.operations.retrain import request_retraining
from tidewatch.operations.runbooks import start_run
from tidewatch.ports import Ports
from tidewatch.render.blocks import form_view, reason_view

BUTTONS = ("acknowledge", "run_runbook", "escalate", "retrain", "resolve", "approve", "reject", "more")


@dataclass(frozen=True)
class Click:
    """Which thing, and which version of it the person saw."""

    verb: str
    id: str
    version: int
    cause: Cause

    @staticmethod
    def of(action: dict[str, Any], cause: Cause) -> "Click":
        """From a Block Kit action; an overflow option carries its verb in front of the value."""
        verb, carried = action["action_id"], action.get("value", "")
        if verb == "more":
            verb, _, carried = action["selected_option"]["value"].partition(" ")
        seen = json.loads(carried)
        return Click(verb, seen["id"], seen["version"], cause)


def _run(ports: Ports, click: Click) -> str:
    start_run(ports, click.id, "", click.cause)
    return ""


def _acknowledge(ports: Ports, click: Click) -> str:
    respond.acknowledge(ports, click.id, click.cause)
    return ""


def _unacknowledge(ports: Ports, click: Click) -> str:
    respond.unacknowledge(ports, click.id, click.cause)
    return ""


# What is done at once; what it answers is for the person alone, and empty where the card says it all.
AT_ONCE: dict[str, Callable[[Ports, Click], str]] = {
    "acknowledge": _acknowledge,
    "unacknowledge": _unacknowledge,
    "run_runbook": _run,
    "timeline": lambda ports, click: incident_timeline(ports, click.id),
}

# What asks for a sentence first: title, question, hint, and the word on the button.
ASKS = {
    "approve": ("Approve", "Why is this the right decision?", "Goes into the log under your name.", "Approve"),
    "reject": ("Reject", "Why not?", "Whoever asked will read it.", "Reject"),
    "resolve": (
        "Resolve",
        "What ended it?",
        "Its check runs first; if that fails, this reason counts (L2).",
        "Resolve",
    ),
    "note": ("Add a note", "What should others know?", "Goes into the log.", "Add"),
    "escalate": (
        "Escalate",
        "Why does it go to the next tier?",
        "Whoever is called reads it first, with everything that was tried.",
        "Call them",
    ),
    "retrain": ("Retrain", "Why will new data help?", "The comparison comes as a question.", "Train"),
}

# What asks for several things: title, the word on the button, and the questions with their hints.
FORMS = {
    "findings": (
        "Findings",
        "Write down",
        {
            "examined": (FINDINGS["examined"], "Data, labels, runs, versions: what you looked at."),
            "cause": (FINDINGS["cause"], "As far as you know it, and how sure you are."),
            "tried": (FINDINGS["tried"], "And what came of it. L3 is called only with these findings."),
        },
    ),
}
BY_VERSION = {"escalate"}  # what must not be done twice for one card

SUBMITS: dict[str, Callable[..., object]] = {
    "approve": lambda ports, identity, text, cause: respond.decide(ports, identity, "approved", text, cause),
    "reject": lambda ports, identity, text, cause: respond.decide(ports, identity, "rejected", text, cause),
    "resolve": respond.request_resolution,
    "note": respond.note,
    "escalate": respond.escalate,
    "retrain": request_retraining,
}


def modal(ports: Ports, click: Click) -> dict[str, Any]:
    """The question, once the click is known to be allowed. Raises Refused."""
    incident = load(ports, click.id.partition("-A")[0])
    ports.people.allow(click.cause.actor, click.verb, incident.model)
    private = json.dumps({"verb": click.verb, "id": click.id, "version": click.version})
    if click.verb in FORMS:
        title, submit, questions = FORMS[click.verb]
        return form_view("form", title, questions, submit, private)
    if click.verb == "escalate":
        handling.escalation(incident, "")  # refused now rather than after a reason was typed
    title, question, hint, submit = ASKS[click.verb]
    return reason_view(title, question, hint, submit, private)


def submit(ports: Ports, private: str, text: str, cause: Cause) -> None:
    """What the modal was opened for. Raises Refused."""
    asked = json.loads(private)
    if not text.strip():
        raise Refused("One sentence is needed.")
    seen = {"seen": asked["version"]} if asked["verb"] in BY_VERSION else {}
    SUBMITS[asked["verb"]](ports, asked["id"], text.strip(), cause, **seen)


def submit_form(ports: Ports, private: str, answers: Mapping[str, str], cause: Cause) -> None:
    """What the form was opened for. Raises Refused."""
    asked = json.loads(private)
    if empty := [name for name in FORMS[asked["verb"]][2] if not answers.get(name, "").strip()]:
        raise Refused(f"A sentence is needed for each; nothing is said about: {', '.join(empty)}.")
    respond.write_findings(ports, asked["id"], answers, cause)
