"""Where people read and answer: Slack, or the console that speaks its Web API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class ChatMessage:
    text: str  # what a notification and a screen reader say
    blocks: Sequence[Mapping[str, Any]] = ()
    color: str | None = None  # "#b3261e": the bar beside the blocks


@dataclass(eq=False)  # not frozen: raising an exception writes its traceback into it
class ChatUnavailable(Exception):
    """The outcome of a post may be unknown: look for its metadata before posting again."""

    reason: str
    retry_after: float = 0.0  # seconds

    def __str__(self) -> str:
        return f"the chat did not take it: {self.reason}"


@dataclass(frozen=True)
class Posted:
    channel: str
    ts: str


class Chat(Protocol):
    """Every method raises ChatUnavailable when the chat cannot be reached or refuses for now."""

    def post(
        self, channel: str, message: ChatMessage, *, metadata: Mapping[str, Any], thread: str | None = None
    ) -> Posted:
        """A new message; `metadata` identifies it, because posts have no idempotency key."""

    def update(self, channel: str, ts: str, message: ChatMessage) -> None: ...

    def find(self, channel: str, metadata: Mapping[str, Any], *, thread: str | None = None) -> Posted | None:
        """The message that was posted with exactly this metadata, if it got through."""

    def whisper(self, channel: str, user: str, text: str, *, thread: str | None = None) -> None:
        """Only that person sees it."""

    def attach(self, channel: str, thread: str, filename: str, text: str) -> None:
        """Put a text into a thread as a file; one of that name in the thread already is enough."""

    def upload(self, filename: str, content: bytes, *, title: str) -> str:
        """Keep a picture; give the file id that an image block names."""
