"""The pager port: one suite on PagerDuty, the webhook and mail, against real servers on this machine."""

import base64
import json
import shutil
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.ports import receivers
from tests.ports.receivers import HttpReceiver, MailReceiver
from tidewatch.adapters.mail import Mail
from tidewatch.adapters.pagerduty import PagerDuty
from tidewatch.adapters.webhook import Webhook
from tidewatch.domain.people import Person
from tidewatch.domain.signature import check
from tidewatch.ports.pager import Page, Pager, PagerRefused, PagerUnavailable

http, smtp = receivers.http, receivers.smtp
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
KEY = "not-a-real-key"
ANA = Person("U0ANA", "Ana", "L1", email="ana@example.org")
PAGE = Page(
    "INC-1001-2", "INC-1001", "acme/demo", "high", "L1", ANA, "[INC-1001] Demo: weight drifted", "What broke: weight."
)


@dataclass
class Line:
    """A pager, what came out at its other end, and what can happen there."""

    pager: Pager
    rang: Callable[[], list[str]]  # ids of the pages that came
    quieted: Callable[[], list[str]]
    happens: Callable[[str], None]  # "busy": not now; "refused": never


def _over_http(pager: Pager, receiver: HttpReceiver, action: str, page: str, id_: str) -> Line:
    def happens(what: str) -> None:
        receiver.status = {"busy": 503, "refused": 400}[what]

    def said() -> list[dict[str, Any]]:
        return [json.loads(got.body) for got in receiver.got]

    return Line(
        pager, lambda: [each[id_] for each in said() if each[action] == page],
        lambda: [each[action] for each in said() if each[action] != page], happens,
    )  # fmt: skip


def _by_mail(receiver: MailReceiver) -> Line:
    def happens(what: str) -> None:
        receiver.recipient = {"busy": "451 later", "refused": "550 no such user"}[what]

    pager = Mail("127.0.0.1", receiver.port, "tidewatch@example.org", starttls=False)
    return Line(
        pager, lambda: [mail["Message-ID"].partition("@")[0].strip("<") for mail in receiver.got], lambda: [], happens
    )  # fmt: skip


@pytest.fixture(params=["pagerduty", "webhook", "mail"])
def line(request: pytest.FixtureRequest, http: HttpReceiver, smtp: MailReceiver) -> Line:
    if request.param == "pagerduty":
        return _over_http(PagerDuty({"default": KEY}, http.url), http, "event_action", "trigger", "dedup_key")
    if request.param == "webhook":
        return _over_http(Webhook(http.url, KEY, now=lambda: NOW), http, "event", "page", "page")
    return _by_mail(smtp)


def test_a_page_gets_there_and_leaves_a_receipt(line: Line) -> None:
    assert line.pager.page(PAGE)
    assert line.rang() == ["INC-1001-2"]


def test_a_second_try_carries_the_same_id(line: Line) -> None:
    assert line.pager.page(PAGE) == line.pager.page(PAGE)
    assert set(line.rang()) == {"INC-1001-2"}


def test_quieting_never_rings_again(line: Line) -> None:
    line.pager.page(PAGE)
    line.pager.quiet(PAGE, "acknowledged")
    line.pager.quiet(PAGE, "resolved")
    assert len(line.rang()) == 1
    assert len(line.quieted()) in (0, 2)


def test_a_receiver_that_is_busy_is_asked_again_and_the_reason_gives_nothing_away(line: Line) -> None:
    line.happens("busy")
    with pytest.raises(PagerUnavailable) as raised:
        line.pager.page(PAGE)
    assert_gives_nothing_away(raised.value, line.pager)


def test_a_receiver_that_says_never_is_not_asked_again(line: Line) -> None:
    line.happens("refused")
    with pytest.raises(PagerRefused) as raised:
        line.pager.page(PAGE)
    assert_gives_nothing_away(raised.value, line.pager)


def assert_gives_nothing_away(error: Exception, pager: Pager) -> None:
    for word in (KEY, "key-in-the-address", "ana@example.org"):
        assert word not in f"{error} {error!r} {error.__cause__!r} {pager!r}"


@pytest.mark.parametrize(
    "pager",
    [
        PagerDuty({"default": KEY}, "http://127.0.0.1:9/key-in-the-address"),
        Webhook("http://127.0.0.1:9/key-in-the-address", KEY),
        Mail("127.0.0.1", 9, "tidewatch@example.org"),
    ],
    ids=lambda pager: pager.name,
)
def test_a_receiver_that_is_not_there_is_unavailable(pager: Pager) -> None:
    with pytest.raises(PagerUnavailable, match="cannot be reached") as raised:
        pager.page(PAGE)
    assert_gives_nothing_away(raised.value, pager)


# --- PagerDuty ----------------------------------------------------------------------------------------------


