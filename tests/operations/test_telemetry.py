"""Telemetry that lands: in three formats, once, with incidents that recover, and bad files out of the way."""

from typing import Any

import numpy as np
import pytest

from tests.operations.house import MODEL, SPEC, House
from tidewatch.domain.table import Table
from tidewatch.operations.endpoint_again import endpoint_again
from tidewatch.operations.patrol import patrol
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_telemetry import latest_measures, measures_of, take_telemetry

HOUR = "2026-03-02T{:02d}"
LIMITED = "telemetry: {latency_p95_ms: 500, error_rate: 0.02, requests_per_minute: 1, cpu: 0.9}\n"
START = 1_772_409_600.0  # 2026-03-02 00:00 UTC


@pytest.fixture
def limited(house: House) -> House:
    Shelf(house.ports, MODEL)._put("models", "spec.yaml", (SPEC + LIMITED).encode())
    return house


def requests(hour: int, *, failed: int = 0, slow: int = 0, cpu: float = 0.4, rows: int = 360) -> dict[str, Any]:
    place = np.arange(rows)
    return {
        "timestamp": START + hour * 3600 + place * 10.0,
        "latency_ms": np.where(place < slow, 812.0, 40.0 + place % 7),
        "status": np.where(place < failed, 503.0, 200.0),
        "cpu": np.full(rows, cpu),
    }


def parquet(house: House, columns: dict[str, Any]) -> bytes:
    kinds = {name: "time" if name == "timestamp" else "number" for name in columns}
    return house.ports.tables.write(Table(columns, kinds))


def spelled(at: float) -> str:
    return str(np.datetime64(round(at * 1000), "ms")) + "Z"


def csv(columns: dict[str, Any]) -> bytes:
    lines = [",".join(columns)]
    for at, *values in zip(*columns.values(), strict=True):
        lines.append(",".join([spelled(at), *map(str, values)]))
    return "\n".join(lines).encode()


def jsonl(columns: dict[str, Any]) -> bytes:
    lines = []
    for at, *values in zip(*columns.values(), strict=True):
        fields = [
            f'"timestamp": "{spelled(at)}"',
            *(f'"{n}": {v}' for n, v in zip([*columns][1:], values, strict=True)),
        ]
        lines.append("{" + ", ".join(fields) + "}")
    return "\n".join(lines).encode()


def land(house: House, window: str, data: bytes, ending: str = ".parquet", model: str = MODEL) -> str:
    name = f"{model}/{window}{ending}"
    house.ports.blobs.put("telemetry", name, data)
    return name


def hour(house: House, number: int, **what: Any) -> None:
    take_telemetry(house.ports, land(house, HOUR.format(number), parquet(house, requests(number, **what))))


def test_the_same_telemetry_measures_the_same_in_every_format(limited: House) -> None:
    columns = requests(3, failed=30, slow=50)
    files = {".parquet": parquet(limited, columns), ".csv": csv(columns), ".jsonl": jsonl(columns)}
    found = []
    for ending, data in files.items():
        take_telemetry(limited.ports, land(limited, HOUR.format(3), data, ending))
        measured = measures_of(limited.ports, MODEL, HOUR.format(3))
        assert measured is not None
        found.append(measured)
        limited.ports.blobs.delete("endpoint-measures", f"{MODEL}/{HOUR.format(3)}.json")
    assert found[0] == found[1] == found[2]
    assert (found[0].requests, found[0].minutes, found[0].per_minute) == (360, 60, 6)
    assert (found[0].latency_p95_ms, found[0].error_rate) == (812, 30 / 360)
    assert found[0].cpu == pytest.approx(0.4)
    assert not list(limited.ports.blobs.list("quarantine"))


def test_times_may_be_seconds_and_there_may_be_other_columns(limited: House) -> None:
    columns = requests(3) | {"route": np.array(["/score"] * 360, dtype=object)}
    kinds = {name: "text" if name == "route" else "number" for name in columns}
    take_telemetry(limited.ports, land(limited, HOUR.format(3), limited.ports.tables.write(Table(columns, kinds))))
    measured = measures_of(limited.ports, MODEL, HOUR.format(3))
    assert measured is not None and measured.minutes == 60


def test_an_hour_of_failures_opens_an_incident_and_good_hours_end_it(limited: House) -> None:
    hour(limited, 1)
    assert limited.incidents() == []
    hour(limited, 2, failed=90, slow=90)
    assert limited.incidents() == ["INC-1001"] and limited.kinds() == ["opened"]
    assert limited.incident().title == "Demo: the endpoint fails requests"
    assert "25.00% of 360 requests failed, where 2.00% is the limit (90 with status 503)" in (
        limited.incident().finding.sentence
    )
    hour(limited, 3)
    hour(limited, 4)
    assert limited.kinds() == ["opened", "window_passed", "window_passed", "recovered"]


