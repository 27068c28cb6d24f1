"""A run under way: shown, stopped, and without secrets in what is kept."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.operations.house import House
from tests.operations.remedies import DAY, INC, NO, python, refused, run, with_runbook
from tidewatch.adapters.local.scripts import LocalScripts
from tidewatch.operations.deliver import deliver
from tidewatch.operations.runbooks import cancel_run, carry_out_run, start_run


@pytest.fixture
def opened(house: House) -> House:
    house.batch(DAY, times=1.609344)
    return house


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
