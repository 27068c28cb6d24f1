"""Work that is due: messages delivered at least once."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    id: str
    body: str
    dequeue_count: int  # 1 at the first delivery
    lease: str  # proves to `delete` that the caller still holds the message


class Queue(Protocol):
    """Queues come into being with their first message. Send ids, not data: 48 KiB is the limit of a body."""

    def send(self, queue: str, body: str, *, delay: float = 0.0) -> None:
        """Durable on return; visible after `delay` seconds. Raises ValueError for a body over 48 KiB."""

    def receive(self, queue: str, *, visibility: float) -> Message | None:
        """The next visible message, hidden from others for `visibility` seconds; None when there is none."""

    def delete(self, queue: str, message: Message) -> bool:
        """Done with it. False when the lease ran out and the message was given to somebody else."""

    def release(self, queue: str, message: Message, *, delay: float = 0.0) -> bool:
        """Give it back, visible again after `delay` seconds. False when the lease was lost."""

    def length(self, queue: str) -> int:
        """How many messages are waiting or leased (approximate on Azure)."""
