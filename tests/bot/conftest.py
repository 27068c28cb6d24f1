"""A line to the bot, with an incident on it; a team whose workspace is served is in `team`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from slack_bolt import BoltResponse

from bot.app import build
from tests.bot import team as with_workspace
from tests.bot.team import SECRET, TOKEN
from tests.operations.house import House
from tidewatch.domain.people import People, Person
from tidewatch.ports.chat import ChatMessage

door, workspace = with_workspace.door, with_workspace.workspace
team, alarmed = with_workspace.team, with_workspace.alarmed
compared_house, compared = with_workspace.compared_house, with_workspace.compared
asked_of_fifty = with_workspace.asked_of_fifty
ROSTER = People(
    (
        Person("UANA", "Ana", "L1"),
        Person("UBEN", "Ben", "L2"),
        Person("UCARA", "Cara", "L3"),
        Person("UOTTO", "Otto", "L2", ("other",)),
    )
)


class Wall:
    """What hangs in the channel and its threads."""

    def __init__(self, house: House) -> None:
        self._house = house

    @property
    def said(self) -> Sequence[ChatMessage]:
        return [said.message for said in self._house.chat.said.values()]


@dataclass
class Line(with_workspace.Line):
    @property
    def wall(self) -> Wall:
        return Wall(self.house)

    def type(self, user: str, words: str, trigger: str = "") -> str:
        """What a slash command answers."""
        answer = self.send(self.command(user, words, trigger))
        assert answer.status == 200
        return str(answer.body)

    def click(self, user: str, action: str, identity: str, version: int, at: str = "1.000001") -> BoltResponse:
        return self.send(self.pressed(user, action, identity, version, at))

    def submit(self, user: str, verb: str, identity: str, text: str) -> BoltResponse:
        return self.send(self.submission(user, verb, identity, text))


@pytest.fixture
def line(model_house: House, tmp_path: Path) -> Line:
    """For three days many more parcels were late than the model said: INC-1001."""
    house = model_house.copy(tmp_path / "line")
    house.change(people=ROSTER)
    house.late_days(1, 3)
    return Line(house, build(house.ports, token=TOKEN, signing_secret=SECRET, api_url="http://127.0.0.1:9/"))
