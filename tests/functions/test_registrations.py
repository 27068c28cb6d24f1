"""Our registrations, indexed and invoked by Microsoft's own library, in a process of its own."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

if os.environ.get("CI") != "true":
    pytest.importorskip("azure_functions_runtime", reason="`make setup` installs it")

ROOT = Path(__file__).parents[2]
SECRET = "not-a-real-secret"
HEAVY = ("pandas", "sklearn", "scipy", "matplotlib", "mlflow", "azure.ai.ml", "pyarrow", "slack_bolt")

DRIVE = f"""
import hashlib, hmac, json, sys, time, urllib.parse
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from functions_runtime import Refused, Runtime, blob, message, request, timer
from tidewatch.compose import house

runtime, said = Runtime(Path({str(ROOT)!r})), {{}}
said["functions"] = runtime.functions
home = Path(sys.argv[1])
landed = home / "blobs/batches/acme/unknown"
landed.mkdir(parents=True)
(landed / "2026-01-01.parquet").write_bytes(b"rubbish")
runtime.invoke("batch_landed", blob=blob("batches/acme/unknown/2026-01-01.parquet", b"rubbish"))
runtime.invoke("job_poison", message=message('{{"do": "nothing"}}'))
try:
    runtime.invoke("job", message=message("rubbish"))
except Refused as refused:
    said["job"] = str(refused)
runtime.invoke("sweep", timer=timer(past_due=True))
quiet = home / "blobs/fleet/arrived/acme/unknown/2026-01-01/abc_2_0.033"
quiet.parent.mkdir(parents=True)
quiet.write_bytes(b"")
runtime.invoke("fleet", timer=timer())
said["fleet"] = [quiet.exists(), json.loads((home / "blobs/fleet/day.json").read_text())["counted"]]
index = home / "blobs/probe-index/acme/unknown/smoke"
index.mkdir(parents=True)
(index / "1").write_bytes(b"")
runtime.invoke("probes", timer=timer())
due = json.dumps({{"do": "probe", "model": "acme/unknown", "probe": "smoke", "run": "2026-01-01T00:00Z"}})
try:
    runtime.invoke("probe", message=message(due))
except Refused as refused:
    said["probe"] = str(refused)
runtime.invoke("probe_poison", message=message(due))
try:
    runtime.invoke("row_check", message=message("rubbish"))
except Refused as refused:
    said["row_check"] = str(refused)
runtime.invoke("row_check_poison", message=message("rubbish"))
telemetry = home / "blobs/telemetry/acme/unknown"
telemetry.mkdir(parents=True)
(telemetry / "2026-01-01.csv").write_bytes(b"rubbish")
runtime.invoke("telemetry_landed", blob=blob("telemetry/acme/unknown/2026-01-01.csv", b"rubbish"))
entry = home / "blobs/arrivals-due/2026-01-01T00:00Z_acme_unknown"
entry.parent.mkdir()
entry.write_bytes(b"")
runtime.invoke("timeliness", timer=timer())
overdue = house().queue.receive("timeliness", visibility=60).body
runtime.invoke("overdue", message=message(overdue))
said["overdue"] = [json.loads(overdue)["model"], entry.exists()]
runtime.invoke("overdue_poison", message=message(overdue))
runtime.invoke("page", message=message('{{"do": "page", "incident": "INC-1001"}}'))
runtime.invoke("page_poison", message=message("rubbish"))
signature = {{"x-pagerduty-signature": "v1=" + hmac.new(b"pd", b"{{}}", hashlib.sha256).hexdigest()}}
asked = [request("POST", "https://x/api/pages/x", b"{{}}", headers=headers) for headers in ({{}}, signature)]
answers = [runtime.invoke(name, req=req) for req in asked for name in ("pagerduty_answer", "page_answer")]
said["answers"] = [int(answer.returned.http.status_code) for answer in answers]
try:
    runtime.invoke("checkpoint", timer=timer())
