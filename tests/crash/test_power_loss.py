"""The power goes at any moment; what was acknowledged before is there once after it."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.power import CALLS, OPTIONS, Disk, cuts, write_out
from tests.crash.tracing import Worked, Workshop

SOME = 12  # moments of each work, where not every one is tried; those around acknowledgements always are


def moments(disk: Disk, worked: Worked, every_call: bool) -> Iterator[str]:
    """Replays the calls; stops where a cut is to be tried."""
    lines = (worked.place / "calls").read_text().splitlines()
    chosen = set(random.Random(1).sample(range(len(lines)), min(SOME, len(lines))))  # noqa: S311 - the same ones always
    acks = "".join(f"\\x{byte:02x}" for byte in disk.acks.encode())
    for number, line in enumerate(lines):
        if line.startswith("openat") and f'"{acks}"' in line:
            yield f"after the acknowledgements {disk.acknowledged}, before the next"
        before = len(disk.acknowledged)
        if disk.replay(line) and (every_call or number in chosen or len(disk.acknowledged) > before):
            yield f"after call {number} ({line[:12]}…) and the acknowledgements {disk.acknowledged}"
    yield "at the end"


def losses(worked: Worked, template: Path, every_call: bool, plant: str = "") -> tuple[list[str], int]:
    """What went wrong after which cut, and how many cuts there were."""
    disk, chance = Disk.of(template, worked.home, worked.place / "acks"), random.Random(2)  # noqa: S311
    found: list[str] = []
    seen: set[int] = set()
    for moment in moments(disk, worked, every_call):
        for state in cuts(disk, chance):
            if (key := hash((tuple(state.items()), len(disk.acknowledged)))) in seen:
                continue
            seen.add(key)
            write_out(state, worked.home)
            (worked.place / "acks").write_text("".join(f"{name}\n" for name in disk.acknowledged))
            found += [f"{moment}: {sentence}" for sentence in worked.recover(plant)]
    assert disk.acknowledged, "the replay has seen no acknowledgement"
    return found, len(seen)


@pytest.mark.parametrize("work", ["log", "markers", "queue", "runs"])
def test_whenever_the_power_goes_what_was_acknowledged_is_there_once(
    work: str, workshop: Workshop, templates: Callable[[str], Path], every_call: bool
) -> None:
    worked = workshop.run(work, templates(work), trace=CALLS, options=OPTIONS)
    assert worked.status == 0, worked.error
    found, count = losses(worked, templates(work), every_call)
    print(f"{work}: {count} power cuts")  # noqa: T201 - make crash-test shows it
    assert found == []
