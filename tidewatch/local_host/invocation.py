"""One call of one function: its arguments in, its outputs out, one line in the log."""

import asyncio
import inspect
import json
import logging
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import azure.functions as func
from azure.functions.blob import InputStream

from tidewatch.local_host.paths import fill
from tidewatch.local_host.registration import RETURN, Binding, Registration
from tidewatch.ports.blobs import BlobNotFound, Blobs
from tidewatch.ports.queue import Queue

logger = logging.getLogger("tidewatch.local_host")


class InvocationFailed(Exception):
    """The function raised, or what it gave could not be written. The log has the traceback."""


class Out(func.Out[Any]):
    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        self._value = val

    def get(self) -> Any:
        return self._value


@dataclass(frozen=True)
class _Context(func.Context):
    """The context of an invocation; nothing is traced or retried by the platform on a laptop."""

    function_name: str = ""
    function_directory: str = ""
    invocation_id: str = ""
    thread_local_storage: Any = None
    trace_context: Any = None
    retry_context: Any = None


@dataclass(frozen=True)
class Invoker:
    folder: Path
    blobs: Blobs
    queue: Queue
    _local: threading.local = field(default_factory=threading.local)

    def __call__(self, function: Registration, value: object, *, about: str, data: Mapping[str, str]) -> object:
        """Call the function with its trigger's value and deliver its outputs; give what `$return` leaves for HTTP.

        `about` says in the log what the call was for, `data` fills the {names} in the paths of other bindings.
        Raises InvocationFailed, and then nothing was written.
        """
        started = time.perf_counter()
        try:
            result = self._run(function, value, data)
        except (Exception, SystemExit) as error:  # whatever a function raises ends its invocation, never the host
            milliseconds = (time.perf_counter() - started) * 1000
            logger.exception("%s failed after %.0f ms (%s)", function.name, milliseconds, about)
            raise InvocationFailed(function.name) from error
        logger.info("%s ok in %.0f ms (%s)", function.name, (time.perf_counter() - started) * 1000, about)
        return result

    def _run(self, function: Registration, value: object, data: Mapping[str, str]) -> object:
        arguments: dict[str, Any] = {function.trigger.name: value}
        arguments |= {binding.name: self._read(binding, data) for binding in function.inputs}
        outs = {binding.name: Out() for binding in function.outputs if binding.name != RETURN}
        if function.wants_context:
            arguments["context"] = self._context(function)
        result = function.call(**arguments, **outs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        returned = next((binding for binding in function.outputs if binding.name == RETURN), None)
        if result is not None and returned is None:
            raise TypeError(f"{function.name} returned a value, but no binding takes it")
        if returned is not None and returned.kind == "http" and not isinstance(result, func.HttpResponse | str | None):
            raise TypeError(f"{function.name} returned {type(result).__name__} instead of an HttpResponse")
        given = [(binding, outs[binding.name].get()) for binding in function.outputs if binding.name in outs]
        if returned is not None and returned.kind != "http":
            given.append((returned, result))
        for binding, output in given:
            if output is not None:
                self._write(binding, output, data)
        return result

    def _context(self, function: Registration) -> func.Context:
        invocation = str(uuid.uuid4())
        self._local.invocation_id = invocation
        return _Context(function.name, str(self.folder), invocation, self._local)

    def _read(self, binding: Binding, data: Mapping[str, str]) -> object:
        container, name = fill(binding.options["path"], data)
        try:
            content = self.blobs.get(container, name)
        except BlobNotFound:
            return None  # as on Azure
        return content if binding.annotation is bytes else stream(container, name, content)

    def _write(self, binding: Binding, value: object, data: Mapping[str, str]) -> None:
        if binding.kind == "blob":
            self.blobs.put(*fill(binding.options["path"], data), _bytes(value))
            return
        for body in value if isinstance(value, list | tuple) else (value,):
            self.queue.send(binding.options["queueName"], _text(body))


def stream(container: str, name: str, content: bytes, **properties: object) -> InputStream:
    """A blob as a function gets it; `properties` as Azure calls them (ETag, LastModified …)."""
    return InputStream(
        data=content,
        name=f"{container}/{name}",
        uri=f"blob://{container}/{quote(name)}",
        length=len(content),
        blob_properties={"Length": len(content), **properties},
        metadata={},
    )


def binding_data(body: str) -> dict[str, str]:
    """The plain values of a JSON object: a message's fields can be used in the paths of other bindings."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(fields, dict):
        return {}
    return {name: str(value) for name, value in fields.items() if isinstance(value, str | int | float)}


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if callable(read := getattr(value, "read", None)):
        return _bytes(read())
    raise TypeError(f"a blob is written from text, bytes or a stream, not from {type(value).__name__}")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, func.QueueMessage):
        return value.get_body().decode()
    raise TypeError(f"a queue takes text, bytes or a QueueMessage, not {type(value).__name__}")
