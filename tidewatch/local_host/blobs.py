"""Blobs that came or changed: each version is handed to each function until it succeeds or is given up."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from tidewatch.local_host.invocation import InvocationFailed, Invoker, stream
from tidewatch.local_host.paths import BlobPath
from tidewatch.local_host.registration import Registration
from tidewatch.local_host.settings import HostSettings
from tidewatch.local_host.state import Receipt, State
from tidewatch.ports.blobs import BlobInfo, BlobNotFound, Blobs
from tidewatch.ports.queue import Queue

POISON = "webjobs-blobtrigger-poison"

logger = logging.getLogger("tidewatch.local_host")


class BlobScan:
    """Looks through the containers of blob triggers and remembers in receipts what it handed over."""

    def __init__(
        self,
        functions: Sequence[Registration],
        invoke: Invoker,
        state: State,
        *,
        blobs: Blobs,
        queue: Queue,
        settings: HostSettings,
    ) -> None:
        self._invoke, self._state, self._blobs, self._queue, self._settings = invoke, state, blobs, queue, settings
        self._watched = []
        for function in functions:
            path = BlobPath(function.trigger.options["path"])
            self._watched.append((function, path, state.receipts(function.name, path.container)))

    def step(self, stopping: Callable[[], bool]) -> int:
        """Hand over what is due, each function's blobs in order of name; give the number of invocations."""
        count = 0
        for function, path, receipts in self._watched:
            # Real time, not the host's clock: the age of a file and the pause between tries are this machine's.
            now = time.time()
            due = [blob for blob in self._blobs.list(path.container, path.prefix) if self._due(blob, receipts, now)]
            for blob in due:
                if stopping():
                    return count
                data = path.match(blob.name)
                if data is not None:
                    count += self._hand_over(function, path.container, blob, receipts, data)
        return count

    def _due(self, blob: BlobInfo, receipts: dict[str, Receipt], now: float) -> bool:
        receipt = receipts.get(blob.name)
        if receipt is not None and receipt.etag == blob.etag:
            return not receipt.done and receipt.due <= now
        # A time in the future (a copied file, a wrong clock) says as clearly that nobody is writing at this moment.
        return abs(now - blob.modified.timestamp()) >= self._settings.settle

    def _hand_over(
        self,
        function: Registration,
        container: str,
        blob: BlobInfo,
        receipts: dict[str, Receipt],
        data: dict[str, str],
    ) -> int:
        def keep(receipt: Receipt) -> None:
            receipts[blob.name] = receipt
            self._state.keep_receipt(function.name, container, blob.name, receipt)

        known = receipts.get(blob.name)
        tries = known.tries if known is not None and known.etag == blob.etag else 0
        if tries < self._settings.poison_blob_threshold:
            try:
                content = self._blobs.get(container, blob.name)
            except BlobNotFound:
                return 0  # deleted since it was listed
            # Counted before the run, so that a blob that takes the whole process down is given up, too.
            tries += 1
            pause = self._settings.retry_delay * 2.0 ** (tries - 1)
            receipt = Receipt(blob.etag, tries, time.time() + pause, done=False)
            keep(receipt)
            if self._run(function, container, blob, content, data):
                keep(replace(receipt, done=True))
                return 1
            keep(replace(receipt, due=time.time() + pause))
        if tries >= self._settings.poison_blob_threshold:
            self._give_up(function, container, blob, tries)
            keep(Receipt(blob.etag, tries, 0.0, done=True))
        return 1

    def _run(
        self, function: Registration, container: str, blob: BlobInfo, content: bytes, data: dict[str, str]
    ) -> bool:
        value: object = content
        if function.trigger.annotation is not bytes:
            properties = {"ETag": blob.etag, "LastModified": blob.modified.isoformat()}
            value = stream(container, blob.name, content, **properties)
        path = f"{container}/{blob.name}"
        try:
            self._invoke(function, value, about=path, data={**data, "BlobTrigger": path})
        except InvocationFailed:
            return False
        return True

    def _give_up(self, function: Registration, container: str, blob: BlobInfo, tries: int) -> None:
        record = {
            "FunctionId": f"Host.Functions.{function.name}",
            "BlobType": "BlockBlob",
            "ContainerName": container,
            "BlobName": blob.name,
            "ETag": blob.etag,
        }
        self._queue.send(POISON, json.dumps(record, ensure_ascii=False))
        logger.error("%s gave up %s/%s after %d tries: %s has it", function.name, container, blob.name, tries, POISON)
