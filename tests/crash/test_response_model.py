"""The whole response on real storage, against a model of a few lines: whatever people and findings do, and whichever
process dies on the way, each thing happened once, and the chat shows it once.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.operations.conftest import kill
from tests.operations.house import House, furnish
from tests.operations.stand_ins import Dots, FolderRegistry, RecordingChat
from tidewatch.domain.events import Cause, Event
from tidewatch.domain.incident import handling
from tidewatch.domain.people import Refused
from tidewatch.operations.deliver import CLAIM, delivered_so_far
from tidewatch.operations.journal import keep_text, record_known, send_job
from tidewatch.operations.report import open_incidents, report
from tidewatch.operations.respond import acknowledge, escalate, note, unacknowledge, write_findings
from tidewatch.operations.sweep import sweep
from tidewatch.operations.verify_log import verify_log
from tidewatch.ports.chat import ChatUnavailable

SUBJECTS = st.sampled_from(["weight", "colour"])
TIER = {"U0ANA": "L1", "U0BEN": "L2", "U0EVA": "L2"}
PEOPLE = st.sampled_from(sorted(TIER))
DEATHS = st.integers(1, 12)  # after so many writes; work that ends earlier is not interrupted


@dataclass
class Model:
    """What an incident should have come to."""

    name: str
    owner: str = ""
    tier: str = "L1"
    found: bool = False
    over: bool = False
    told: int = 1  # events that somebody caused


class Response(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        root = Path(self.folder.name)
        self.house: House = furnish(root, RecordingChat(), FolderRegistry(root / "registry"))
        self.house.change(pictures=Dots())
        self.models: dict[str, Model] = {}
        self.causes = 0

    @rule(subject=SUBJECTS, death=DEATHS)
    def find(self, subject: str, death: int) -> None:
        self.causes += 1
        key = f"batch {self.causes}"
        self.redone(lambda house: report(house.ports, [house.finding(subject)], key, "blob"), death)
        model = self.models.get(subject)
        if model is None:
            (name,) = {event.incident for event in self.all_events() if event.key == f"finding:{key}"}
            self.models[subject] = Model(name)
        elif model.over:
            self.models[subject] = Model(model.name, found=model.found, told=model.told + 1)
        else:
            model.told += 1

    @precondition(lambda self: self.models)
    @rule(data=st.data(), user=PEOPLE, death=DEATHS)
    def take(self, data: st.DataObject, user: str, death: int) -> None:
        model = self.one(data)
        may = not model.over and not model.owner and TIER[user] >= model.tier
        if self.asked(lambda h, c: acknowledge(h.ports, model.name, c), user, death, may):
            model.owner = user

    @precondition(lambda self: self.models)
    @rule(data=st.data(), user=PEOPLE, death=DEATHS)
    def give_back(self, data: st.DataObject, user: str, death: int) -> None:
        model = self.one(data)
        may = not model.over and model.owner == user
        if self.asked(lambda h, c: unacknowledge(h.ports, model.name, c), user, death, may):
            model.owner = ""

    @precondition(lambda self: self.models)
    @rule(data=st.data(), user=PEOPLE, death=DEATHS)
    def hand_up(self, data: st.DataObject, user: str, death: int) -> None:
        model = self.one(data)
        may = not model.over and (model.tier == "L1" or model.tier == "L2" and model.found)
        if self.asked(lambda h, c: escalate(h.ports, model.name, "cannot", c), user, death, may):
            model.owner, model.tier = "", "L2" if model.tier == "L1" else "L3"

    @precondition(lambda self: self.models)
    @rule(data=st.data(), user=PEOPLE, death=DEATHS)
    def write_down(self, data: st.DataObject, user: str, death: int) -> None:
        model = self.one(data)
        self.asked(lambda h, c: note(h.ports, model.name, "looked", c), user, death, True)
        may = TIER[user] >= "L2"
        if self.asked(
            lambda h, c: write_findings(h.ports, model.name, "the feed; a unit; nothing", c), user, death, may
        ):
            model.found = True

    @precondition(lambda self: self.models)
    @rule(data=st.data(), death=DEATHS)
    def resolve(self, data: st.DataObject, death: int) -> None:
        model = self.one(data)

        def by_decision(house: House, cause: Cause) -> object:
            text = keep_text(house.ports, model.name, "it was the test", cause.actor)
            return record_known(
                house.ports, model.name, cause, lambda now: handling.resolve(now, house.ports.people, "U0BEN", "", text)
            )

        if self.asked(by_decision, "U0BEN", death, not model.over):
            model.over = True

    @rule(death=DEATHS, down=st.sampled_from([False, False, False, True]))
    def deliver(self, death: int, down: bool) -> None:
        """A worker that died before has been given up, and its job was lost."""
        self.house.later(seconds=CLAIM.total_seconds() + 1)
        for model in self.models.values():
            send_job(self.house.ports, {"do": "deliver", "incident": model.name})
        self.house.chat.down = down
        try:
            kill(self.house, House.run_jobs, death)
        except ChatUnavailable:
            assert down
        self.house.chat.down = False

    @invariant()
    def the_log_says_what_the_model_says(self) -> None:
        for subject, model in self.models.items():
            incident = self.house.incident(model.name)
            assert incident.finding.subject == subject
            assert (incident.owner, incident.tier) == (model.owner, model.tier) or model.over
            assert (incident.status == "resolved") is model.over
            assert incident.version == model.told
        assert {i.id for i in open_incidents(self.house.ports)} == {m.name for m in self.models.values() if not m.over}
        assert verify_log(self.house.ports.log).faults == []

    def teardown(self) -> None:
        if hasattr(self, "house"):
            with self.folder:
                self.in_the_end_everything_was_shown_once()

    def in_the_end_everything_was_shown_once(self) -> None:
        self.house.later(seconds=CLAIM.total_seconds() + 1)
        sweep(self.house.ports)
        self.house.run_jobs()
        posts = Counter(tuple(said.metadata.values()) for said in self.house.chat.said.values())
        assert [post for post, count in posts.items() if count > 1] == []
        for model in self.models.values():
            delivered = delivered_so_far(self.house.ports, model.name)
            assert (delivered.shown, delivered.drawn) == (len(self.house.events(model.name)),) * 2
            assert (model.name, "1:card") in posts

    # --- what rules have in common ---------------------------------------------------------------------------

    def one(self, data: st.DataObject) -> Model:
        return self.models[data.draw(st.sampled_from(sorted(self.models)))]

    def redone(self, act: Callable[[House], object], death: int) -> None:
        """Begun by a process that may die, and begun again by the next, as feeds and people do."""
        if kill(self.house, act, death):
            act(self.house)

    def asked(self, act: Callable[[House, Cause], object], user: str, death: int, may: bool) -> bool:
        """Whether it was done; it must have been if it may be, and only then."""
        self.causes += 1
        cause = Cause(user, "slack", f"click {self.causes}")
        before = len(list(self.all_events()))
        try:
            self.redone(lambda house: act(house, cause), death)
        except Refused:
            assert not may
            assert len(list(self.all_events())) == before
            return False
        assert may
        (name,) = {event.incident for event in self.all_events() if event.key == cause.key}
        next(model for model in self.models.values() if model.name == name).told += 1
        return True

    def all_events(self) -> list[Event]:
        return [event for name in self.house.incidents() for event in self.house.events(name)]


TestResponse = Response.TestCase
TestResponse.settings = settings(
    max_examples=8, stateful_step_count=20, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
