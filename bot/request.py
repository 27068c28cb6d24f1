"""One command as it was typed, and what every verb needs to answer it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tidewatch.domain.events import Cause
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.report import open_incidents
from tidewatch.ports import Ports

MOST = 3900  # characters of an answer: Slack refuses or splits what is longer than 4,000


@dataclass(frozen=True)
class Request:
    ports: Ports
    cause: Cause
    words: str  # what follows the verb

    @property
    def user(self) -> str:
        return self.cause.actor


@dataclass(frozen=True)
class Verb:
    usage: str
    help: str
    answer: Callable[[Request], str]


def incident_of(request: Request) -> tuple[str, str]:
    """The incident that is named first, and the words after it; without a name, the only open one."""
    first, _, rest = request.words.partition(" ")
    bare = first.upper().removeprefix("INC-")
    if re.fullmatch(r"[0-9]{1,9}", bare):
        return f"INC-{bare}", rest.strip()
    if first.upper().startswith("INC-"):  # mistyped: never let it fall on another incident
        raise UnknownIncident(first)
    incidents = open_incidents(request.ports)
    mine = [incident for incident in incidents if incident.owner == request.user] or incidents
    if len(mine) == 1:
        return mine[0].id, request.words
    if not mine:
        raise Refused("Nothing is open.")
    raise Refused(f"Which one? {', '.join(f'{i.id} ({i.title})' for i in mine[:5])}.")


def with_text(request: Request, what: str) -> tuple[str, str]:
    incident, text = incident_of(request)
    if not text:
        raise Refused(f"Say {what} behind {incident}.")
    return incident, text
