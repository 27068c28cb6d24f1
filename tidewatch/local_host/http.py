"""HTTP triggers as an ASGI app."""

import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

import azure.functions as func
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tidewatch.local_host.invocation import InvocationFailed, Invoker
from tidewatch.local_host.registration import Registration
from tidewatch.local_host.settings import HostError, HostSettings

_PARAMETER = re.compile(r"\{(?P<rest>\*?)(?P<name>\w+)(?::(?P<kind>int|guid))?\??\}")
_CONVERTERS = {"int": ":int", "guid": ":uuid", None: ""}
_ALL_METHODS = [method.value for method in func.HttpMethod]


def http_app(functions: Sequence[Registration], invoke: Invoker, settings: HostSettings) -> Starlette:
    """Raises HostError for a route that cannot be served."""
    routes = [
        Route(path, _endpoint(function, invoke, settings), methods=list(function.methods) or _ALL_METHODS)
        for function in functions
        for path in _paths(function, settings.route_prefix)
    ]
    routes.sort(key=_vagueness)
    return Starlette(routes=routes)


def _paths(function: Registration, prefix: str) -> list[str]:
    """The route in Starlette's spelling; two when its last part is optional."""
    route = str(function.trigger.options["route"]).strip("/")
    if "{" in _PARAMETER.sub("", route):
        raise HostError(f"the route {route} of function {function.name} has a part that only Azure understands: "
                        "use {name}, {name:int}, {name:guid}, {name?} or {*name}")  # fmt: skip

    def spell(found: re.Match[str]) -> str:
        return f"{{{found['name']}{':path' if found['rest'] else _CONVERTERS[found['kind']]}}}"

    path = "/" + "/".join(part for part in (prefix, _PARAMETER.sub(spell, route)) if part)
    return [path, path.rpartition("/")[0] or "/"] if route.endswith("?}") else [path]


def _vagueness(route: Route) -> list[int]:
    """Sorts a fixed part before a parameter and a parameter before the rest, as Azure does."""
    return [2 if part.endswith(":path}") else int("{" in part) for part in route.path.split("/")]


def _endpoint(
    function: Registration, invoke: Invoker, settings: HostSettings
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if not _may_call(function, request, settings.key):
            return Response("A key is needed: x-functions-key or ?code=", HTTPStatus.UNAUTHORIZED)
        value = func.HttpRequest(
            request.method,
            str(request.url),
            headers={name: ", ".join(request.headers.getlist(name)) for name in request.headers},
            params=dict(request.query_params),
            route_params={name: str(part) for name, part in request.path_params.items()},
            body=await request.body(),
        )
        about = f"{request.method} {request.url.path}"
        try:
            result = await run_in_threadpool(invoke, function, value, about=about, data=value.route_params)
        except InvocationFailed:
            return Response("The function failed; the host's log says why.", HTTPStatus.INTERNAL_SERVER_ERROR)
        return _response(result)

    return endpoint


def _may_call(function: Registration, request: Request, key: str | None) -> bool:
    if function.trigger.options.get("authLevel") == func.AuthLevel.ANONYMOUS:
        return True
    offered = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
    return key is not None and hmac.compare_digest(offered.encode(), key.encode())


def _response(result: object) -> Response:
    if not isinstance(result, func.HttpResponse):
        return Response(str(result), media_type="text/plain") if result is not None else Response(status_code=204)
    response = Response(result.get_body(), result.status_code)
    for name, value in result.headers.items():
        if name.lower() != "content-length":
            response.headers.append(name, value)
    if "content-type" not in response.headers:
        text = result.mimetype.startswith("text/")
        response.headers["content-type"] = f"{result.mimetype}; charset={result.charset}" if text else result.mimetype
    return response