def test_pagerduty_is_told_what_its_events_api_wants(http: HttpReceiver) -> None:
    pager = PagerDuty({"default": KEY}, http.url)
    pager.page(replace(PAGE, subject="x" * 2000))
    pager.quiet(PAGE, "acknowledged")
    pager.quiet(PAGE, "resolved")
    trigger, *rest = [json.loads(got.body) for got in http.got]
    assert (trigger["routing_key"], trigger["event_action"], trigger["dedup_key"]) == (KEY, "trigger", "INC-1001-2")
    payload = trigger["payload"]
    assert (len(payload["summary"]), payload["source"], payload["severity"]) == (1024, "acme/demo", "critical")
    assert payload["custom_details"]["text"] == PAGE.text
    assert [(each["event_action"], each["dedup_key"]) for each in rest] == [
        ("acknowledge", "INC-1001-2"),
        ("resolve", "INC-1001-2"),
    ]


def test_the_nearest_key_is_used(http: HttpReceiver) -> None:
    keys = {"default": "d", "l2": "second", "ACME": "team", "acme_l3": "builders"}
    pager = PagerDuty(keys, http.url)
    pages = [PAGE, replace(PAGE, tier="L3"), replace(PAGE, model="other/x", tier="L2"), replace(PAGE, model="other/x")]
    for page in pages:
        pager.page(page)
    assert [json.loads(got.body)["routing_key"] for got in http.got] == ["team", "builders", "second", "d"]


def test_without_a_key_it_says_which_setting_is_missing(http: HttpReceiver) -> None:
    with pytest.raises(PagerRefused, match="TIDEWATCH_PAGERDUTY_KEYS__ACME"):
        PagerDuty({"other": KEY}, http.url).page(PAGE)
    assert http.got == []


def test_retry_after_is_passed_on(http: HttpReceiver) -> None:
    http.status, http.retry_after = 429, "77"
    with pytest.raises(PagerUnavailable) as raised:
        PagerDuty({"default": KEY}, http.url).page(PAGE)
    assert raised.value.retry_after == 77


def test_a_redirect_is_not_followed_with_the_key(http: HttpReceiver) -> None:
    http.status = 307
    with pytest.raises(PagerRefused):
        PagerDuty({"default": KEY}, http.url).page(PAGE)
    assert len(http.got) == 1


# --- the webhook --------------------------------------------------------------------------------------------


def test_the_webhook_is_signed_over_its_body_and_says_where_to_answer(http: HttpReceiver) -> None:
    Webhook(http.url, KEY, "https://us/api/pages/reply", lambda: NOW).page(PAGE)
    [got] = http.got
    check(KEY, got.body, got.headers["x-tidewatch-signature"], NOW)
    said = json.loads(got.body)
    assert said["reply"] == "https://us/api/pages/reply"
    assert said["person"] == {"id": "U0ANA", "name": "Ana"}


# --- mail ---------------------------------------------------------------------------------------------------


def test_a_mail_reads_well_and_has_nothing_to_press(smtp: MailReceiver) -> None:
    Mail("127.0.0.1", smtp.port, "tidewatch@example.org", starttls=False).page(
        replace(PAGE, subject="one\nBcc: all@example.org")
    )
    [mail] = smtp.got
    assert mail["To"] == "ana@example.org" and mail["Bcc"] is None
    assert mail["Subject"] == "one Bcc: all@example.org"
    assert "http" not in str(mail.get_payload())


def test_whoever_has_no_address_cannot_be_mailed(smtp: MailReceiver) -> None:
    pager = Mail("127.0.0.1", smtp.port, "tidewatch@example.org", starttls=False)
    with pytest.raises(PagerRefused, match=r"people\.yaml has no email for U0ANA"):
        pager.page(replace(PAGE, person=replace(ANA, email="")))


def test_a_server_without_encryption_gets_neither_password_nor_page(smtp: MailReceiver) -> None:
    pager = Mail("127.0.0.1", smtp.port, "tidewatch@example.org", "us", KEY)
    with pytest.raises(PagerUnavailable, match="STARTTLS"):
        pager.page(PAGE)
    assert smtp.got == [] and KEY not in repr(pager)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make a certificate with")
def test_mail_goes_encrypted_and_with_a_login(smtp: MailReceiver, tmp_path: Path) -> None:
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(  # noqa: S603 - our own command
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", *names],  # noqa: S607
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    smtp.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    smtp.tls.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    smtp.password = base64.b64encode(f"\0us\0{KEY}".encode()).decode()
    trust = ssl.create_default_context(cafile=tmp_path / "c.pem")
    Mail("127.0.0.1", smtp.port, "tidewatch@example.org", "us", KEY, trust=trust).page(PAGE)
    assert smtp.encrypted == [True]
    with pytest.raises(PagerUnavailable, match="SMTP 535"):
        Mail("127.0.0.1", smtp.port, "tidewatch@example.org", "us", "wrong", trust=trust).page(PAGE)
    with pytest.raises(PagerUnavailable, match="certificate"):
        Mail("127.0.0.1", smtp.port, "tidewatch@example.org", "us", KEY).page(PAGE)
