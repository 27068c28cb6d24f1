"""The slash command: every verb there is, and the answer to what was typed."""

import difflib

from bot.request import MOST, Request, Verb
from bot.verbs import deciding, handling, looking, oncall, runbooks, silencing
from tidewatch.domain.events import BrokenRecord, Cause
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import UnknownIncident
from tidewatch.ports import Ports
from tidewatch.render.blocks import cut


def answer(ports: Ports, cause: Cause, text: str) -> str:
    """The verdict on one command, as a private message. Refusals are answers, not errors."""
    return cut(_answer(ports, cause, text), MOST)


def _answer(ports: Ports, cause: Cause, text: str) -> str:
    verb, _, words = text.strip().partition(" ")
    name = ALIASES.get(verb.lower(), verb.lower()) or "help"
    if name not in VERBS:
        return _unknown(ports.command, name)
    try:
        return VERBS[name].answer(Request(ports, cause, words.strip()))
    except (Refused, UnknownIncident, BrokenRecord) as refusal:
        return str(refusal)


def _help(request: Request) -> str:
    return "\n".join(f"`{request.ports.command} {verb.usage}` {verb.help}" for verb in VERBS.values())


def _unknown(command: str, name: str) -> str:
    known = [*VERBS, *ALIASES]
    starts = [verb for verb in known if verb.startswith(name)]
    close = starts[:1] if len(starts) == 1 else difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean `{command} {close[0]}`? " if close else ""
    return f"I don't know `{cut(name, 40)}`. {hint}`{command} help` lists everything."


VERBS = {
    **looking.VERBS,
    **handling.VERBS,
    **runbooks.VERBS,
    **deciding.VERBS,
    **oncall.VERBS,
    **silencing.VERBS,
    "help": Verb("help", "this list", _help),
}
ALIASES = {
    "claim": "ack",
    "acknowledge": "ack",
    "close": "resolve",
    "rb": "runbook",
    "deny": "reject",
    "who": "whoami",
    "snooze": "silence",
}
