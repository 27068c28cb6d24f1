"""X, Y, Z: verification decides, and people may close what it does not."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.operations.house import House
from tests.operations.remedies import DAY, INC, NO, python, with_runbook
from tidewatch.domain.people import Refused
from tidewatch.operations.jobs import UnknownJob, carry_out
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.report import note_good_window
from tidewatch.operations.respond import acknowledge, escalate, note, request_resolution
from tidewatch.operations.runbooks import start_run
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.suggestion import suggestion
from tidewatch.operations.sweep import sweep
from tidewatch.operations.take_batch import take_batch

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

MODEL = "acme/demo"


@pytest.fixture
def opened(house: House) -> House:
    house.batch(DAY, times=1.609344)
    return house


def test_a_verified_run_resolves_the_incident_and_tells_so(opened: House) -> None:
    _, runbook = start_run(opened.ports, INC, "", opened.by("U0ANA"))
    assert runbook.name == "convert-unit"
    opened.run_jobs()
    assert opened.kinds() == ["opened", "runbook_started", "runbook_begun", "runbook_finished", "resolved"]
    assert opened.incident().resolution == "convert-unit: weight is usual again"
    assert "looked" in opened.chat.thread[1]


def test_a_run_that_is_not_verified_calls_l2_when_nothing_is_left_to_try(opened: House) -> None:
    with_runbook(opened, verify=NO)
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.incident().tier == "L2"
    with pytest.raises(Refused, match="No runbook is left to try"):
        start_run(opened.ports, INC, "", opened.by("U0BEN"))


BROKEN = {
    "Y fails": ({"run": python("raise SystemExit('no disk')"), "verify": NO}, "status 1: no disk; still odd"),
    "Y hangs": (
        {"run": python("import time; time.sleep(60)"), "verify": NO, "timeout": timedelta(seconds=0.5)},
        "did not end within its 0.5 s; ",
    ),
    "Y is not there": ({"run": ["no-such-program"]}, "convert-unit"),
    "Z crashes": ({"verify": python("raise RuntimeError('oops')")}, "verification gave no verdict"),
    "Z says nothing": ({"verify": python("")}, "it said nothing"),
    "Z says yes and fails": (
        {"verify": python('print(\'{"passed": true, "sentence": "fine"}\'); raise SystemExit(1)')},
        "fine",
    ),
}


@pytest.mark.parametrize(("change", "said"), BROKEN.values(), ids=BROKEN)
def test_only_a_clear_yes_resolves(opened: House, change: dict[str, object], said: str) -> None:
    with_runbook(opened, **change)
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.incident().runs[0].verdict == "failed"
    assert said in opened.incident().runs[0].sentence
    assert opened.incident().status == "open"


def test_z_decides_and_not_how_y_ended(opened: House) -> None:
    """A restart that hung, and the service is up: whoever looks again sees it."""
    with_runbook(opened, run=python("print('restarted'); raise SystemExit(3)"))
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    run = opened.incident().runs[0]
    assert (run.verdict, run.exit_status, opened.incident().status) == ("passed", 3, "resolved")
    assert run.sentence == "convert-unit failed with exit status 3: restarted; weight is usual again"


def test_what_a_runbook_writes_goes_only_where_its_record_says(opened: House) -> None:
    program = (
        "import json, sys, pathlib as p; w = p.Path(json.load(sys.stdin)['work'])\n"
        "for c in ('corrected', 'models'):\n"
        "    (w / 'out' / c).mkdir(parents=True)\n"
        f"    (w / 'out' / c / '{DAY}.parquet').write_bytes((w / 'batches' / '{DAY}.parquet').read_bytes())"
    )
    with_runbook(opened, run=python(program), writes=["corrected"])
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    shelf = Shelf(opened.ports, MODEL)
    assert shelf.batch(DAY) == shelf.original(DAY)
    assert opened.ports.blobs.stat("corrected", f"{MODEL}/{DAY}.parquet")
    assert opened.ports.blobs.stat("models", f"{MODEL}/{DAY}.parquet") is None


def test_two_runs_of_one_incident_never_overlap(opened: House) -> None:
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    with pytest.raises(Refused, match="convert-unit is running already"):
        start_run(opened.ports, INC, "convert-unit", opened.by("U0BEN"))


def test_the_same_click_twice_starts_one_run(opened: House) -> None:
    cause = opened.by("U0ANA")
    start_run(opened.ports, INC, "", cause)
    with pytest.raises(Refused, match="was started already"):
        start_run(opened.ports, INC, "", cause)
    assert opened.kinds().count("runbook_started") == 1


def test_a_run_delivered_twice_ends_once(opened: House) -> None:
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    carry_out(opened.ports, f'{{"do": "run_runbook", "incident": "{INC}", "run": "{INC}-R1"}}')
    assert opened.kinds().count("runbook_finished") == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("no-such", "There is no runbook no-such. There are: convert-unit"), ("rejoin-labels", "not for scale")],
)
def test_a_runbook_that_does_not_fit_is_refused_with_those_that_exist(opened: House, name: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        start_run(opened.ports, INC, name, opened.by("U0ANA"))


def test_a_run_that_died_anywhere_ends_with_one_verdict(opened: House, deaths: Deaths) -> None:
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    job = f'{{"do": "run_runbook", "incident": "{INC}", "run": "{INC}-R1"}}'
    verdicts: list[str] = []
    for mortal in deaths(opened, lambda mortal: carry_out(mortal.ports, job)):
        carry_out(mortal.ports, job)
        mortal.later(minutes=4)
        sweep(mortal.ports)
        (run,) = mortal.incident().runs
        assert run.verdict in ("passed", "interrupted"), mortal.root.name
        assert mortal.kinds().count("runbook_finished") == 1
        assert ("resolved" in mortal.kinds()) == (run.verdict == "passed")
        verdicts.append(run.verdict)
    assert verdicts.index("passed") > 1 and verdicts[-1] == "passed"


def test_a_run_is_carried_out_once_even_when_its_worker_died(opened: House, deaths: Deaths) -> None:
    """Nobody knows what it did until then: people decide, and may start it again."""
    count = opened.root.parent / "count"
    count.touch()
    with_runbook(opened, run=python(f"open({str(count)!r}, 'a').write('ran ')"))
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    job = f'{{"do": "run_runbook", "incident": "{INC}", "run": "{INC}-R1"}}'
    counts = set()

    def work(mortal: House) -> None:
        mortal.change(runbooks=opened.ports.runbooks)
        carry_out(mortal.ports, job)

    for mortal in deaths(opened, work):
        for _ in range(2):
            carry_out(mortal.ports, job)
        counts.add(count.read_text())
        count.write_text("")
        mortal.later(minutes=4)
        sweep(mortal.ports)
        if mortal.incident().runs[0].verdict == "interrupted":
            assert suggestion(mortal.ports, mortal.incident()) is not None
    assert "ran " in counts and counts <= {"", "ran "}


def test_a_run_that_never_reached_the_queue_is_sent_again(opened: House) -> None:
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.forget_jobs()
    opened.later(seconds=90)
    sweep(opened.ports)
    opened.run_jobs()
    assert opened.incident().status == "resolved"


def test_resolving_runs_the_check_again_and_closes_what_passes(opened: House) -> None:
    opened.ports.blobs.put("corrected", f"{MODEL}/{DAY}.parquet", opened.parquet(opened.day(DAY), without=("late",)))
    request_resolution(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.incident().resolution == "weight is in its usual range again"


def test_resolving_what_still_fails_takes_l2_and_the_refusal_is_whispered(opened: House) -> None:
    request_resolution(opened.ports, INC, "I am sure", opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.incident().status == "open"
    ((user, text),) = opened.chat.whispers
    assert user == "U0ANA" and "takes L2 or L3; you are L1" in text and "Ben" in text

    request_resolution(opened.ports, INC, "", opened.by("U0BEN"))
    opened.run_jobs()
    assert "needs a reason" in opened.chat.whispers[-1][1]

    request_resolution(opened.ports, INC, "the scale was replaced", opened.by("U0BEN"))
    opened.run_jobs()
    assert opened.incident().status == "resolved"
    assert "the scale was replaced" in opened.chat.thread[-1]


@pytest.mark.parametrize("verb", ["acknowledge", "escalate", "run"])
def test_what_comes_after_the_end_is_refused_with_the_end(opened: House, verb: str) -> None:
    for window in ("2026-02-10", "2026-02-11"):
        note_good_window(opened.ports, MODEL, window, [opened.incident().signal], "blob")
    ask: dict[str, Callable[[], object]] = {
        "acknowledge": lambda: acknowledge(opened.ports, INC, opened.by("U0ANA")),
        "escalate": lambda: escalate(opened.ports, INC, "why", opened.by("U0ANA")),
        "run": lambda: start_run(opened.ports, INC, "", opened.by("U0ANA")),
    }
    with pytest.raises(Refused, match="was resolved at 02 Mar 03:00 UTC: 2 good windows in a row"):
        ask[verb]()


def test_nobody_can_act_on_an_incident_that_does_not_exist(house: House) -> None:
    with pytest.raises(UnknownIncident, match="There is no incident INC-7"):
        note(house.ports, "INC-7", "hello", house.by("U0ANA"))
    assert list(house.ports.blobs.list("texts")) == []


@pytest.mark.parametrize(
    "body", ["", "[]", "null", '{"do": "dance"}', '{"to": "deliver"}', "\x00", '{"do": ["deliver"]}']
)
def test_a_message_that_is_no_job_is_called_so(house: House, body: str) -> None:
    with pytest.raises(UnknownJob, match="not a job"):
        carry_out(house.ports, body)


def test_an_intake_incident_is_closed_by_l2_with_a_reason(house: House) -> None:
    take_batch(house.ports, house.land("batches", DAY, b"rubbish"))
    request_resolution(house.ports, INC, "the feed is fixed", house.by("U0BEN"))
    house.run_jobs()
    assert house.incident().status == "resolved"
    sweep(house.ports)
    house.run_jobs()
    assert "resolved" in house.chat.card.text
