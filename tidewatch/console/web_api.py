"""The door for the bot: the part of Slack's Web API that it needs, upload addresses and response_urls."""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tidewatch.console import api_chat, api_directory, api_files, api_views
from tidewatch.console.console import Console
from tidewatch.console.workspace import Refused, Workspace

Method = Callable[[Workspace, Mapping[str, Any]], dict[str, Any]]

METHODS: Mapping[str, Method] = {
    "api.test": api_directory.test,
    "auth.test": api_directory.auth_test,
    "chat.delete": api_chat.delete,
    "chat.getPermalink": api_chat.permalink,
    "chat.postEphemeral": api_chat.post_ephemeral,
    "chat.postMessage": api_chat.post_message,
    "chat.update": api_chat.update,
    "conversations.history": api_chat.history,
    "conversations.info": api_directory.conversation,
    "conversations.list": api_directory.conversations,
    "conversations.open": api_directory.open_conversation,
    "conversations.replies": api_chat.replies,
    "files.completeUploadExternal": api_files.complete_upload,
    "files.getUploadURLExternal": api_files.upload_url,
    "files.info": api_files.info,
    "users.info": api_directory.user,
    "users.list": api_directory.users,
    "views.open": api_views.open_view,
    "views.publish": api_views.publish,
    "views.push": api_views.push,
    "views.update": api_views.update,
}
_STRUCTURED = ("attachments", "blocks", "files", "metadata", "view")
_MOST_BYTES = 20 * 1024 * 1024


def routes(console: Console) -> list[Route]:
    async def call(request: Request) -> Response:
        try:
            arguments = await _arguments(request)
            answer = await run_in_threadpool(_answer, console, request, arguments)
        except Refused as refused:
            return JSONResponse(_refusal(refused))
        return JSONResponse({"ok": True, **answer})

    async def upload(request: Request) -> Response:
        content = await _content(request)
        if content is None:
            return PlainTextResponse(f"a file may have {_MOST_BYTES} bytes", 413)
        if not await run_in_threadpool(console.store.fill_file, request.path_params["upload"], content):
            return PlainTextResponse("no such upload", 404)
        return PlainTextResponse(f"OK - {len(content)}")

    async def respond(request: Request) -> Response:
        try:
            body = await request.json()
        except ValueError:
            return PlainTextResponse("invalid_payload", 400)
        if not isinstance(body, dict):
            return PlainTextResponse("invalid_payload", 400)
        try:
            await run_in_threadpool(console.respond, request.path_params["hook"], body)
        except Refused as refused:
            gone = refused.error in ("no_service", "used_url", "expired_url")
            return JSONResponse(_refusal(refused), 404 if gone else 400)
        return PlainTextResponse("ok")

    return [
        Route("/slack/api/{method}", call, methods=["GET", "POST"]),
        Route("/slack/upload/{upload}", upload, methods=["POST", "PUT"]),
        Route("/slack/respond/{hook}", respond, methods=["POST"]),
    ]


def _answer(console: Console, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
    method = METHODS.get(request.path_params["method"])
    if method is None:
        raise Refused("unknown_method")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token if scheme.lower() == "bearer" else str(arguments.get("token") or "")
    if not given:
        raise Refused("not_authed")
    if not hmac.compare_digest(given.encode(), console.config.bot_token.encode()):
        raise Refused("invalid_auth")
    return method(console.workspace, arguments)


def _refusal(refused: Refused) -> dict[str, Any]:
    answer: dict[str, Any] = {"ok": False, "error": refused.error}
    if refused.details:
        messages = [f"[ERROR] {detail}" for detail in refused.details]
        answer |= {"errors": list(refused.details), "response_metadata": {"messages": messages}}
    return answer


async def _arguments(request: Request) -> dict[str, Any]:
    """Query, form and JSON bodies alike; structured fields of a form arrive as JSON text."""
    arguments: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        try:
            body = json.loads(await request.body() or b"{}")  # slack_sdk sends an empty body for no arguments
        except (ValueError, RecursionError) as error:
            raise Refused("invalid_json") from error
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        arguments |= body
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form() as form:
            arguments |= {name: value for name, value in form.items() if isinstance(value, str)}
    for name in _STRUCTURED:
        if isinstance(arguments.get(name), str):
            try:
                arguments[name] = json.loads(arguments[name])
            except (ValueError, RecursionError) as error:
                raise Refused("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from error
    return arguments


async def _content(request: Request) -> bytes | None:
    """An uploaded file's bytes; None when there are too many."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            parts = [value for value in form.values() if isinstance(value, UploadFile)]
            content = await parts[0].read() if parts else b""
            return content if len(content) <= _MOST_BYTES else None
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > _MOST_BYTES:
            return None
    return bytes(received)
