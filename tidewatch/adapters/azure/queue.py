"""Queues in Azure Queue Storage, encoded as the Functions host expects them."""

import base64
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy

from tidewatch.ports.queue import Message

BODY_LIMIT = 48 * 1024  # bytes; 64 KiB after base64
FOREVER = -1  # as a time to live: otherwise a message is dropped unread after seven days
LEASE_LOST = ("MessageNotFound", "PopReceiptMismatch", "QueueNotFound")


class AzureQueue:
    """The caller makes the service client, and so decides on credentials. Azure counts whole seconds: delays and
    visibility are rounded up.
    """

    def __init__(self, service: QueueServiceClient) -> None:
        self._service = service

    def send(self, queue: str, body: str, *, delay: float = 0.0) -> None:
        size = len(body.encode())
        if size > BODY_LIMIT:
            raise ValueError(
                f"a message of {size} bytes does not fit into queue {queue} ({BODY_LIMIT} at most): send ids, not data"
            )
        client, wait = self._client(queue), math.ceil(delay)
        try:
            client.send_message(body, visibility_timeout=wait, time_to_live=FOREVER)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # somebody else was faster
                client.create_queue()
            client.send_message(body, visibility_timeout=wait, time_to_live=FOREVER)

    def receive(self, queue: str, *, visibility: float) -> Message | None:
        try:
            message = self._client(queue).receive_message(visibility_timeout=max(math.ceil(visibility), 1))
        except ResourceNotFoundError:
            return None
        if message is None:
            return None
        return Message(message.id, _decoded(message.content), message.dequeue_count or 1, message.pop_receipt or "")

    def delete(self, queue: str, message: Message) -> bool:
        with _lease() as lost:
            self._client(queue).delete_message(message.id, message.lease)
        return not lost

    def release(self, queue: str, message: Message, *, delay: float = 0.0) -> bool:
        with _lease() as lost:
            self._client(queue).update_message(message.id, message.lease, visibility_timeout=math.ceil(delay))
        return not lost

    def length(self, queue: str) -> int:
        try:
            return self._client(queue).get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return 0

    def _client(self, queue: str) -> QueueClient:
        return self._service.get_queue_client(queue, message_encode_policy=TextBase64EncodePolicy())


@contextmanager
def _lease() -> Iterator[list[str]]:
    """Holds the reason when the lease turns out to be lost."""
    lost: list[str] = []
    try:
        yield lost
    except HttpResponseError as error:
        if getattr(error, "error_code", "") not in LEASE_LOST:
            raise
        lost.append(str(error))


def _decoded(content: str | None) -> str:
    """What somebody sent as plain text comes as it is: whoever parses it can then say what is wrong with it."""
    try:
        return base64.b64decode(content or "", validate=True).decode()
    except ValueError:
        return content or ""
