"""What the port promises of endpoints with good manners, and of all the others."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ports.endpoint import Endpoint, rude_endpoint, scoring_endpoint
from tidewatch.adapters.local.endpoints import HttpEndpoints
from tidewatch.ports.endpoints import Endpoints
from tidewatch.settings import Settings

QUICK, PATIENT = timedelta(seconds=0.3), timedelta(seconds=10)
HEAD = b"HTTP/1.1 200 OK\r\n"
TOKEN = "tok-3ac1"


@pytest.fixture(params=["http"])
def endpoints(request: pytest.FixtureRequest) -> Endpoints:
    return HttpEndpoints({"acme": {"score_key": TOKEN, "broken": "a\nb", "empty": " "}})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with scoring_endpoint() as endpoint:
        yield endpoint


def test_the_answer_comes_with_status_json_and_latency(endpoints: Endpoints, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: (200, {"prediction": body["weight"] * 2, "note": "é"})
    endpoint.delay = 0.05
    answer = endpoints.ask(endpoint.url + "?code=1", {"weight": 21}, PATIENT)
    assert (answer.status, answer.body, answer.trouble) == (200, {"prediction": 42, "note": "é"}, "")
    assert 50 <= answer.latency_ms < 5000
    assert "42" in answer.text
    headers = endpoint.asked[0][1]
    assert headers["Content-Type"] == "application/json" and "Authorization" not in headers


def test_the_token_is_sent_as_bearer_and_never_shown(endpoints: Endpoints, endpoint: Endpoint) -> None:
    for name in ("acme/score-key", "acme/Score_Key"):
        answer = endpoints.ask(endpoint.url, {}, PATIENT, name)
        assert endpoint.asked.pop()[1]["Authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in repr(answer)


def test_tokens_are_settings_by_team_and_name_that_no_printed_setting_shows(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEWATCH_SECRETS__RISK_TEAM__SCORE_KEY", TOKEN)
    settings = Settings()
    assert TOKEN not in repr(settings) and TOKEN not in str(settings.model_dump())
    HttpEndpoints(settings.tokens).ask(endpoint.url, {}, PATIENT, "risk-team/score-key")
    assert endpoint.asked[0][1]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("secret", "cause"),
    [
        ("other/score-key", "the setting TIDEWATCH_SECRETS__OTHER__SCORE_KEY is empty"),
        ("acme/nothing", "the setting TIDEWATCH_SECRETS__ACME__NOTHING is empty"),
        ("acme/empty", "is empty"),
        ("acme/broken", "holds characters that cannot be sent"),
    ],
)
def test_without_its_token_nothing_is_asked(endpoints: Endpoints, endpoint: Endpoint, secret: str, cause: str) -> None:
    answer = endpoints.ask(endpoint.url, {}, PATIENT, secret)
    assert answer.trouble == "unreachable" and cause in answer.text
    assert endpoint.asked == []


def test_a_token_never_travels_without_encryption(endpoints: Endpoints) -> None:
    answer = endpoints.ask("http://scorer.example/score", {}, QUICK, "acme/score-key")
    assert answer.trouble == "unreachable" and "https://" in answer.text


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
def test_a_status_of_failure_is_an_answer(endpoints: Endpoints, endpoint: Endpoint, status: int) -> None:
    endpoint.reply = lambda body: (status, {"error": "overloaded"})
    answer = endpoints.ask(endpoint.url, {}, PATIENT)
    assert (answer.status, answer.body, answer.trouble) == (status, {"error": "overloaded"}, "")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://127.0.0.1/x", "127.0.0.1/score", "http://", "", "http://127.0.0.1:99999/",
        "http://[::1/x", "http://127.0.0.1:0/", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/é", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_only_addresses_of_http_are_asked(endpoints: Endpoints, url: str) -> None:
    answer = endpoints.ask(url, {}, QUICK)
    assert answer.trouble == "unreachable" and "http:// or https://" in answer.text


def test_a_password_in_the_address_is_refused_and_not_repeated(endpoints: Endpoints) -> None:
    answer = endpoints.ask("http://ana:hush@127.0.0.1/score", {}, QUICK)
    assert answer.trouble == "unreachable" and "password" in answer.text and "hush" not in repr(answer)


def test_a_refused_connection_and_an_unknown_host_are_unreachable(endpoints: Endpoints) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert endpoints.ask(f"http://127.0.0.1:{port}/", {}, PATIENT).trouble == "unreachable"
    for host in ("scorer.invalid", f"{'a' * 70}.invalid"):
        answer = endpoints.ask(f"http://{host}/", {}, PATIENT)
        assert answer.trouble == "unreachable" and answer.text


def test_a_question_that_is_no_json_is_not_asked(endpoints: Endpoints, endpoint: Endpoint) -> None:
    for body in ({"x": float("nan")}, {"x": object()}):
        assert "cannot be written as JSON" in endpoints.ask(endpoint.url, body, PATIENT).text
    assert endpoint.asked == []


def test_an_endpoint_that_takes_too_long_is_left(endpoints: Endpoints, endpoint: Endpoint) -> None:
    endpoint.delay = 2.0
    answer = endpoints.ask(endpoint.url, {}, QUICK)
    assert (answer.trouble, answer.status) == ("timeout", None)
    assert 300 <= answer.latency_ms < 1500


def drip(line: socket.socket) -> None:
    line.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    for _ in range(40):
        line.sendall(b" ")
        time.sleep(0.05)


def drip_headers(line: socket.socket) -> None:
    for byte in HEAD * 10:
        line.sendall(bytes([byte]))
        time.sleep(0.05)


def endless(line: socket.socket) -> None:
    line.sendall(HEAD + b"\r\n")
    while True:
        line.sendall(b"[" * 65536)


def silent_end(line: socket.socket) -> None:
    line.shutdown(socket.SHUT_RDWR)


def says(raw: bytes) -> Callable[[socket.socket], None]:
    return lambda line: line.sendall(raw)


def body(content: bytes) -> Callable[[socket.socket], None]:
    return says(HEAD + b"Content-Length: %d\r\n\r\n" % len(content) + content)


RUDE = {
    "drips its body": (drip, "timeout", ""),
    "drips its headers": (drip_headers, "timeout", ""),
    "never ends": (endless, "unreadable", "longer than 1 MiB"),
    "claims a lot": (says(HEAD + b"Content-Length: 99999999\r\n\r\n{}"), "unreadable", "broke off"),
    "breaks off chunks": (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{}"), "unreadable", "broke off"),
    "hangs up": (silent_end, "unreachable", "broke before the answer"),
    "does not speak HTTP": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "unreadable", "not HTTP"),
    "sends endless headers": (says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"), "unreadable", "not HTTP"),
    "sends a page": (body(b"<html>\n <b>Log in</b>"), "unreadable", "not JSON: <html> <b>Log in</b>"),
    "sends nothing": (body(b""), "unreadable", "not JSON: it is empty"),
    "sends NaN": (body(b'{"prediction": NaN}'), "unreadable", "not JSON"),
    "sends binary": (body(b"\xff\xfe\x00\x01"), "unreadable", "not JSON"),
    "nests deeply": (body(b"[" * 200_000), "unreadable", "not JSON"),
    "sends a huge number": (body(b"9" * 10_000), "unreadable", "not JSON"),
}


@pytest.mark.parametrize(("manners", "trouble", "cause"), RUDE.values(), ids=RUDE)
def test_bad_manners_are_an_answer_in_time(
    endpoints: Endpoints, manners: Callable[[socket.socket], None], trouble: str, cause: str
) -> None:
    timeout = QUICK if trouble == "timeout" else PATIENT
    with rude_endpoint(manners) as url:
        answer = endpoints.ask(url, {"weight": 1}, timeout)
    assert (answer.trouble, answer.body) == (trouble, None)
    assert cause in answer.text and "\n" not in answer.text and len(answer.text) < 300
    assert answer.latency_ms < 5000


def test_a_redirect_is_not_followed(endpoints: Endpoints, endpoint: Endpoint) -> None:
    moved = f"HTTP/1.1 307 Moved\r\nLocation: {endpoint.url}?key=hush\r\nContent-Length: 0\r\n\r\n".encode()
    with rude_endpoint(says(moved)) as url:
        answer = endpoints.ask(url, {}, PATIENT, "acme/score-key")
    assert (answer.trouble, answer.status) == ("unreachable", 307)
    assert "127.0.0.1/score" in answer.text and "hush" not in answer.text
    assert endpoint.asked == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificate")
def test_a_certificate_that_nobody_trusts_is_unreachable(endpoints: Endpoints, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(  # noqa: S603 - our own command
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",  # noqa: S607
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line, pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(line, server_side=True)

        thread = threading.Thread(target=serve)
        thread.start()
        answer = endpoints.ask(f"https://localhost:{listener.getsockname()[1]}/", {"income": 1}, PATIENT)
        thread.join()
    assert answer.trouble == "unreachable" and "certificate is not trusted" in answer.text


def test_a_silent_listener_is_left_in_time_with_encryption_too(endpoints: Endpoints) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = endpoints.ask(f"https://127.0.0.1:{listener.getsockname()[1]}/", {}, QUICK)
    assert answer.trouble == "timeout" and answer.latency_ms < 1500


def test_many_may_ask_at_once(endpoints: Endpoints, endpoint: Endpoint) -> None:
    endpoint.delay, endpoint.reply = 0.1, lambda body: (200, body)
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        answers[number] = endpoints.ask(endpoint.url, {"number": number}, PATIENT).body

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: {"number": number} for number in range(8)}
    assert json.dumps(answers)
