"""What the app registered, refused here for the reasons for which Azure's worker would refuse it."""

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import azure.functions as func
from azure.functions.decorators.core import BindingDirection

from tidewatch.local_host.paths import BlobPath, resolve
from tidewatch.local_host.schedule import Schedule
from tidewatch.local_host.settings import HostError

RETURN = "$return"

_TAKES: Mapping[str, tuple[type, ...]] = {
    "timerTrigger": (func.TimerRequest,),
    "httpTrigger": (func.HttpRequest,),
    "queueTrigger": (func.QueueMessage, str),
    "blobTrigger": (func.InputStream, bytes),
    "blob": (func.InputStream, bytes),
}
_GIVES = ("http", "queue", "blob")


@dataclass(frozen=True)
class Binding:
    kind: str  # as in function.json: timerTrigger, queue, blob …
    name: str  # the parameter, or $return
    out: bool
    options: Mapping[str, Any]  # as in function.json, settings filled in
    annotation: Any = None


@dataclass(frozen=True)
class Registration:
    name: str
    call: Callable[..., object]
    trigger: Binding
    inputs: tuple[Binding, ...]  # besides the trigger
    outputs: tuple[Binding, ...]
    wants_context: bool

    @property
    def trigger_type(self) -> str:
        """timer, blob, queue or http."""
        return self.trigger.kind.removesuffix("Trigger")

    @property
    def detail(self) -> str:
        """When it runs: the schedule, the path, the queue, or methods and route."""
        options = self.trigger.options
        if self.trigger_type == "http":
            return f"{' '.join(self.methods) or 'ANY'} /{options['route']}"
        return str(options[{"timer": "schedule", "blob": "path", "queue": "queueName"}[self.trigger_type]])

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(str(getattr(method, "value", method)) for method in self.trigger.options.get("methods", ()))


def register(function: func.Function, values: Mapping[str, str]) -> Registration:
    """Raises HostError: one sentence that names the function and what is wrong with it."""
    name = str(function.get_function_name())
    call = function.get_user_function()
    if function.get_setting("retry_policy"):
        raise HostError(f"function {name} has a retry policy, which only Azure carries out: remove it")
    try:
        hints = typing.get_type_hints(call)
    except NameError as error:
        raise HostError(f"function {name} has an annotation that cannot be resolved ({error}): import it") from None
    bindings = [_binding(name, raw, hints, values) for raw in function.get_bindings()]
    wants_context = _match_parameters(name, call, bindings, hints)
    trigger = bindings[[raw is function.get_trigger() for raw in function.get_bindings()].index(True)]
    return Registration(
        name,
        call,
        trigger,
        inputs=tuple(binding for binding in bindings if not binding.out and binding is not trigger),
        outputs=tuple(binding for binding in bindings if binding.out),
        wants_context=wants_context,
    )


def _binding(function: str, raw: Any, hints: Mapping[str, Any], values: Mapping[str, str]) -> Binding:
    where = f"the binding {raw.type} (parameter {raw.name}) of function {function}"
    out = raw.direction == BindingDirection.OUT.value
    if raw.type not in (_GIVES if out else _TAKES):
        raise HostError(f"{where} is none of those that the local host runs: timer, blob, queue and http")
    try:
        options = {
            key: resolve(value, values) if isinstance(value, str) else value
            for key, value in raw.get_dict_repr().items()
        }
    except LookupError as error:
        raise HostError(f"{where}: {error.args[0]}") from None
    try:
        if raw.type == "timerTrigger":
            Schedule(options["schedule"])
        elif raw.type == "blobTrigger":
            BlobPath(options["path"])
    except ValueError as error:
        value = options.get("schedule", options.get("path"))
        raise HostError(f'{where} cannot be used: "{value}" {error}') from None
    annotation = hints.get("return" if raw.name == RETURN else raw.name)
    fault = _output_fault(raw, annotation) if out else _input_fault(raw.type, annotation)
    if fault and annotation is not None:
        raise HostError(f"{where} does not fit its annotation {_spell(annotation)}: {fault}")
    return Binding(raw.type, raw.name, out, MappingProxyType(options), annotation)


def _input_fault(kind: str, annotation: Any) -> str | None:
    takes = _TAKES[kind]
    fits = isinstance(annotation, type) and issubclass(annotation, takes)
    return None if fits else f"it must be {' or '.join(map(_spell, takes))}"


def _output_fault(raw: Any, annotation: Any) -> str | None:
    given = annotation
    if raw.name != RETURN:
        if raw.type == "http":
            return "an HTTP response can only be returned"
        if typing.get_origin(annotation) is not func.Out:
            return "an output must be azure.functions.Out[…]"
        (given,) = typing.get_args(annotation)
    elif not isinstance(given, type):
        return "it must be a class"
    converter = func.get_binding_registry().get(raw.type)
    fits = given in (str, bytes) or converter.check_output_type_annotation(given)
    return None if fits else f"{_spell(given)} cannot be written to it"


def _match_parameters(
    name: str, call: Callable[..., object], bindings: list[Binding], hints: Mapping[str, Any]
) -> bool:
    """Whether the function wants its context; raises HostError when parameters and bindings differ."""
    parameters = set(inspect.signature(call).parameters)
    bound = {binding.name for binding in bindings} - {RETURN}
    wants_context = "context" in parameters - bound
    if wants_context:
        parameters.discard("context")
        if hints.get("context", func.Context) is not func.Context:
            raise HostError(f"the parameter context of function {name} must be an azure.functions.Context")
    if len({binding.name for binding in bindings}) < len(bindings):
        raise HostError(f"function {name} binds one parameter twice: give every binding a parameter of its own")
    if missing := bound - parameters:
        raise HostError(f"function {name} has no parameter {', '.join(sorted(missing))}, which a binding names: add it")
    if unbound := parameters - bound:
        raise HostError(f"no binding gives function {name} its parameter {', '.join(sorted(unbound))}: remove it")
    return wants_context


def _spell(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
