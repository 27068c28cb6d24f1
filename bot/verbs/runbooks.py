"""The remedies."""

from bot.request import Request, Verb, incident_of
from tidewatch.operations.runbooks import start_run


def _runbook(request: Request) -> str:
    action, _, words = request.words.partition(" ")
    runbooks = {runbook.name: runbook for runbook in request.ports.runbooks}
    if action == "run":
        name, incident = "", words.split()
        if incident and incident[0] in runbooks:
            name, incident = incident[0], incident[1:]
        elif len(incident) > 1:
            name = incident[1]
        identity = incident_of(Request(request.ports, request.cause, incident[0] if incident else ""))[0]
        _, runbook = start_run(request.ports, identity, name, request.cause)
        return f"`{runbook.name}` runs for {identity} ({runbook.takes}); the thread shows how it ends."
    if action == "show" and words.strip() in runbooks:
        book = runbooks[words.strip()]
        return (
            f"*{book.name}* ({book.tier}): {book.title}.\nWhen: {', '.join(book.when.covers)}. "
            f"Run: `{' '.join(book.run)}`. Resolved if `{' '.join(book.verify)}` says so. {book.touches}; {book.takes}."
        )
    return "\n".join(f"`{book.name}` ({book.tier}): {book.title}" for book in runbooks.values())


VERBS = {
    "runbook": Verb("runbook list|show NAME|run INC [NAME]", "the remedies", _runbook),
}
