"""Buttons, and the modals that ask for words."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot import run_forms
from bot.verbs.deciding import decided
from bot.verbs.looking import incident_timeline
from tidewatch.domain.events import Cause
from tidewatch.domain.incident import handling
from tidewatch.domain.incident.handling import FINDINGS
from tidewatch.domain.people import Refused
from tidewatch.operations import approvals, respond
from tidewatch.operations.journal import load
from tidewatch.operations.retrain import request_retraining
from tidewatch.operations.runbooks import cancel_run, start_run, undo_run
from tidewatch.operations.storms import split
from tidewatch.ports import Ports
from tidewatch.render.blocks import form_view, reason_view

BUTTONS = ("acknowledge", "run_runbook", "escalate", "retrain", "resolve", "approve", "reject", "cancel_run", "more",
           "split")  # fmt: skip


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


def _cancel(ports: Ports, click: Click) -> str:
    cancel_run(ports, click.id.rpartition("-R")[0], click.cause, run=click.id)
    return ""


def _undo(ports: Ports, click: Click) -> str:
    run = load(ports, click.id).undoable
    if run is None:
        raise Refused(f"There is no run of {click.id} left to take back.")
    undo_run(ports, run.id, click.cause)
    return ""


def _acknowledge(ports: Ports, click: Click) -> str:
    respond.acknowledge(ports, click.id, click.cause)
    return ""


def _unacknowledge(ports: Ports, click: Click) -> str:
    respond.unacknowledge(ports, click.id, click.cause)
    return ""


def _split(ports: Ports, storm: str, text: str, cause: Cause) -> object:
    """`text` names the one that is no part of the storm, and says why."""
    child, _, why = text.partition(" ")
    if load(ports, child.upper()).storm != storm or not why.strip():
        raise Refused(f"Name one of {storm} and say why, as in: INC-1042 its own sensor broke.")
    return split(ports, child.upper(), why.strip(), cause)


# What is done at once; what it answers is for the person alone, and empty where the card says it all.
AT_ONCE: dict[str, Callable[[Ports, Click], str]] = {
    "acknowledge": _acknowledge,
    "unacknowledge": _unacknowledge,
    "run_runbook": _run,
    "cancel_run": _cancel,
    "undo_run": _undo,
    "approve": lambda ports, click: decided(ports, approvals.decide(ports, click.id, "approved", "", click.cause)),
    "timeline": lambda ports, click: incident_timeline(ports, click.id),
}

# What asks for a sentence first: title, question, hint, and the word on the button.
ASKS = {
    "reject": ("Reject", "Why not?", "Whoever asked will read it. One no ends the request.", "Reject"),
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
    "accept": (
        "Accept as usual",
        "Why is the change right?",
        "From now on days like these are usual; the old ones are no more.",
        "Accept",
    ),
    "split": (
        "Not one cause",
        "Which one is another matter, and why?",
        "Its INC first, as in: INC-1042 its own sensor broke.",
        "Split off",
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
    "reject": lambda ports, identity, text, cause: approvals.decide(ports, identity, "rejected", text, cause),
    "resolve": respond.request_resolution,
    "note": respond.note,
    "accept": respond.accept,
    "escalate": respond.escalate,
    "retrain": request_retraining,
    "split": _split,
}


def question(ports: Ports, click: Click) -> dict[str, Any] | None:
    """What has to be asked first; None when the click says it all. Raises Refused."""
    if click.verb == "run_runbook":
        return run_forms.form(ports, click.id, click.cause.actor)
    return modal(ports, click) if click.verb in (*ASKS, *FORMS) else None


def modal(ports: Ports, click: Click) -> dict[str, Any]:
    """The question, once the click is known to be allowed. Raises Refused."""
    if click.verb == "reject":
        approvals.may_decide(ports, click.id, "rejected", click.cause.actor)
    else:
        ports.people.allow(click.cause.actor, click.verb, load(ports, click.id).model)
    private = json.dumps({"verb": click.verb, "id": click.id, "version": click.version})
    if click.verb in FORMS:
        title, submit, questions = FORMS[click.verb]
        return form_view("form", title, questions, submit, private)
    if click.verb == "escalate":
        handling.escalation(load(ports, click.id), "")  # refused now rather than after a reason was typed
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
