"""What the scoring endpoint says about itself: its telemetry, and what it comes to in a window.

A row is a request, or so many requests as its `count` says. Latency percentiles are those of all requests: the smallest
latency that at least that share of them did not exceed, milliseconds. Error rate: requests with status 400 and above or
without a status, as a share. Throughput: requests a minute over the window. CPU, memory, GPU: the 95th percentile over
the minutes of each minute's mean share in use.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table

Numbers = NDArray[np.float64]

RESOURCES = ("cpu", "memory", "gpu")
MEASURED = ("latency_ms", "status", "error", *RESOURCES)
COLUMNS = ("timestamp", "count", *MEASURED)
HOLDS = {  # what each may hold; times also as text, where the format has no type for them
    "timestamp": ("time", "number", "text"), "error": ("number", "text"),
    **{name: ("number",) for name in COLUMNS if name not in ("timestamp", "error")},
}  # fmt: skip
NEEDS = {  # by limit of the spec: the columns one of which it needs
    "latency_p95_ms": ("latency_ms",), "error_rate": ("status", "error"), "cpu": ("cpu",), "memory": ("memory",),
    "gpu": ("gpu",),
}  # fmt: skip
TIMES = (946_684_800.0, 4_102_444_800.0)  # seconds since 1970: the years 2000 to 2099
ROUNDED_UP = 1.01  # a share that counts as all of it
MANY = 1e12  # requests in a row
MOST = 20  # statuses that are told apart
WINDOW = re.compile(r"\d{4}-\d{2}-\d{2}([T_-]\d{2}Z?)?")  # a day, or an hour of it


@dataclass(frozen=True)
class Measures:
    """One window of an endpoint; None for what the file says nothing about."""

    window: str
    requests: float
    minutes: float
    per_minute: float
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None
    timed: float = 0.0  # requests with a latency
    slow: float = 0.0  # of them, slower than the limit of the spec
    error_rate: float | None = None
    errors: float = 0.0
    statuses: Mapping[str, float] = field(default_factory=dict)  # failed requests by status
    cpu: float | None = None
    memory: float | None = None
    gpu: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def faults(spec: ModelSpec, table: Table) -> list[str]:
    """What keeps a file from being telemetry, a clause each."""
    there = {name for name in COLUMNS if name in table.columns and _is_told(name, table)}
    found = [] if "timestamp" in there else ["the column timestamp is missing or empty"]
    if not there & set(MEASURED):
        found.append(f"the columns {', '.join(MEASURED)} are all missing or empty")
    for limit, columns in NEEDS.items():
        if getattr(spec.telemetry, limit) is not None and not there & set(columns):
            found.append(f"the column {' or '.join(columns)} is missing or empty, but the spec limits {limit}")
    for name in sorted(there):
        found += _kind_faults(name, table) or _value_faults(name, _numbers(table.columns[name]))
    if not found and "error" in there and np.any(_filled(table.columns["error"]) > _counts(table)):
        found.append("some rows have more errors than requests (columns error and count)")
    return found


def measure(spec: ModelSpec, table: Table, window: str) -> Measures:
    """Of a table without faults. No rows are no requests."""
    columns = {name: _numbers(values) for name, values in table.columns.items()}
    count = _counts(table)
    minute = np.floor(columns["timestamp"] / 60)
    known, requests = np.isfinite(minute), float(count.sum())
    minutes = max(_minutes_of(window), float(np.ptp(minute[known])) + 1 if known.any() else 0.0)
    failed = _failed(table, columns, count)
    errors = float(failed.sum()) if failed is not None else 0.0
    use: dict[str, Any] = {name: _use(columns[name], minute) for name in RESOURCES if name in columns}
    return Measures(
        window, requests, minutes, requests / max(minutes, 1.0),
        **_latencies(columns["latency_ms"], count, spec.telemetry.latency_p95_ms) if "latency_ms" in columns else {},
        error_rate=errors / requests if failed is not None and requests else None,
        errors=errors,
        statuses=_by_status(columns["status"], count) if "status" in columns else {},
        **use,
    )  # fmt: skip


def _is_told(name: str, table: Table) -> bool:
    """Whether the column says anything; an empty column of error messages says that there were none."""
    values = table.columns[name]
    if name == "error" or not len(values) or _kind_faults(name, table):
        return True
    return bool(np.isfinite(_numbers(values)).any())


def _kind_faults(name: str, table: Table) -> list[str]:
    kind = table.kinds[name]
    if kind in (*HOLDS[name], "null") and not (name == "timestamp" and kind == "text"):
        return []
    return [f"the column {name} holds {kind} where {HOLDS[name][0]} is expected"]


def _value_faults(name: str, values: Numbers) -> list[str]:
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    if name == "timestamp" and len(known) and not (TIMES[0] <= low and high < TIMES[1]):
        return ["the column timestamp leaves the years 2000 to 2099: send times, or seconds since 1970"]
    if name in RESOURCES and high > ROUNDED_UP:
        return [f"the column {name} goes up to {high:g}: send shares from 0 to 1"]
    if name == "count" and high > MANY:
        return [f"the column {name} goes up to {high:g}"]
    if low < 0:
        return [f"the column {name} goes down to {low:g}"]
    return []


def _numbers(values: NDArray[Any]) -> Numbers:
    """With NaN for what is no number."""
    return np.full(len(values), np.nan) if values.dtype == object else values


def _filled(values: NDArray[Any]) -> Numbers:
    """With 0 for what is not known."""
    return np.nan_to_num(_numbers(values), nan=0.0, posinf=0.0, neginf=0.0)


def _counts(table: Table) -> Numbers:
    """How many requests each row stands for."""
    return _filled(table.columns["count"]) if "count" in table.columns else np.ones(table.rows)


def _failed(table: Table, columns: Mapping[str, Numbers], count: Numbers) -> Numbers | None:
    """How many of each row's requests failed; None when the file does not say."""
    if "status" in columns and np.isfinite(columns["status"]).any():
        return np.where(_is_failure(columns["status"]), count, 0.0)
    if "error" not in columns:
        return None
    if table.kinds["error"] == "text":
        return np.where([bool(text) for text in table.columns["error"]], count, 0.0)
    return _filled(columns["error"])


