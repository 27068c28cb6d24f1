"""Any history of votes, waits and changes of the world, against a model of a few lines."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.domain.story import PEOPLE, SPEC, Story, finding
from tidewatch.domain.incident import approving
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.approving import Say
from tidewatch.domain.incident.deadlines import due
from tidewatch.domain.people import People, Person, Refused

ABLE = tuple(f"U{number}" for number in range(5))  # one of them asks
NOT_ABLE = ("U0ANA", "U0DAN", "U0EVE")  # L1, of another team, unknown
EVERYONE = People((*PEOPLE.everyone, *(Person(user, user, "L2") for user in ABLE)))


@dataclass
class Model:
    """What a request should have come to."""

    asked_by: str
    needed: int
    expires: datetime
    yes: list[str] = field(default_factory=list)
    decision: str = "pending"


class Approvals(RuleBasedStateMachine):
    @initialize(needed=st.integers(1, 3), asked_by=st.sampled_from(ABLE))
    def ask(self, needed: int, asked_by: str) -> None:
        self.story = Story.about(finding("calibration_gap", "calibration_gap"))
        asked = approving.promotion(SPEC, asked_by, {}, {"version": "2", "champion": "1"})
        self.story.tell(approving.request_approval(self.story.incident, replace(asked, needed=needed), self.story.now))
        self.champion = "1"
        self.model = Model(asked_by, needed, self.request.expires)

    @property
    def request(self) -> Approval:
        return self.story.incident.approvals[0]

    @rule(user=st.sampled_from((*ABLE, *NOT_ABLE)), say=st.sampled_from(("approved", "rejected")), reason=st.booleans())
    def vote(self, user: str, say: Say, reason: bool) -> None:
        try:
            approval = approving.votable(self.story.incident, EVERYONE, user, "INC-1-A1", say, self.story.now)
            draft = approving.vote(approval, say, {"sha256": "x"} if reason else None)
        except Refused:
            counts = False
        else:
            counts = True
            stale = say == "approved" and self.champion != approval.evidence["champion"]
            self.story.tell(approving.staled(approval.id, "another champion") if stale else draft, by=user)
        assert counts == self._model_votes(user, say, reason)

    def _model_votes(self, user: str, say: Say, reason: bool) -> bool:
        model = self.model
        mine = user in ABLE and user != model.asked_by and user not in model.yes
        open_now = model.decision == "pending" and self.story.now <= model.expires
        if not (mine and open_now and (say == "approved" or reason)):
            return False
        if say == "rejected":
            model.decision = "rejected"
        elif self.champion != "1":
            model.decision = "staled"
        else:
            model.yes.append(user)
            model.decision = "approved" if len(model.yes) == model.needed else "pending"
        return True

    @rule(hours=st.sampled_from([1, 12, 47, 49]))
    def wait(self, hours: int) -> None:
        self.story.later(hours=hours)

    @rule()
    def sweep(self) -> None:
        for step in due(self.story.incident, self.story.now):
            if step.kind == "expire":
                self.story.happened("approval_expired", request=step.subject)
                self.model.decision = "expired"

    @precondition(lambda self: self.champion == "1")
    @rule()
    def somebody_promotes_another_version(self) -> None:
        self.champion = "3"

    @invariant()
    def it_came_to_what_it_should(self) -> None:
        assert self.request.decision == self.model.decision
        assert [vote.by for vote in self.request.votes if vote.approves] == self.model.yes

    @invariant()
    def no_rule_is_ever_broken(self) -> None:
        votes, request = self.request.votes, self.request
        voters = [vote.by for vote in votes]
        assert request.requested_by not in voters and len(voters) == len(set(voters)) and set(voters) <= set(ABLE)
        assert all(vote.at <= request.expires for vote in votes)
        if request.decision == "approved":
            assert len(votes) == request.needed and all(vote.approves for vote in votes)


TestApprovals = Approvals.TestCase
TestApprovals.settings = settings(
    max_examples=100, stateful_step_count=15, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
