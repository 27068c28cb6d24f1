"""What people press, through a served workspace and the bot's real door."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.clicks import AT_ONCE, BUTTONS, FORMS, SUBMITS
from tests.bot.team import CROWD, STRANGER, Team, options
from tests.operations.house import CHANNEL
from tidewatch.console import problems
from tidewatch.domain.incident import approving
from tidewatch.operations.approvals import decide


def buttons(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") == "button":
            yield value
        for inner in value.values():
            yield from buttons(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from buttons(inner)


def blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    (attachment,) = message["attachments"]
    return list(attachment["blocks"])


def test_acknowledge_changes_the_card_and_the_second_is_told_who(alarmed: Team) -> None:
    before = alarmed.message(":card")
    assert alarmed.press("U0ANA", "acknowledge").ok
    assert alarmed.house.incident().owner == "U0ANA"
    assert "Ana has it" in json.dumps(alarmed.message(":card"))

    alarmed.send(alarmed.pressed("U0BEN", "acknowledge", "INC-1001", 1))
    assert alarmed.house.incident().owner == "U0ANA"
    assert before["ts"] == alarmed.message(":card")["ts"]


def test_of_fifty_who_press_acknowledge_at_once_one_has_it_and_the_others_are_told_who(alarmed: Team) -> None:
    card = alarmed.message(":card")["ts"]
    with ThreadPoolExecutor(len(CROWD)) as pool:
        replies = list(pool.map(lambda p: alarmed.console.click(p.id, CHANNEL, card, "acknowledge"), CROWD))
    assert all(reply.ok for reply in replies)
    assert alarmed.house.kinds() == ["opened", "acknowledged"]
    owner = alarmed.house.incident().owner
    name = alarmed.house.ports.people.name(owner)
    told = {person.id: alarmed.told(person.id) for person in CROWD}
    assert told.pop(owner) == []
    assert list(told.values()) == [[f"{name} already took INC-1001 at 03:00 UTC."]] * 49


def test_every_button_carries_which_thing_and_which_version_and_nothing_else(compared: Team) -> None:
    compared.house.batch("2026-02-09", times=1.609344)
    compared.house.run_jobs()
    messages = compared.console.messages(CHANNEL)
    pressed = list(buttons(messages))
    assert {button["action_id"] for button in pressed} >= {
        "acknowledge",
        "run_runbook",
        "escalate",
        "approve",
        "reject",
    }
    carried = [button["value"] for button in pressed]
    carried += [option["value"].partition(" ")[2] for option in options(messages)]
    assert all(json.loads(value).keys() == {"id", "version"} for value in carried)


def test_every_button_and_option_that_is_shown_is_one_the_bot_answers(compared: Team) -> None:
    compared.house.batch("2026-02-09", times=1.609344)
    compared.house.run_jobs()
    messages = compared.console.messages(CHANNEL)
    assert {button["action_id"] for button in buttons(messages)} <= set(BUTTONS)
    verbs = {option["value"].partition(" ")[0] for option in options(messages)}
    assert verbs and verbs <= AT_ONCE.keys() | SUBMITS.keys() | FORMS.keys()


def test_cards_have_at_most_three_buttons_and_one_primary(compared: Team) -> None:
    compared.house.batch("2026-02-09", times=1.609344)
    compared.house.run_jobs()
    for message in compared.console.messages(CHANNEL):
        for attachment in message.get("attachments", []):
            assert problems(attachment["blocks"]) == []
            for block in attachment["blocks"]:
                if block["type"] == "actions":
                    assert len(block["elements"]) <= 3
                    assert sum(element.get("style") == "primary" for element in block["elements"]) == 1


def test_a_runbook_is_pressed_runs_and_resolves(alarmed: Team) -> None:
    assert alarmed.press("U0ANA", "run_runbook").ok
    alarmed.house.run_jobs()
    assert alarmed.house.incident().status == "resolved"
    assert "resolved" in json.dumps(alarmed.message(":card"))


def test_escalating_asks_why_and_the_next_tier_reads_it(alarmed: Team) -> None:
    assert alarmed.press("U0ANA", "escalate").ok
    assert alarmed.house.incident().tier == "L1"
    assert alarmed.submit("U0ANA", "the feed is not ours").ok
    assert alarmed.house.incident().tier == "L2"
    alarmed.house.run_jobs()
    assert "the feed is not ours" in alarmed.thread()[-1] and "Tried:" in alarmed.thread()[-1]


def test_two_reasons_for_one_card_call_one_tier(alarmed: Team) -> None:
    assert alarmed.send(alarmed.submission("U0ANA", "escalate", "INC-1001", "first", version=1)).body == ""
    second = alarmed.send(alarmed.submission("U0BEN", "escalate", "INC-1001", "second", version=1))
    assert "INC-1001 is with L2 already" in second.body
    assert alarmed.house.incident().tier == "L2"


def test_l3_is_not_asked_for_before_l2s_findings_are_written_in_their_form(alarmed: Team) -> None:
    alarmed.type("U0ANA", "escalate INC-1001 not ours")
    assert alarmed.press("U0BEN", "escalate").ok
    assert alarmed.console.view("U0BEN") is None
    assert "L3 is called only with L2's findings" in alarmed.told("U0BEN")[-1]
    alarmed.press("U0BEN", "acknowledge")
    assert alarmed.press("U0BEN", "more", "findings").ok
    answers = {"examined": "the weights", "cause": "a new scale", "tried": "weighed again"}
    assert not alarmed.console.submit_view("U0BEN", answers | {"cause": " "}).ok
    assert alarmed.console.submit_view("U0BEN", answers).ok
    assert alarmed.press("U0BEN", "escalate").ok
    assert alarmed.submit("U0BEN", "the scale must be bought").ok
    assert alarmed.house.incident().tier == "L3"
    alarmed.house.run_jobs()
    for words in (*answers.values(), "the scale must be bought", "Ben from"):
        assert words in alarmed.thread()[-1]


def test_a_retraining_is_asked_for_with_a_button_and_a_reason(compared: Team) -> None:
    decide(compared.ports, "INC-1001-A1", "rejected", "not enough days", compared.house.by("U0CARA"))
    assert compared.press("U0BEN", "retrain").ok
    assert compared.submit("U0BEN", "there are more days now").ok
    assert compared.house.kinds()[-1] == "retraining_requested"


def test_four_eyes(compared: Team) -> None:
    assert compared.press("U0BEN", "approve", post=":approval").ok
    assert compared.told("U0BEN") == ["You asked for INC-1001-A1 yourself: somebody else has to decide."]

    assert compared.press("U0EVA", "reject", post=":approval").ok
    assert compared.press("U0CARA", "approve", post=":approval").ok  # while Eva is still writing
    done = "INC-1001-A1 was approved by Cara at 02 Mar 03:00 UTC."
    assert compared.told("U0CARA") == [f"{done} It is carried out now; the thread says how it ends."]
    assert compared.submit("U0EVA", "not worth it").errors == {"reason": done}
    compared.house.run_jobs()
    champion = compared.house.ports.registry.champion("acme/demo")
    assert champion is not None and champion.version == "2"
    decided = compared.message(":approval")
    assert list(buttons(decided)) == []
    assert "approved by Cara" in json.dumps(blocks(decided), ensure_ascii=False)


def test_a_click_on_a_card_that_is_not_up_to_date_says_what_became_of_the_request(compared: Team) -> None:
    card = compared.message(":approval")["ts"]
    assert compared.press("U0EVA", "reject", post=":approval").ok
    assert compared.submit("U0EVA", "too few days").ok
    for action in ("approve", "reject"):  # the chat still shows the question
        assert compared.console.click("U0CARA", CHANNEL, card, action).ok
        assert compared.told("U0CARA")[-1] == "INC-1001-A1 was rejected by Eva at 02 Mar 03:00 UTC."
    assert compared.console.view("U0CARA") is None


def test_of_fifty_who_press_approve_at_once_the_quorum_counts_and_the_others_are_told_who(asked_of_fifty: Team) -> None:
    team, card = asked_of_fifty, asked_of_fifty.message(":approval")["ts"]
    with ThreadPoolExecutor(len(CROWD)) as pool:
        replies = list(pool.map(lambda p: team.console.click(p.id, CHANNEL, card, "approve"), CROWD))
    assert all(reply.ok for reply in replies)
    (request,) = team.house.incident().approvals
    voters = [vote.by for vote in request.votes]
    assert request.decision == "approved" and len(voters) == len(set(voters)) == request.needed
    assert team.house.kinds().count("approval_voted") == request.needed
    verdict = approving.outcome(request, team.ports.people)
    told = {person.id: team.told(person.id) for person in CROWD}
    counted = [told.pop(voter)[0] for voter in voters]
    waits = f"Your yes counts. {request.id} waits: {{}} of {request.needed} said yes."
    assert counted[:-1] == [waits.format(place) for place in range(1, request.needed)]
    assert counted[-1].startswith(f"{verdict} It is carried out now")
    assert list(told.values()) == [[verdict]] * (50 - request.needed)


@pytest.mark.parametrize(
    ("user", "action", "said"),
    [
        ("U0ANA", "approve", "To approve takes L2 or L3; you are L1. Ask Ben or Eva or Cara."),
        ("U0DAN", "reject", "acme/demo belongs to team acme; you look after other."),
        (STRANGER, "approve", "I don't know you: ask for an entry in people.yaml, then try again."),
    ],
)
def test_who_may_not_decide_is_told_before_writing_a_reason(compared: Team, user: str, action: str, said: str) -> None:
    assert compared.press(user, action, post=":approval").ok
    assert compared.console.view(user) is None
    assert compared.told(user)[-1] == said


def test_a_reason_is_asked_for_in_a_modal_and_an_empty_one_is_sent_back(alarmed: Team) -> None:
    assert alarmed.press("U0ANA", "more", "note").ok
    view = alarmed.console.view("U0ANA")
    assert view is not None and view.body["title"]["text"] == "Add a note"
    private = view.body["private_metadata"]
    assert json.loads(private) == {"verb": "note", "id": "INC-1001", "version": 1}

    refused = alarmed.submit("U0ANA", "   ")
    assert refused.errors == {"reason": "One sentence is needed."}
    assert alarmed.console.view("U0ANA") is not None
    assert alarmed.submit("U0ANA", "looked at the feed").ok
    assert alarmed.console.view("U0ANA") is None
    assert alarmed.house.kinds() == ["opened", "noted"]


@pytest.mark.parametrize("option", ["resolve", "note", "timeline", "unacknowledge", "accept"])
def test_every_option_of_the_overflow_answers(alarmed: Team, option: str) -> None:
    alarmed.type("U0BEN", "escalate INC-1001 not ours")
    alarmed.press("U0BEN", "acknowledge")
    if option in ("resolve", "timeline"):  # on the card before it was taken
        alarmed.type("U0BEN", "unack INC-1001")
    events = len(alarmed.house.events())
    assert alarmed.press("U0BEN", "more", option).ok
    if option == "timeline":
        assert "Opened: weight arrives" in alarmed.told("U0BEN")[-1]
    elif option == "unacknowledge":
        assert alarmed.house.incident().owner == ""
    else:
        assert alarmed.submit("U0BEN", "because").ok
        alarmed.house.run_jobs()
        assert len(alarmed.house.events()) > events


def test_a_change_is_accepted_with_a_click_and_a_reason_by_who_may(alarmed: Team) -> None:
    assert alarmed.press("U0ANA", "more", "accept").ok
    assert alarmed.console.view("U0ANA") is None
    assert alarmed.told("U0ANA")[-1] == "To accept takes L2 or L3; you are L1. Ask Ben or Eva or Cara."
    assert alarmed.press("U0BEN", "more", "accept").ok
    assert alarmed.submit("U0BEN", "the scales are metric now").ok
    alarmed.house.run_jobs()
    assert alarmed.house.kinds() == ["opened", "accepted_as_usual", "baseline_relearnt"]
    assert "accepted as usual: weight as in 2026-02-01 and since" in json.dumps(alarmed.message(":card"))


def test_resolving_without_the_right_is_whispered_when_the_check_still_fails(alarmed: Team) -> None:
    assert alarmed.press("U0ANA", "more", "resolve").ok
    assert alarmed.submit("U0ANA", "I am sure").ok
    alarmed.house.run_jobs()
    assert "takes L2 or L3; you are L1" in alarmed.told("U0ANA")[-1]
    assert alarmed.house.incident().status == "open"
