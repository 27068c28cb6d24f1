"""Local host and console behind one address: the whole of Tidewatch on one machine."""

import logging
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import uvicorn

from tidewatch import compose, home
from tidewatch.console import Channel, Console, ConsoleConfig, Person, Stage, serve
from tidewatch.local_host import Host, HostSettings
from tidewatch.ports import Ports

ASGI = Callable[
    [MutableMapping[str, Any], Callable[..., Awaitable[Any]], Callable[..., Awaitable[Any]]], Awaitable[None]
]
TITLES = {"L1": "L1 operator", "L2": "L2 data scientist", "L3": "L3, built the model"}
BOT = Person("U0TIDE", "Tidewatch")
PORTS_TRIED = 50
APP_FOLDER = Path(__file__).parent.parent  # where host.json and function_app.py lie


class NoPort(Exception):
    def __init__(self, first: int) -> None:
        super().__init__(f"ports {first} to {first + PORTS_TRIED - 1} are all taken: give another with --port")


def free_socket(first: int) -> socket.socket:
    """A listening place on this machine alone: the port asked for, or the next free one. Raises NoPort."""
    for port in range(first, first + PORTS_TRIED):
        place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind(("127.0.0.1", port))
        except OSError:
            place.close()
        else:
            return place
    raise NoPort(first)


class Server:
    """One process: functions, bot and, where no workspace is configured, the console."""

    def __init__(
        self, home_folder: Path, port: int, *, live: bool = True, demo: bool = False, app_folder: Path = APP_FOLDER
    ) -> None:
        self._socket = free_socket(port) if port else free_socket(8321)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.settings = home.local_settings(home_folder, self.port)
        home.ensure_roster(self.settings)
        self._live, self._demo, self._app_folder = live, demo, app_folder
        self.host = self._open_host()
        self.console = self._open_console() if self.settings.channel == home.CHANNEL else None
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def ports(self) -> Ports:
        return compose.house()

    def start(self, stage: Stage | None = None) -> Self:
        """Answer at `url`; returns once it does. A live host starts its timers, blobs and queues."""
        console = serve(self.console, stage) if self.console else None
        config = uvicorn.Config(
            self._both(console), log_level="warning", access_log=False, lifespan="on" if console else "off"
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._uvicorn.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True
        )
        self._thread.start()
        while not self._uvicorn.started:
            if not self._thread.is_alive():
                raise RuntimeError("the web server did not start")
            time.sleep(0.01)
        if self._live:
            self.host.start()
        return self

    def begin_again(self) -> None:
        """Forget the story and go on with an empty home. Only for demo homes."""
        self.host.close()
        home.clear(self.settings.home)
        if self.console:
            self.console.clear()
        self.host = self._open_host()
        if self._live:
            self.host.start()

    def stop(self) -> None:
        self.host.close()
        if self._uvicorn and self._thread:
            self._uvicorn.should_exit = True
            self._thread.join(5)

    def _open_host(self) -> Host:
        compose.settle(self.settings)
        ports = compose.house()
        settings = HostSettings.read(self._app_folder)
        if self._demo:
            # Everything that lands in a demo lands whole, and a story has no time to wait for seconds of rest.
            settings = replace(settings, settle=0.0, poll=0.1)
        if not self._live:
            settings = replace(settings, retry_delay=0.0, visibility_timeout=0.0)
        return Host(
            self._app_folder, blobs=ports.blobs, queue=ports.queue, clock=compose.clock(self.settings),
            state=self.settings.home / "host", settings=settings,
        )  # fmt: skip

    def _open_console(self) -> Console:
        people = tuple(Person(p.id, p.name, TITLES[p.tier]) for p in self.ports.people.everyone)
        config = ConsoleConfig(
            workspace="Tidewatch local", url=f"http://127.0.0.1:{self.port}",
            bot_url=f"http://127.0.0.1:{self.port}/api/slack/events", bot_token=self.settings.slack_token,
            signing_secret=self.settings.slack_signing_secret, page_token=secrets.token_urlsafe(16),
            channels=(Channel(home.CHANNEL, "model-alerts"),), people=people, bot=BOT,
            command=self.settings.command, now=lambda: compose.clock(self.settings).now(),
        )  # fmt: skip
        return Console(config, self.settings.home / "console")

    def _both(self, console: ASGI | None) -> ASGI:
        """Functions under /api, the console everywhere else. `begin_again` changes the host behind it."""

        async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            of_host = scope["type"] == "http" and scope["path"].startswith("/api/")
            chosen = self.host.http_app() if of_host or console is None else console
            await chosen(scope, receive, send)

        return app


def quiet(level: int = logging.WARNING) -> None:
    """One line an event on standard error, from warnings on; `tidewatch up -v` shows every invocation."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=level)
