"""What a scoring endpoint said when it was asked one question."""

from dataclasses import dataclass
from typing import Any, Literal

Trouble = Literal["", "timeout", "unreachable", "unreadable"]


@dataclass(frozen=True)
class Answer:
    latency_ms: float  # what the caller waited: from looking up the name to the last byte
    status: int | None = None  # of HTTP; None when none came
    body: Any = None  # the parsed JSON
    text: str = ""  # how the answer begins; in trouble, its cause in a clause
    trouble: Trouble = ""
