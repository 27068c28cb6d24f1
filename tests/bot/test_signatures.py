"""Who knocks: only what the workspace signed, lately, gets in, and what comes twice is done once."""

import pytest

from tests.bot.team import Team


def test_a_signed_command_is_answered(team: Team) -> None:
    answer = team.send(team.command("U0ANA", "status"))
    assert (answer.status, answer.body) == (200, "✅ Nothing is open.")


@pytest.mark.parametrize(
    ("secret", "age"),
    [("another secret", 0.0), ("a signing secret", 400.0), ("a signing secret", -400.0)],
    ids=["forged", "old", "from the future"],
)
def test_what_is_not_signed_right_and_now_gets_a_401_and_changes_nothing(
    alarmed: Team, secret: str, age: float
) -> None:
    for body in (alarmed.command("U0ANA", "ack INC-1001"), alarmed.pressed("U0ANA", "acknowledge", "INC-1001", 1)):
        assert alarmed.send(body, secret=secret, age=age).status == 401
    assert alarmed.house.kinds() == ["opened"]


def test_a_body_that_was_changed_under_its_signature_gets_a_401(alarmed: Team) -> None:
    body = alarmed.command("U0ANA", "ack INC-1001")
    assert alarmed.send(body + "&text=ack+INC-1002", signed=body).status == 401


@pytest.mark.parametrize("kind", ["command", "click"])
def test_a_request_that_comes_again_is_recorded_once(alarmed: Team, kind: str) -> None:
    command = alarmed.command("U0ANA", "note INC-1001 looked at the feed")
    body = command if kind == "command" else alarmed.pressed("U0ANA", "acknowledge", "INC-1001", 1)
    for _ in range(3):
        assert alarmed.send(body).status == 200
    assert len(alarmed.house.kinds()) == 2


def test_two_presses_of_one_person_in_one_moment_are_two(alarmed: Team) -> None:
    alarmed.send(alarmed.pressed("U0ANA", "acknowledge", "INC-1001", 1))
    alarmed.send(alarmed.pressed("U0ANA", "run_runbook", "INC-1001", 1))
    assert alarmed.house.kinds() == ["opened", "acknowledged", "runbook_started"]


def test_a_command_that_nobody_registered_is_no_crash(team: Team) -> None:
    body = team.command("U0ANA", "status").replace("%2Fml", "%2Fother")
    assert team.send(body).status == 404
