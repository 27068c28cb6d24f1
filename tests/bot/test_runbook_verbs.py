"""`/ml runbook …`, the form that asks for inputs, and the button that stops a run."""

import json
from collections.abc import Callable

import pytest

from tests.bot.team import Team
from tests.operations.house import CHANNEL
from tests.operations.remedies import INC, with_runbook
from tidewatch.domain.runbook_input import Input
from tidewatch.operations.deliver import deliver
from tidewatch.operations.journal import text_of


@pytest.fixture
def asking(alarmed: Team, regather: Callable[[Team], Team]) -> Team:
    """The runbook asks for a number that has no default, a choice and a yes or no."""
    inputs = {
        "factor": Input(type="number", title="Divide by", most=5),
        "station": Input(type="choice", choices=["JFK", "LGA"], default="LGA"),
        "loud": Input(type="boolean", default=True),
    }
    tells = ["python", "-S", "-c", "import json, sys; print(json.load(sys.stdin)['inputs'])"]
    with_runbook(alarmed.house, inputs=inputs, run=tells)
    return regather(alarmed)


@pytest.fixture
def regather(workspace: object, door: object) -> Callable[[Team], Team]:
    """The bot with the ports as they are now."""
    from bot.app import build  # noqa: PLC0415 - as in team
    from tests.bot.team import SECRET, TOKEN, Door  # noqa: PLC0415

    def regather(team: Team) -> Team:
        assert isinstance(door, Door)
        api = f"{team.console.config.url}/slack/api/"
        team.app = door.app = build(team.house.ports, token=TOKEN, signing_secret=SECRET, api_url=api)
        return team

    return regather


# --- typed --------------------------------------------------------------------------------------------------------


def test_a_run_from_its_start_to_its_undoing(alarmed: Team) -> None:
    assert alarmed.type("U0ANA", "runbook runs") == "Nothing was run."
    assert alarmed.type("U0ANA", f"runbook run {INC}").startswith(f"`convert-unit` runs for {INC} (about 1 s)")
    assert alarmed.type("U0ANA", f"runbook cancel {INC}").startswith("`convert-unit` is being stopped")
    assert alarmed.type("U0ANA", f"runbook run {INC} convert-unit").startswith("`convert-unit` runs")
    alarmed.house.run_jobs()
    first, second = alarmed.type("U0ANA", f"runbook runs {INC}").splitlines()
    assert first.startswith(f"🛑 `{INC}-R1` convert-unit by Ana, 02 Mar 03:00 UTC: Ana stopped it before it began")
    assert second.startswith(f"✅ `{INC}-R2` convert-unit by Ana, 02 Mar 03:00 UTC: weight is usual again")
    assert alarmed.type("U0ANA", f"runbook undo {INC}-R2") == (
        f"{INC}-R2 cannot be taken back: convert-unit has no undo."
    )


def printed(asking: Team) -> str:
    """What the finished run said."""
    return text_of(asking.house.ports, INC, asking.house.events()[3].data["output"])


def test_inputs_are_typed_behind_the_name_and_quotes_of_a_telephone_are_read(asking: Team) -> None:
    assert asking.type("U0ANA", f"runbook run {INC} convert-unit") == "factor is needed: write factor=… (Divide by)."
    assert "factor must be at most 5, not 6" in asking.type("U0ANA", f"runbook run {INC} factor=6")
    assert asking.type("U0ANA", f"runbook run convert-unit {INC} factor=“2” station=JFK").startswith("`convert-unit`")
    asking.house.run_jobs()
    assert "{'factor': 2.0, 'station': 'JFK', 'loud': True}" in printed(asking)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("dance", "I don't know `runbook dance`. There are: list, show, run, cancel, undo, runs."),
        ("show nothing", "There is no runbook nothing.\n`convert-unit` (L1): do what convert-unit does"),
        ("run INC-1001 one two", "Write `runbook run INC NAME input=value`"),
        ("run INC-1001 why='open", "A quote is open: close it, or leave it out."),
        ("cancel INC-1001", "No runbook is running for INC-1001."),
        ("undo INC-1001", "Which run? `runbook runs INC` lists them"),
        ("undo INC-1001-R9", "There is no run INC-1001-R9."),
        ("runs INC-7", "There is no incident INC-7."),
    ],
)
def test_what_is_typed_wrong_is_answered_with_what_is_right(alarmed: Team, words: str, said: str) -> None:
    assert alarmed.type("U0ANA", f"runbook {words}").startswith(said)
    assert alarmed.house.kinds() == ["opened"]


# --- pressed ------------------------------------------------------------------------------------------------------


def test_a_runbook_that_asks_opens_a_form_and_wrong_answers_are_told_beside_their_questions(asking: Team) -> None:
    assert asking.press("U0ANA", "run_runbook").ok
    assert asking.house.kinds() == ["opened"]
    view = asking.console.view("U0ANA")
    assert view is not None and json.loads(view.body["private_metadata"]) == {"id": INC, "runbook": "convert-unit"}
    wrong = asking.console.submit_view("U0ANA", {"factor": "much", "station": "LGA", "loud": "no"})
    assert wrong.errors == {"factor": "must be a number, not 'much'"}
    assert asking.console.submit_view("U0ANA", {"factor": "1,5", "station": "JFK", "loud": "no"}).ok
    asking.house.run_jobs()
    assert "{'factor': 1.5, 'station': 'JFK', 'loud': False}" in printed(asking)


def test_a_stranger_is_not_asked_anything(asking: Team) -> None:
    asking.press("U0STRANGER", "run_runbook")
    assert asking.console.view("U0STRANGER") is None
    assert "I don't know you" in asking.told("U0STRANGER")[-1]


def test_the_stop_button_stops_its_run_and_no_other(alarmed: Team) -> None:
    alarmed.type("U0ANA", f"runbook run {INC}")
    deliver(alarmed.house.ports, INC)
    (shown,) = (m for m in alarmed.console.messages(CHANNEL) if "cancel_run" in str(m))
    assert alarmed.console.click("U0BEN", CHANNEL, shown["ts"], "cancel_run").ok
    run = alarmed.house.incident().runs[0]
    assert (run.verdict, run.cancelled_by) == ("cancelled", "U0BEN")
    alarmed.type("U0ANA", f"runbook run {INC} convert-unit")
    alarmed.console.click("U0ANA", CHANNEL, shown["ts"], "cancel_run")  # the message still shows the button
    assert alarmed.told("U0ANA")[-1] == f"{INC}-R1 has ended already."
    assert alarmed.house.incident().running is not None


def test_what_a_run_did_is_taken_back_from_the_card(alarmed: Team, regather: Callable[[Team], Team]) -> None:
    with_runbook(alarmed.house, undo=["python", "-S", "-c", "print('given back')"])
    team = regather(alarmed)
    assert team.press("U0ANA", "run_runbook").ok
    team.house.run_jobs()
    assert team.house.incident().status == "resolved"
    assert team.press("U0ANA", "more", "undo_run").ok
    team.house.run_jobs()
    assert team.house.incident().status == "open"
    assert team.house.kinds()[-2:] == ["runbook_finished", "runbook_undone"]
    assert any("is taken back" in str(message) for message in team.console.messages(CHANNEL))
