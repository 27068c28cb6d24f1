"""What people type, and what they are told."""

import json
import re

import numpy as np
import pytest

from bot.commands import ALIASES, VERBS, answer
from tests.bot.team import STRANGER
from tests.operations.house import House
from tidewatch.domain.events import Cause
from tidewatch.domain.fleet import Arrival, Pool
from tidewatch.operations.fleet import decide

NONSENSE = [
    "INC-9999", "INC-1001", "INC-1001 ", "inc-1001", "9999 why", "INC-١٢", "INC-", "-1", "zzz", "../../etc/passwd",
    "../x-A1 because", "INC-1001-A1", "INC-9999-A1 because", "-A1 because", "A1", "\x00", "\n\n", "💥" * 50, "'; --",
    "INC-1001 0d why", "INC-1001 99999999999999d why", "INC-1001 14d", "<@U0BEN> <!channel>", "x" * 10_000,
    "INC-1001 " + "x" * 10_000, "run", "run INC-1001 no-such", "run no-such INC-1001", "show", "show no-such", "run  ",
    "list", "run INC-9999", "INC-00001001", "INC-1001\tindeed", "INC-" + "9" * 5000,
]  # fmt: skip


def ask(house: House, words: str, user: str = "U0ANA") -> str:
    return answer(house.ports, house.by(user), words)


@pytest.mark.parametrize("verb", [*VERBS, *ALIASES])
@pytest.mark.parametrize("user", ["U0ANA", "U0BEN", STRANGER])
def test_every_verb_answers_whatever_follows_it(house: House, verb: str, user: str) -> None:
    for words in ["", *NONSENSE]:
        said = ask(house, f"{verb} {words}", user)
        assert said and "Traceback" not in said
    assert house.incidents() == []
    house.batch("2026-02-01", times=1.609344)
    for words in ["", *NONSENSE]:
        assert 0 < len(ask(house, f"{verb} {words}", user)) <= 4000


def test_help_lists_every_verb_with_how_to_type_it(house: House) -> None:
    lines = ask(house, "help").splitlines()
    assert [re.match(r"`/ml (\w+)", line)[1] for line in lines] == list(VERBS)  # type: ignore[index]
    assert ask(house, "") == ask(house, "help")


@pytest.mark.parametrize(
    ("typed", "meant"), [("akc", "ack"), ("stat", "status"), ("esclate", "escalate"), ("approves", "approve")]
)
def test_an_unknown_verb_is_not_carried_out_but_the_nearest_is_suggested(house: House, typed: str, meant: str) -> None:
    house.batch("2026-02-01", times=1.609344)
    assert re.search(rf"Did you mean `/ml {meant}\w*`\?", ask(house, f"{typed} INC-1001"))
    assert house.kinds() == ["opened"]


def test_a_verb_like_none_at_all_points_to_help(house: House) -> None:
    assert ask(house, "qqqqq") == "I don't know `qqqqq`. `/ml help` lists everything."


@pytest.mark.parametrize(
    ("user", "words", "said"),
    [
        ("U0ANA", "retrain INC-1001 why", "To retrain takes L2 or L3; you are L1. Ask Ben or Eva or Cara."),
        ("U0ANA", "findings INC-1001 text", "To findings takes L2 or L3; you are L1. Ask Ben or Eva or Cara."),
        ("U0DAN", "ack INC-1001", "acme/demo belongs to team acme; you look after other."),
        (STRANGER, "ack INC-1001", "I don't know you: ask for an entry in people.yaml, then try again."),
    ],
)
def test_a_refusal_says_why_and_who_could(house: House, user: str, words: str, said: str) -> None:
    house.batch("2026-02-01", times=1.609344)
    assert ask(house, words, user) == said
    assert house.kinds() == ["opened"]


