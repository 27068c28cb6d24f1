"""The chat behind Slack's Web API: a real workspace, or the console that speaks the same."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.error import URLError

from tidewatch.ports.chat import ChatMessage, ChatUnavailable, Posted

if TYPE_CHECKING:
    from slack_sdk import WebClient

EVENT_TYPE = "tidewatch_incident"
PAGE = 100  # messages asked for at once
TIMEOUT = 10  # seconds; the sweep tries again
LATER = ("ratelimited", "service_unavailable", "internal_error", "fatal_error", "request_timeout")

Answer = TypeVar("Answer")


class SlackChat:
    def __init__(self, token: str, api_url: str) -> None:
        self._token, self._api_url = token, api_url
        self._made: WebClient | None = None

    @property
    def client(self) -> "WebClient":
        if self._made is None:
            from slack_sdk import WebClient  # noqa: PLC0415 - .2 s that a drift check need not pay
            from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler  # noqa: PLC0415

            # Instead of slack_sdk's own, which posts again when the connection broke before the answer: shown twice.
            self._made = WebClient(
                self._token, base_url=self._api_url, timeout=TIMEOUT,
                retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)],
            )  # fmt: skip
        return self._made

    def post(
        self, channel: str, message: ChatMessage, *, metadata: Mapping[str, Any], thread: str | None = None
    ) -> Posted:
        answer = _asked(
            lambda: self.client.chat_postMessage(
                channel=channel, thread_ts=thread, **_content(message),
                metadata={"event_type": EVENT_TYPE, "event_payload": dict(metadata)},
            )
        )  # fmt: skip
        return Posted(answer["channel"], answer["ts"])

    def update(self, channel: str, ts: str, message: ChatMessage) -> None:
        _asked(lambda: self.client.chat_update(channel=channel, ts=ts, **_content(message)))

    def find(self, channel: str, metadata: Mapping[str, Any], *, thread: str | None = None) -> Posted | None:
        found = (m for m in self._messages(channel, thread) if _payload(m) == dict(metadata))
        return next((Posted(channel, message["ts"]) for message in found), None)

    def _messages(self, channel: str, thread: str | None) -> Iterator[dict[str, Any]]:
        """The latest of the channel; of a thread, which comes the oldest first, all."""
        if thread is None:
            answer = _asked(
                lambda: self.client.conversations_history(channel=channel, limit=PAGE, include_all_metadata=True)
            )
            yield from answer.get("messages", [])
            return
        cursor = ""
        while True:
            page = partial(self.client.conversations_replies, channel=channel, ts=thread, cursor=cursor or None)
            answer = _asked(partial(page, limit=PAGE, include_all_metadata=True))
            yield from answer.get("messages", [])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    def whisper(self, channel: str, user: str, text: str, *, thread: str | None = None) -> None:
        _asked(lambda: self.client.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread))

    def attach(self, channel: str, thread: str, filename: str, text: str) -> None:
        said = self._messages(channel, thread)
        if any(file.get("name") == filename for message in said for file in message.get("files") or ()):
            return
        _asked(
            lambda: self.client.files_upload_v2(
                channel=channel, thread_ts=thread, filename=filename, content=text, title=filename
            )
        )

    def upload(self, filename: str, content: bytes, *, title: str) -> str:
        answer = _asked(lambda: self.client.files_upload_v2(filename=filename, content=content, title=title))
        return str(answer["files"][0]["id"])


def _payload(message: Mapping[str, Any]) -> Any:
    return message.get("metadata", {}).get("event_payload")


def _content(message: ChatMessage) -> dict[str, Any]:
    """Blocks travel in an attachment, because only attachments have a colour bar."""
    if not message.blocks:
        return {"text": message.text}
    if message.color is None:
        return {"text": message.text, "blocks": list(message.blocks)}
    attachment = {"color": message.color, "blocks": list(message.blocks), "fallback": message.text}
    return {"text": "", "attachments": [attachment]}


def _asked(call: Callable[[], Answer]) -> Answer:
    """Slack's trouble as ChatUnavailable; a refusal for good (a bug of ours) as SlackApiError."""
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415

    try:
        return call()
    except SlackApiError as error:
        reason = str(error.response.get("error", error)) if hasattr(error.response, "get") else str(error)
        if reason in LATER:
            after = error.response.headers.get("Retry-After", 0)
            raise ChatUnavailable(reason, float(after)) from error
        raise
    except (SlackClientError, URLError, OSError) as error:
        raise ChatUnavailable(str(error)) from error
