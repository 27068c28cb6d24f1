"""Microsoft's own worker library, azure-functions-runtime, driven without its host.

What it indexes and invokes here is what it would index and invoke on Azure, with its own messages:

    runtime = Runtime(folder)            # raises Refused with the library's sentence
    runtime.functions["sweep"]           # its bindings, as in function.json
    runtime.invoke("sweep", timer=timer())
    runtime.close()

The library is written for a newer Python; here it is installed without its dependencies. It takes its messages from
the object `protos` and needs no more of them than attributes. Its registry is global: one app per process. As a
script it prints what it indexed as JSON, or the refusal with exit status 1:

    python functions_runtime.py FOLDER
"""

import asyncio
import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

_PAYLOADS = ("http", "string", "bytes", "json")


class Refused(Exception):
    """The library did not take the app, or the function failed; the message is the library's."""


class Record(SimpleNamespace):
    """Any message: it keeps what it is given."""

    kinds: ClassVar[tuple[str, ...]] = ()

    def WhichOneof(self, group: str) -> str | None:
        return next((kind for kind in self.kinds if kind in vars(self)), None)


class TypedData(Record):
    kinds = _PAYLOADS


class ParameterBinding(Record):
    kinds = ("data",)


class StatusResult(Record):
    Failure, Success = 0, 1


class BindingInfo(Record):
    undefined, out, inout = -1, 1, 2


class RpcHttpCookie(Record):
    SameSite = IntEnum("SameSite", {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})


class Protos:
    TypedData = TypedData
    ParameterBinding = ParameterBinding
    StatusResult = StatusResult
    BindingInfo = BindingInfo
    RpcHttpCookie = RpcHttpCookie

    def __getattr__(self, name: str) -> type[Record]:
        return Record


@dataclass(frozen=True)
class Trigger:
    """What a trigger hands to its function: the value, and what the host tells about it."""

    value: TypedData
    metadata: Mapping[str, TypedData]


def timer(*, past_due: bool = False) -> Trigger:
    status = {"IsPastDue": past_due, "Schedule": {"AdjustForDST": True}, "ScheduleStatus": None}
    return Trigger(TypedData(json=json.dumps(status)), {})


def blob(path: str, content: bytes) -> Trigger:
    """`path` is container/name."""
    metadata = {
        "BlobTrigger": TypedData(string=path),
        "Uri": TypedData(json=json.dumps(f"https://account.blob.core.windows.net/{path}")),
        "Properties": TypedData(json=json.dumps({"Length": len(content)})),
        "Metadata": TypedData(json="{}"),
    }
    return Trigger(TypedData(bytes=content), metadata)


def message(body: str, *, id: str = "1", dequeue_count: int = 1) -> Trigger:
    metadata = {
        "Id": TypedData(string=id),
        "DequeueCount": TypedData(json=str(dequeue_count)),
        "PopReceipt": TypedData(string="receipt"),
    }
    return Trigger(TypedData(string=body), metadata)


def request(
    method: str,
    url: str,
    body: bytes = b"",
    *,
    headers: Mapping[str, str] | None = None,
    route: Mapping[str, str] | None = None,
) -> Trigger:
    """`route` is what the {names} in the function's route stand for."""
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    http = Record(
        method=method, url=url, headers=headers or {}, params=route or {}, query=query, body=TypedData(bytes=body)
    )
    return Trigger(TypedData(http=http), {})


@dataclass(frozen=True)
class Given:
    """What came back: the return value and the outputs by parameter, as the library put them into messages."""

    returned: Any
    outputs: Mapping[str, Any]


class Runtime:
    def __init__(self, folder: Path) -> None:
        self._library: Any = importlib.import_module("azure_functions_runtime")
        self._loop = asyncio.new_event_loop()
        self._library.start_threadpool_executor()
        sys.path.insert(0, str(folder))
        try:
            indexed = self._index(folder)
        except Refused:
            self.close()
            raise
        self._ids = {function.name: function.function_id for function in indexed}
        self.functions: dict[str, list[dict[str, Any]]] = {
            function.name: [json.loads(binding) for binding in function.raw_bindings] for function in indexed
        }

    def invoke(self, function: str, **trigger: Trigger) -> Given:
        """Call the function with its trigger under the parameter's name. Raises Refused when it fails."""
        ((name, value),) = trigger.items()
        call = Record(
            invocation_id="invocation",
            function_id=self._ids[function],
            input_data=[ParameterBinding(name=name, data=value.value)],
            trigger_metadata=value.metadata,
            trace_context=Record(trace_parent="", trace_state="", attributes={}),
            retry_context=Record(retry_count=0, max_retry_count=0, exception=None),
        )
        answer = self._ask("invocation_request", invocation_request=call)
        return Given(answer.return_value, {output.name: output.data for output in answer.output_data})

    def close(self) -> None:
        self._library.stop_threadpool_executor()
        self._loop.close()

    def _index(self, folder: Path) -> list[Any]:
        init = Record(capabilities={}, function_app_directory=str(folder))
        self._ask("worker_init_request", worker_init_request=init)
        functions: list[Any] = self._ask("functions_metadata_request").function_metadata_results or []
        for function in functions:
            load = Record(function_id=function.function_id)
            self._ask("function_load_request", function_load_request=load)
        return functions

    def _ask(self, what: str, **content: Record) -> Any:
        properties = {"host": "127.0.0.1", "protos": Protos()}
        question = Record(request=Record(**content), properties=properties)
        answer = self._loop.run_until_complete(getattr(self._library, what)(question))
        if answer.result.status != StatusResult.Success:
            raise Refused(answer.result.exception.message)
        return answer


def main() -> int:
    try:
        runtime = Runtime(Path(sys.argv[1]).resolve())
    except Refused as refusal:
        sys.stdout.write(f"{refusal}\n")
        return 1
    sys.stdout.write(json.dumps(runtime.functions))
    runtime.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
