"""A second way to a human, beside the chat: what rings when nobody looks at the screen."""

from dataclasses import dataclass
from typing import Protocol

from tidewatch.domain.finding import Severity
from tidewatch.domain.incident.call import Quiet
from tidewatch.domain.model_spec import Tier
from tidewatch.domain.people import Person


@dataclass(frozen=True)
class Page:
    id: str  # the same at every try: whoever gets it twice rings once
    incident: str
    model: str  # team/name
    severity: Severity
    tier: Tier
    person: Person
    subject: str  # one line
    text: str

    @property
    def team(self) -> str:
        return self.model.partition("/")[0]


@dataclass(eq=False)  # not frozen: raising an exception writes its traceback into it
class PagerUnavailable(Exception):
    """Not taken for now, or nobody knows: try again with the same id. The reason holds no secret and no address."""

    reason: str
    retry_after: float = 0.0  # seconds

    def __str__(self) -> str:
        return self.reason


class PagerRefused(Exception):
    """Trying again would be refused again. The reason says what to put right, with no secret and no address."""


class Pager(Protocol):
    """Both methods raise PagerUnavailable or PagerRefused, and are over within half a minute."""

    @property
    def name(self) -> str:
        """What people call it: "PagerDuty"."""

    def page(self, page: Page) -> str:
        """Call the person; gives a receipt that the receiving side can be asked about."""

    def quiet(self, page: Page, how: Quiet) -> None:
        """Somebody has it, or it is over. Nothing where nothing rings on; never a new ring."""
