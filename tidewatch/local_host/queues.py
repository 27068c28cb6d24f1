"""Messages: each is handed to its function until that succeeds, or it goes to the poison queue."""

import logging
import threading

from azure.functions.queue import QueueMessage

from tidewatch.local_host.invocation import InvocationFailed, Invoker, binding_data
from tidewatch.local_host.registration import Registration
from tidewatch.local_host.settings import HostSettings
from tidewatch.local_host.state import State
from tidewatch.ports.queue import Message, Queue

POISON_REST = 60.0  # seconds between tries of a message that is in a poison queue already and fails there, too

logger = logging.getLogger("tidewatch.local_host")


class QueueListener:
    """One queue and its function; any number of threads may call `step`.

    A message is hidden for `settings.lease` seconds. When a function takes longer, the message comes back to this
    host, which keeps the new lease and does not run it a second time. When the host is killed, its successor finds
    the lease in the state and gives the message back at once; killed in the instant between receiving and noting it,
    the message comes back when the lease runs out.
    """

    def __init__(
        self, function: Registration, invoke: Invoker, state: State, *, queue: Queue, settings: HostSettings
    ) -> None:
        self.function, self.name = function, str(function.trigger.options["queueName"])
        self._invoke, self._state, self._queue, self._settings = invoke, state, queue, settings
        self._running: dict[str, Message] = {}
        # Held over each dialogue with the queue: else a message could expire, be received again and look new
        # in the instant between its function's end and its deletion.
        self._lock = threading.Lock()

    def step(self) -> int:
        """Deal with one message; 0 when there is none."""
        message = self._take()
        if message is None:
            return 0
        finished = False
        try:
            if message.dequeue_count <= self._settings.max_dequeue_count or self._is_poison:
                finished = self._run(message)
        finally:
            with self._lock:
                message = self._running.pop(message.id)
                if finished:
                    self._done(message)
                else:
                    self._put_back(message)
                self._state.let_go(self.name, message)
        return 1

    @property
    def _is_poison(self) -> bool:
        return self.name.endswith("-poison")

    def _take(self) -> Message | None:
        with self._lock:
            message = self._queue.receive(self.name, visibility=self._settings.lease)
            if message is None:
                return None
            known = message.id in self._running
            self._running[message.id] = message
            self._state.hold(self.name, message)
            return None if known else message

    def _run(self, message: Message) -> bool:
        value: object = message.body
        if self.function.trigger.annotation is not str:
            value = QueueMessage(
                id=message.id, body=message.body, dequeue_count=message.dequeue_count, pop_receipt=message.lease
            )
        data = binding_data(message.body) | {
            "queueTrigger": message.body,
            "Id": message.id,
            "DequeueCount": str(message.dequeue_count),
        }
        about = f"{self.name} {message.id}, delivery {message.dequeue_count}"
        try:
            self._invoke(self.function, value, about=about, data=data)
        except InvocationFailed:
            return False
        return True

    def _done(self, message: Message) -> None:
        if not self._queue.delete(self.name, message):
            logger.warning("%s lost %s while it worked on it: it runs once more", self.function.name, message.id)

    def _put_back(self, message: Message) -> None:
        if message.dequeue_count < self._settings.max_dequeue_count:
            self._queue.release(self.name, message, delay=self._settings.visibility_timeout)
        elif self._is_poison:
            self._queue.release(self.name, message, delay=max(POISON_REST, self._settings.visibility_timeout))
        else:
            self._queue.send(f"{self.name}-poison", message.body)
            self._queue.delete(self.name, message)
            logger.error(
                "%s gave up message %s after %d deliveries: %s-poison has it",
                self.function.name,
                message.id,
                message.dequeue_count,
                self.name,
            )


def give_back(state: State, queue: Queue) -> None:
    """Release what a killed host was working on."""
    for name, message in state.held():
        queue.release(name, message)
        state.let_go(name, message)
