"""Rotas at work: who is paged and why, who was put in, and what people saw themselves."""

from datetime import timedelta

import pytest

from tests.operations.house import MODEL, House
from tidewatch.domain.oncall.duty import OnCallPlan
from tidewatch.domain.people import Refused
from tidewatch.operations.duty import ONCALL, faults, override, overrides, who_is_on_call
from tidewatch.operations.erase import erase
from tidewatch.operations.report import open_incidents, report
from tidewatch.operations.respond import assign, carry_out_resolution
from tidewatch.operations.seen import report_seen
from tidewatch.operations.sweep import sweep

PLAN = {
    "teams": {
        "acme": {
            "response": {"acknowledge_within": {"L1": "5m"}, "lapse_after": "2d"},
            "rotas": {
                "L2": {
                    "zone": "Europe/Berlin",
                    "layers": [
                        {"name": "week", "people": ["U0EVA", "U0BEN"], "first_day": "2026-03-02", "at": "00:00"}
                    ],
                },
            },
        }
    }
}
INC = "INC-1001"


@pytest.fixture
def planned(house: House) -> House:
    house.change(oncall=OnCallPlan.model_validate(PLAN))
    report(house.ports, [house.finding()], "monday", "blob")
    return house


def pages(house: House) -> list[dict[str, object]]:
    return [dict(event.data) for event in house.events(INC) if event.kind == "paged"]


def test_the_page_records_who_why_this_person_and_who_is_next(planned: House) -> None:
    sweep(planned.ports)
    planned.later(minutes=16)
    sweep(planned.ports)
    first, second = pages(planned)
    assert (first["person"], first["entry"], first["then"]) == ("U0ANA", "owners", "U0EVA")
    assert (second["person"], second["entry"], second["role"], second["then"]) == ("U0EVA", "week", "L2", "U0BEN")
    planned.run_jobs()
    assert "If nobody does, Eva is paged at 03:15 UTC." in planned.chat.thread[0]
    assert "You are on call: week." in planned.chat.thread[-1]


def test_the_teams_policy_is_in_the_first_event_and_the_models_own_is_put_over_it(planned: House) -> None:
    response = planned.incident().response
    assert response.acknowledge_within["L1"] == timedelta(minutes=15)  # the model's spec says so
    assert response.lapse_after == timedelta(days=2)


def test_a_policy_that_changes_changes_no_incident_under_way(planned: House) -> None:
    planned.change(oncall=OnCallPlan())
    assert planned.incident().response.lapse_after == timedelta(days=2)


def test_whoever_was_put_in_is_paged_and_the_change_is_in_a_chained_log(planned: House) -> None:
    cause = planned.by("U0BEN")
    for _ in range(2):  # Slack sends it twice
        override(planned.ports, "acme", "L2", "U0CARA", timedelta(hours=4), "Eva is ill", cause)
    (event,) = overrides(planned.ports, "acme")
    assert "Eva is ill" not in event.line() and event.actor == "U0BEN"
    assert "↪️" in (said := who_is_on_call(planned.ports, planned.ports.clock.now(), "acme")) and "Eva is ill" in said
    sweep(planned.ports)
    planned.later(minutes=16)
    sweep(planned.ports)
    assert pages(planned)[-1]["person"] == "U0CARA"
    planned.later(hours=4)
    assert "*Eva* (week)" in who_is_on_call(planned.ports, planned.ports.clock.now(), "acme")


def test_an_override_that_was_changed_afterwards_is_found(planned: House) -> None:
    override(planned.ports, "acme", "L2", "U0CARA", timedelta(hours=4), "ill", planned.by("U0BEN"))
    assert faults(planned.ports) == []
    data = planned.ports.blobs.get(ONCALL, "acme.jsonl")
    planned.ports.blobs.put(ONCALL, "acme.jsonl", data.replace(b"U0CARA", b"U0DORA"))
    assert faults(planned.ports) == ["oncall/acme event 1: was changed after it was written"]


def test_why_somebody_was_put_in_can_be_erased_and_the_log_says_so(planned: House) -> None:
    override(planned.ports, "acme", "L2", "U0CARA", timedelta(hours=4), "Eva is ill", planned.by("U0BEN"))
    erase(planned.ports, "U0BEN")
    said = who_is_on_call(planned.ports, planned.ports.clock.now(), "acme")
    assert "Eva is ill" not in said and "(erased)" in said and "*Cara*" in said
    assert faults(planned.ports) == [] and planned.incidents() == [INC]
    assert b"texts_erased" in planned.ports.blobs.get(ONCALL, "acme.jsonl")


@pytest.mark.parametrize(
    ("by", "person", "hours", "said"),
    [
        ("U0ANA", "U0BEN", 4, "The rota of L2 is changed by L2 or a higher tier; you are L1."),
        ("U0BEN", "U0ANA", 4, "L2 takes somebody of L2 or L3 who is in people.yaml."),
        ("U0BEN", "U0DAN", 4, "Dan looks after other, not after acme."),
        ("U0BEN", "U0EVA", 24 * 60, "An override takes at most 31 days; write longer changes into the rota."),
    ],
)
def test_an_override_that_cannot_be_says_why(planned: House, by: str, person: str, hours: int, said: str) -> None:
    with pytest.raises(Refused, match=said):
        override(planned.ports, "acme", "L2", person, timedelta(hours=hours), "why", planned.by(by))
    assert overrides(planned.ports, "acme") == []


def test_a_hand_over_is_recorded_and_told(planned: House) -> None:
    assign(planned.ports, INC, "U0BEN", planned.by("U0ANA"))
    assert planned.incident().owner == "U0BEN"
    planned.run_jobs()
    assert f"<@U0BEN> Ana hands {INC} to you" in planned.chat.thread[-1]


# --- what people saw -----------------------------------------------------------------------------------------


def test_what_two_people_saw_is_one_incident_and_their_words_lie_beside_it(house: House) -> None:
    first = report_seen(house.ports, MODEL, "all parcels early", house.by("U0ANA"))
    assert report_seen(house.ports, MODEL, "same here", house.by("U0BEN")) == first
    assert [incident.id for incident in open_incidents(house.ports)] == [first]
    assert house.kinds() == ["opened", "reported", "observed", "reported"]
    assert "all parcels early" not in "".join(event.line() for event in house.events())
    house.run_jobs()
    assert any("all parcels early" in line for line in house.chat.thread)


def test_a_report_ends_with_a_reason_because_no_check_can_say_so(house: House) -> None:
    report_seen(house.ports, MODEL, "all parcels early", house.by("U0ANA"))
    carry_out_resolution(house.ports, INC, "", house.by("U0ANA"))
    assert house.incident().status == "open"
    carry_out_resolution(house.ports, INC, "it was the holidays", house.by("U0ANA"))
    assert house.incident().status == "resolved"


def test_a_report_about_no_model_says_which_was_meant(house: House) -> None:
    with pytest.raises(Refused, match="There is no model acme/demoo. Did you mean acme/demo?"):
        report_seen(house.ports, "acme/demoo", "odd", house.by("U0ANA"))
    assert house.incidents() == []
