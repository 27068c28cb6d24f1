"""What somebody saw, reported by filling in a form."""

from tests.bot.team import Team
from tests.operations.house import CHANNEL


def test_report_with_nothing_behind_it_opens_a_form_whose_answers_become_an_incident(team: Team) -> None:
    assert team.console.slash("U0ANA", CHANNEL, "report").ok
    wrong = team.console.submit_view("U0ANA", {"model": "demo", "seen": "every parcel is on time"})
    assert wrong.errors["model"].startswith("Say which model and what was seen")
    assert team.house.incidents() == []
    assert team.console.submit_view("U0ANA", {"model": "acme/demo", "seen": "every parcel is on time"}).ok
    assert team.house.kinds() == ["opened", "reported"]
    assert team.house.incident().finding.check == "reported"


def test_a_report_of_a_model_that_nobody_handed_over_is_refused_in_the_form(team: Team) -> None:
    team.console.slash("U0ANA", CHANNEL, "report")
    refused = team.console.submit_view("U0ANA", {"model": "acme/other", "seen": "odd"})
    assert "acme/other" in refused.errors["model"]
    assert team.house.incidents() == []
