"""A request that somebody else than the requester decides, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tidewatch.domain.model_spec import Tier


@dataclass(frozen=True)
class Approval:
    id: str  # INC-1001-A1: a button binds to exactly one request
    question: str
    requested_by: str
    requested: datetime
    expires: datetime
    approvers: tuple[Tier, ...]
    evidence: Mapping[str, Any]
    decision: Literal["pending", "approved", "rejected", "expired"] = "pending"
    decided_by: str = ""
    decided: datetime | None = None
    reason: Mapping[str, str] = field(default_factory=dict)  # a text reference
