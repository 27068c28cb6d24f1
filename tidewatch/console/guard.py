"""The page starts scripts, so nobody else's page, name or program may use it.

Only this machine's own names, on the port that is served, get an answer; the page wants the cookie that a one-time
link was exchanged for; whatever changes something must come from the page itself. The Web API has its own token.
"""

from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidewatch.console.links import Links, Session

_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
_OPEN_PATHS = ("/slack/", "/static/")  # a token of their own, or nothing to hide
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self';"
    " img-src 'self' https: http://127.0.0.1:* http://localhost:*; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NO_COOKIE = (
    "This page opens with the one-time link that the console printed when it started;"
    " that link was used already or belongs to an earlier start: start the console again to get a fresh one."
)


def session_cookie(port: int) -> str:
    """Cookies do not tell ports apart, so their names do."""
    return f"console_{port}"


class Guard:
    """ASGI middleware. Puts the browser's Session into `scope["state"]["session"]`."""

    def __init__(self, app: ASGIApp, links: Links) -> None:
        self._app, self._links = app, links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sender = _Guarded(send)
        refusal = self._refusal(scope, sender)
        if refusal:
            await PlainTextResponse(refusal + "\n", 403)(scope, receive, sender)
        else:
            await self._app(scope, receive, sender)

    def _refusal(self, scope: Scope, sender: "_Guarded") -> str | None:
        headers, port = Headers(scope=scope), scope["server"][1]
        host = headers.get("host", "")
        if host not in {f"{name}:{port}" for name in _OWN_NAMES} | (set(_OWN_NAMES) if port == 80 else set()):
            return f"The console answers only as localhost:{port} or 127.0.0.1:{port}."
        if scope["path"].startswith(_OPEN_PATHS):
            return None
        session = self._session(scope, headers, sender)
        if session is None:
            return NO_COOKIE
        if scope["method"] not in ("GET", "HEAD") and not _from_page(headers, host):
            return "This request did not come from the console's own page."
        scope.setdefault("state", {})["session"] = session
        return None

    def _session(self, scope: Scope, headers: Headers, sender: "_Guarded") -> Session | None:
        name = session_cookie(scope["server"][1])
        known = self._links.session(_cookie(headers, name))
        if known or scope["method"] != "GET" or scope["path"] != "/":
            return known
        tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        fresh = self._links.exchange(tokens[0]) if tokens else None
        if fresh:
            sender.cookie = f"{name}={fresh.key}; Path=/; HttpOnly; SameSite=Strict"
        return fresh


class _Guarded:
    """Adds to every answer what keeps browsers careful."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.cookie = ""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: Any = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
            if self.cookie:
                headers.append("Set-Cookie", self.cookie)
        await self._send(message)


def _from_page(headers: Headers, host: str) -> bool:
    site = headers.get("sec-fetch-site", "same-origin")
    return headers.get("origin") == f"http://{host}" and site == "same-origin"


def _cookie(headers: Headers, name: str) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
