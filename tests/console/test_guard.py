"""Nobody but the person with the link can use the page."""

import httpx
import pytest

from tidewatch.console import Console, ConsoleConfig


@pytest.fixture
def stranger(config: ConsoleConfig, console: Console) -> httpx.Client:
    return httpx.Client(base_url=config.url, headers={"Origin": config.url})


def csrf_of(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.mark.parametrize("path", ["/", "/c/C01", "/home", "/live?place=/c/C01", "/files/F1", "/?token=guess"])
def test_without_the_cookie_every_page_says_what_to_do(stranger: httpx.Client, path: str) -> None:
    with stranger:
        answer = stranger.get(path)

    assert answer.status_code == 403
    assert "one-time link" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_link_opens_the_page_once(stranger: httpx.Client, console: Console) -> None:
    link = console.new_link()
    with stranger:
        first = stranger.get(link)
        assert first.status_code == 200
        assert "HttpOnly" in first.headers["set-cookie"]
        assert "SameSite=Strict" in first.headers["set-cookie"]
        assert stranger.get("/c/C02").status_code == 200
        stranger.cookies.clear()
        assert stranger.get(link).status_code == 403


def test_the_first_token_of_a_console_works_once_too(fresh_console: Console) -> None:
    link = fresh_console.config.link("once")

    assert httpx.get(link).status_code == 200
    assert httpx.get(link).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.test:{port}"]
)
@pytest.mark.parametrize("path", ["/", "/slack/api/auth.test", "/static/console.css"])
def test_other_names_and_ports_get_no_answer(browser: httpx.Client, port: int, host: str, path: str) -> None:
    answer = browser.get(path, headers={"Host": host.format(port=port)})

    assert answer.status_code == 403
    assert f"localhost:{port}" in answer.text


def test_localhost_is_as_good_as_its_number(browser: httpx.Client, port: int) -> None:
    assert browser.get("/", headers={"Host": f"localhost:{port}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_forms_of_other_pages_are_refused(browser: httpx.Client, console: Console, headers: dict[str, str]) -> None:
    fields = {"csrf": csrf_of(browser.get("/").text), "channel": "C01", "text": "hello"}

    answer = browser.post("/do/say", data=fields, headers=headers)

    assert answer.status_code == 403
    assert console.messages("C01") == []


def test_a_form_without_origin_is_refused(browser: httpx.Client, console: Console) -> None:
    fields = {"csrf": csrf_of(browser.get("/").text), "channel": "C01", "text": "hello"}
    del browser.headers["Origin"]

    assert browser.post("/do/say", data=fields).status_code == 403


@pytest.mark.parametrize("csrf", ["", "guess"])
def test_a_form_needs_its_own_token(browser: httpx.Client, console: Console, csrf: str) -> None:
    assert browser.post("/do/say", data={"csrf": csrf, "channel": "C01", "text": "hello"}).status_code == 403
    assert console.messages("C01") == []


def test_a_form_token_of_another_browser_is_worth_nothing(
    browser: httpx.Client, stranger: httpx.Client, console: Console
) -> None:
    with stranger:
        foreign = csrf_of(stranger.get(console.new_link()).text)

    assert browser.post("/do/say", data={"csrf": foreign, "channel": "C01", "text": "x"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/slack/api/auth.test", "/static/console.js", "/nowhere"])
def test_every_answer_keeps_browsers_careful(browser: httpx.Client, path: str) -> None:
    headers = browser.get(path).headers

    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_has_no_script_or_style_of_its_own(browser: httpx.Client) -> None:
    page = browser.get("/").text

    assert page.count("<script") == 1
    assert '<script src="/static/console.js" defer></script>' in page
    assert "style=" not in page
    assert "onclick" not in page


def test_pages_are_not_served_from_outside_the_static_folder(browser: httpx.Client) -> None:
    assert browser.get("/static/../config.py").status_code == 404
    assert browser.get("/static/%2e%2e/config.py").status_code == 404
