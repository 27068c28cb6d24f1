"""Workers die, and disks fail and fill up, at every call that touches storage; nothing is lost and nothing doubled."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.tracing import CHANGES, LOOKS, TALKS, Fault, Workshop, faults
from tests.crash.works import WORKS
from tidewatch.console import Console

SOME = 16  # faults of each work, where not every one is tried; half of them deaths


def some_of(planned: list[Fault]) -> list[Fault]:
    """The same ones in every run; of lost answers all, because they are few."""
    kills = [fault for fault in planned if fault.how == "signal=KILL"]
    lost = [fault for fault in planned if fault.how == "error=ECONNRESET"]
    errors = [fault for fault in planned if fault not in kills + lost]
    chance = random.Random(1)  # noqa: S311 - nothing secret
    return [*chance.sample(kills, SOME // 2), *chance.sample(errors, SOME // 2), *lost]


@pytest.mark.parametrize("work", WORKS)
def test_whenever_a_worker_dies_or_its_disk_fails_what_it_acknowledged_is_there_once(
    work: str, workshop: Workshop, templates: Callable[[str], Path], workspace: Console, every_call: bool
) -> None:
    template, trace = templates(work), (*CHANGES, *LOOKS, *(TALKS if work == "delivery" else ()))
    workspace.clear()
    clean = workshop.run(work, template, trace=trace)
    assert clean.status == 0, clean.error
    assert clean.recover() == []
    found, deaths = [], Counter[str]()
    planned = list(faults(clean))
    for fault in planned if every_call else some_of(planned):
        workspace.clear()
        worked = workshop.run(work, template, trace=trace, options=["-e", f"inject={fault.injection}"])
        deaths[fault.how] += worked.status != 0
        found += [f"{fault}: {sentence}" for sentence in worked.recover()]
        worked.clear()
    print(f"{work}: of {len(planned)} faults, so many ended it: {dict(deaths)}")  # noqa: T201 - make crash-test shows it
    assert found == []
    assert deaths["signal=KILL"] > 0
