"""Silences: checks run and are logged, nobody is called, and the end of a silence calls if it is still bad."""

from datetime import timedelta

import pytest

from tests.operations.house import MODEL, House
from tidewatch.domain.finding import Signal
from tidewatch.domain.people import Refused
from tidewatch.domain.silence import Silence
from tidewatch.operations import quieten
from tidewatch.operations.erase import erase
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.silences import SILENCES, silences, trail
from tidewatch.operations.sweep import sweep


def seen(house: House, key: str = "monday", subject: str = "weight") -> str:
    return report(house.ports, [house.finding(subject)], key, "blob")[0]


def hush(house: House, hours: float = 4, scope: str = MODEL, by: str = "U0ANA", **narrowed: str) -> Silence:
    now = house.ports.clock.now()
    wanted = Silence("", scope, now, now + timedelta(hours=hours), **narrowed)
    return quieten.silence(house.ports, wanted, "the feed is being repaired", house.by(by))[0]


def test_a_silenced_finding_is_logged_and_nobody_hears_of_it(house: House) -> None:
    hush(house)
    seen(house)
    sweep(house.ports)
    assert house.run_jobs() == []
    assert (house.kinds(), house.chat.posted) == (["opened"], [])
    assert house.incident().quiet == "silence"


def test_the_end_of_a_silence_calls_if_it_is_still_bad(house: House) -> None:
    hush(house)
    seen(house)
    house.later(hours=4)
    sweep(house.ports)
    house.run_jobs()
    assert house.kinds() == ["opened", "silence_ended", "paged"]
    assert house.chat.posted == ["2:card", "2", "3"]


def test_the_end_of_a_silence_calls_nobody_if_it_is_good_again(house: House) -> None:
    hush(house)
    seen(house)
    for window in ("2026-02-02", "2026-02-03"):
        note_good_window(house.ports, MODEL, window, [Signal(MODEL, "input", "weight")], "blob")
    house.later(hours=5)
    sweep(house.ports)
    assert house.run_jobs() == [] and house.chat.posted == []
    assert "paged" not in house.kinds()


def test_a_silence_stops_the_clocks_of_what_is_open_and_greys_its_card(house: House) -> None:
    seen(house)
    sweep(house.ports)
    hush(house, scope="INC-1001")
    house.later(hours=3)
    sweep(house.ports)
    house.run_jobs()
    assert house.kinds() == ["opened", "paged", "silenced"]
    assert house.chat.card.text.startswith("🔕")
    house.later(hours=1)
    sweep(house.ports)
    house.run_jobs()
    assert house.kinds()[-2:] == ["silence_ended", "paged"]
    assert house.chat.card.text.startswith("🔴")
    assert house.chat.posted.count("1:card") == 1 and len([p for p in house.chat.posted if p.endswith("card")]) == 1


def test_ending_a_silence_early_calls_with_the_next_sweep(house: House) -> None:
    made = hush(house)
    seen(house)
    quieten.unsilence(house.ports, made.id, "repaired", house.by("U0BEN"))
    assert silences(house.ports) == []
    sweep(house.ports)
    assert house.kinds() == ["opened", "silence_ended", "paged"]
    with pytest.raises(Refused, match="no silence SIL-1"):
        quieten.unsilence(house.ports, made.id, "", house.by("U0BEN"))


@pytest.mark.parametrize(
    ("scope", "narrowed", "silent"),
    [
        (MODEL, {"check": "drift"}, True),
        (MODEL, {"check": "input"}, True),
        (MODEL, {"check": "row_count"}, False),
        (MODEL, {"segment": "weight"}, True),
        (MODEL, {"segment": "income"}, False),
        ("acme/*", {}, True),
        ("acme/other", {}, False),
        ("other/*", {}, False),
    ],
)
def test_a_silence_covers_what_it_names_and_nothing_else(
    house: House, scope: str, narrowed: dict[str, str], silent: bool
) -> None:
    hush(house, scope=scope, by="U0CARA", **narrowed)
    seen(house)
    assert (house.incident().quiet == "silence") is silent


def test_a_maintenance_window_silences_from_its_beginning_on(house: House) -> None:
    start = house.ports.clock.now() + timedelta(hours=1)
    wanted = Silence("", MODEL, start, start + timedelta(hours=2), kind="maintenance")
    quieten.silence(house.ports, wanted, "new gateway", house.by("U0BEN"))
    seen(house)
    assert house.incident().quiet == ""
    house.later(hours=1)
    seen(house, "later", "income")
    assert house.incident().quiet == "silence"


def test_a_silence_keeps_who_set_and_who_ended_it_and_why(house: House) -> None:
    made = hush(house)
    quieten.unsilence(house.ports, made.id, "repaired", house.by("U0BEN"))
    assert [(told["what"], told["by"], told["why"]) for told in trail(house.ports, made.id)] == [
        ("set", "U0ANA", "the feed is being repaired"), ("ended", "U0BEN", "repaired"),
    ]  # fmt: skip
    hush(house)
    house.later(hours=5)
    sweep(house.ports)
    assert [blob.name.split("/")[:2] for blob in house.ports.blobs.list(SILENCES, "past/")] == [
        ["past", "SIL-1"], ["past", "SIL-2"],
    ]  # fmt: skip
    assert hush(house).id == "SIL-3"


@pytest.mark.parametrize(
    ("hours", "why", "by", "refusal"),
    [
        (4, "", "U0ANA", "needs a reason"),
        (-1, "x", "U0ANA", "end in the future"),
        (24 * 31, "x", "U0ANA", "30 days at most"),
        (4, "x", "U0DAN", "belongs to team acme"),
    ],
)
def test_a_silence_without_reason_end_or_right_is_refused(
    house: House, hours: float, why: str, by: str, refusal: str
) -> None:
    now = house.ports.clock.now()
    with pytest.raises(Refused, match=refusal):
        quieten.silence(house.ports, Silence("", MODEL, now, now + timedelta(hours=hours)), why, house.by(by))
    assert silences(house.ports) == []


def test_maintenance_takes_l2(house: House) -> None:
    now = house.ports.clock.now()
    wanted = Silence("", MODEL, now, now + timedelta(hours=1), kind="maintenance")
    with pytest.raises(Refused, match="To plan maintenance takes L2"):
        quieten.silence(house.ports, wanted, "x", house.by("U0ANA"))


def test_silenced_models_make_no_storm(house: House) -> None:
    hush(house, scope="acme/*")
    for number in range(8):
        report(house.ports, [house.finding("temp", model=f"acme/model-{number}")], "monday", "blob")
    assert len(house.incidents()) == 8
    assert {house.incident(name).quiet for name in house.incidents()} == {"silence"}


def test_the_reasons_of_a_person_can_be_erased_and_the_trail_says_so(house: House) -> None:
    made = hush(house)
    quieten.unsilence(house.ports, made.id, "repaired", house.by("U0BEN"))
    assert erase(house.ports, "U0ANA").texts == 1
    assert [(told["what"], told["why"]) for told in trail(house.ports, made.id)] == [
        ("set", "(erased)"), ("ended", "repaired"), ("erased", ""),
    ]  # fmt: skip


def test_a_silence_that_ends_in_a_storm_brings_no_card(house: House) -> None:
    for number in range(8):
        report(house.ports, [house.finding("temp", model=f"acme/model-{number}")], "monday", "blob")
    sweep(house.ports)
    hush(house, scope="acme/*")
    house.later(hours=5)
    sweep(house.ports)
    house.run_jobs()
    assert sum(post.endswith(":card") for post in house.chat.posted) == 5
    assert house.kinds() == ["opened", "silenced", "silence_ended"]
