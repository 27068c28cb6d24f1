"""Before and after a run: tried, approved, taken back."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.operations.house import MODEL, House
from tests.operations.remedies import COPIES, DAY, INC, NEXT, NO, READ, python, refused, run, with_runbook
from tidewatch.domain.runbook_input import Input
from tidewatch.operations.approvals import decide
from tidewatch.operations.jobs import carry_out
from tidewatch.operations.runbooks import dry_run, start_run, undo_run
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.sweep import sweep


@pytest.fixture
def opened(house: House) -> House:
    house.batch(DAY, times=1.609344)
    return house


# --- dry run and undo ---------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_done_and_keeps_nothing(opened: House) -> None:
    with_runbook(
        opened, dry_run=python(COPIES + "print('would mend', *task['windows'], task['step'])"), writes=["corrected"]
    )
    before = {blob.name for blob in opened.ports.blobs.list("proposed")}, opened.kinds()
    assert dry_run(opened.ports, INC, "", {}).output == f"would mend {DAY} dry_run\n"
    assert ({blob.name for blob in opened.ports.blobs.list("proposed")}, opened.kinds()) == before


def test_a_runbook_without_a_dry_run_says_so(opened: House) -> None:
    assert (
        refused(lambda: dry_run(opened.ports, INC, "", {})) == "convert-unit has no dry run; what it touches: nothing."
    )


@pytest.fixture
def mended(opened: House) -> House:
    with_runbook(opened, run=python(COPIES), writes=["corrected"])
    run(opened)
    assert opened.incident().status == "resolved"
    assert opened.ports.blobs.stat("corrected", f"{MODEL}/{DAY}.parquet")
    return opened


def test_what_a_run_wrote_is_put_back_and_the_incident_is_open_again(mended: House) -> None:
    undo_run(mended.ports, f"{INC}-R1", mended.by("U0ANA"))
    mended.run_jobs()
    assert mended.ports.blobs.stat("corrected", f"{MODEL}/{DAY}.parquet") is None
    incident = mended.incident()
    assert incident.status == "open" and incident.runs[0].undone
    assert (incident.runs[1].verdict, incident.runs[1].sentence) == (
        "passed", f"everything is as it was before {INC}-R1",
    )  # fmt: skip
    assert refused(lambda: undo_run(mended.ports, f"{INC}-R1", mended.by("U0ANA"))) == (
        f"{INC}-R1 was taken back already."
    )  # fmt: skip


def test_what_stood_there_before_a_run_stands_there_again(opened: House) -> None:
    name, earlier = f"{MODEL}/{DAY}.parquet", opened.parquet(opened.day(NEXT), without=("late",))
    opened.ports.blobs.put("corrected", name, earlier)
    with_runbook(
        opened, run=python(COPIES), undo=python(READ + "print('back', *task['windows'])"), writes=["corrected"]
    )
    run(opened)
    assert opened.ports.blobs.get("corrected", name) == Shelf(opened.ports, MODEL).original(DAY)
    undo_run(opened.ports, f"{INC}-R1", opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.ports.blobs.get("corrected", name) == earlier
    assert f"back {DAY}" in opened.chat.thread[-2]


def test_what_somebody_changed_since_is_left_alone(mended: House) -> None:
    name, later = f"{MODEL}/{DAY}.parquet", mended.parquet(mended.day(NEXT), without=("late",))
    mended.ports.blobs.put("corrected", name, later)
    undo_run(mended.ports, f"{INC}-R1", mended.by("U0ANA"))
    mended.run_jobs()
    assert mended.ports.blobs.get("corrected", name) == later
    assert mended.incident().runs[1].sentence == f"somebody changed {DAY} since, which was left as it is"
    assert not mended.incident().runs[0].undone


def test_an_undo_that_fails_puts_nothing_back(mended: House) -> None:
    with_runbook(mended, undo=python("raise SystemExit('the feed is closed')"))
    undo_run(mended.ports, f"{INC}-R1", mended.by("U0ANA"))
    mended.run_jobs()
    assert mended.incident().runs[1].sentence == "convert-unit failed with exit status 1: the feed is closed"
    assert mended.ports.blobs.stat("corrected", f"{MODEL}/{DAY}.parquet")
    assert mended.incident().status == "resolved"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("INC-1001-R7", "There is no run INC-1001-R7."),
        ("INC-1001-R1", "cannot be taken back: convert-unit has no undo"),
    ],
)
def test_what_cannot_be_taken_back_is_refused(opened: House, name: str, said: str) -> None:
    run(opened)
    assert said in refused(lambda: undo_run(opened.ports, name, opened.by("U0ANA")))


def test_an_undo_whose_worker_died_is_called_interrupted_though_the_incident_is_resolved(mended: House) -> None:
    undo_run(mended.ports, f"{INC}-R1", mended.by("U0ANA"))
    mended.forget_jobs()
    mended.later(minutes=4)
    sweep(mended.ports)
    assert mended.incident().runs[1].verdict == "interrupted"
    undo_run(mended.ports, f"{INC}-R1", mended.by("U0ANA"))
    mended.run_jobs()
    assert mended.incident().runs[0].undone


def test_a_run_that_was_not_verified_has_written_nothing_to_take_back(opened: House) -> None:
    with_runbook(opened, run=python(COPIES), verify=NO, writes=["corrected"])
    run(opened)
    said = refused(lambda: undo_run(opened.ports, f"{INC}-R1", opened.by("U0ANA")))
    assert said == f"{INC}-R1 changed nothing: there is nothing to take back."


def test_an_incident_that_is_closed_for_good_stays_closed(mended: House) -> None:
    mended.later(days=60)
    assert "is closed for good" in refused(lambda: undo_run(mended.ports, f"{INC}-R1", mended.by("U0ANA")))


def test_a_job_of_a_run_delivered_again_after_its_end_changes_nothing(mended: House) -> None:
    before = mended.kinds()
    carry_out(mended.ports, f'{{"do": "run_runbook", "incident": "{INC}", "run": "{INC}-R1"}}')
    assert mended.kinds() == before


# --- risk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(opened: House) -> House:
    """Ana asks for a risky run."""
    with_runbook(opened, risk="high", digest="as it was", inputs={"why": Input(type="text", default="it is bad")})
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    return opened


def test_a_risky_run_starts_when_somebody_else_says_yes(asked: House) -> None:
    assert asked.kinds() == ["opened", "approval_requested"]
    card = json.dumps([said.message.blocks for said in asked.chat.said.values()], ensure_ascii=False)
    assert "Run convert-unit?" in card and "it is bad" in card and "convert-unit runs for INC-1001" in card
    assert "yes" in refused(lambda: start_run(asked.ports, INC, "convert-unit", asked.by("U0ANA")))
    decide(asked.ports, f"{INC}-A1", "approved", "", asked.by("U0BEN"))
    asked.run_jobs()
    run = asked.incident().runs[0]
    assert (run.by, run.verdict, asked.incident().status) == ("U0ANA", "passed", "resolved")


def test_a_risky_run_that_is_rejected_never_starts(asked: House) -> None:
    decide(asked.ports, f"{INC}-A1", "rejected", "not at night", asked.by("U0BEN"))
    asked.run_jobs()
    assert asked.incident().runs == ()


def test_whoever_asked_for_a_risky_run_cannot_approve_it(opened: House) -> None:
    with_runbook(opened, risk="high")
    start_run(opened.ports, INC, "", opened.by("U0BEN"))
    assert "somebody else has to decide" in refused(
        lambda: decide(opened.ports, f"{INC}-A1", "approved", "", opened.by("U0BEN"))
    )


def test_a_yes_to_scripts_that_were_changed_meanwhile_does_not_count(asked: House) -> None:
    with_runbook(asked, digest="changed")
    said = refused(lambda: decide(asked.ports, f"{INC}-A1", "approved", "", asked.by("U0BEN")))
    assert "convert-unit is no longer what it was when the run was asked for" in said
    asked.run_jobs()
    assert asked.incident().runs == ()


def test_an_approved_run_that_cannot_start_any_more_says_why(asked: House) -> None:
    decide(asked.ports, f"{INC}-A1", "approved", "", asked.by("U0BEN"))
    with_runbook(asked, digest="changed")
    asked.run_jobs()
    assert asked.kinds()[-1] == "approval_staled" and asked.incident().runs == ()


def test_an_approved_run_starts_once_however_often_its_job_comes_and_wherever_it_dies(
    asked: House, deaths: Callable[..., Iterator[House]]
) -> None:
    decide(asked.ports, f"{INC}-A1", "approved", "", asked.by("U0BEN"))
    job = json.dumps({"do": "approved", "incident": INC, "request": f"{INC}-A1"})

    def work(mortal: House) -> None:
        mortal.change(runbooks=asked.ports.runbooks)
        carry_out(mortal.ports, job)

    for mortal in deaths(asked, work):
        for _ in range(2):
            carry_out(mortal.ports, job)
        assert mortal.kinds().count("runbook_started") == 1
        mortal.later(seconds=90)
        sweep(mortal.ports)
        mortal.run_jobs()
        assert mortal.incident().status == "resolved"
