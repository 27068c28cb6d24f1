"""The proof is worth something only if it fails where the product is wrong: bugs are planted, and must be found."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.crash import test_response_model as response
from tests.crash.power import CALLS, OPTIONS
from tests.crash.test_power_loss import losses
from tests.crash.tracing import CHANGES, TALKS, Workshop, faults
from tests.operations.stand_ins import RecordingChat
from tidewatch.console import Console


@pytest.mark.parametrize(
    ("plant", "work"),
    [
        ("files are not synced", "log"),
        ("folders are not synced", "log"),
        ("folders are not synced", "markers"),
        ("the queue is not synced", "queue"),
    ],
)
def test_a_sync_that_is_missing_is_found_by_a_power_cut(
    plant: str, work: str, workshop: Workshop, templates: Callable[[str], Path]
) -> None:
    worked = workshop.run(work, templates(work), trace=CALLS, options=OPTIONS, plant=plant)
    assert worked.status == 0, worked.error
    found, _ = losses(worked, templates(work), every_call=False)
    assert any("was acknowledged and is lost" in sentence or "the restart failed" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("plant", "work", "call", "said"),
    [
        ("markers are not repaired", "markers", "link", "was acknowledged and is lost"),
        ("posts are not looked for", "delivery", "recvfrom", "the chat shows 1:card 2 times"),
    ],
)
def test_what_is_not_finished_after_a_death_is_found(
    plant: str,
    work: str,
    call: str,
    said: str,
    workshop: Workshop,
    templates: Callable[[str], Path],
    workspace: Console,
) -> None:
    trace, found = (*CHANGES, *TALKS), []
    workspace.clear()
    clean = workshop.run(work, templates(work), trace=trace, plant=plant)
    assert clean.status == 0, clean.error
    for fault in faults(clean):
        if fault.call == call and fault.how == "signal=KILL":
            workspace.clear()
            worked = workshop.run(
                work, templates(work), trace=trace, options=["-e", f"inject={fault.injection}"], plant=plant
            )
            found += worked.recover(plant)
    assert any(said in sentence for sentence in found)


def test_the_model_of_the_response_finds_a_post_that_is_made_twice() -> None:
    without_shrinking = settings(response.TestResponse.settings, phases=[Phase.generate], print_blob=False)
    with patch.object(RecordingChat, "find", lambda *given, **named: None), pytest.raises(AssertionError):
        run_state_machine_as_test(response.Response, settings=without_shrinking)
