"""The remedies: what there is, run one, stop it, take it back."""

import re
import shlex
from collections.abc import Callable, Mapping

from bot.request import Request, Verb, incident_of
from tidewatch.domain.incident.run import Run
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import load
from tidewatch.operations.report import open_incidents
from tidewatch.operations.runbooks import cancel_run, start_run, undo_run
from tidewatch.ports import Ports
from tidewatch.render.blocks import escape
from tidewatch.render.cards import clock
from tidewatch.render.runbook import describe, line

QUOTES = str.maketrans("“”„‘’", '"""\'\'')  # what telephones make of them
MOST_RUNS = 20
ENDED = {"running": "⏳", "passed": "✅", "failed": "❌", "interrupted": "⚠️", "cancelled": "🛑"}


def _runbook(request: Request) -> str:
    action, _, words = request.words.partition(" ")
    answer = _ACTIONS.get(action or "list")
    if answer is None:
        raise Refused(f"I don't know `runbook {action}`. There are: {', '.join(_ACTIONS)}.")
    return answer(Request(request.ports, request.cause, words.strip()))


def _list(request: Request) -> str:
    return "\n".join(line(book) for book in request.ports.runbooks)


def _show(request: Request) -> str:
    book = next((book for book in request.ports.runbooks if book.name == request.words), None)
    if book is None:
        raise Refused(f"There is no runbook {request.words or 'without a name'}.\n{_list(request)}")
    return describe(book)


def _run(request: Request) -> str:
    words, given = _answers(request.words)
    names = [word for word in words if not re.fullmatch(r"(?i)(inc-)?\d{1,9}", word)]
    named = [word for word in words if word not in names]
    if len(names) > 1 or len(named) > 1:
        raise Refused("Write `runbook run INC NAME input=value`; a value of several words goes in quotes.")
    identity = incident_of(Request(request.ports, request.cause, named[0] if named else ""))[0]
    after, runbook = start_run(request.ports, identity, names[0] if names else "", request.cause, given)
    if after.running is None:
        return f"`{runbook.name}` is risky: {after.undecided[-1].id} asks somebody else for a yes first."
    return f"`{runbook.name}` runs for {identity} ({runbook.takes}); the thread shows how it ends."


def _answers(text: str) -> tuple[list[str], dict[str, str]]:
    """Words without and with '='."""
    try:
        words = shlex.split(text.translate(QUOTES))
    except ValueError:
        raise Refused("A quote is open: close it, or leave it out.") from None
    return [word for word in words if "=" not in word], dict(word.split("=", 1) for word in words if "=" in word)


def _cancel(request: Request) -> str:
    identity = incident_of(request)[0]
    run = cancel_run(request.ports, identity, request.cause)
    return f"`{run.runbook}` is being stopped for {identity}; the thread says when it is."


def _undo(request: Request) -> str:
    run = request.words.upper()
    if not re.fullmatch(r"INC-\d{1,9}-R\d{1,6}", run):
        raise Refused("Which run? `runbook runs INC` lists them; write such as `runbook undo INC-1001-R1`.")
    undoing = undo_run(request.ports, run, request.cause)
    return f"{run} (`{undoing.runbook}`) is being taken back; the thread shows how it ends."


def _runs(request: Request) -> str:
    ports = request.ports
    incidents = [load(ports, incident_of(request)[0])] if request.words else open_incidents(ports)
    runs = sorted((run for incident in incidents for run in incident.runs), key=lambda run: run.started)
    return "\n".join(_line(ports, run) for run in runs[-MOST_RUNS:]) or "Nothing was run."


def _line(ports: Ports, run: Run) -> str:
    back = " · taken back" if run.undone else f" · takes back {run.undoes}" if run.undoes else ""
    said = f": {escape(run.sentence)}" if run.sentence else ""
    who = ports.people.name(run.by)
    return f"{ENDED[run.verdict]} `{run.id}` {run.runbook} by {who}, {clock(run.started)} UTC{back}{said}"


_ACTIONS: Mapping[str, Callable[[Request], str]] = {
    "list": _list, "show": _show, "run": _run, "cancel": _cancel, "undo": _undo, "runs": _runs,
}  # fmt: skip
VERBS = {
    "runbook": Verb(
        "runbook list|show NAME|run INC [NAME] [input=value]|cancel INC|undo RUN|runs [INC]", "the remedies", _runbook
    ),
}
