"""Processes that die: after any of the writes an operation makes, and everything else with them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.operations.house import House

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


def kill(house: House, act: Callable[[House], object], after: int) -> bool:
    """Let a process act and die after its n-th write; False when it came to its end before."""
    fate, whole = Fate(after), house.ports
    house.change(**{place: Mortal(getattr(whole, place), fate) for place in PLACES})
    try:
        act(house)
    except Killed:
        return True
    else:
        return False
    finally:
        house.ports = whole


@pytest.fixture
def deaths(tmp_path: Path) -> Callable[..., Iterator[House]]:
    """Copies of a house in which a process died after its first, its second … write; in the last it lived."""

    def deaths(house: House, act: Callable[[House], object]) -> Iterator[House]:
        for write in range(1, 100):
            copy = house.copy(tmp_path / f"died-after-write-{write}")
            died = kill(copy, act, write)
            yield copy
            if not died:
                return
        pytest.fail("it never came to its end")

    return deaths
