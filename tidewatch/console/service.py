"""Both doors of a console as one web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware

from tidewatch.console import page, web_api
from tidewatch.console.config import ConsoleConfig
from tidewatch.console.console import Console
from tidewatch.console.guard import Guard
from tidewatch.console.stage import Stage


def build_console(config: ConsoleConfig, store_folder: Path, stage: Stage | None = None) -> Starlette:
    """The console as an application; the Console itself is `app.state.console`."""
    return serve(Console(config, store_folder), stage)


def serve(console: Console, stage: Stage | None = None) -> Starlette:
    """For a stage that wants to act through the console it is shown on. Closes the console at shutdown."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        console.close()

    routes = [*web_api.routes(console), *page.routes(console, stage)]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, links=console.links)], lifespan=lifespan)
    app.state.console = console
    return app
