"""Who may do what: every action, every tier."""

import pytest

from tests.domain.story import PEOPLE
from tidewatch.domain.model_spec import TIERS, Tier
from tidewatch.domain.people import MAY, Person, Refused, parse_people

MODEL = "acme/parcels"
USERS: dict[Tier, str] = {"L1": "U0ANA", "L2": "U0BEN", "L3": "U0CARA"}
ALLOWED = {  # written down again on purpose: who changes the rules has to change them twice
    "acknowledge": "L1 L2 L3",
    "unacknowledge": "L1 L2 L3",
    "run_runbook": "L1 L2 L3",
    "assign": "L1 L2 L3",
    "report": "L1 L2 L3",
    "override": "L1 L2 L3",
    "escalate": "L1 L2 L3",
    "note": "L1 L2 L3",
    "resolve": "L1 L2 L3",
    "resolve_unverified": "L2 L3",
    "findings": "L2 L3",
    "watch": "L2 L3",
    "accept": "L2 L3",
    "retrain": "L2 L3",
    "reject": "L2 L3",
    "approve": "L2 L3",
    "silence": "L1 L2 L3",
    "unsilence": "L1 L2 L3",
    "split": "L1 L2 L3",
    "plan_maintenance": "L2 L3",
}


def test_every_action_has_its_row_in_the_matrix() -> None:
    assert set(ALLOWED) == set(MAY)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("action", ALLOWED)
def test_each_tier_may_do_what_the_matrix_says_and_nothing_else(action: str, tier: Tier) -> None:
    if tier in ALLOWED[action].split():
        assert PEOPLE.allow(USERS[tier], action, MODEL).tier == tier
    else:
        with pytest.raises(Refused, match=f"you are {tier}"):
            PEOPLE.allow(USERS[tier], action, MODEL)


@pytest.mark.parametrize("action", ALLOWED)
def test_somebody_unknown_may_do_nothing_and_is_told_what_would_help(action: str) -> None:
    with pytest.raises(Refused, match=r"I don't know you: ask for an entry in people\.yaml"):
        PEOPLE.allow("U0EVE", action, MODEL)


@pytest.mark.parametrize("action", ALLOWED)
def test_another_teams_model_is_out_of_bounds_whatever_the_tier(action: str) -> None:
    with pytest.raises(Refused, match="acme/parcels belongs to team acme; you look after other"):
        PEOPLE.allow("U0DAN", action, MODEL)


def test_a_team_is_the_whole_of_its_name() -> None:
    assert PEOPLE.allow("U0DAN", "approve", "other/model").name == "Dan"
    with pytest.raises(Refused, match="belongs to team other-team"):
        PEOPLE.allow("U0DAN", "approve", "other-team/model")


def test_a_refusal_names_those_who_could() -> None:
    with pytest.raises(Refused) as refused:
        PEOPLE.allow("U0ANA", "resolve_unverified", MODEL)
    assert str(refused.value) == "To resolve unverified takes L2 or L3; you are L1. Ask Ben or Eva or Cara."


def test_a_spec_may_narrow_who_decides() -> None:
    only_builders: list[Tier] = ["L3"]
    with pytest.raises(Refused, match="To approve takes L3; you are L2. Ask Cara."):
        PEOPLE.allow("U0BEN", "approve", MODEL, only_builders)
    assert PEOPLE.allow("U0CARA", "approve", MODEL, only_builders).id == "U0CARA"


def test_a_spec_cannot_widen_who_decides() -> None:
    everyone: list[Tier] = ["L1", "L2", "L3"]
    with pytest.raises(Refused, match="you are L1"):
        PEOPLE.allow("U0ANA", "approve", MODEL, everyone)


def test_people_are_called_by_their_names_and_strangers_by_their_ids() -> None:
    assert [PEOPLE.name(user) for user in ("U0ANA", "tidewatch", "U0EVE")] == ["Ana", "Tidewatch", "<@U0EVE>"]


def test_a_tier_of_a_team_is_who_looks_after_it() -> None:
    assert [person.name for person in PEOPLE.of_tier("L2", "acme")] == ["Ben", "Eva"]
    assert [person.name for person in PEOPLE.of_tier("L2", "other")] == ["Ben", "Eva", "Dan"]


def test_a_roster_is_read() -> None:
    people = parse_people(
        "- {id: U1, name: Ana, tier: L1}\n- {id: 7, name: Ben, tier: L2, teams: [nyc]}", "people.yaml"
    )
    assert people.everyone == (Person("U1", "Ana", "L1"), Person("7", "Ben", "L2", ("nyc",)))
    assert parse_people("", "people.yaml").everyone == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{id: U1}", "people.yaml must be a list of people, each with id, name and tier"),
        ("- {id: U1, name: Ana}", "people.yaml, person 1: id, name and tier are needed"),
        ("- {id: U1, name: Ana, tier: L1}\n- Ben", "people.yaml, person 2: id, name and tier are needed"),
        ("- {id: U1, name: Ana, tier: L4}", "people.yaml, person 1: the tier must be L1, L2 or L3, not L4"),
        ("- {id: U1, name: Ana, tier: L1, team: x}", "people.yaml, person 1: unknown key 'team', known are teams"),
        ("- {id: [}", "people.yaml is not YAML"),
    ],
)
def test_a_roster_with_a_mistake_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_people(text, "people.yaml")
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("teams", ["nyc", "null", "7"])
def test_teams_that_are_no_list_are_refused_with_a_sentence(teams: str) -> None:
    with pytest.raises(ValueError, match="people.yaml, person 1: teams"):
        parse_people(f"- {{id: U1, name: Ana, tier: L1, teams: {teams}}}", "people.yaml")


def test_one_person_is_listed_once() -> None:
    with pytest.raises(ValueError, match="people.yaml, person 2"):
        parse_people("- {id: U1, name: Ana, tier: L1}\n- {id: U1, name: Ana, tier: L3}", "people.yaml")


def test_addresses_beside_the_chat_are_optional_and_an_email_must_be_one() -> None:
    people = parse_people("- {id: U1, name: Ana, tier: L1, email: ana@example.org, pagerduty: PXPGF42}", "people.yaml")
    assert (people.everyone[0].email, people.everyone[0].pagerduty) == ("ana@example.org", "PXPGF42")
    for wrong in ("ana", "a@b@c", "'ana@example.org\\nBcc: x@y.z'", "ana maria@example.org"):
        with pytest.raises(ValueError, match="person 1: the email must be an address like ana@example.org"):
            parse_people(f'- {{id: U1, name: Ana, tier: L1, email: "{wrong}"}}', "people.yaml")
