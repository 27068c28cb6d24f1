"""The door for people: the page, its live updates and what its forms do. Everything works without JavaScript."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tidewatch.console.config import Channel, Person
from tidewatch.console.console import Console
from tidewatch.console.content import image_type
from tidewatch.console.drawing import Drawing, Look
from tidewatch.console.links import Session
from tidewatch.console.page_acts import ACTS, Doing
from tidewatch.console.stage import Stage
from tidewatch.console.workspace import Refused


def routes(console: Console, stage: Stage | None) -> list[Route | Mount]:
    drawing = Drawing(console, stage)

    def show(request: Request) -> Response:
        return HTMLResponse(drawing.page(_look(console, request, request.path_params.get("channel"))))

    def home(request: Request) -> Response:
        look = _look(console, request, None, home=True)
        return HTMLResponse(drawing.page(look), background=BackgroundTask(console.open_home, look.me.id))

    def live(request: Request) -> Response:
        place = request.query_params.get("place", "")
        channel = place.removeprefix("/c/").partition("?")[0]
        look = _look(console, request, channel, home=place == "/home", everything=place.endswith("?all=1"))
        version = drawing.version(look)
        fresh = None if request.query_params.get("seen") == version else drawing.body(look)
        return JSONResponse({"version": version, "banner": drawing.banner(look), "body": fresh})

    def file(request: Request) -> Response:
        found = console.store.file(request.path_params["file"])
        if found is None or not found.complete or found.content is None:
            return PlainTextResponse("There is no such file.", 404)
        kind = image_type(found.content)
        if kind:
            return Response(found.content, media_type=kind, headers={"Cache-Control": "private, max-age=86400"})
        name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in found.name)
        attachment = {"Content-Disposition": f'attachment; filename="{name.encode("ascii", "replace").decode()}"'}
        return Response(found.content, media_type="application/octet-stream", headers=attachment)

    async def do(request: Request) -> Response:
        async with request.form() as form:
            return await run_in_threadpool(_do, console, stage, request, form)

    return [
        Route("/", show),
        Route("/c/{channel}", show),
        Route("/home", home),
        Route("/live", live),
        Route("/files/{file}", file),
        Route("/do/{act}", do, methods=["POST"]),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]


def _do(console: Console, stage: Stage | None, request: Request, form: FormData) -> Response:
    session = _session(request)
    fields = {name: _plain(value) for name, value in form.multi_items() if isinstance(value, str)}
    if not session.is_csrf(fields.get("csrf", "")):
        return PlainTextResponse("This form is from an earlier start of the console: reload the page.", 403)
    act = ACTS.get(request.path_params["act"])
    if act is None:
        return PlainTextResponse("The page has no such form.", 404)
    me = _me(console, request)
    session.notify("")
    doing = Doing(console, stage, session, me, fields, _many(form))
    try:
        become = act(doing)
    except Refused as refused:
        session.notify(f"That was refused: {refused}.")
        become = None
    response: Response
    if request.headers.get("x-live"):
        response = Response(status_code=204)
    else:
        response = RedirectResponse(_known_place(console, fields.get("back", "")), 303)
    if become:
        response.set_cookie(_person_cookie(request), become, path="/", httponly=True, samesite="strict")
    return response


def _many(form: FormData) -> Mapping[str, list[str]]:
    return {name: [_plain(value) for value in form.getlist(name) if isinstance(value, str)] for name in form}


def _plain(value: str) -> str:
    """Forms send CR LF for the line breaks that people typed."""
    return value.replace("\r\n", "\n")


def _look(
    console: Console, request: Request, channel: str | None, *, home: bool = False, everything: bool = False
) -> Look:
    me = _me(console, request)
    everything = everything or request.query_params.get("all") == "1"
    return Look(_session(request), me, None if home else _channel(console, me, channel), everything)


def _channel(console: Console, me: Person, channel_id: str | None) -> Channel:
    """The channel asked for; the first one when there is no such, or it is somebody else's direct messages."""
    if channel_id == me.direct:
        return console.workspace.channel(me.direct)
    return next((each for each in console.config.channels if each.id == channel_id), console.config.channels[0])


def _me(console: Console, request: Request) -> Person:
    chosen = request.cookies.get(_person_cookie(request))
    return next((person for person in console.config.people if person.id == chosen), console.config.people[0])


def _person_cookie(request: Request) -> str:
    return f"console_person_{request.scope['server'][1]}"


def _session(request: Request) -> Session:
    return cast(Session, request.state.session)


def _known_place(console: Console, back: str) -> str:
    known = {f"/c/{channel.id}" for channel in console.config.channels} | {"/home"}
    known |= {f"/c/{person.direct}" for person in console.config.people}
    return back if back.partition("?")[0] in known else "/"
