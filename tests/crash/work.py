"""Real work on real storage, from which a worker may be torn away at any moment, and what has to be true afterwards.

A work acknowledges what it has done; whoever was told so relies on it. After a death the worker starts again, as
people, feeds and the sweep make it start again: everything that was acknowledged is still there before anything is
done again (`kept`), and in the end everything is there once (`wrong`).
"""

import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bot.team import TOKEN
from tests.operations.house import RUNBOOKS, House, furnish
from tests.operations.stand_ins import Dots, FolderRegistry, RecordingChat
from tidewatch.adapters.slack import SlackChat
from tidewatch.domain.events import Cause
from tidewatch.operations.verify_log import verify_log

INC = "INC-1001"
Ack = Callable[[str], None]


def house_at(root: Path) -> House:
    """The house that lies in a folder, as a process finds it that starts there."""
    registry = FolderRegistry(root / "registry")
    if (root / "registry.pickle").exists():
        registry = pickle.loads((root / "registry.pickle").read_bytes())  # noqa: S301 - written by `furnish_model`
        registry._root = root / "registry"
    chat: Any = RecordingChat()
    if (root / "chat").exists():
        chat = SlackChat(TOKEN, (root / "chat").read_text())
    made = furnish(root, chat, registry)
    made.change(pictures=Dots(), runbooks=(_remedy(root), *RUNBOOKS[1:]))
    return made


def _remedy(root: Path) -> Any:
    """Its Y leaves a line for every time that it ran."""
    ran = f"open({str(root / 'ran')!r}, 'a').write('ran\\n')"
    return RUNBOOKS[0].model_copy(update={"run": ["python", "-S", "-c", ran]})


def cause(key: str, user: str = "U0ANA") -> Cause:
    return Cause(user, "slack", key)


class Work:
    """What all have in common: afterwards the log is whole and holds every cause once."""

    is_done_again = False  # by people who were not answered, by feeds that were not acknowledged
    lies_in_the_home = True  # what it acknowledges; else it lies where the work went

    def prepare(self, root: Path) -> None:
        """What lies there already when the worker starts."""

    def work(self, root: Path, ack: Ack) -> None: ...

    def restart(self, root: Path) -> None:
        """What happens by itself after a death, without anybody doing the work again."""

    def kept(self, root: Path) -> set[str]:
        """Of what is acknowledged, all that can be found."""
        raise NotImplementedError

    def doubled(self, root: Path) -> Iterator[str]:
        """What is there more often than once, or is not as it should be."""
        yield from ()

    def wrong(self, root: Path) -> list[str]:
        house = house_at(root)
        said = [*verify_log(house.ports.log).faults, *self.doubled(root)]
        for incident in house.incidents():
            said += [f"{incident} holds {key} in {count} appends" for key, count in _appends(house, incident)]
        return said


def _appends(house: House, incident: str) -> Iterator[tuple[str, int]]:
    """Causes whose events do not stand in one piece: they were recorded twice."""
    seen: list[str] = []
    for event in house.events(incident):
        if not seen or seen[-1] != event.key:
            seen.append(event.key)
    yield from ((key, count) for key, count in Counter(seen).items() if count > 1)


def missing(acknowledged: Sequence[str], kept: set[str]) -> list[str]:
    return [f"{name} was acknowledged and is lost" for name in acknowledged if name not in kept]
