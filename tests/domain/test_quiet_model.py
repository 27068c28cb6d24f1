"""Recovery, flapping and silences against a simple model of what people were promised."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.domain.story import START, Story, finding
from tidewatch.domain.events import Draft
from tidewatch.domain.incident import opening
from tidewatch.domain.incident.deadlines import due
from tidewatch.domain.incident.quiet import ONE_BY_ONE, comes_back_quietly, confirmed, is_news
from tidewatch.domain.silence import Silence, covering


@dataclass
class Promise:
    """The same in a few plain numbers."""

    open: bool = True
    good: int = 0  # in a row
    returns: int = 0  # since it last stayed good
    called_for_flapping: bool = False
    hushed: bool = False
    stays: bool = False
    calls: int = 0
    heard: bool = False  # somebody was called since it (re)opened
    beside: list[str] = field(default_factory=list)


class Flapping(RuleBasedStateMachine):
    """Windows come good or bad, the sweep calls, and now and then somebody acts."""

    def __init__(self) -> None:
        super().__init__()
        self.story, self.promise, self.window = Story.about(finding()), Promise(), 1

    def _next_window(self) -> str:
        self.window += 1
        self.story.later(minutes=2)
        return f"w{self.window:06d}"

    @rule()
    def a_bad_window(self) -> None:
        name, incident, promise = self._next_window(), self.story.incident, self.promise
        found = [finding(window=name)]
        promise.good, promise.beside = 0, []
        if promise.open:
            if is_news(incident, found, self.story.now):
                self.story.tell(*opening.seen_again(incident, found))
            return
        quiet = {"quiet": "flapping"} if comes_back_quietly(incident) else None
        self.story.tell(*opening.seen_again(incident, found, quiet))
        promise.hushed = promise.returns >= 3 and promise.called_for_flapping
        promise.open, promise.heard, promise.stays = True, False, False
        promise.returns += 1

    @rule()
    def a_good_window(self) -> None:
        name, incident, promise = self._next_window(), self.story.incident, self.promise
        promise.good += 1
        if promise.open:
            one_by_one = incident.told < ONE_BY_ONE
            promise.beside += [] if one_by_one else [name]
            drafts = opening.passed(incident, name, None if one_by_one else promise.beside)
            if promise.good >= 2:
                promise.open, promise.good, promise.beside = False, 0, []
        else:
            promise.beside.append(name)
            drafts = confirmed(incident, promise.beside)
            if promise.good >= 2 and not promise.stays:
                promise.stays, promise.returns = True, 0
                promise.hushed = promise.called_for_flapping = False
        self.story.tell(*drafts)

    @rule()
    def the_sweep_calls(self) -> None:
        pages = [step for step in due(self.story.incident, self.story.now) if step.kind == "page"]
        if (
            self.promise.open
            and not self.promise.heard
            and not self.promise.hushed
            and self.story.incident.tier == "L1"
        ):
            assert len(pages) == 1
            self.promise.heard = True
            self.promise.called_for_flapping |= self.promise.returns >= 3
        elif self.promise.hushed:
            assert pages == []
        for page in pages[:1]:
            self.story.happened("paged", tier="L1", person=page.subject, why=page.why)

    @rule(swept=st.booleans())
    def it_ends_and_comes_back(self, swept: bool) -> None:
        """What flapping is made of: windows alone would hardly ever get there."""
        for _ in range(2 if self.promise.open else 1):
            self.a_good_window()
        self.a_bad_window()
        if swept:
            self.the_sweep_calls()

    @rule()
    def somebody_takes_it_and_gives_it_back(self) -> None:
        if self.promise.open:
            self.story.happened("acknowledged", by="U0ANA", tier="L1")
            self.story.happened("unacknowledged", by="U0ANA")
            self.promise.hushed = self.promise.called_for_flapping = self.promise.heard = False

    @invariant()
    def the_log_says_what_was_promised(self) -> None:
        incident, promise = self.story.incident, self.promise
        assert (incident.status == "resolved") is not promise.open
        assert incident.flapping is (promise.returns >= 3)
        assert (incident.quiet == "flapping") is promise.hushed
        assert incident.confirmed is promise.stays


class Observing(RuleBasedStateMachine):
    """Whatever comes when: the log has every new worst, and no more than it may."""

    def __init__(self) -> None:
        super().__init__()
        self.story, self.number, self.worst, self.news, self.days = Story.about(finding(value=1.0)), 0, 1.0, 0, 0

    @rule(value=st.floats(0.2, 100), hours=st.integers(0, 30))
    def it_is_seen_again(self, value: float, hours: int) -> None:
        self.story.later(hours=hours)
        self.number += 1
        incident, found = self.story.incident, [finding(value=value, window=f"w{self.number:06d}")]
        assert incident.last_seen is not None
        late = self.story.now - incident.last_seen >= timedelta(days=1)
        news = is_news(incident, found, self.story.now)
        if value - 0.1 > 1.25 * (self.worst - 0.1) * 1.000001 or late:
            assert news
        if news:
            self.worst = max(self.worst, value)
            self.story.tell(*opening.seen_again(incident, found))
        assert value - 0.1 <= 1.25 * (self.worst - 0.1) * 1.000001

    @invariant()
    def the_stream_stays_small(self) -> None:
        days = (self.story.now - START) / timedelta(days=1)
        steps = 30  # from 1 to 100 in steps of a quarter
        assert len(self.story.events) <= 1 + ONE_BY_ONE + days + steps


class Silencing(RuleBasedStateMachine):
    """Of any set of silences, something is silenced exactly when one of them names it at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.silences: list[Silence] = []
        self.minutes: dict[tuple[str, str], set[int]] = {}

    @rule(
        model=st.sampled_from(["acme/parcels", "acme/*", "acme/letters", "INC-1"]),
        check=st.sampled_from(["", "scale", "input", "row_count"]),
        start=st.integers(0, 60), length=st.integers(1, 60),
    )  # fmt: skip
    def one_is_set(self, model: str, check: str, start: int, length: int) -> None:
        at = START + timedelta(minutes=start)
        self.silences.append(Silence(f"SIL-{len(self.silences)}", model, at, at + timedelta(minutes=length), check))
        self.minutes.setdefault((model, check), set()).update(range(start, start + length))

    @rule(minute=st.integers(0, 130), model=st.sampled_from(["acme/parcels", "acme/letters"]))
    def somebody_asks(self, minute: int, model: str) -> None:
        asked = replace(finding(), model=model)
        names = {model, "acme/*", "INC-1"}
        expected = any(
            minute in minutes and scope in names and check in ("", "scale", "input")
            for (scope, check), minutes in self.minutes.items()
        )
        found = covering(self.silences, "INC-1", asked, START + timedelta(minutes=minute))
        assert (found is not None) is expected


def test_a_draft_of_a_confirmation_needs_as_many_windows_as_the_policy_says() -> None:
    story = Story.about(finding())
    assert confirmed(story.incident, ["w2", "w3"]) == []  # it is open
    story.tell(Draft("recovered", {"sentence": "good"}))
    assert confirmed(story.incident, ["w2"]) == []
    assert [draft.kind for draft in confirmed(story.incident, ["w2", "w3"])] == ["confirmed"]


few = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFlapping = Flapping.TestCase
TestFlapping.settings = few
TestObserving = Observing.TestCase
TestObserving.settings = few
TestSilencing = Silencing.TestCase
TestSilencing.settings = few
