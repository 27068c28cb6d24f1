"""Votes count on the world as it is: looked at before each yes, and again before anything is done."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.operations.house import MODEL, House
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.people import People, Person, Refused
from tidewatch.operations.approvals import decide, may_decide, undecided
from tidewatch.operations.jobs import carry_out
from tidewatch.operations.sweep import sweep
from tidewatch.ports.chat import ChatMessage
from tidewatch.ports.registry import RegistryError

INC, REQUEST = "INC-1001", "INC-1001-A1"


@pytest.fixture
def asked(house: House) -> House:
    """Ben asked whether to promote version 2."""
    house.late_days(1, 3)
    house.ask_to_promote()
    house.run_jobs()
    return house


@pytest.fixture
def asked_two(house: House) -> House:
    """Two must say yes."""
    house.late_days(1, 3)
    house.ask_to_promote(needed=2)
    house.run_jobs()
    return house


def champion(house: House) -> str:
    version = house.ports.registry.champion(MODEL)
    assert version is not None
    return version.version


def promote_another(house: House) -> None:
    """Somebody registers a third version and puts it into service by hand."""
    with house.ports.scripts.workspace() as work:
        (work / "rate").write_text("0.5")
        third = house.ports.registry.register(MODEL, work, properties={"run": "by hand"})
    house.ports.registry.promote(MODEL, third.version)


def request(house: House, number: int = 1) -> Approval:
    return house.incident(INC).approvals[number - 1]


def question(house: House) -> ChatMessage:
    house.run_jobs()
    return next(said.message for said in house.chat.said.values() if said.metadata["post"].endswith(":approval"))


def shown(message: ChatMessage) -> str:
    return json.dumps(list(message.blocks), ensure_ascii=False)


def test_the_second_yes_of_two_promotes(asked_two: House) -> None:
    assert decide(asked_two.ports, REQUEST, "approved", "", asked_two.by("U0EVA")).decision == "pending"
    asked_two.run_jobs()
    assert champion(asked_two) == "1"
    assert "1 of 2 said yes (Eva at 02 Mar 03:00) · Cara may decide, not Ben, who asked" in shown(question(asked_two))
    assert decide(asked_two.ports, REQUEST, "approved", "", asked_two.by("U0CARA")).decision == "approved"
    asked_two.run_jobs()
    assert champion(asked_two) == "2"
    assert "approved by Eva and Cara" in question(asked_two).text


def test_the_same_click_again_counts_once(asked_two: House) -> None:
    cause = asked_two.by("U0EVA")
    for _ in range(2):
        assert decide(asked_two.ports, REQUEST, "approved", "", cause).decision == "pending"
    assert len(request(asked_two).votes) == 1


def test_a_yes_to_another_world_is_not_counted_and_closes_the_request(asked_two: House) -> None:
    decide(asked_two.ports, REQUEST, "approved", "", asked_two.by("U0EVA"))
    promote_another(asked_two)
    why = "the champion is version 3 by now, the comparison was with 1"
    with pytest.raises(Refused, match=f"Not counted: INC-1001-A1 is out of date since 02 Mar 03:00 UTC: {why}"):
        decide(asked_two.ports, REQUEST, "approved", "", asked_two.by("U0CARA"))
    assert [event.kind for event in asked_two.events(INC)][-2:] == ["approval_voted", "approval_staled"]
    card = question(asked_two)
    assert why in card.text and '"actions"' not in shown(card)
    with pytest.raises(Refused, match="is out of date"):
        decide(asked_two.ports, REQUEST, "rejected", "no", asked_two.by("U0CARA"))
    assert champion(asked_two) == "3"


def test_a_no_counts_whatever_the_world_is_like(asked: House) -> None:
    promote_another(asked)
    assert decide(asked.ports, REQUEST, "rejected", "not worth it", asked.by("U0EVA")).decision == "rejected"


def test_what_changes_between_the_yes_and_its_job_stops_the_job(asked: House) -> None:
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    promote_another(asked)
    asked.run_jobs()
    assert (champion(asked), request(asked).decision) == ("3", "staled")
    assert "the champion is version 3 by now" in question(asked).text


@pytest.mark.parametrize("touched", ["changed", "gone"])
def test_an_artefact_that_is_not_what_was_compared_is_not_promoted(asked: House, touched: str) -> None:
    kept = asked.root / "registry" / MODEL / "2"
    if touched == "changed":
        (kept / "rate").write_text("0.9")
    else:
        (kept / "rate").unlink()
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    asked.run_jobs()
    assert (champion(asked), request(asked).decision) == ("1", "staled")


def test_two_challengers_of_one_champion_are_not_both_promoted(asked: House) -> None:
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    second = asked.ask_to_promote().id
    decide(asked.ports, second, "approved", "better too", asked.by("U0CARA"))
    asked.run_jobs()
    assert champion(asked) == "2"
    assert [approval.decision for approval in asked.incident(INC).approvals] == ["approved", "staled"]


def test_while_the_registry_cannot_be_read_no_yes_counts_and_the_request_stays(asked: House) -> None:
    class Unreadable:
        def champion(self, model: str) -> None:
            raise RegistryError("the model registry could not be read: disk I/O error")

    registry = asked.ports.registry
    asked.change(registry=Unreadable())
    with pytest.raises(Refused, match="Not counted, because nobody can see now .* disk I/O error"):
        decide(asked.ports, REQUEST, "approved", "", asked.by("U0CARA"))
    asked.change(registry=registry)
    assert decide(asked.ports, REQUEST, "approved", "", asked.by("U0CARA")).decision == "approved"


def test_of_many_who_say_yes_and_no_at_once_each_hears_the_truth(asked_two: House) -> None:
    crowd = [Person(f"U{number}", f"Decider {number}", "L2") for number in range(20)]
    asked_two.change(people=People((*asked_two.ports.people.everyone, *crowd)))

    def vote(number: int) -> str:
        say = "rejected" if number == 7 else "approved"
        try:
            return decide(asked_two.ports, REQUEST, say, "because", asked_two.by(f"U{number}")).decision
        except Refused as refused:
            return str(refused)

    with ThreadPoolExecutor(len(crowd)) as pool:
        heard = list(pool.map(vote, range(len(crowd))))
    state = request(asked_two)
    counted = {vote.by: vote for vote in state.votes}
    assert state.decision in ("approved", "rejected") and len(counted) == len(state.votes) <= 2
    for number, said in enumerate(heard):
        assert said in ("pending", state.decision) if f"U{number}" in counted else f"was {state.decision} by" in said


def test_whoever_may_not_decide_is_told_before_a_reason_is_asked_for(asked: House) -> None:
    for user, why in (("U0BEN", "You asked for"), ("U0ANA", "you are L1"), ("U0DAN", "look after other")):
        with pytest.raises(Refused, match=why):
            may_decide(asked.ports, REQUEST, "rejected", user)
    may_decide(asked.ports, REQUEST, "rejected", "U0CARA")
    with pytest.raises(Refused, match="There is no request INC-1001-A9"):
        may_decide(asked.ports, "INC-1001-A9", "rejected", "U0CARA")


def test_a_request_can_be_decided_after_its_incident_has_recovered(asked: House) -> None:
    for number in range(4, 9):
        asked.batch(f"2026-02-{number:02d}")
        asked.labels(f"2026-02-{number:02d}", late=0.2)
    assert asked.incident(INC).status == "resolved"
    assert [approval.id for _, approval in undecided(asked.ports)] == [REQUEST]
    decide(asked.ports, REQUEST, "approved", "better all the same", asked.by("U0CARA"))
    asked.run_jobs()
    assert (champion(asked), asked.incident(INC).status) == ("2", "resolved")


def test_a_request_of_an_incident_that_is_over_expires_with_it(asked: House) -> None:
    for number in range(4, 9):
        asked.batch(f"2026-02-{number:02d}")
        asked.labels(f"2026-02-{number:02d}", late=0.2)
    asked.later(days=4)
    sweep(asked.ports)
    assert request(asked).decision == "expired" and undecided(asked.ports) == []


def test_a_job_for_what_nobody_approved_does_nothing(asked: House) -> None:
    carry_out(asked.ports, json.dumps({"do": "approved", "incident": INC, "request": REQUEST}))
    carry_out(asked.ports, json.dumps({"do": "approved", "incident": INC, "request": "INC-1001-A7"}))
    assert champion(asked) == "1"


def test_the_card_says_gain_and_loss_intervals_and_how_to_go_back(asked: House) -> None:
    text = shown(question(asked))
    for part in (
        "Promote Demo version 2?", "One yes decides, one no ends it", "Asked by Ben", "> the pattern changed",
        "240 labelled rows", "log loss *0.200 lower*", "loses on 0", "change", "-0.200 to -0.200",
        "Version 2 answers instead of version 1", "Version 1 stays in the registry",
        "0 of 1 said yes · Eva, Cara may decide, not Ben, who asked", "closes 04 Mar 03:00 UTC", "cannot be taken back",
    ):  # fmt: skip
        assert part in text, part
