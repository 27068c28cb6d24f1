"""What a probe must be to be asked: a name of its own, an address, questions that are JSON."""

import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tidewatch.domain.model_spec import ModelSpec, Probe
from tidewatch.domain.spec.remark import Path, Remark, warning

_LOCAL = ("localhost", "127.0.0.1", "::1")


def probes(spec: ModelSpec) -> Iterator[Remark]:
    first: dict[str, int] = {}
    for place, probe in enumerate(spec.probes):
        path = ("probes", str(place))
        if first.setdefault(probe.name, place) != place:
            yield Remark((*path, "name"), f"a probe named {probe.name} exists already; give each its own name")
        yield from _url(path, probe)
        yield from _secret(path, probe)
        yield from _times(path, probe)
        for number in range(len(probe.questions)):
            yield from _question((*path, "questions", str(number)), probe, number)


def _url(path: Path, probe: Probe) -> Iterator[Remark]:
    where = (*path, "url")
    try:
        parts = urlsplit(probe.url)
        host, _ = parts.hostname, parts.port  # a port that is no number raises
    except ValueError:
        yield Remark(where, f"the probe {probe.name} has an address that cannot be read; write https://HOST/PATH")
        return
    if parts.username or parts.password:
        yield Remark(where, f"the probe {probe.name} carries a password in its address; use secret: NAME_OF_A_SETTING")
    elif parts.scheme not in ("http", "https") or not host or re.search(r"\s", probe.url):
        yield Remark(where, f"the probe {probe.name} asks '{probe.url}', which is no address; write https://HOST/PATH")
    elif parts.scheme == "http" and probe.secret and host not in _LOCAL:
        yield Remark(where, f"the probe {probe.name} has a token and asks over http, where it is never sent; use https")


def _secret(path: Path, probe: Probe) -> Iterator[Remark]:
    if probe.secret and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", probe.secret):
        yield Remark(
            (*path, "secret"),
            f"the secret of the probe {probe.name} is no name of a setting; write its name, such as PROBE_TOKEN, and "
            "if this was the token itself, replace the token: it has been written down",
        )


def _times(path: Path, probe: Probe) -> Iterator[Remark]:
    if probe.timeout >= probe.every:
        sentence = f"the probe {probe.name} may wait for an answer until the next is due; shorten timeout"
        yield Remark((*path, "timeout"), sentence)
    waits = probe.timeout.total_seconds() * 1000
    if probe.max_latency_ms is not None and probe.max_latency_ms >= waits:
        yield warning(
            (*path, "max_latency_ms"),
            f"the probe {probe.name} gives up after {waits:,.0f} ms, so {probe.max_latency_ms:,.0f} ms are never "
            "passed; make it smaller, or timeout longer",
        )


def _question(path: Path, probe: Probe, number: int) -> Iterator[Remark]:
    question = probe.questions[number]
    for name in ("send", "expect"):
        if fault := not_json(getattr(question, name)):
            yield Remark((*path, name), f"question {number + 1} of the probe {probe.name} has {fault}")
    numeric = isinstance(question.expect, int | float) and not isinstance(question.expect, bool)
    if question.tolerance and not numeric:
        yield warning(
            (*path, "tolerance"),
            f"question {number + 1} of the probe {probe.name} has a tolerance but expects no number; leave it out",
        )
    if "expect" not in question.model_fields_set and question.min_confidence is None:
        yield warning(
            path,
            f"question {number + 1} of the probe {probe.name} is content with any answer; add expect or min_confidence",
        )


def not_json(value: Any, depth: int = 0) -> str:
    """What in `value` cannot be sent as JSON, and what to write; nothing when all can."""
    if depth > 50:
        return "something that contains itself; write it out"
    if isinstance(value, dict):
        return next((fault for inner in value.values() if (fault := not_json(inner, depth + 1))), "")
    if isinstance(value, list):
        return next((fault for inner in value if (fault := not_json(inner, depth + 1))), "")
    if isinstance(value, float) and not math.isfinite(value):
        return f"the number {value}, which JSON cannot send; write null or another number"
    if value is None or isinstance(value, str | int | float):
        return ""
    return f"{value}, which YAML reads as a {type(value).__name__} and JSON cannot send; put it in quotes"


RULES = ((probes, ()),)