except Refused as refused:
    said["checkpoint"] = str(refused)
said["health"] = runtime.invoke("health", req=request("GET", "https://x/api/health")).returned.http.status_code
form = {{"command": "/ml", "text": "status", "user_id": "U0ANA", "trigger_id": "1.2", "channel_id": "C1",
        "team_id": "T1", "response_url": "https://x/r"}}
body = urllib.parse.urlencode(form).encode()
for name, age in (("signed", 0), ("forged", 0), ("old", 301)):
    at = str(int(time.time()) - age)
    secret = b"another" if name == "forged" else {SECRET!r}.encode()
    digest = hmac.new(secret, b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {{"content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": at,
               "x-slack-signature": "v0=" + digest}}
    answer = runtime.invoke("slack", req=request("POST", "https://x/api/slack/events", body, headers=headers))
    body_given = answer.returned.http.body.__dict__
    said[name] = [answer.returned.http.status_code, body_given.get("string") or body_given["bytes"].decode()]
runtime.close()
print(json.dumps(said))
"""


def python(script: str, *arguments: object, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDEWATCH_")}
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "people.yaml").write_text("- {id: U0ANA, name: Ana, tier: L1}\n")
    return folder


@pytest.fixture(scope="module")
def said(home: Path) -> dict[str, Any]:
    out = python(
        DRIVE, home, TIDEWATCH_HOME=str(home), TIDEWATCH_SLACK_SIGNING_SECRET=SECRET, TIDEWATCH_SLACK_TOKEN="xoxb-x",
        TIDEWATCH_PAGERDUTY_SIGNING_SECRET="pd",
        TIDEWATCH_SLACK_API_URL="http://127.0.0.1:9/",
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return answer


def test_every_function_is_indexed_with_its_trigger(said: dict[str, Any]) -> None:
    triggers = {name: bindings[0]["type"] for name, bindings in said["functions"].items()}
    assert triggers == {
        "batch_landed": "blobTrigger",
        "labels_landed": "blobTrigger",
        "job": "queueTrigger",
        "job_poison": "queueTrigger",
        "blob_poison": "queueTrigger",
        "row_check": "queueTrigger",
        "row_check_poison": "queueTrigger",
        "page": "queueTrigger",
        "page_poison": "queueTrigger",
        "pagerduty_answer": "httpTrigger",
        "page_answer": "httpTrigger",
        "probes": "timerTrigger",
        "probe": "queueTrigger",
        "probe_poison": "queueTrigger",
        "telemetry_landed": "blobTrigger",
        "timeliness": "timerTrigger",
        "overdue": "queueTrigger",
        "overdue_poison": "queueTrigger",
        "sweep": "timerTrigger",
        "fleet": "timerTrigger",
        "patrol": "timerTrigger",
        "checkpoint": "timerTrigger",
        "health": "httpTrigger",
        "slack": "httpTrigger",
    }
    assert said["functions"]["sweep"][0]["schedule"] == "0 * * * * *"
    assert said["functions"]["batch_landed"][0]["source"] == "EventGrid"


def test_an_invoked_blob_function_does_its_work(said: dict[str, Any], home: Path) -> None:
    opened = json.loads((home / "log" / "INC-1001.jsonl").read_text().splitlines()[0])
    assert opened["data"]["findings"][0]["check"] == "unknown_model"
    assert (home / "blobs/quarantine/batches/acme/unknown/2026-01-01.parquet").read_bytes() == b"rubbish"


def test_the_fleet_timer_counts_the_windows_that_were_judged(said: dict[str, Any]) -> None:
    assert said["fleet"] == [False, ["acme/unknown/2026-01-01/abc"]]


def test_the_minute_timer_sends_the_probes_that_are_due(said: dict[str, Any], home: Path) -> None:
    with closing(sqlite3.connect(home / "queue.db")) as queue:
        ((body,),) = queue.execute("SELECT body FROM messages WHERE queue = 'probes'").fetchall()
    assert (json.loads(body)["model"], json.loads(body)["probe"]) == ("acme/unknown", "smoke")


def test_a_probe_that_cannot_be_run_is_told_after_its_last_try(said: dict[str, Any], home: Path) -> None:
    assert "no model acme/unknown has been handed over" in said["probe"]
    opened = json.loads((home / "log" / "INC-1003.jsonl").read_text().splitlines()[0])
    finding = opened["data"]["findings"][0]
    assert (finding["check"], finding["subject"]) == ("poison", "probes")


def test_an_invoked_telemetry_function_does_its_work(said: dict[str, Any], home: Path) -> None:
    assert (home / "blobs/quarantine/telemetry/acme/unknown/2026-01-01.csv").read_bytes() == b"rubbish"


def test_the_timer_sends_the_models_that_may_be_late_and_their_job_looks(said: dict[str, Any], home: Path) -> None:
    assert said["overdue"] == ["acme/unknown", False], "a model that nobody handed over is forgotten"
    (found,) = [
        event["data"]["findings"][0]
        for log in (home / "log").glob("INC-*.jsonl")
        if (event := json.loads(log.read_text().splitlines()[0]))["data"]["findings"][0]["subject"] == "timeliness"
    ]
    assert found["check"] == "poison"


def test_an_invoked_queue_function_does_its_work_and_refuses_what_is_no_job(said: dict[str, Any], home: Path) -> None:
    opened = json.loads((home / "log" / "INC-1002.jsonl").read_text().splitlines()[0])
    assert opened["data"]["findings"][0]["check"] == "poison"
    assert "not a job: rubbish" in said["job"]


def test_a_message_that_is_no_row_check_is_refused_and_told_after_its_last_try(
    said: dict[str, Any], home: Path
) -> None:  # fmt: skip
    assert "not a row check: rubbish" in said["row_check"]
    opened = json.loads((home / "log" / "INC-1004.jsonl").read_text().splitlines()[0])
    finding = opened["data"]["findings"][0]
    assert (finding["check"], finding["subject"]) == ("poison", "row-checks")


def test_an_invoked_timer_function_does_its_work(said: dict[str, Any], home: Path) -> None:
    events = [json.loads(line) for line in (home / "log" / "INC-1001.jsonl").read_text().splitlines()]
    assert ("paged", "timer", "U0ANA") in [(e["kind"], e["via"], e["data"].get("person")) for e in events]


def test_the_checkpoint_timer_signs_first_and_then_tells_the_channel(said: dict[str, Any], home: Path) -> None:
    checkpoint = json.loads((home / "blobs/incidents/checkpoints/00000001.json").read_text())
    assert checkpoint["streams"] == len(list((home / "log").glob("INC-*.jsonl")))
    assert (home / "checkpoint-key.pem").stat().st_mode & 0o777 == 0o600
    assert "the chat did not take it" in said["checkpoint"], "there is no workspace"


def test_http_functions_answer_and_only_slack_gets_in(said: dict[str, Any]) -> None:
    assert int(said["health"]) == 200
    status, text = said["signed"]
    assert int(status) == 200
    assert "INC-1001" in text
    assert [int(said["forged"][0]), int(said["old"][0])] == [401, 401]


def test_answers_to_pages_that_are_not_signed_are_refused(said: dict[str, Any]) -> None:
    assert said["answers"] == [401, 401, 400, 401], "400: signed, and no answer to a page"


def test_loading_the_app_loads_nothing_heavy() -> None:
    script = f"import sys, function_app; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert python(script).strip() == "[]"


def test_no_function_relies_on_retries_that_azure_ignores() -> None:
    script = (
        "import function_app; print([f.get_settings_dict('retry_policy') for f in function_app.app.get_functions()])"
    )
    assert set(json.loads(python(script).replace("None", "null").replace("'", '"'))) <= {None}
