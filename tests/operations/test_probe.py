"""Probes that run when they are due, once, and whose findings become incidents that recover."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.operations.house import MODEL, SPEC, House
from tests.ports.endpoint import Endpoint, scoring_endpoint
from tidewatch.adapters.local.endpoints import HttpEndpoints
from tidewatch.domain.model_spec import Probe
from tidewatch.operations.endpoint_again import endpoint_again
from tidewatch.operations.probe import INDEX, PROBES, Pace, ask_now, follow_probes, run_probe, send_due
from tidewatch.operations.shelf import Shelf

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

PROBED = """
probes:
  - name: smoke
    url: URL
    every: 15m
    timeout: 1s
    max_latency_ms: 900
    secret: key
    questions:
      - {send: {weight: 12}, expect: 1, min_confidence: 0.75}
      - {send: {weight: 30}, expect: 1}
"""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with scoring_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def probed(house: House, endpoint: Endpoint) -> House:
    """The small model with a probe; its first run is on the queue."""
    house.change(endpoints=HttpEndpoints({"acme": {"key": "tok"}}))
    Shelf(house.ports, MODEL)._put("models", "spec.yaml", (SPEC + PROBED.replace("URL", endpoint.url)).encode())
    follow_probes(house.ports, Shelf(house.ports, MODEL).spec())
    return house


def waiting(house: House) -> list[str]:
    """The runs on the queue, taken off it."""
    runs = []
    while message := house.ports.queue.receive(PROBES, visibility=60):
        house.ports.queue.delete(PROBES, message)
        runs.append(json.loads(message.body)["run"])
    return runs


def runs(house: House) -> list[str]:
    return [blob.name for blob in house.ports.blobs.list(PROBES)]


def next_run(house: House) -> None:
    house.later(minutes=15)
    send_due(house.ports)
    assert house.run_jobs(PROBES) == ["probe"]


def test_a_probe_that_was_handed_over_runs_at_once_and_is_kept(probed: House, endpoint: Endpoint) -> None:
    assert probed.run_jobs(PROBES) == ["probe"]
    (name,) = runs(probed)
    record = json.loads(probed.ports.blobs.get(PROBES, name))
    assert name.startswith(f"{MODEL}/smoke/2026-03-0") and record["run"] in name
    assert [reply["answered"] for reply in record["replies"]] == [1, 1]
    assert [reply["confidence"] for reply in record["replies"]] == [0.9, 0.9]
    assert all(reply["latency_ms"] > 0 for reply in record["replies"])
    assert record["findings"] == [] and probed.incidents() == []
    assert [body for body, _ in endpoint.asked] == [{"weight": 12}, {"weight": 30}]
    assert {headers["Authorization"] for _, headers in endpoint.asked} == {"Bearer tok"}


def test_a_wrong_answer_opens_an_incident_and_good_runs_end_it(probed: House, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: (200, {"prediction": 0, "confidence": 0.9})
    probed.run_jobs(PROBES)
    next_run(probed)
    assert probed.incidents() == ["INC-1001"] and probed.kinds() == ["opened", "observed"]
    incident = probed.incident()
    assert incident.title == "Demo: the endpoint answers the probe smoke wrongly"
    assert "2 of 2 questions each was answered 0 where 1 is right" in incident.finding.sentence
    probed.run_jobs()
    assert "each was answered 0 where 1 is right" in str(probed.chat.card.blocks)
    endpoint.reply = lambda body: (200, {"prediction": 1, "confidence": 0.9})
    next_run(probed)
    assert probed.incident().status == "open"
    next_run(probed)
    assert probed.kinds() == ["opened", "observed", "window_passed", "window_passed", "recovered"]


def test_the_trouble_of_a_probe_is_one_incident_whatever_it_is(probed: House, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: (503, {"error": "overloaded"})
    probed.run_jobs(PROBES)
    assert "was answered with status 503" in probed.incident().finding.sentence
    endpoint.reply = lambda body: (200, {"prediction": 0})
    next_run(probed)
    assert len(probed.incidents()) == 1 and probed.kinds() == ["opened", "observed"]
    assert {finding.check for finding in probed.incident().findings[1:]} == {"probe_answer", "probe_confidence"}


def test_a_passing_trouble_wakes_nobody(probed: House, endpoint: Endpoint) -> None:
    statuses = iter([503, 200, 200, 200])
    endpoint.reply = lambda body: (next(statuses), {"prediction": 1, "confidence": 0.9})
    probed.run_jobs(PROBES)
    assert probed.incidents() == []
    (name,) = runs(probed)
    assert [reply["times"] for reply in json.loads(probed.ports.blobs.get(PROBES, name))["replies"]] == [2, 1]


def test_a_dead_endpoint_is_asked_four_times_and_not_for_every_question(probed: House, endpoint: Endpoint) -> None:
    (probe,) = Shelf(probed.ports, MODEL).spec().probes
    many = probe.model_copy(update={"questions": probe.questions * 20, "url": "http://127.0.0.1:9/"})
    spec = Shelf(probed.ports, MODEL).spec().model_copy(update={"probes": [many]})
    findings = ask_now(probed.ports, spec, "smoke")
    assert findings is not None and findings[0].evidence["asked"] == 2
    assert "38 more not asked" in findings[0].sentence


def test_the_same_run_delivered_twice_asks_and_reports_once(probed: House, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: (200, {"prediction": 0, "confidence": 0.9})
    (run,) = waiting(probed)
    for _ in range(3):
        run_probe(probed.ports, MODEL, "smoke", run)
    assert len(endpoint.asked) == 2 and probed.kinds() == ["opened"]


def test_good_runs_delivered_twice_count_once(probed: House, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: (500, {})
    probed.run_jobs(PROBES)
    endpoint.reply = lambda body: (200, {"prediction": 1, "confidence": 0.9})
    probed.later(minutes=15)
    send_due(probed.ports)
    (run,) = waiting(probed)
    for _ in range(3):
        run_probe(probed.ports, MODEL, "smoke", run)
    assert probed.kinds() == ["opened", "window_passed"]


def test_the_timer_sends_a_probe_once_in_its_time_however_often_it_fires(probed: House) -> None:
    send_due(probed.ports)
    waiting(probed)
    sent = []
    for _ in range(60):
        send_due(probed.ports)
        probed.later(seconds=30)
        sent += waiting(probed)
    assert len(set(sent)) == 2, "two quarters of an hour in half an hour"
    for first, second in zip(sorted(set(sent)), sorted(set(sent))[1:], strict=False):
        assert datetime.fromisoformat(second) - datetime.fromisoformat(first) == timedelta(minutes=15)


def test_a_timer_that_was_away_for_a_day_sends_each_probe_once(probed: House) -> None:
    waiting(probed)
    send_due(probed.ports)
    waiting(probed)
    probed.later(days=1)
    assert send_due(probed.ports) == 1
    (run,) = waiting(probed)
    assert timedelta(0) <= probed.ports.clock.now() - datetime.fromisoformat(run) < timedelta(minutes=15)


def test_a_timer_whose_clock_was_once_wrong_goes_on(probed: House) -> None:
    probed.later(days=365)
    send_due(probed.ports)
    probed.later(days=-365)
    waiting(probed)
    for _ in range(16):
        send_due(probed.ports)
        probed.later(minutes=1)
    assert waiting(probed)


def test_a_job_that_comes_far_too_late_makes_room(probed: House, endpoint: Endpoint) -> None:
    (run,) = waiting(probed)
    probed.later(minutes=31)
    run_probe(probed.ports, MODEL, "smoke", run)
    assert endpoint.asked == [] and runs(probed) == []


def test_a_probe_that_is_no_longer_in_the_spec_is_not_asked(probed: House, endpoint: Endpoint) -> None:
    Shelf(probed.ports, MODEL)._put("models", "spec.yaml", SPEC.encode())
    probed.run_jobs(PROBES)
    assert endpoint.asked == []
    follow_probes(probed.ports, Shelf(probed.ports, MODEL).spec())
    assert list(probed.ports.blobs.list(INDEX)) == []
    probed.later(hours=1)
    assert send_due(probed.ports) == 0


def test_a_probe_with_another_pace_leaves_its_old_one(probed: House) -> None:
    spec = Shelf(probed.ports, MODEL).spec()
    slower = spec.probes[0].model_copy(update={"every": timedelta(hours=1)})
    follow_probes(probed.ports, spec.model_copy(update={"probes": [slower]}))
    assert [blob.name for blob in probed.ports.blobs.list(INDEX)] == [f"{MODEL}/smoke/60"]


def test_a_team_reaches_no_token_of_another(probed: House, endpoint: Endpoint) -> None:
    probed.change(endpoints=HttpEndpoints({"other": {"key": "tok"}}))
    probed.run_jobs(PROBES)
    assert endpoint.asked == []
    assert "TIDEWATCH_SECRETS__ACME__KEY is empty" in probed.incident().finding.sentence


def test_asking_now_keeps_nothing(probed: House, endpoint: Endpoint) -> None:
    spec = Shelf(probed.ports, MODEL).spec()
    assert ask_now(probed.ports, spec, "smoke") == []
    assert ask_now(probed.ports, spec, "unheard-of") is None
    endpoint.reply = lambda body: (200, {"prediction": 0, "confidence": 0.9})
    assert [finding.check for finding in ask_now(probed.ports, spec, "smoke") or []] == ["probe_answer"]
    assert runs(probed) == [] and probed.incidents() == []


def test_the_probe_asked_again_verifies(probed: House, endpoint: Endpoint) -> None:
    spec = Shelf(probed.ports, MODEL).spec()
    endpoint.reply = lambda body: (503, {})
    probed.run_jobs(PROBES)
    finding = probed.incident().finding
    assert endpoint_again(probed.ports, spec, finding) == ""
    endpoint.reply = lambda body: (200, {"prediction": 1, "confidence": 0.9})
    assert endpoint_again(probed.ports, spec, finding) == "the probe smoke is answered well again"
    assert endpoint_again(probed.ports, spec.model_copy(update={"probes": []}), finding) == ""


def test_probes_of_many_models_are_spread_over_their_time() -> None:
    probe = Probe.model_validate({"name": "smoke", "url": "http://x", "every": "15m", "questions": [{"send": {}}]})
    now = datetime(2026, 3, 2, 3, 14, 59, tzinfo=UTC)
    ages = [now - Pace.of(f"acme/model-{n}", probe).latest(now) for n in range(1500)]
    assert all(timedelta(0) <= age < timedelta(minutes=15) for age in ages)
    minutes = [int(age.total_seconds() // 60) for age in ages]
    assert all(60 < minutes.count(minute) < 145 for minute in range(15))


@pytest.mark.parametrize(("every", "minutes"), [("10s", 1), ("60s", 1), ("90s", 2), ("1d", 1440)])
def test_a_pace_is_whole_minutes(every: str, minutes: int) -> None:
    probe = Probe.model_validate({"name": "smoke", "url": "http://x", "every": every, "questions": [{"send": {}}]})
    pace = Pace.of(MODEL, probe)
    assert pace.minutes == minutes
    now = datetime(2026, 3, 2, 3, 14, 59, tzinfo=UTC)
    assert pace.latest(pace.latest(now)) == pace.latest(now) <= now
    assert pace.latest(pace.latest(now) - timedelta(minutes=1)) == pace.latest(now) - timedelta(minutes=minutes)


def test_a_run_whose_worker_dies_at_any_write_is_as_if_nobody_died(
    probed: House, endpoint: Endpoint, deaths: Deaths
) -> None:
    endpoint.reply = lambda body: (200, {"prediction": 0, "confidence": 0.9})
    (run,) = waiting(probed)
    writes = 0
    for mortal in deaths(probed, lambda mortal: run_probe(mortal.ports, MODEL, "smoke", run)):
        mortal.ports = replace(mortal.ports, endpoints=probed.ports.endpoints)
        run_probe(mortal.ports, MODEL, "smoke", run)
        assert [mortal.kinds(name) for name in mortal.incidents()] == [["opened"]]
        assert len(runs(mortal)) == 1
        writes += 1
    assert writes > 3


def test_a_timer_that_dies_at_any_write_loses_no_probe(probed: House, deaths: Deaths) -> None:
    waiting(probed)
    probed.later(hours=1)
    for mortal in deaths(probed, lambda mortal: send_due(mortal.ports)):
        send_due(mortal.ports)
        assert len(set(waiting(mortal))) == 1
