"""Signed messages between machines that share a secret: forged, changed and old ones are told apart."""

import hashlib
import hmac
from datetime import datetime, timedelta

FRESH = timedelta(minutes=5)  # an older message, or one from the future, may be a recording


class Forged(Exception):
    """It was not signed with our secret, or not just now. The message says no more: its reader may be the forger."""

    def __init__(self) -> None:
        super().__init__("the signature is missing, wrong or too old")


def sign(secret: str, body: bytes, now: datetime) -> str:
    """`t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds, a dot and the body, as Stripe and others do it."""
    at = f"{now.timestamp():.0f}"
    return f"t={at},v1={_hmac(secret, at.encode() + b'.' + body)}"


def check(secret: str, body: bytes, signature: str, now: datetime) -> None:
    """Raises Forged, also when no secret is set."""
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    at = parts.get("t", "")
    genuine = (
        bool(secret)
        and at.isdecimal()
        and hmac.compare_digest(_hmac(secret, at.encode() + b"." + body).encode(), parts.get("v1", "").encode())
    )
    if not genuine or abs(now.timestamp() - int(at)) > FRESH.total_seconds():
        raise Forged


def check_pagerduty(secret: str, body: bytes, signatures: str) -> None:
    """PagerDuty's webhooks v3: `v1=HEX` over the body, several while a secret is being changed. Raises Forged."""
    right = f"v1={_hmac(secret, body)}".encode()
    given = [signature.strip().encode() for signature in signatures.split(",")]
    if not secret or not any(hmac.compare_digest(right, each) for each in given):
        raise Forged


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