def _is_failure(status: Numbers) -> NDArray[np.bool_]:
    return ~((status >= 100) & (status < 400))


def _by_status(status: Numbers, count: Numbers) -> dict[str, float]:
    """Failed requests by status, the commonest first."""
    if not np.isfinite(status).any():
        return {}
    failed = _is_failure(status)
    codes, place = np.unique(_filled(status[failed]), return_inverse=True)
    totals = np.bincount(place, count[failed], minlength=len(codes))
    commonest = np.argsort(-totals, kind="stable")[:MOST]
    return {f"status {codes[n]:.0f}" if codes[n] >= 100 else "no status": float(totals[n]) for n in commonest}


def _latencies(latency: Numbers, count: Numbers, limit: float | None) -> dict[str, Any]:
    known = np.isfinite(latency) & (count > 0)
    values, weights = latency[known], count[known]
    if not len(values):
        return {}
    p50, p95, p99 = _quantiles(values, weights, (0.5, 0.95, 0.99))
    slow = float(weights[values > limit].sum()) if limit is not None else 0.0
    timed = float(weights.sum())
    return {"latency_p50_ms": p50, "latency_p95_ms": p95, "latency_p99_ms": p99, "timed": timed, "slow": slow}


def _quantiles(values: Numbers, weights: Numbers, shares: tuple[float, ...]) -> list[float]:
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order])
    places = np.searchsorted(upto, np.array(shares) * upto[-1] * (1 - 1e-12))
    return [float(values[order[place]]) for place in places]


def _use(share: Numbers, minute: Numbers) -> float | None:
    known = np.isfinite(share) & np.isfinite(minute)
    if not known.any():
        return None
    _, place = np.unique(minute[known], return_inverse=True)
    means = np.bincount(place, share[known]) / np.bincount(place)
    return _quantiles(means, np.ones(len(means)), (0.95,))[0]


def _minutes_of(window: str) -> float:
    """How long a window is that is named after a day or an hour; 0 for other names."""
    found = WINDOW.fullmatch(window)
    if not found:
        return 0.0
    return 60.0 if found[1] else 1440.0
