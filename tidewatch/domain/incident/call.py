"""One call for one person, and how far each way outside the chat has got with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tidewatch.domain.model_spec import Tier

# out: accepted by that pager; delayed: not taken for now, tried again; refused: for good; the rest: quieted since.
Way = Literal["out", "delayed", "refused", "acknowledged", "resolved"]
Quiet = Literal["acknowledged", "resolved"]


@dataclass(frozen=True)
class Call:
    incident: str
    seq: int  # of the event that called
    person: str
    tier: Tier
    at: datetime
    why: str
    ways: Mapping[str, Way] = field(default_factory=dict)  # by the pager's name

    @property
    def page(self) -> str:
        """Names the page everywhere it goes: whoever gets it twice can tell."""
        return f"{self.incident}-{self.seq}"
