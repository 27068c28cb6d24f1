"""What an endpoint says about itself: what it comes to, and what of it is beyond the limits."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.story import SPEC
from tidewatch.domain.checks.telemetry import at_least, good, judge
from tidewatch.domain.incident.opening import headline
from tidewatch.domain.model_spec import ModelSpec, Telemetry
from tidewatch.domain.table import Table
from tidewatch.domain.telemetry import Measures, faults, measure

NOON = 1_772_452_800.0  # 2026-03-02 12:00 UTC
HOUR = "2026-03-02T12"


def limited(**limits: float) -> ModelSpec:
    return SPEC.model_copy(update={"telemetry": Telemetry.model_validate(limits)})


def rows(**columns: Any) -> Table:
    """Numbers, or texts; a second apart when nothing else is said."""
    many = len(next(iter(columns.values())))
    columns = {"timestamp": NOON + np.arange(many)} | columns
    arrays = {n: np.array(v, dtype=object if isinstance(v[0], str) else np.float64) for n, v in columns.items()}
    return Table(arrays, {n: "text" if a.dtype == object else "number" for n, a in arrays.items()})


def measured(table: Table, window: str = HOUR, **limits: float) -> Measures:
    spec = limited(**limits)
    assert faults(spec, table) == []
    return measure(spec, table, window)


# --- what it comes to ----------------------------------------------------------------------------------------


def test_latency_percentiles_are_latencies_that_occurred() -> None:
    found = measured(rows(latency_ms=np.random.default_rng(1).permutation(np.arange(1.0, 101.0))))
    assert (found.latency_p50_ms, found.latency_p95_ms, found.latency_p99_ms, found.timed) == (50, 95, 99, 100)


def test_a_row_may_stand_for_many_requests() -> None:
    found = measured(rows(latency_ms=[10.0, 900.0], status=[200, 500], count=[90, 10]))
    assert (found.requests, found.latency_p50_ms, found.latency_p95_ms) == (100, 10, 900)
    assert (found.error_rate, found.statuses) == (0.1, {"status 500": 10})


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), min_size=1, max_size=30))
def test_counting_requests_together_changes_no_percentile(pairs: list[tuple[int, int]]) -> None:
    apart = [latency for latency, count in pairs for _ in range(count)]
    together = measured(rows(latency_ms=[p[0] for p in pairs], count=[p[1] for p in pairs]), latency_p95_ms=20)
    if not apart:
        assert together.latency_p95_ms is None and together.requests == 0
        return
    one_by_one = measured(rows(latency_ms=apart), latency_p95_ms=20)
    for name in ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "timed", "slow"):
        assert getattr(together, name) == getattr(one_by_one, name)


def test_requests_without_an_answer_fail_and_have_no_latency() -> None:
    found = measured(rows(latency_ms=[5.0, math.nan, 7.0, math.inf], status=[200, math.nan, 404, 0]))
    assert (found.error_rate, found.timed) == (0.75, 2)
    assert found.statuses == {"no status": 2, "status 404": 1}


@pytest.mark.parametrize(
    ("error", "count", "rate"),
    [
        ([0, 1, 0, 0], [1, 1, 1, 1], 0.25),
        ([0, 3, 0, 0], [10, 10, 10, 10], 0.075),
        (["", "boom", "", ""], [1, 1, 1, 1], 0.25),
    ],
)  # fmt: skip
def test_errors_may_come_as_a_column_of_their_own(error: list[Any], count: list[int], rate: float) -> None:
    assert measured(rows(error=error, count=count)).error_rate == rate


def test_throughput_is_over_the_window_its_name_says() -> None:
    table = rows(latency_ms=np.ones(120))
    assert measured(table, HOUR).per_minute == 2.0
    assert measured(table, "2026-03-02").per_minute == 120 / 1440
    assert measured(table, "night-7").per_minute == 60.0  # two minutes, by its rows
    wide = rows(timestamp=NOON + np.arange(120) * 60, latency_ms=np.ones(120))
    assert measured(wide, HOUR).minutes == 120


def test_use_is_that_of_the_busiest_minutes() -> None:
    use = np.repeat(np.arange(1, 101) / 100, 60) + np.tile([-0.01, 0.01], 3000)
    use[-60:] = 1.0
    found = measured(rows(timestamp=NOON + np.arange(6000), cpu=np.clip(use, 0, 1), memory=np.full(6000, 0.5)))
    assert found.cpu == pytest.approx(0.95)
    assert (found.memory, found.gpu) == (0.5, None)


EMPTY = Table({"timestamp": np.empty(0), "latency_ms": np.empty(0)}, {"timestamp": "number", "latency_ms": "number"})


def test_no_rows_are_no_requests() -> None:
    found = measured(EMPTY)
    assert (found.requests, found.per_minute, found.latency_p95_ms, found.error_rate) == (0, 0, None, None)
    assert [f.check for f in judge(limited(requests_per_minute=1), found)] == ["endpoint_throughput"]


ODD = st.lists(
    st.none() | st.floats(allow_nan=True) | st.sampled_from([0.0, 200.0, 503.0, 1e308]), min_size=3, max_size=3
)


@given(ODD, ODD, ODD, ODD)
def test_odd_values_are_faults_or_give_numbers(latency: Any, status: Any, count: Any, cpu: Any) -> None:
    columns = {"latency_ms": latency, "status": status, "count": count, "cpu": cpu}
    table = rows(**{n: [math.nan if v is None else v for v in values] for n, values in columns.items()})
    spec = limited(latency_p95_ms=1, error_rate=0.1, cpu=0.5, requests_per_minute=1)
    if faults(spec, table):
        return
    found = measure(spec, table, HOUR)
    numbers = [value for value in found.as_dict().values() if isinstance(value, float)]
    assert all(math.isfinite(number) for number in numbers)
    assert all(math.isfinite(finding.value) for finding in judge(spec, found))


# --- what it may not be --------------------------------------------------------------------------------------

FAULTS = {
    "no timestamp": (Table({"cpu": np.ones(1)}, {"cpu": "number"}), {}, "the column timestamp is missing or empty"),
    "nothing measured": (rows(weight=[1.0]), {}, "are all missing or empty"),
    "a limit without its column": (rows(latency_ms=[1.0]), {"error_rate": 0.1},
                                   "the column status or error is missing or empty, but the spec limits error_rate"),
    "an empty column with a limit": (rows(latency_ms=[1.0], status=[math.nan]), {"error_rate": 0.1},
                                     "the column status or error is missing or empty"),
    "words for numbers": (rows(latency_ms=["fast"]), {}, "the column latency_ms holds text where number is expected"),
    "words for times": (rows(timestamp=["noon"], cpu=[0.5]), {}, "the column timestamp holds text where time"),
    "milliseconds since 1970": (rows(timestamp=[NOON * 1000], cpu=[0.5]), {}, "leaves the years 2000 to 2099"),
    "percent": (rows(cpu=[0.5, 87.5]), {}, "the column cpu goes up to 87.5: send shares from 0 to 1"),
    "negative": (rows(latency_ms=[-3.0]), {}, "the column latency_ms goes down to -3"),
    "more errors than requests": (rows(error=[3.0], count=[2.0]), {}, "some rows have more errors than requests"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "limits", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_no_telemetry_is_told_in_a_clause(table: Table, limits: dict[str, float], told: str) -> None:
    clauses = faults(limited(**limits), table)
    assert any(told in clause for clause in clauses), clauses


# --- what is beyond a limit ----------------------------------------------------------------------------------

SLOW = np.where(np.arange(1000) < 100, 812.0, 40.0)

BEYOND = {
    "latency": (rows(latency_ms=SLOW), {"latency_p95_ms": 500}, "endpoint_latency", 812.0,
                "one request in twenty took 812 ms or longer, where 500 ms is the limit (half took 40 ms or longer, "
                "one in a hundred 812 ms; 1,000 requests)"),
    "errors": (rows(status=np.where(SLOW > 500, 503, 200)), {"error_rate": 0.01}, "endpoint_errors", 0.1,
               "10.00% of 1,000 requests failed, where 1.00% is the limit (100 with status 503)"),
    "throughput": (rows(status=np.full(90, 200)), {"requests_per_minute": 2}, "endpoint_throughput", 1.5,
                   "only 1.50 requests a minute came, where 2.00 is the least (90 in 60 minutes)"),
    "cpu": (rows(cpu=[0.97]), {"cpu": 0.9}, "endpoint_cpu", 0.97,
            "97% of the CPU was in use in the busiest minutes, where 90% is the limit"),
    "memory": (rows(memory=[0.97]), {"memory": 0.9}, "endpoint_memory", 0.97, "97% of the memory was in use"),
    "gpu": (rows(gpu=[0.97]), {"gpu": 0.9}, "endpoint_gpu", 0.97, "97% of the GPU was in use"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "limits", "name", "value", "told"), BEYOND.values(), ids=BEYOND)
def test_each_measure_beyond_its_limit_is_a_finding(
    table: Table, limits: dict[str, float], name: str, value: float, told: str
) -> None:
    spec, found = limited(**limits), measured(table, **limits)
    (finding,) = judge(spec, found)
    assert (finding.check, finding.value, finding.threshold) == (name, value, next(iter(limits.values())))
    assert finding.sentence.startswith(f"in the window {HOUR}, ") and told in finding.sentence
    assert finding.family == "endpoint" and headline("Parcels", finding)
    assert good(spec, found) == []
    assert judge(SPEC, found) == []


def test_what_keeps_its_limits_is_good_and_no_finding() -> None:
    limits = {"latency_p95_ms": 900, "error_rate": 0.2, "requests_per_minute": 1, "cpu": 0.9}
    table = rows(latency_ms=SLOW, status=np.where(SLOW > 500, 503, 200), cpu=np.full(1000, 0.3))
    spec, found = limited(**limits), measured(table, **limits)
    assert judge(spec, found) == []
    assert good(spec, found) == ["endpoint requests", "endpoint resources"]
    assert good(SPEC, found) == []


def test_requests_and_resources_are_two_problems() -> None:
    limits = {"latency_p95_ms": 500, "error_rate": 0.01, "cpu": 0.2}
    table = rows(latency_ms=SLOW, status=np.where(SLOW > 500, 503, 200), cpu=np.full(1000, 0.3))
    groups = {finding.check: finding.signal.group for finding in judge(limited(**limits), measured(table, **limits))}
    assert groups["endpoint_latency"] == groups["endpoint_errors"] == "endpoint requests"
    assert groups["endpoint_cpu"] == "endpoint resources"


def test_few_requests_prove_nothing_and_count_neither_as_bad_nor_as_good() -> None:
    limits = {"latency_p95_ms": 500, "error_rate": 0.05}
    table = rows(latency_ms=[40.0, 40.0, 812.0], status=[200, 200, 503])
    spec, found = limited(**limits), measured(table, **limits)
    assert found.error_rate == pytest.approx(1 / 3)
    assert judge(spec, found) == [] and good(spec, found) == []


def test_an_endpoint_at_its_limit_alarms_by_chance_as_often_as_stated() -> None:
    random = np.random.default_rng(5)
    spec, alarms = limited(error_rate=0.05), 0
    for failed in random.binomial(40, 0.05, size=4000):
        status = np.where(np.arange(40) < failed, 500, 200)
        alarms += bool(judge(spec, measure(spec, rows(status=status), HOUR)))
    assert alarms / 4000 <= 0.013


@given(st.integers(1, 200), st.floats(0.0, 1.0), st.floats(0.001, 0.999))
def test_the_tail_is_the_binomial_tail(of: int, part: float, share: float) -> None:
    hits = round(of * part)
    exact = sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(hits, of + 1))
    found = at_least(hits, of, share)
    assert found == (1.0 if hits <= of * share else pytest.approx(exact, rel=1e-6, abs=1e-12))


@pytest.mark.parametrize(
    ("hits", "of", "share", "expected"),
    [(0, 0, 0.5, 1.0), (1, 5, 0.0, 0.0), (5, 5, 1.0, 1.0), (10**8, 10**8, 1e-9, 0.0), (51_000_000, 10**9, 0.05, 0.0)],
)
def test_the_tail_has_ends(hits: float, of: float, share: float, expected: float) -> None:
    assert at_least(hits, of, share) == pytest.approx(expected, abs=1e-12)
