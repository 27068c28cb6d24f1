"""A request that others than the requester decide: each once, and the votes are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tidewatch.domain.model_spec import Tier

Kind = Literal["promotion", "runbook"]  # what may be asked for; what follows from a yes: operations/approvals.KINDS
Decision = Literal["pending", "approved", "rejected", "expired", "staled"]


@dataclass(frozen=True)
class Vote:
    by: str
    at: datetime
    approves: bool
    reason: Mapping[str, str] = field(default_factory=dict)  # a text reference


@dataclass(frozen=True)
class Approval:
    id: str  # INC-1001-A1: a button binds to exactly one request
    kind: Kind
    question: str
    requested_by: str
    requested: datetime
    expires: datetime
    approvers: tuple[Tier, ...]
    needed: int  # so many different people must say yes; one no ends it
    evidence: Mapping[str, Any]
    consequence: str = ""  # what a yes sets off, a sentence
    undo: str = ""  # how to go back, a sentence
    why: Mapping[str, str] = field(default_factory=dict)  # a text reference
    votes: tuple[Vote, ...] = ()
    ended: Literal["", "expired", "staled"] = ""  # otherwise than by votes
    ended_at: datetime | None = None
    sentence: str = ""  # how the world changed, when it staled

    @property
    def decision(self) -> Decision:
        if self.ended:
            return self.ended
        if any(not vote.approves for vote in self.votes):
            return "rejected"
        return "approved" if len({vote.by for vote in self.votes}) >= self.needed else "pending"

    @property
    def decided(self) -> datetime | None:
        """When it was closed; None while it is pending."""
        if self.ended:
            return self.ended_at
        return None if self.decision == "pending" else self.votes[-1].at

    @property
    def decided_by(self) -> str:
        """Whose vote closed it; empty when none did."""
        return self.votes[-1].by if self.decision in ("approved", "rejected") else ""

    @property
    def reason(self) -> Mapping[str, str]:
        """Of the vote that closed it."""
        return self.votes[-1].reason if self.decided_by else {}
