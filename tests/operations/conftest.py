"""Processes that die: after any of the writes an operation makes, and everything else with them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import House

WRITES = ("put", "delete", "append", "send", "post", "update", "upload", "register", "promote")
PLACES = ("blobs", "log", "queue", "chat", "registry")


class Killed(BaseException):
    """What a process does not live to see."""


@dataclass
class Fate:
    """Death comes with the write of this number, which still gets through."""

    die_after: int
    writes: int = 0

    def write(self, do: Callable[[], Any]) -> Any:
        if self.writes >= self.die_after:
            raise Killed
        self.writes += 1
        given = do()
        if self.writes >= self.die_after:
            raise Killed
        return given


class Mortal:
    """A port in a process whose fate is sealed."""

    def __init__(self, inner: Any, fate: Fate) -> None:
        self._inner, self._fate = inner, fate

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)
        if name not in WRITES:
            return inner
        return lambda *given, **named: self._fate.write(lambda: inner(*given, **named))


Kill = Callable[["House", Callable[[], object], int], bool]


@pytest.fixture
def kill() -> Kill:
    """Let a process do something and die after its n-th write; False when it came to its end before."""

    def kill(house: "House", act: Callable[[], object], after: int) -> bool:
        fate, whole = Fate(after), house.ports
        house.change(**{place: Mortal(getattr(whole, place), fate) for place in PLACES})
        try:
            act()
        except Killed:
            return True
        else:
            return False
        finally:
            house.ports = whole

    return kill


@pytest.fixture
def another_house(house: "House", tmp_path: Path) -> Callable[[str], "House"]:
    """Copies of the house as it stands now, each in a folder of its own, without pictures."""
    return lambda name: house.copy(tmp_path / name)
