"""What a run is told, when it may start, and that one worker carries it out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.operations.house import House
from tests.operations.remedies import DAY, INC, NO, READ, python, refused, run, with_runbook
from tidewatch.domain.events import Draft
from tidewatch.domain.runbook import When
from tidewatch.domain.runbook_input import Input, WrongAnswers
from tidewatch.operations.journal import record_known, text_names, text_of
from tidewatch.operations.runbooks import carry_out_run, start_run
from tidewatch.operations.suggestion import suggestion


@pytest.fixture
def opened(house: House) -> House:
    house.batch(DAY, times=1.609344)
    return house


# --- inputs and conditions ----------------------------------------------------------------------------------------


def test_a_run_is_told_its_inputs_in_their_types_and_the_log_holds_only_a_reference(opened: House) -> None:
    inputs = {"rows": Input(type="integer", default=1), "why": Input(type="text")}
    shows = (
        READ + "import os; print(task['inputs'], os.environ['TIDEWATCH_INPUT_WHY'], os.environ['TIDEWATCH_WINDOWS'])"
    )
    with_runbook(opened, inputs=inputs, run=python(shows))
    run(opened, rows="3", why="Ana saw it")
    done = opened.events()[3]
    assert text_of(opened.ports, INC, done.data["output"]).startswith(
        f"{{'rows': 3, 'why': 'Ana saw it'}} Ana saw it {DAY}\n"
    )
    assert "Ana saw it" not in "".join(event.line() for event in opened.events())


def test_wrong_answers_start_nothing(opened: House) -> None:
    with_runbook(opened, inputs={"rows": Input(type="integer")})
    with pytest.raises(WrongAnswers, match="rows must be a whole number, not 1.5"):
        run(opened, rows="1.5")
    assert opened.kinds() == ["opened"]


def test_inputs_that_were_erased_end_the_run_with_a_sentence(opened: House) -> None:
    with_runbook(opened, inputs={"rows": Input(type="integer", default=1)})
    started, _ = start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.ports.blobs.delete("texts", text_names(INC, started.runs[0].inputs)[0])
    opened.run_jobs()
    assert opened.incident().runs[0].sentence == "what it was told has been erased"


def test_a_runbook_whose_condition_the_finding_does_not_meet_is_not_offered(opened: House) -> None:
    with_runbook(opened, when=When(checks=["scale"], finding={"evidence.scale.factor": "< 1"}))
    assert suggestion(opened.ports, opened.incident()) is None
    assert "only where the finding has evidence.scale.factor < 1" in refused(lambda: run(opened))


def test_a_runbook_of_a_higher_tier_is_offered_to_that_tier_alone(opened: House) -> None:
    with_runbook(opened, tier="L2")
    assert suggestion(opened.ports, opened.incident()) is None
    assert refused(lambda: run(opened)).startswith("To run runbook takes L2 or L3; you are L1.")
    run(opened, "U0BEN")
    assert opened.incident().status == "resolved"


@pytest.mark.parametrize(
    ("precondition", "said"),
    [
        ("batch_missing", f"convert-unit cannot start now: the batch of {DAY} is there by now."),
        ("no_retraining", f"convert-unit cannot start now: a retraining for {INC} is under way."),
    ],
)
def test_what_must_be_so_before_is_looked_at(opened: House, precondition: str, said: str) -> None:
    record_known(
        opened.ports, INC, opened.by("U0BEN"), lambda _: [Draft("retraining_requested", {"reason": {}})]
    )  # fmt: skip
    with_runbook(opened, when=When(checks=["scale"], preconditions=["batch_exists"]))
    assert suggestion(opened.ports, opened.incident()) is not None
    with_runbook(opened, when=When(checks=["scale"], preconditions=[precondition]))
    assert suggestion(opened.ports, opened.incident()) is None
    assert refused(lambda: run(opened)) == said


def test_labels_that_are_there_need_not_be_asked_for_again(opened: House) -> None:
    with_runbook(opened, when=When(checks=["scale"], preconditions=["labels_missing"]))
    assert suggestion(opened.ports, opened.incident()) is not None
    opened.labels(DAY)
    assert refused(lambda: run(opened)) == f"convert-unit cannot start now: the labels of {DAY} are there by now."


def test_a_runbook_cools_down_before_it_runs_again(opened: House) -> None:
    with_runbook(opened, verify=NO, cool_down=timedelta(minutes=30))
    run(opened)
    assert refused(lambda: run(opened)) == (
        "convert-unit ended at 03:00 UTC and may run again from 02 Mar 03:30 UTC."
    )  # fmt: skip
    opened.later(minutes=30)
    run(opened)
    assert len(opened.incident().runs) == 2


# --- who carries it out -------------------------------------------------------------------------------------------


def test_of_many_workers_with_the_same_job_one_carries_it_out(opened: House) -> None:
    count = opened.root.parent / "count"
    with_runbook(opened, run=python(f"open({str(count)!r}, 'a').write('x')"))
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        carry_out_run(opened.ports, INC, f"{INC}-R1")

    with ThreadPoolExecutor(8) as workers:
        for worker in [workers.submit(work) for _ in range(8)]:
            worker.result()
    assert count.read_text() == "x"
    assert opened.kinds() == ["opened", "runbook_started", "runbook_begun", "runbook_finished", "resolved"]


def test_a_runbook_that_is_gone_meanwhile_fails_with_a_sentence(opened: House) -> None:
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.change(runbooks=())
    opened.run_jobs()
    assert opened.incident().runs[0].sentence == "there is no runbook convert-unit any more"
