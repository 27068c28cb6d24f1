"""The story: days pass, something breaks, people act. Played without waiting, or for somebody who watches."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from tidewatch import compose
from tidewatch.console import StageStatus
from tidewatch.demo.team import Action, Team
from tidewatch.demo.world import FIRST_DAY, MODEL, Arrival, FaultPlan, World
from tidewatch.operations.journal import JOBS
from tidewatch.operations.receipts import RECEIPTS, receipt_name
from tidewatch.operations.report import open_incidents
from tidewatch.server import Server

LAST_DAY = date(2013, 7, 12)  # the retrained model has had its full week by then
AFTER_FAULT = timedelta(days=4)
REACTION = timedelta(minutes=2)  # of simulated time, between seeing and pressing, when nobody watches
TRIES = 5  # presses that change nothing before the story is called stuck
PATIENCE = 120.0  # seconds for the functions to finish what landed

SPEEDS = (0.5, 1.0, 2.0, 4.0)
DAY_SECONDS = 0.5  # at speed 1
GRACE_SECONDS = 8.0  # in which somebody who watches can be faster than the scripted team


class StoryStuck(Exception):
    """The story cannot go on; the message says where and why."""


class _BeginAgain(Exception):
    """Somebody pressed "Start over"."""


class Story:
    """Plays `world` on `server`. Live it is the console's stage; otherwise nobody waits for anything."""

    def __init__(
        self, server: Server, open_world: Callable[[], World], fault: FaultPlan | None, *, live: bool,
        speed: float = 1.0, on_day: Callable[[date, float], None] = lambda day, share: None,
    ) -> None:  # fmt: skip
        self._server, self._open_world, self._fault, self._live = server, open_world, fault, live
        self._on_day = on_day
        self._clock = compose.simulated_clock(server.settings)
        self._speed, self._paused, self._autopilot = speed, False, True
        self._again, self._closing = threading.Event(), threading.Event()
        self._day, self._share, self._finished = FIRST_DAY, 0.0, False
        self._guide = (
            "Getting ready: a year of flights is loaded; the first time, the model is trained too (about 20 s)."
        )
        self._deadline: float | None = None  # when the scripted team acts, in real time

    @property
    def last_day(self) -> date:
        return max(LAST_DAY, self._fault.first_day + AFTER_FAULT) if self._fault else LAST_DAY

    def play(self) -> None:
        """To the end, and on from where it was. Raises WorldError and StoryStuck."""
        world = self._open_world()
        world.check()
        while not self._closing.is_set():
            try:
                self._play_once(world)
                self._wait_at_the_end()
                if not self._live:
                    return
            except _BeginAgain:
                self._again.clear()
                self._finished, self._share, self._day = False, 0.0, FIRST_DAY
                self._server.begin_again()

    def close(self) -> None:
        self._closing.set()

    def _play_once(self, world: World) -> None:
        if not self._server.settings.simulated_clock.exists():
            self._clock.set(datetime.combine(FIRST_DAY, datetime.min.time(), UTC))
            compose.settle(self._server.settings)  # the ports of a demo home tell its time
        world.attach(self._server.ports)
        world.prepare()
        team = Team(self._server.ports, self._server.settings.channel)
        arrivals = world.arrivals(self.last_day)
        for number, arrival in enumerate(arrivals, 1):
            self._day, self._share = arrival.day, number / len(arrivals)
            if not world.landed(arrival):
                self._on_day(arrival.day, self._share)
                self._pass_time(arrival)
                world.land(arrival)
            self._settle(arrival)
            self._let_people_act(team)
        self._guide = "The story is told. Read the threads, type `/ml timeline INC-1001`, or start over."
        self._finished = True

    # --- time --------------------------------------------------------------------------------------------

    def _pass_time(self, arrival: Arrival) -> None:
        if self._live:
            self._guide = self._quiet_guide()
            self._pause(DAY_SECONDS / 2 / self._speed)
        self._clock.set(max(arrival.at, self._server.ports.clock.now()), rate=1.0 if self._live else 0.0)

    def _quiet_guide(self) -> str:
        watched = open_incidents(self._server.ports)
        if watched:
            return f"{watched[0].id} is under observation: the days that land now decide whether it is over."
        return (
            "Nothing to press: days pass, each with about 900 flights that are checked as they land; labels follow a "
            "day later."
        )

    def _settle(self, arrival: Arrival | None = None) -> None:
        """Until the functions have nothing left to do."""
        busy = "" if arrival else "Under way: scripts run and are verified; the thread tells."
        self._guide = busy or self._guide
        if not self._live:
            self._server.host.settle()
            return
        deadline = time.monotonic() + PATIENCE
        while not self._settled(arrival):
            self._pause(0.05)
            if time.monotonic() > deadline:
                raise StoryStuck(f"the functions did not finish what landed on {self._day} within {PATIENCE:g} s")

    def _settled(self, arrival: Arrival | None) -> bool:
        ports = self._server.ports
        if arrival:
            name = f"{MODEL}/{arrival.day}.parquet"
            info = ports.blobs.stat(arrival.container, name)
            if info is None or ports.blobs.stat(RECEIPTS, receipt_name(arrival.container, name, info.etag)) is None:
                return False
        return ports.queue.length(JOBS) == 0

    def _pause(self, seconds: float) -> None:
        """Wait, longer while paused; leave when the story is to begin again or to end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end or self._paused:
            if self._again.is_set() or self._closing.is_set():
                raise _BeginAgain
            time.sleep(0.02)

    def _wait_at_the_end(self) -> None:
        while self._live and not self._closing.is_set():
            self._pause(0.5)

    # --- people ------------------------------------------------------------------------------------------

    def _let_people_act(self, team: Team) -> None:
        tries, last = 0, ""
        while action := team.next_action():
            tries = tries + 1 if action.guide == last else 0
            last = action.guide
            if tries >= TRIES:
                raise StoryStuck(f"pressed {TRIES} times and nothing changed: {action.guide}")
            if self._live and self._somebody_else_acted(team, action):
                self._settle()
                tries = 0
                continue
            if not self._live:
                self._clock.set(self._server.ports.clock.now() + REACTION)
            assert self._server.console is not None  # noqa: S101 - the demo always has a console
            action.press(self._server.console)
            self._settle()

    def _somebody_else_acted(self, team: Team, action: Action) -> bool:
        """Give whoever watches time to press; False when the scripted team should."""
        self._guide = action.guide
        self._deadline = time.monotonic() + GRACE_SECONDS / self._speed
        try:
            while not self._autopilot or time.monotonic() < self._deadline or self._paused:
                if self._paused:
                    self._deadline = time.monotonic() + GRACE_SECONDS / self._speed
                self._pause(0.2)
                following = team.next_action()
                if following is None or following.guide != action.guide:
                    return True
        finally:
            self._deadline = None
        return False

    # --- the stage ---------------------------------------------------------------------------------------

    def status(self) -> StageStatus:
        now = self._clock.now()
        number, days = max(1, (now.date() - FIRST_DAY).days), (self.last_day - FIRST_DAY).days + 2
        guide = self._guide
        if self._deadline is not None:
            left = max(0, round(self._deadline - time.monotonic()))
            waits = " A colleague does it when time goes on." if self._paused else f" A colleague does it in {left} s."
            guide += waits if self._autopilot else " Nobody else will: your turn."
        pause = ("resume", "Go on") if self._paused else ("pause", "Pause")
        autopilot = ("autopilot", "Let me press" if self._autopilot else "Let the team press")
        return StageStatus(
            headline=f"Day {number} of {days} · {now:%a} {now.day} {now:%b %Y}",
            guide=guide,
            progress=self._share,
            clock=now,
            speed="waiting for people" if self._deadline else f"{self._speed / DAY_SECONDS:.3g} days a second",
            running=not self._paused and not self._finished,
            finished=self._finished,
            controls=(pause, autopilot, ("faster", "Faster"), ("slower", "Slower"), ("start-over", "Start over")),
        )

    def act(self, action: str) -> str:
        match action:
            case "pause" | "resume":
                self._paused = action == "pause"
                return "Time stands still." if self._paused else "Time goes on."
            case "autopilot":
                self._autopilot = not self._autopilot
                return "The team presses when you don't." if self._autopilot else "Nobody presses but you."
            case "faster" | "slower":
                place = SPEEDS.index(self._speed) + (1 if action == "faster" else -1)
                self._speed = SPEEDS[max(0, min(place, len(SPEEDS) - 1))]
                return f"{self._speed / DAY_SECONDS:.3g} days a second."
            case "start-over":
                self._paused = False
                self._again.set()
                return "The story begins again on 1 April."
            case _:
                return f"There is no {action} here."