def test_an_incident_is_found_by_its_number_alone_and_the_only_one_without(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    assert ask(house, "ack 1001").startswith("You have INC-1001.")
    assert ask(house, "unack") == "INC-1001 waits for somebody again."


@pytest.mark.parametrize("typed", ["INC-10O1", "inc-١", "INC-" + "9" * 5000, "INC-1001;"])
def test_a_mistyped_number_never_falls_on_another_incident(house: House, typed: str) -> None:
    house.batch("2026-02-01", times=1.609344)
    assert ask(house, f"escalate {typed} not fixed").startswith("There is no incident")
    assert house.kinds() == ["opened"]


def test_with_several_open_it_asks_which_unless_one_is_mine(house: House) -> None:
    house.batch("2026-02-01", times=1.609344, income=house.day("2026-02-01").columns["income"] + 500)
    assert ask(house, "ack").startswith("Which one? INC-1001 (Demo: ")
    ask(house, "ack INC-1002")
    assert ask(house, "note seen") == "Noted in INC-1002."


def test_the_second_to_acknowledge_is_told_who_was_first_and_when(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    ask(house, "ack INC-1001")
    assert ask(house, "ack INC-1001", "U0BEN") == "Ana already took INC-1001 at 03:00 UTC."
    assert ask(house, "ack INC-1001") == "You have INC-1001 already, since 03:00."


def test_status_shows_what_is_open_and_what_is_the_matter(house: House) -> None:
    assert ask(house, "status") == "✅ Nothing is open."
    house.batch("2026-02-01", times=1.609344)
    assert "🔴 *INC-1001* Demo: weight arrives in another unit · waits for L1" in ask(house, "status")
    assert "median" in ask(house, "status INC-1001")


def test_whoami_says_what_i_may_and_why_a_button_is_refused(house: House) -> None:
    may, takes_l2, *others = ask(house, "whoami").splitlines()
    assert may == (
        "You are Ana, L1, for every team. You may acknowledge, assign, escalate, note, override, report, resolve, "
        "run runbook, silence, split, unacknowledge, unsilence."
    )
    assert takes_l2 == (
        "Refused: accept, approve, findings, plan maintenance, reject, resolve unverified, retrain, watch; that takes "
        "L2. Ask Ben or Eva or Cara or Dan."
    )
    assert "Refused to everybody: to decide what you asked for yourself." in others
    assert "Refused: every button of a model that is not of other." in ask(house, "whoami", "U0DAN")
    assert "people.yaml" in ask(house, "who", STRANGER)


def test_typing_through_a_whole_incident(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    assert "Next: `/ml runbook run INC-1001`" in ask(house, "ack INC-1001")
    assert ask(house, "runbook list").startswith("`convert-unit` (L1): ")
    assert "Resolved if" in ask(house, "runbook show convert-unit")
    assert ask(house, "escalate INC-1001") == "Say why behind INC-1001."
    assert ask(house, "escalate INC-1001 no idea") == "INC-1001 is with L2; Ben is paged."
    assert "L3 may be called now" in ask(house, "findings INC-1001 weights; the scale broke; nothing yet", "U0BEN")
    assert ask(house, "watch INC-1001 soon", "U0BEN").startswith("Say how long and why, as in `watch INC-1001 14d")
    assert ask(house, "watch INC-1001 14d one week", "U0BEN") == "INC-1001 is watched until 16 Mar 03:00 UTC."
    assert "`convert-unit` runs for INC-1001" in ask(house, "runbook run convert-unit INC-1001")
    house.run_jobs()
    assert ask(house, "status") == "✅ Nothing is open."
    told = ask(house, "timeline INC-1001")
    assert re.findall(r"^`02 Mar 03:00:00` (.)", told, re.MULTILINE) == list("🔴👀⬆🔎🔭⏳·✅✅")


def test_a_change_is_accepted_with_a_reason_and_the_story_says_so(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    assert ask(house, "accept INC-1001", "U0BEN") == "Say why it is usual from now on behind INC-1001."
    assert ask(house, "accept INC-1001 metric scales", "U0ANA").startswith("To accept takes L2 or L3; you are L1.")
    said = ask(house, "accept INC-1001 metric scales", "U0BEN")
    assert said == "INC-1001 is accepted as usual: weight as in 2026-02-01 and since."
    house.run_jobs()
    told = ask(house, "timeline INC-1001").splitlines()
    assert "Ben accepted as usual: weight as in 2026-02-01 and since" in told[1] and told[2] == "> metric scales"
    assert told[3].endswith(
        "📐 Learnt: weight is compared with 2026-02-01 and since from now on; the baseline before that is kept."
    )
    house.batch("2026-02-02", times=1.609344)
    assert ask(house, "status") == "✅ Nothing is open."


def test_everything_about_a_model_can_be_accepted_at_once(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    said = ask(house, "accept INC-1001 everything new customers", "U0CARA")
    assert said == "INC-1001 is accepted as usual: the whole model as in 2026-02-01 and since."


def test_what_the_fleet_holds_back_can_be_read(house: House) -> None:
    assert ask(house, "held") == "Nothing is held back."
    usual = house.day("2026-02-01").columns["colour"]
    house.batch("2026-02-01", colour=np.where(usual == "blue", "red", usual).astype(object))
    others = [Arrival(f"acme/other-{number}/2026-02-01/abc", 2.0, 1 / 30) for number in range(17_411)]
    record = Pool().after(others, house.ports.clock.now()).as_dict()
    house.ports.blobs.put("fleet", "day.json", json.dumps(record).encode())
    decide(house.ports)
    assert re.fullmatch(
        r"acme/demo 2026-02-01: colour is distributed differently.* Held back: q = [01]\.\d\d over 17,412 windows of a "
        r"day\.",
        ask(house, "held"),
    )


def test_approvals_are_listed_with_their_age_and_who_may_decide_and_decided_by_typing(house: House) -> None:
    house.late_days(1, 3)
    house.ask_to_promote(needed=2)
    house.later(hours=3, minutes=5)
    assert ask(house, "approvals") == (
        "❓ `INC-1001-A1` Promote Demo version 2? · asked by Ben 3 h 05 ago · 0 of 2 said yes · "
        "Eva, Cara may decide · closes 04 Mar 03:00 UTC"
    )
    counted = ask(house, "approve inc-1001-a1 better on every day", "U0EVA")
    assert counted == "Your yes counts. INC-1001-A1 waits: 1 of 2 said yes."
    assert "1 of 2 said yes · Cara may decide" in ask(house, "approvals")
    assert ask(house, "reject INC-1001-A1", "U0CARA").startswith("A no needs a reason")
    rejected = ask(house, "reject INC-1001-A1 the night flights got worse", "U0CARA")
    assert rejected == "INC-1001-A1 was rejected by Cara at 02 Mar 06:05 UTC."
    assert ask(house, "approvals") == "Nothing waits for a decision."


def test_the_same_command_delivered_twice_answers_twice_and_acts_once(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    cause = Cause("U0ANA", "slack", "command:T1")
    first, second = (answer(house.ports, cause, "note INC-1001 looked") for _ in range(2))
    assert first == second == "Noted in INC-1001."
    assert house.kinds() == ["opened", "noted"]


def test_a_long_story_is_cut_and_says_so(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    for _ in range(20):
        ask(house, "note INC-1001 " + "word " * 400)
    told = ask(house, "timeline INC-1001")
    assert len(told) <= 4000
    assert told.startswith("… (the beginning is cut; the whole") and told.endswith(" word")
    house.run_jobs()
    assert "# INC-1001" in house.chat.attached[f"INC-1001-to-event-{house.incident().version}.md"]


def test_a_damaged_stream_is_told_in_one_sentence(house: House) -> None:
    house.batch("2026-02-01", times=1.609344)
    path = house.root / "log" / "INC-1001.jsonl"
    path.write_bytes(path.read_bytes()[:60])
    for words in ("timeline INC-1001", "status INC-1001", "ack INC-1001"):
        told = ask(house, words)
        assert told.startswith("INC-1001: event 1 was acknowledged") and "\n" not in told
