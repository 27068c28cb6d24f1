"""A run from its inputs to its undoing: claimed once, watched, stopped, and without secrets in what is kept."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.operations.house import MODEL, House
from tidewatch.adapters.local.scripts import LocalScripts
from tidewatch.domain.events import Draft
from tidewatch.domain.people import Refused
from tidewatch.domain.runbook import When
from tidewatch.domain.runbook_input import Input, WrongAnswers
from tidewatch.operations.approvals import decide
from tidewatch.operations.deliver import deliver
from tidewatch.operations.jobs import carry_out
from tidewatch.operations.journal import record_known, text_of
from tidewatch.operations.runbooks import cancel_run, carry_out_run, dry_run, start_run, undo_run
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.suggestion import suggestion
from tidewatch.operations.sweep import sweep

INC, DAY, NEXT = "INC-1001", "2026-02-01", "2026-02-02"
READ = "import json, sys, pathlib; task = json.load(sys.stdin); work = pathlib.Path(task['work'])\n"
COPIES = READ + (
    "out = work / 'out' / 'corrected'; out.mkdir(parents=True)\n"
    "for window in task['windows']:\n"
    "    (out / f'{window}.parquet').write_bytes((work / 'batches' / f'{window}.parquet').read_bytes())\n"
)


def python(program: str) -> list[str]:
    return ["python", "-S", "-c", program]


NO = python('print(\'{"passed": false, "sentence": "still odd"}\'); raise SystemExit(1)')


@pytest.fixture
def opened(house: House) -> House:
    house.batch(DAY, times=1.609344)
    return house


def with_runbook(house: House, **change: object) -> None:
    first, *others = house.ports.runbooks
    house.change(runbooks=(first.model_copy(update=change), *others))


def run(house: House, user: str = "U0ANA", **given: str) -> None:
    start_run(house.ports, INC, "convert-unit", house.by(user), given)
    house.run_jobs()


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return str(refusal.value)


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
    opened.ports.blobs.delete("texts", f"{INC}/{started.runs[0].inputs['sha256']}.json")
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


# --- watching and stopping ----------------------------------------------------------------------------------------


@pytest.fixture
def going(opened: House) -> Iterator[House]:
    """Y shows two steps and goes on until somebody stops it; its message is in the thread."""
    steps = (
        "import time\nprint('[1/3] fetch'); print('looking <at> it'); print('[2/3] mend', flush=True)\ntime.sleep(60)"
    )
    with_runbook(opened, run=python(steps))
    opened.change(scripts=LocalScripts(look_every=0.05))
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    deliver(opened.ports, INC)
    with ThreadPoolExecutor(1) as worker:
        job = worker.submit(carry_out_run, opened.ports, INC, f"{INC}-R1")
        yield opened
        if opened.incident().running:
            cancel_run(opened.ports, INC, opened.by("U0ANA"))
        job.result(timeout=30)


def message(house: House) -> str:
    """Everything in the message of the run."""
    (said,) = (said for said in house.chat.said.values() if said.message.text.startswith("⏳"))
    return json.dumps(said.message.blocks, ensure_ascii=False)


def wait_for(what: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(2000):
        if what():
            return
        tick.wait(0.01)
    pytest.fail("it never came")


def test_the_thread_shows_how_far_a_run_is_and_who_stopped_it(going: House) -> None:
    wait_for(lambda: "step 2 of 3: mend" in message(going))
    assert "looking &lt;at&gt; it" in message(going) and '"cancel_run"' in message(going)
    cancel_run(going.ports, INC, going.by("U0BEN"))
    assert refused(lambda: cancel_run(going.ports, INC, going.by("U0ANA"))) == (
        "Ben is stopping convert-unit already."
    )  # fmt: skip
    wait_for(lambda: going.incident().running is None)
    stopped = going.incident().runs[0]
    assert (stopped.verdict, stopped.sentence, stopped.cancelled_by) == ("cancelled", "stopped by Ben", "U0BEN")
    assert going.incident().tier == "L1"  # whoever stopped it decides what then
    going.run_jobs()
    assert '"cancel_run"' not in message(going)
    assert going.chat.thread[-2:] == [
        "🛑 Ben stops `convert-unit`.",
        "🛑 `convert-unit` was stopped: stopped by Ben.\n```[1/3] fetch\nlooking &lt;at&gt; it\n[2/3] mend```",
    ]


def test_a_chat_that_is_down_does_not_stop_a_run(going: House) -> None:
    wait_for(lambda: "step 2 of 3" in message(going))
    going.chat.down = True
    assert going.incident().running is not None
    cancel_run(going.ports, INC, going.by("U0ANA"))
    wait_for(lambda: going.incident().running is None)
    assert going.incident().runs[0].verdict == "cancelled"


def test_a_run_that_nobody_has_begun_is_over_at_once(opened: House) -> None:
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    cancel_run(opened.ports, INC, opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.kinds() == ["opened", "runbook_started", "cancel_requested", "runbook_finished"]
    assert opened.incident().runs[0].sentence == "Ana stopped it before it began"
    assert refused(lambda: cancel_run(opened.ports, INC, opened.by("U0ANA"))) == f"No runbook is running for {INC}."


def test_all_that_a_run_said_hangs_in_the_thread_as_a_file(opened: House) -> None:
    with_runbook(opened, run=python("for n in range(500): print('line', n)"))
    run(opened)
    (name, text), *_ = opened.chat.attached.items()
    assert name == f"{INC}-R1.txt" and text.startswith("line 0\n") and "line 499" in text
    assert "line 499" in opened.chat.thread[1] and "line 0\n" not in opened.chat.thread[1]


def test_a_run_that_said_little_hangs_no_file(opened: House) -> None:
    run(opened)
    assert opened.chat.attached == {}


# --- secrets ------------------------------------------------------------------------------------------------------


def test_a_secret_is_in_nothing_that_is_kept_or_shown(opened: House) -> None:
    secret = "hunter2-and-more"
    opened.change(scripts=LocalScripts({"acme": {"weather_token": secret}}, look_every=0.05))
    tells = (
        "import os, time; token = open(os.environ['WEATHER_TOKEN_FILE']).read()\n"
        "print('token', token, flush=True); time.sleep(0.3); raise SystemExit('no: ' + token)"
    )
    with_runbook(opened, run=python(tells), verify=NO, secrets=["weather_token"])
    run(opened)
    assert opened.incident().runs[0].sentence == (
        "convert-unit failed with exit status 1: no: [secret]; still odd"
    )  # fmt: skip
    kept = b"".join(file.read_bytes() for file in opened.root.rglob("*") if file.is_file())
    assert b"[secret]" in kept and secret.encode() not in kept
    assert secret not in repr(opened.chat.said)


def test_without_its_secret_it_is_not_started_and_says_which_setting_is_empty(opened: House) -> None:
    with_runbook(opened, secrets=["weather_token"])
    run(opened)
    assert "the setting TIDEWATCH_SECRETS__ACME__WEATHER_TOKEN is empty" in opened.incident().runs[0].sentence
    assert opened.incident().runs[0].verdict == "failed"


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
