"""Scoring endpoints over HTTP: the same from a laptop and from the cloud."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tidewatch.domain.answer import Answer, Trouble

MOST = 1 << 20  # bytes of an answer that are read
EXCERPT = 200  # characters of it that are kept
HERE = ("localhost", "127.0.0.1", "::1")
SETTING = "TIDEWATCH_SECRETS__"


class _Failed(Exception):
    def __init__(self, trouble: Trouble, cause: str, status: int | None = None) -> None:
        self.trouble, self.cause, self.status = trouble, cause, status
        super().__init__(cause)


class HttpEndpoints:
    """`secrets` are the bearer tokens by team and name, as settings spell them: small letters, no hyphens."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._secrets = secrets or {}

    def ask(self, url: str, body: Mapping[str, Any], timeout: timedelta, secret: str = "") -> Answer:
        began, over = time.perf_counter(), threading.Event()
        failed: _Failed | None = None
        status, raw, said = 0, b"", None
        try:
            address = _address(url)
            token = self._token(secret, address) if secret else ""
            status, raw = _exchange(address, _payload(body), token, timeout.total_seconds(), over)
        except _Failed as failure:
            failed = failure
        waited = round((time.perf_counter() - began) * 1000, 3)
        if over.is_set():  # whatever else came of it: what is read after the time was up may be half an answer
            return Answer(waited, trouble="timeout", text="the time was up")
        try:
            said = _parsed(status, raw) if failed is None else None
        except _Failed as failure:
            failed = failure
        if failed is not None:
            return Answer(waited, failed.status, None, failed.cause, failed.trouble)
        return Answer(waited, status, said, _excerpt(raw.decode(errors="replace")))

    def _token(self, secret: str, address: SplitResult) -> str:
        team, _, name = (part.lower().replace("-", "_") for part in secret.partition("/"))
        token = self._secrets.get(team, {}).get(name, "").strip()
        setting = f"{SETTING}{team}__{name}".upper()
        if not token:
            raise _Failed("unreachable", f"its token is missing: the setting {setting} is empty")
        if not (token.isascii() and token.isprintable()):
            raise _Failed("unreachable", f"the token in the setting {setting} holds characters that cannot be sent")
        if address.scheme != "https" and address.hostname not in HERE:
            raise _Failed("unreachable", "a token is sent to addresses with https:// only")
        return token


def _address(url: str) -> SplitResult:
    """Raises _Failed. Host and port of what it gives can be read."""
    try:
        address = urlsplit(url)
        known = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        known = False
    if not known or " " in url or not (url.isascii() and url.isprintable()):
        raise _Failed("unreachable", "its address is no http:// or https:// address in plain ASCII")
    if "@" in address.netloc:
        raise _Failed("unreachable", "its address holds a password: name a secret in the spec instead")
    return address


def _payload(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        raise _Failed("unreachable", "the question cannot be written as JSON") from None


def _exchange(
    address: SplitResult, payload: bytes, token: str, seconds: float, over: threading.Event
) -> tuple[int, bytes]:
    """Status and body. Raises _Failed; `over` is set when the time was up."""
    host, secure = address.hostname or "", address.scheme == "https"
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    ends = time.monotonic() + seconds
    connection = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, address.port)
    with (
        _explained(over),
        socket.create_connection((host, connection.port), timeout=seconds) as plain,
        _cut_off(plain, ends - time.monotonic(), over),
        closing(connection),
    ):
        connection.sock = _trust().wrap_socket(plain, server_hostname=host) if secure else plain
        connection.request("POST", target, payload, headers)
        with connection.getresponse() as response:
            return response.status, _body(response)


def _body(response: http.client.HTTPResponse) -> bytes:
    if 300 <= response.status < 400:  # not followed: neither the question nor the token is meant for another place
        to = urlsplit(response.headers.get("Location", ""))
        where = _excerpt(f"{to.hostname or ''}{to.path}") or "another address"
        raise _Failed(
            "unreachable", f"it sends callers on to {where}: the spec must name that address", response.status
        )
    raw = response.read(MOST + 1)
    if len(raw) > MOST:
        raise _Failed("unreadable", f"the answer is longer than {MOST // 2**20} MiB", response.status)
    if response.length:
        raise _Failed("unreadable", "the answer broke off in the middle", response.status)
    return raw


def _parsed(status: int, raw: bytes) -> Any:
    """Raises _Failed for a success that is not JSON; errors may say what they like."""
    try:
        return json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        if not 200 <= status < 300:
            return None
        begins = _excerpt(raw.decode(errors="replace"))
        raise _Failed("unreadable", f"the answer is not JSON: {begins or 'it is empty'}", status) from None


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _excerpt(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * EXCERPT]).split())[:EXCERPT]


@lru_cache(maxsize=1)  # reading the trusted certificates takes longer than asking
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@contextmanager
def _cut_off(line: socket.socket, seconds: float, over: threading.Event) -> Iterator[None]:
    """Break the connection when the time is up: time-outs of a socket begin anew with every byte that drips in."""
    with line.dup() as same:  # encryption takes `line` over; this one stays

        def cut() -> None:
            over.set()
            with suppress(OSError):
                same.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(seconds, 0.0), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


@contextmanager
def _explained(over: threading.Event) -> Iterator[None]:
    """Turn what the network does into _Failed."""
    try:
        yield
    except TimeoutError as error:
        over.set()
        raise _Failed("timeout", "the time was up") from error
    except socket.gaierror as error:
        raise _Failed("unreachable", "nobody knows the name of its host") from error
    except ConnectionRefusedError as error:
        raise _Failed("unreachable", "the connection was refused") from error
    except ssl.SSLCertVerificationError as error:
        raise _Failed("unreachable", f"its certificate is not trusted: {error.verify_message}") from error
    except ConnectionError as error:  # some of which are HTTPExceptions, too
        raise _Failed("unreachable", "the connection broke before the answer") from error
    except http.client.IncompleteRead as error:
        raise _Failed("unreadable", "the answer broke off in the middle") from error
    except http.client.HTTPException as error:
        raise _Failed("unreadable", "what it sends is not HTTP") from error
    except (OSError, ValueError) as error:  # ValueError: a host name that cannot be one
        cause = getattr(error, "strerror", None) or "no connection can be made to its address"
        raise _Failed("unreachable", str(cause).lower()) from error
