"""What is signed gets in; what is forged, changed, old or from the future does not."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from tidewatch.domain.signature import Forged, check, check_pagerduty, sign

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def test_what_is_signed_gets_in() -> None:
    check("secret", b"body", sign("secret", b"body", NOW), NOW + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("secret", "body", "minutes"),
    [("other", b"body", 0), ("secret", b"bodY", 0), ("secret", b"body", 5.1), ("secret", b"body", -5.1)],
)
def test_what_is_forged_changed_old_or_of_the_future_does_not(secret: str, body: bytes, minutes: float) -> None:
    with pytest.raises(Forged):
        check(secret, body, sign("secret", b"body", NOW), NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("signature", ["", "v1=", "t=,v1=", "t=x,v1=y", "v1=ä", "t=1", ",,,", "t=²,v1=0"])
def test_rubbish_is_forged(signature: str) -> None:
    with pytest.raises(Forged):
        check("secret", b"body", signature, NOW)
    with pytest.raises(Forged):
        check_pagerduty("secret", b"body", signature)


def test_without_a_secret_nothing_gets_in() -> None:
    with pytest.raises(Forged):
        check("", b"body", sign("", b"body", NOW), NOW)
    with pytest.raises(Forged):
        check_pagerduty("", b"body", "v1=" + hmac.new(b"", b"body", hashlib.sha256).hexdigest())


def test_pagerduty_may_sign_with_two_secrets_while_one_is_changed() -> None:
    right = "v1=" + hmac.new(b"secret", b"body", hashlib.sha256).hexdigest()
    check_pagerduty("secret", b"body", right)
    check_pagerduty("secret", b"body", f"v1={'0' * 64}, {right}")
    with pytest.raises(Forged):
        check_pagerduty("secret", b"body!", right)
