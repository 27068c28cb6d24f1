"""Erasing what a person wrote."""

import re
from pathlib import Path

from tidewatch import compose
from tidewatch.domain.events import BrokenRecord
from tidewatch.operations.erase import erase
from tidewatch.settings import Settings

USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class CannotErase(Exception):
    """Says whose texts could not be erased, and why."""


def erase_person(home: Path, person: str) -> str:
    """What was erased, in a sentence. `person` is a user id, or the name that the roster gives one."""
    ports = compose.compose(Settings(home=home))
    named = [known.id for known in ports.people.everyone if person in (known.id, known.name)]
    if len(named) > 1:
        raise CannotErase(f"{person} is the name of {', '.join(named)}: say which id")
    user = named[0] if named else person
    if not USER.fullmatch(user):
        raise CannotErase(f"{person!r} is neither a user id nor a name in the roster")
    try:
        erased = erase(ports, user)
    except BrokenRecord as error:
        raise CannotErase(f"not everything is erased, because a stream cannot be read: {error}") from error
    if not erased.texts:
        return f"There is no text of {user}."
    return (
        f"Erased {erased.texts} text{'' if erased.texts == 1 else 's'} of {user} in {', '.join(erased.incidents)}; "
        "each incident says so, and what the chat shows of them is edited next."
    )
