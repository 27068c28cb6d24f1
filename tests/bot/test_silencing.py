"""Silences, maintenance windows and storms, as people ask for them."""

import pytest

from bot import clicks
from bot.clicks import Click
from bot.commands import answer
from tests.operations.house import House
from tidewatch.domain.people import Refused
from tidewatch.operations.report import report
from tidewatch.operations.silences import silences
from tidewatch.operations.sweep import sweep


def ask(house: House, words: str, user: str = "U0ANA") -> str:
    return answer(house.ports, house.by(user), words)


def seen(house: House, subject: str = "weight", model: str = "acme/demo") -> str:
    return report(house.ports, [house.finding(subject, model=model)], "monday", "blob")[0]


def test_silencing_a_model_says_until_when_and_what_it_quiets(house: House) -> None:
    seen(house)
    said = ask(house, "silence acme/demo 4h the feed is being repaired")
    assert "SIL-1: acme/demo is silenced until 02 Mar 07:00 UTC (INC-1001)" in said
    assert "unsilence SIL-1" in said
    assert "silenced by SIL-1" in ask(house, "status")


def test_the_list_of_silences_says_who_and_why(house: House) -> None:
    assert ask(house, "silence") == "Nothing is silenced."
    ask(house, "silence acme/* check=drift segment=weight 2h known")
    (line,) = ask(house, "silence list").splitlines()
    assert "SIL-1 acme/* check=drift segment=weight (silence)" in line and line.endswith("Ana: known")


def test_one_incident_is_silenced_by_its_number(house: House) -> None:
    seen(house)
    seen(house, "income")
    ask(house, "snooze inc-1002 1h known")
    assert [house.incident(name).silence for name in house.incidents()] == ["", "SIL-1"]


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("silence acme/demo", "Say how long and why"),
        ("silence acme/demo 4h", "needs a reason"),
        ("silence acme/demo 40d long", "30 days at most"),
        ("silence acme/demo check=rain 4h why", "There is no check rain"),
        ("silence everything 4h why", "Say what first"),
        ("silence acme/no-such 4h why", "no-such"),
        ("silence INC-4711 4h why", "There is no incident INC-4711"),
        ("maintenance acme/demo 22:00 2h move", "takes L2"),
        ("maintenance acme/demo 22:00", "Say a model, from when"),
        ("unsilence SIL-9", "There is no silence SIL-9"),
        ("split INC-4711 why", "There is no incident INC-4711"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(house: House, typed: str, refusal: str) -> None:
    assert refusal in ask(house, typed)
    assert silences(house.ports) == []


@pytest.mark.parametrize(
    ("times", "span"),
    [
        ("22:00 2h", "02 Mar 22:00 UTC until 03 Mar 00:00"),
        ("02:00 04:00", "03 Mar 02:00 UTC until 03 Mar 04:00"),
        ("2026-03-05T22:00 2026-03-06T01:00", "05 Mar 22:00 UTC until 06 Mar 01:00"),
    ],
)
def test_maintenance_begins_and_ends_when_it_says(house: House, times: str, span: str) -> None:
    begins, until = span.split(" UTC until ")
    said = ask(house, f"maintenance acme/demo {times} new gateway", "U0BEN")
    assert f"is silenced from {begins} until {until} UTC" in said


def test_ending_a_silence_names_what_calls_again(house: House) -> None:
    ask(house, "silence acme/demo 4h known")
    seen(house)
    assert ask(house, "unsilence sil-1 repaired") == "🔔 SIL-1 is over: acme/demo calls people again (INC-1001)."
    sweep(house.ports)
    assert house.kinds() == ["opened", "silence_ended", "paged"]


@pytest.fixture
def stormy(house: House) -> House:
    for number in range(7):
        seen(house, "temp", f"acme/model-{number}")
    sweep(house.ports)
    return house


def storm(house: House) -> str:
    return next(name for name in house.incidents() if house.incident(name).signal.family == "storm")


def test_the_status_of_a_storm_lists_who_is_still_bad(stormy: House) -> None:
    said = ask(stormy, f"status {storm(stormy)}")
    assert all(f"acme/model-{number}" in said for number in range(7))


def test_taking_a_storm_takes_all_of_it(stormy: House) -> None:
    assert f"You have {storm(stormy)}" in ask(stormy, f"ack {storm(stormy)}")
    assert stormy.incident(storm(stormy)).owner == "U0ANA"


def test_the_button_splits_off_the_one_that_is_named(stormy: House) -> None:
    parent, child = storm(stormy), stormy.incidents()[0]
    click = Click("split", parent, 1, stormy.by("U0ANA"))
    private = clicks.modal(stormy.ports, click)["private_metadata"]
    clicks.submit(stormy.ports, private, f"{child.lower()} its own sensor broke", stormy.by("U0ANA"))
    assert stormy.incident(child).storm == ""
    with pytest.raises(Refused, match="Name one of"):
        clicks.submit(stormy.ports, private, f"{child} again", stormy.by("U0ANA"))
    assert "stands alone again" in ask(stormy, f"split {stormy.incidents()[1]} another sensor")


def test_a_storm_is_not_resolved_while_one_of_its_models_is_bad(stormy: House) -> None:
    ask(stormy, f"resolve {storm(stormy)} enough of it", "U0BEN")
    stormy.run_jobs()
    assert stormy.incident(storm(stormy)).status == "open"
    assert "ends with the last of its incidents" in stormy.chat.whispers[-1][1]
