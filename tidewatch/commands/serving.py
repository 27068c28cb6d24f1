"""Running Tidewatch on this machine."""

import json
import logging
import sys
import threading
import webbrowser
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NoReturn

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tidewatch.demo.story import SPEEDS, Story, StoryStuck
from tidewatch.demo.summary import shortfalls, summarise
from tidewatch.demo.world import FIRST_DAY, MODEL, FaultPlan, World, WorldError
from tidewatch.domain.runbook import RunbookError
from tidewatch.local_host import HostError
from tidewatch.ports.registry import RegistryError
from tidewatch.server import NoPort, Server, quiet

Fail = Callable[[str], NoReturn]


def run_up(home: Path, port: int, verbose: bool, fail: Fail) -> None:
    quiet(logging.INFO if verbose else logging.WARNING)
    server = _server(home, port, live=True, fail=fail).start()
    for function in server.host.functions:
        sys.stdout.write(f"  {function.name:<16}{function.trigger_type:<8}{function.detail}\n")
    _say_where(server)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped; what was under way goes on at the next start.\n")
    finally:
        server.stop()


def run_demo(
    home: Path, headless: bool, json_file: Path | None, port: int, open_page: bool, speed: float,
    fault: tuple[str, float, str] | None, fail: Fail,
) -> None:  # fmt: skip
    quiet(logging.ERROR)
    plan = _plan(fault, fail)
    if speed not in SPEEDS:
        fail(f"--speed is one of {', '.join(f'{known:g}' for known in SPEEDS)}, not {speed:g}")
    server = _server(home, port, live=not headless, demo=True, fail=fail)
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), disable=not headless) as progress:
        task = progress.add_task("training the model", total=1.0)

        def on_day(day: date, share: float) -> None:
            progress.update(task, description=f"{day:%d %b %Y}", completed=share)

        def open_world() -> World:
            return World(server.ports, server.settings.home, plan)

        story = Story(server, open_world, plan, live=not headless, speed=speed, on_day=on_day)
        server.start(None if headless else story)
        try:
            if headless:
                story.play()
            else:
                _play_for_a_person(server, story, open_page)
        except (WorldError, StoryStuck, HostError, RegistryError) as error:
            server.stop()
            fail(str(error))
    if headless:
        _report(server, plan, json_file)


def _play_for_a_person(server: Server, story: Story, open_page: bool) -> None:
    failed: list[Exception] = []

    def play() -> None:
        try:
            story.play()
        except (WorldError, StoryStuck, HostError, RegistryError) as error:
            failed.append(error)

    thread = threading.Thread(target=play, name="story", daemon=True)
    thread.start()
    _say_where(server, open_page)
    try:
        while thread.is_alive():
            thread.join(0.5)
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped; `make run` goes on from here, `make clean-home` begins again.\n")
    finally:
        story.close()
        server.stop()
    if failed:
        raise failed[0]


def _say_where(server: Server, open_page: bool = False) -> None:
    if server.console is None:
        sys.stdout.write(f"\nTidewatch answers at {server.url}/api, for the workspace of your Slack token.\n")
        return
    link = server.console.new_link()
    sys.stdout.write(f"\nTidewatch is at {link}\nThe link opens once. Ctrl-C stops; nothing is lost.\n")
    sys.stdout.flush()
    if open_page:
        webbrowser.open(link)  # where there is no browser it does nothing


def _server(home: Path, port: int, *, live: bool, fail: Fail, demo: bool = False) -> Server:
    try:
        return Server(home.absolute(), port, live=live, demo=demo)
    except (NoPort, HostError, RunbookError, ValueError) as error:
        fail(str(error))


def _plan(fault: tuple[str, float, str] | None, fail: Fail) -> FaultPlan | None:
    if fault is None:
        return None
    column, factor, first = fault
    try:
        day = date.fromisoformat(first)
    except ValueError:
        fail(f"--fault-date is a day such as 2013-05-14, not {first}")
    if day < FIRST_DAY:
        fail(f"--fault-date must be {FIRST_DAY} or later: the days before are what the model was trained on")
    if factor in (0.0, 1.0):
        fail(f"--fault-factor {factor:g} changes nothing that could be undone; try 1.609")
    return FaultPlan(column, factor, day)


def _report(server: Server, plan: FaultPlan | None, json_file: Path | None) -> None:
    summary = summarise(server.ports, MODEL)
    server.stop()
    if json_file:
        json_file.write_text(json.dumps(summary, indent=1), encoding="utf-8")
    for incident in summary["incidents"]:
        runs = ", ".join(f"{run['name']} {run['verdict']}" for run in incident["runbooks"])
        sys.stdout.write(
            f"{incident['id']}  {incident['status']:<9} {' → '.join(incident['tiers']):<9} {incident['title']}"
        )
        sys.stdout.write(f"  ({runs})\n" if runs else "\n")
    missing = shortfalls(summary, plan.column if plan else None)
    sys.stdout.write("\n".join(missing) + "\n" if missing else "The story ended as it should.\n")
    if missing:
        sys.exit(1)
