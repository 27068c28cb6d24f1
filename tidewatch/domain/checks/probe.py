"""Does the scoring endpoint answer known questions as a sound model would?

A question is asked over HTTP (POST, JSON); its answer has four limits, all from the spec: the time-out, what is right
(numbers within `tolerance`, absolute), `min_confidence` (a probability) and `max_latency_ms` (what the caller waits,
connecting included). A question whose answer is late or lost in a way that may pass is asked once more, and the second
answer counts: one lost packet is nothing to wake people for.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tidewatch.domain.answer import Answer
from tidewatch.domain.finding import Finding, Severity
from tidewatch.domain.model_spec import ModelSpec, Probe, Question

FAILED, WRONG, UNSURE, SLOW = "probe_failed", "probe_answer", "probe_confidence", "probe_latency"
SEVERITY: Mapping[str, Severity] = {FAILED: "high", WRONG: "high", UNSURE: "medium", SLOW: "medium"}
BUSY = (408, 425, 429)  # with 500 and above, the statuses that may be others a moment later
DEAD_AFTER = 2  # questions in a row without any answer: the others need not wait for theirs
TOLD = 3  # questions told one by one in a sentence
MISSING = object()  # there is nothing where the spec looks for it
WITHHELD, STAYS = "withheld", "(sensitive values stay out of this message)"


@dataclass(frozen=True)
class Reply:
    """One question, and what came of it."""

    question: int  # its place in the spec, from 1
    latency_ms: float
    status: int | None
    answered: str | float | None  # what stands where the spec looks for the prediction, cut to 60 characters
    confidence: float | None
    faults: Mapping[str, str] = field(default_factory=dict)  # by check, a clause each
    times: int = 1  # how often it was asked
    private: bool = False  # its values never leave

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def worth_asking_again(probe: Probe, answer: Answer) -> bool:
    if answer.trouble:
        return answer.trouble != "unreadable"
    if answer.status is not None and (answer.status >= 500 or answer.status in BUSY):
        return True
    return probe.max_latency_ms is not None and answer.latency_ms > probe.max_latency_ms


def is_dead(answers: Sequence[Answer]) -> bool:
    """Whether the latest questions got no answer at all."""
    latest = answers[-DEAD_AFTER:]
    return len(latest) == DEAD_AFTER and all(answer.trouble in ("timeout", "unreachable") for answer in latest)


def reply(spec: ModelSpec, probe: Probe, number: int, answer: Answer, times: int = 1) -> Reply:
    """Judge the answer to the question of this number (from 1)."""
    question, private = probe.questions[number - 1], is_private(spec, probe.questions[number - 1])
    failure = _failure(probe, answer, private=private)
    if failure:
        return Reply(number, answer.latency_ms, answer.status, None, None, {FAILED: failure}, times, private)
    given, sure = _at(answer.body, probe.answer), _at(answer.body, probe.confidence)
    confidence = None if isinstance(sure, bool) else _number(sure)
    faults = {
        WRONG: _wrong(probe, question, given, private=private),
        UNSURE: _unsure(probe, question, confidence, private=private),
        SLOW: _slow(probe, answer),
    }
    broken = {check: clause for check, clause in faults.items() if clause}
    return Reply(number, answer.latency_ms, answer.status, _kept(given), confidence, broken, times, private)


def findings(spec: ModelSpec, probe: Probe, run: str, replies: Sequence[Reply]) -> list[Finding]:
    """One finding for each limit that was broken; `run` is the minute the probe was due, 2026-03-02T03:15Z.

    Values: how many questions failed or were answered wrongly; the confidence furthest below its limit; the longest
    latency in milliseconds.
    """
    return [_finding(spec, probe, run, check, replies) for check in SEVERITY if any(check in r.faults for r in replies)]


def is_private(spec: ModelSpec, question: Question) -> bool:
    """Whether question or answer speak of a sensitive column: by its name anywhere in what is sent."""
    sensitive = {name for name, column in spec.columns.items() if column.sensitive}
    answers = any(spec.columns[name].role in ("prediction", "score", "label") for name in sensitive)
    return answers or not sensitive.isdisjoint(_words(question.send))


def place(url: str) -> str:
    """Host and path for people; never the query, which may hold a key."""
    address = urlsplit(url)
    return f"{address.netloc.rpartition('@')[2]}{address.path}"


def _finding(spec: ModelSpec, probe: Probe, run: str, check: str, replies: Sequence[Reply]) -> Finding:
    hit = [reply for reply in replies if check in reply.faults]
    statistic, value, threshold = _measured(probe, check, hit)
    day, _, minute = run.partition("T")
    sentence = (
        f"the probe {probe.name} asked {place(probe.url)} on {day} at {minute.removesuffix('Z')} UTC: "
        f"{_told(check, hit, len(replies), len(probe.questions))}"
    )
    evidence = {
        "probe": probe.name,
        "endpoint": place(probe.url),
        "questions": len(probe.questions),
        "asked": len(replies),
        "replies": [_evidence(reply) for reply in hit[:10]],
    }
    return Finding(spec.model, check, probe.name, statistic, value, threshold, SEVERITY[check], run, sentence, evidence)


def _measured(probe: Probe, check: str, hit: Sequence[Reply]) -> tuple[str, float, float]:
    """Statistic, value and threshold of the worst of them."""
    if check == SLOW:
        return "latency_ms", max(reply.latency_ms for reply in hit), probe.max_latency_ms or 0.0
    if check == UNSURE:
        limits = [(reply.confidence or 0.0, _limit(probe, reply)) for reply in hit if not reply.private]
        if limits:
            return "confidence", *min(limits, key=lambda pair: pair[0] - pair[1])
    return "questions", float(len(hit)), 0.0


def _limit(probe: Probe, reply: Reply) -> float:
    return probe.questions[reply.question - 1].min_confidence or 0.0


def _told(check: str, hit: Sequence[Reply], asked: int, questions: int) -> str:
    clauses = {reply.faults[check] for reply in hit}
    unasked = f"; {questions - asked} more not asked" if asked < questions else ""
    if questions == 1:
        return f"its question {clauses.pop()}"
    if len(hit) > 1 and len(clauses) == 1:
        return f"{len(hit)} of {questions} questions each {clauses.pop()}{unasked}"
    told = [f"question {reply.question} of {questions} {reply.faults[check]}" for reply in hit[:TOLD]]
    more = [f"{len(hit) - TOLD} more are no better"] if len(hit) > TOLD else []
    return "; ".join(told + more) + unasked


def _evidence(reply: Reply) -> dict[str, Any]:
    values = {"answered": WITHHELD} if reply.private else {"answered": reply.answered, "confidence": reply.confidence}
    return {"question": reply.question, "latency_ms": reply.latency_ms, "status": reply.status, **values}


def _failure(probe: Probe, answer: Answer, *, private: bool) -> str:
    if answer.trouble == "timeout":
        return f"had no answer within {probe.timeout.total_seconds():g} s"
    said = "" if private or not answer.text else f" ({answer.text})"
    if answer.trouble == "unreachable":
        return f"could not be asked: {answer.text}"
    if answer.status is not None and not 200 <= answer.status < 300:
        return f"was answered with status {answer.status}{said}"
    return f"was answered with what cannot be read{said}" if answer.trouble else ""


def _wrong(probe: Probe, question: Question, given: Any, *, private: bool) -> str:
    if "expect" not in question.model_fields_set:
        return ""
    if given is MISSING:
        return f"was answered without {probe.answer or 'an answer'}"
    if _same(given, question.expect, question.tolerance):
        return ""
    if private:
        return f"was answered wrongly {STAYS}"
    about = f" ± {question.tolerance:g}" if question.tolerance else ""
    return f"was answered {_shown(given)} where {_shown(question.expect)}{about} is right"


def _unsure(probe: Probe, question: Question, confidence: float | None, *, private: bool) -> str:
    least = question.min_confidence
    if least is None or (confidence is not None and least <= confidence <= 1):
        return ""
    if confidence is None:
        return f"was answered without a number as {probe.confidence or 'confidence'}"
    if private:
        return f"was answered with too little confidence {STAYS}"
    if not 0 <= confidence <= 1:
        return f"was answered with a confidence of {confidence:g}, which is no probability"
    return f"was answered with {confidence:.1%} confidence where {least:.1%} is the least"


def _slow(probe: Probe, answer: Answer) -> str:
    if probe.max_latency_ms is None or answer.latency_ms <= probe.max_latency_ms:
        return ""
    return f"took {answer.latency_ms:,.0f} ms where {probe.max_latency_ms:,.0f} ms is the limit"


def _at(body: Any, path: str) -> Any:
    """What stands at "outputs.0.label": keys of objects and places in lists; MISSING when nothing does."""
    for step in path.split(".") if path else []:
        if isinstance(body, Mapping) and step in body:
            body = body[step]
        elif isinstance(body, list) and step.isdecimal() and int(step) < len(body):
            body = body[int(step)]
        else:
            return MISSING
    return body


def _same(given: Any, expected: Any, tolerance: float) -> bool:
    """Numbers within the tolerance; lists place by place; of objects, what is expected must be there."""
    if isinstance(expected, int | float):
        number = _number(given)
        return number is not None and abs(number - expected) <= tolerance
    if isinstance(expected, list):
        return (
            isinstance(given, list)
            and len(given) == len(expected)
            and all(_same(one, other, tolerance) for one, other in zip(given, expected, strict=True))
        )
    if isinstance(expected, Mapping):
        return isinstance(given, Mapping) and all(
            name in given and _same(given[name], part, tolerance) for name, part in expected.items()
        )
    return bool(given == expected)


def _number(value: Any) -> float | None:
    """Booleans count as 0 and 1; None for whatever is no finite number."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # JSON's whole numbers have no end
        return None
    return number if math.isfinite(number) else None


def _words(sent: Any) -> Iterator[str]:
    """All keys and texts in it: columns are named by either, as formats go."""
    if isinstance(sent, Mapping):
        for key, value in sent.items():
            yield str(key)
            yield from _words(value)
    elif isinstance(sent, list):
        for value in sent:
            yield from _words(value)
    elif isinstance(sent, str):
        yield sent


def _kept(value: Any) -> str | float | None:
    if value is MISSING or value is None:
        return None
    number = _number(value)
    return number if number is not None else _shown(value)


def _shown(value: Any) -> str:
    """A value for people, in 60 characters."""
    try:
        text = repr(value)
    except RecursionError:
        text = f"a {type(value).__name__} of many levels"
    except ValueError:  # Python spells no whole number of over 4,300 digits
        text = "a number of thousands of digits"
    text = "".join(c if c.isprintable() else " " for c in text[:200])
    return text if len(text) <= 60 else f"{text[:59]}…"
