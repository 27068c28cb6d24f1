"""What cannot be run is refused with one sentence, and Microsoft's worker agrees."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidewatch.local_host import HostError, HostSettings, load

RUNTIME = Path(__file__).parents[1] / "functions" / "functions_runtime.py"
TIMER = '@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")\n'
QUEUE_OUT = '@app.queue_output(arg_name="out", queue_name="jobs", connection="")\n'

# Refused by Azure's worker as well: what the app is, and what our sentence says.
UNFIT = {
    "no app": ("del app", "must hold exactly one azure.functions.FunctionApp, but there is none"),
    "two apps": ("other = func.FunctionApp()", "but there is 2 (app, other)"),
    "one name twice": (
        TIMER + "def sweep(timer: func.TimerRequest): ...\n" + TIMER + "def sweep(timer: func.TimerRequest): ...",
        "Function sweep does not have a unique function name",
    ),
    "no trigger": (QUEUE_OUT + "def send(out: func.Out[str]): ...", "Function send does not have a trigger"),
    "no such parameter": (TIMER + "def sweep(tick: func.TimerRequest): ...", "function sweep has no parameter timer"),
    "unbound parameter": (
        TIMER + "def sweep(timer: func.TimerRequest, store): ...",
        "no binding gives function sweep its parameter store",
    ),
    "wrong trigger annotation": (
        TIMER + "def sweep(timer: func.QueueMessage): ...",
        "the binding timerTrigger (parameter timer) of function sweep does not fit its annotation QueueMessage: "
        "it must be TimerRequest",
    ),
    "output not Out": (
        TIMER + QUEUE_OUT + "def sweep(timer: func.TimerRequest, out: str): ...",
        "an output must be azure.functions.Out[…]",
    ),
    "output of a wrong type": (
        TIMER + QUEUE_OUT + "def sweep(timer: func.TimerRequest, out: func.Out[int]): ...",
        "int cannot be written to it",
    ),
    "wrong return": (
        '@app.route(route="x")\ndef serve(req: func.HttpRequest) -> dict: ...',
        "the binding http (parameter $return) of function serve does not fit its annotation dict",
    ),
    "context of a wrong type": (
        TIMER + "def sweep(timer: func.TimerRequest, context: str): ...",
        "the parameter context of function sweep must be an azure.functions.Context",
    ),
    "broken import": ("import no_such_module", "cannot be imported: No module named 'no_such_module'"),
}

# Azure's worker takes these; the local host cannot do what Azure would do, or Azure would never do it.
NOT_HERE = {
    "foreign binding": (
        '@app.event_grid_trigger(arg_name="event")\ndef take(event: func.EventGridEvent): ...',
        "the binding eventGridTrigger (parameter event) of function take is none of those that the local host runs",
    ),
    "retry policy": (
        '@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:01")\n'
        + TIMER
        + "def sweep(timer: func.TimerRequest): ...",
        "function sweep has a retry policy",
    ),
    "missing setting": (
        '@app.queue_trigger(arg_name="job", queue_name="%JOBS%", connection="")\ndef run(job: func.QueueMessage): ...',
        "%JOBS% has no value: add JOBS to the settings",
    ),
    "five fields": (
        '@app.timer_trigger(arg_name="timer", schedule="* * * * *")\ndef sweep(timer: func.TimerRequest): ...',
        'cannot be used: "* * * * *" has 5 fields where Azure wants six, seconds first',
    ),
    "container with a name": (
        '@app.blob_trigger(arg_name="b", path="{team}/x", connection="")\ndef take(b: func.InputStream): ...',
        'cannot be used: "{team}/x" must begin with the name of a container',
    ),
    "nothing registered": ("", "registers no functions"),
}


@pytest.mark.parametrize(("source", "sentence"), [*UNFIT.values(), *NOT_HERE.values()], ids=[*UNFIT, *NOT_HERE])
def test_an_app_that_cannot_run_is_refused_in_one_sentence(
    write_app: Callable[..., Path], source: str, sentence: str
) -> None:
    with pytest.raises(HostError) as refusal:
        load(write_app(source), {})
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_azures_worker_refuses_the_same(tmp_path: Path, write_app: Callable[..., Path]) -> None:
    pytest.importorskip("azure_functions_runtime")
    judges = {}
    for case, (source, _) in UNFIT.items():
        folder = write_app(source).rename(tmp_path / case.replace(" ", "_"))
        judges[case] = subprocess.Popen([sys.executable, RUNTIME, folder], stdout=subprocess.DEVNULL)  # noqa: S603
    taken = [case for case, judge in judges.items() if judge.wait(60) != 1]
    assert taken == []


def test_the_start_up_table_says_what_runs_when(write_app: Callable[..., Path]) -> None:
    folder = write_app(
        """
        @app.timer_trigger(arg_name="timer", schedule="%SWEEP%")
        def sweep(timer: func.TimerRequest): ...

        @app.blob_trigger(arg_name="batch", path="batches/{name}", connection="")
        def check(batch: func.InputStream): ...

        @app.function_name("jobs")
        @app.queue_trigger(arg_name="job", queue_name="%TEAM%-jobs", connection="")
        def run(job: func.QueueMessage): ...

        @app.route(route="slack/events", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
        def slack(req: func.HttpRequest) -> func.HttpResponse: ...
        """
    )
    table = [(f.name, f.trigger_type, f.detail) for f in load(folder, {"SWEEP": "0 * * * * *", "TEAM": "air"})]
    assert table == [
        ("sweep", "timer", "0 * * * * *"),
        ("check", "blob", "batches/{name}"),
        ("jobs", "queue", "air-jobs"),
        ("slack", "http", "POST /slack/events"),
    ]


def test_an_app_can_be_loaded_again_but_not_another_one(write_app: Callable[..., Path], tmp_path: Path) -> None:
    source = TIMER + "def sweep(timer: func.TimerRequest): ..."
    folder = write_app(source)
    assert len(load(folder, {})) == len(load(folder, {})) == 1

    other = tmp_path / "other"
    other.mkdir()
    (other / "function_app.py").write_text(source)
    with pytest.raises(HostError, match="in a process of its own"):
        load(other, {})


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"has no function_app\.py"):
        load(tmp_path, {})


def test_a_second_host_on_the_same_state_is_refused(play: Callable[..., Any]) -> None:
    stage = play(TIMER + "def sweep(timer: func.TimerRequest): ...")
    with pytest.raises(HostError, match="another host is using"):
        stage.open()


def test_host_json_is_read(write_app: Callable[..., Path]) -> None:
    folder = write_app(
        "",
        host_json="""{"version": "2.0", "extensions": {
            "queues": {"maxDequeueCount": 3, "visibilityTimeout": "1.00:00:30", "batchSize": 1},
            "blobs": {"poisonBlobThreshold": 2},
            "http": {"routePrefix": ""}}}""",
    )
    settings = HostSettings.read(folder)
    assert (settings.max_dequeue_count, settings.visibility_timeout, settings.batch_size) == (3, 86_430.0, 1)
    assert (settings.poison_blob_threshold, settings.route_prefix) == (2, "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "needs an object where extensions"),
        ('{"extensions": {"queues": 5}}', "queues in .* must be an object"),
        ('{"extensions": {"queues": {"maxDequeueCount": 0}}}', "maxDequeueCount in .* must be a whole number from 1"),
        ('{"extensions": {"queues": {"visibilityTimeout": 30}}}', 'visibilityTimeout in .*: write it as "hh:mm:ss"'),
    ],
)
def test_a_wrong_host_json_is_refused(write_app: Callable[..., Path], content: str, sentence: str) -> None:
    with pytest.raises(HostError, match=sentence):
        HostSettings.read(write_app("", host_json=content))


def test_a_missing_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"has no host\.json"):
        HostSettings.read(tmp_path)
