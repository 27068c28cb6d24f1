"""One HTTP request to a service outside, and what became of it in words that give nothing away."""

import http.client
import ssl
from collections.abc import Mapping
from contextlib import closing
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tidewatch.ports.pager import PagerRefused, PagerUnavailable

TIMEOUT = 10  # seconds of silence
MOST = 1 << 16  # bytes of an answer that are read
LATER = (408, 425, 429)  # refusals for now; so is every 5xx


class Unreachable(Exception):
    """No answer came. The message holds no address, for that may carry a key."""


class _NoRedirects(HTTPRedirectHandler):
    """What is signed for one place is not sent to another."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = build_opener(_NoRedirects)


def send(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, float]:
    """POST where there is a body, else GET; gives status and Retry-After in seconds. Raises Unreachable."""
    if not url.startswith(("https://", "http://")):
        raise Unreachable("its address is no http:// or https:// address")
    try:
        request = Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - the scheme was looked at
        with closing(_OPENER.open(request, timeout=TIMEOUT)) as answer:
            answer.read(MOST)
            return answer.status, 0.0
    except HTTPError as error:
        with closing(error):
            return error.code, _seconds(error.headers.get("Retry-After", ""))
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(_cause(error)) from None


def page_over_http(who: str, url: str, body: bytes, headers: Mapping[str, str], advice: str = "") -> int:
    """POST to a pager that people call `who`; gives the status of its consent.

    Raises PagerUnavailable, or PagerRefused with `advice`.
    """
    try:
        status, later = send(url, body, {"Content-Type": "application/json", **headers})
    except Unreachable as error:
        raise PagerUnavailable(f"{who} cannot be reached: {error}") from None
    if status in LATER or status >= 500:
        raise PagerUnavailable(f"{who} did not take it for now (HTTP {status})", later)
    if not 200 <= status < 300:
        raise PagerRefused(f"{who} refused it (HTTP {status}){advice}")
    return status


def _seconds(retry_after: str) -> float:
    """Of the two forms only seconds are read; a date counts as none."""
    return float(retry_after) if retry_after.isdigit() else 0.0


def _cause(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return f"no answer within {TIMEOUT} seconds"
    if isinstance(reason, ssl.SSLError):
        return "its certificate is not trusted"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return "the connection broke" if isinstance(reason, http.client.HTTPException) else "its address cannot be used"
