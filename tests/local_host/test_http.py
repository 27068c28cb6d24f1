"""HTTP triggers, asked the way a client asks."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tidewatch.local_host import HostError

ECHO = """
@app.route(route="%ROUTE%", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen.append(req)
    return func.HttpResponse(req.get_body(), status_code=201, mimetype="application/json", headers={"X-Tide": "in"})
"""


def ask(stage: Any, path: str, method: str = "GET", **more: Any) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(stage.host.http_app(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **more)

    return asyncio.run(answer())


def test_a_request_arrives_byte_for_byte(play: Callable[..., Any]) -> None:
    stage = play(ECHO, values={"ROUTE": "teams/{team}/{*rest}"})
    body = b"payload=%7B%22a%22%3A+1%7D\xff\r\n"
    answer = ask(stage, "/api/teams/air/a/b?x=1&y=", "POST", content=body, headers={"X-Slack-Signature": "v0=1"})
    assert (answer.status_code, answer.content) == (201, body)
    assert (answer.headers["content-type"], answer.headers["x-tide"]) == ("application/json", "in")
    (request,) = stage.seen
    assert (request.method, request.url) == ("POST", "http://localhost/api/teams/air/a/b?x=1&y=")
    assert (dict(request.params), dict(request.route_params)) == ({"x": "1", "y": ""}, {"team": "air", "rest": "a/b"})
    assert request.headers["x-slack-signature"] == "v0=1"


def test_only_the_methods_that_were_registered_are_served(play: Callable[..., Any]) -> None:
    stage = play(ECHO, values={"ROUTE": "echo"})
    assert ask(stage, "/api/echo").status_code == 201
    assert ask(stage, "/api/echo", "PUT").status_code == 405
    assert ask(stage, "/api/other").status_code == 404


@pytest.mark.parametrize(
    ("route", "path", "expected"),
    [
        ("runs/{number:int}", "/api/runs/7", {"number": "7"}),
        ("runs/{number:int}", "/api/runs/seven", None),
        ("runs/{name?}", "/api/runs", {}),
        ("runs/{name?}", "/api/runs/x", {"name": "x"}),
        ("/", "/api", {}),
    ],
)
def test_routes_are_read_as_azure_reads_them(
    play: Callable[..., Any], route: str, path: str, expected: dict[str, str] | None
) -> None:
    stage = play(ECHO, values={"ROUTE": route})
    answer = ask(stage, path)
    assert (answer.status_code == 404) == (expected is None)
    assert [dict(request.route_params) for request in stage.seen] == ([] if expected is None else [expected])


def test_the_most_definite_route_wins(play: Callable[..., Any]) -> None:
    stage = play(
        """
        app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

        @app.route(route="{*all}")
        def everything(req: func.HttpRequest) -> str:
            return "everything"

        @app.route(route="models/{name}")
        def model(req: func.HttpRequest) -> str:
            return "model"

        @app.route(route="models/health")
        def health(req: func.HttpRequest) -> str:
            return "health"
        """,
        host_json='{"extensions": {"http": {"routePrefix": ""}}}',
    )
    answers = [ask(stage, path) for path in ("/models/health", "/models/x", "/models/x/y", "/z")]
    assert [answer.text for answer in answers] == ["health", "model", "everything", "everything"]
    assert answers[0].headers["content-type"] == "text/plain; charset=utf-8"


def test_a_route_of_level_function_wants_the_key(play: Callable[..., Any]) -> None:
    source = '@app.route(route="x")\ndef x(req: func.HttpRequest) -> str:\n    return "in"\n'
    stage = play(source, key="schlüssel")
    assert ask(stage, "/api/x").status_code == ask(stage, "/api/x?code=wrong").status_code == 401
    assert ask(stage, "/api/x?code=schl%C3%BCssel").text == "in"

    stage.restart(key="open sesame")
    assert ask(stage, "/api/x", headers={"x-functions-key": "open sesame"}).text == "in"

    stage.restart(key=None)
    assert ask(stage, "/api/x", headers={"x-functions-key": ""}).status_code == 401


@pytest.mark.parametrize("body", ["raise ValueError('secret')", "return {'secret': 1}", "raise SystemExit('secret')"])
def test_a_failure_shows_in_the_log_and_not_in_the_answer(
    play: Callable[..., Any], caplog: pytest.LogCaptureFixture, body: str
) -> None:
    stage = play(
        f"""
        @app.route(route="x", auth_level=func.AuthLevel.ANONYMOUS)
        def fail(req: func.HttpRequest):
            {body}
        """
    )
    answer = ask(stage, "/api/x")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" in caplog.text
    assert "fail failed after" in caplog.text


def test_cookies_and_empty_answers_get_through(play: Callable[..., Any]) -> None:
    stage = play(
        """
        app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

        @app.route(route="cookies")
        def cookies(req: func.HttpRequest) -> func.HttpResponse:
            response = func.HttpResponse("größer")
            response.headers.add("Set-Cookie", "a=1")
            response.headers.add("Set-Cookie", "b=2")
            return response

        @app.route(route="nothing")
        async def nothing(req: func.HttpRequest) -> func.HttpResponse:
            return None
        """
    )
    answer = ask(stage, "/api/cookies")
    assert (answer.text, answer.headers.get_list("set-cookie")) == ("größer", ["a=1", "b=2"])
    assert ask(stage, "/api/nothing").status_code == 204


def test_a_route_that_only_azure_understands_is_refused(play: Callable[..., Any]) -> None:
    with pytest.raises(HostError, match=r"the route x/\{id:alpha\} of function echo"):
        play(ECHO, values={"ROUTE": "x/{id:alpha}"})