def test_a_busy_processor_hides_no_failing_requests(limited: House) -> None:
    hour(limited, 1, cpu=0.97)
    hour(limited, 2, cpu=0.97, failed=90)
    assert [limited.incident(name).signal.group for name in limited.incidents()] == [
        "endpoint resources", "endpoint requests",
    ]  # fmt: skip


def test_telemetry_taken_twice_changes_nothing(limited: House) -> None:
    hour(limited, 2, failed=90)
    take_telemetry(limited.ports, f"{MODEL}/{HOUR.format(2)}.parquet")
    for receipt in list(limited.ports.blobs.list("receipts")):
        limited.ports.blobs.delete("receipts", receipt.name)
    assert patrol(limited.ports) == 1
    assert limited.kinds() == ["opened"]


def test_the_patrol_takes_telemetry_that_no_event_announced(limited: House) -> None:
    land(limited, HOUR.format(2), csv(requests(2, failed=90)), ".csv")
    assert patrol(limited.ports) == 1
    assert limited.incident().finding.check == "endpoint_errors"
    assert patrol(limited.ports) == 0


BAD = {
    "rubbish": (b"\x00\x01", ".parquet", "named .parquet but is not one"),
    "another kind": (b"x", ".xlsx", "of a kind that is not read here"),
    "percent": (csv(requests(1, cpu=40.0)), ".csv", "the column cpu goes up to 40: send shares from 0 to 1"),
    "no latency": (b"timestamp,status,cpu\n2026-03-02T01:00:00Z,200,0.1\n", ".csv",
                   "the column latency_ms is missing or empty, but the spec limits latency_p95_ms"),
    "words for times": (b"timestamp,latency_ms,status,cpu\nlately,1,200,0.1\n", ".csv",
                        "the column timestamp holds text where time is expected"),
    "objects for errors": (b'{"timestamp": "2026-03-02T01:00:00Z", "latency_ms": 1, "cpu": 0.1, "error": {"a": 1}}\n',
                           ".jsonl", "the column error holds other where number is expected"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "ending", "cause"), BAD.values(), ids=BAD)
def test_a_bad_file_is_kept_and_told_in_one_sentence_and_the_next_is_taken(
    limited: House, data: bytes, ending: str, cause: str
) -> None:
    name = land(limited, HOUR.format(1), data, ending)
    take_telemetry(limited.ports, name)
    assert limited.ports.blobs.get("quarantine", f"telemetry/{name}") == data
    finding = limited.incident().finding
    assert f"telemetry/{name} was refused" in finding.sentence and cause in finding.sentence
    assert "\n" not in finding.sentence
    hour(limited, 2)
    assert measures_of(limited.ports, MODEL, HOUR.format(2)) is not None
    assert len(limited.incidents()) == 1


def test_telemetry_of_a_model_nobody_handed_over_is_told(limited: House) -> None:
    take_telemetry(limited.ports, land(limited, HOUR.format(1), b"x", ".csv", "acme/unheard-of"))
    assert "no model acme/unheard-of has been handed over" in limited.incident().finding.sentence


def test_measures_are_kept_in_order_of_time(limited: House) -> None:
    for number in (3, 1, 2, 4):
        hour(limited, number, slow=number)
    kept = latest_measures(limited.ports, MODEL, 2)
    assert [(each.window, each.slow) for each in kept] == [(HOUR.format(3), 3), (HOUR.format(4), 4)]
    assert latest_measures(limited.ports, "acme/unheard-of", 2) == []


def test_only_a_newer_window_that_keeps_its_limits_verifies(limited: House) -> None:
    spec = Shelf(limited.ports, MODEL).spec()
    hour(limited, 2, failed=90)
    finding = limited.incident().finding
    assert endpoint_again(limited.ports, spec, finding) == ""
    relaxed = spec.model_copy(update={"telemetry": spec.telemetry.model_copy(update={"error_rate": 0.5})})
    assert endpoint_again(limited.ports, relaxed, finding) == ""
    hour(limited, 3, failed=90)
    assert endpoint_again(limited.ports, spec, finding) == ""
    hour(limited, 4)
    assert endpoint_again(limited.ports, spec, finding) == (
        "the endpoint keeps its limits again in the window 2026-03-02T04"
    )
