"""What the chat shows follows the log, through outages and deaths, and never breaks Slack's limits."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.operations.house import House
from tidewatch.domain.incident.handling import FINDINGS
from tidewatch.operations.deliver import deliver
from tidewatch.operations.journal import JOBS
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.respond import acknowledge, escalate, note, unacknowledge, watch, write_findings
from tidewatch.operations.runbooks import start_run
from tidewatch.operations.sweep import sweep
from tidewatch.operations.take_batch import take_batch
from tidewatch.ports.chat import ChatUnavailable
from tidewatch.render.thread import timeline

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

INC = "INC-1001"
HOSTILE = "<!channel> <@U0ANA> <https://evil.example|click> ``` *_~ & \u202e \n> " * 200  # over 10,000 characters


def shown(card: Any) -> str:
    return json.dumps(list(card.blocks), ensure_ascii=False)


@pytest.fixture
def opened(house: House) -> House:
    """One incident about weights, not delivered yet."""
    house.batch("2026-02-01", times=1.609344)
    return house


def test_a_new_incident_is_one_card_with_a_picture_and_what_to_do_next(opened: House) -> None:
    opened.run_jobs()
    assert opened.chat.posted == ["1:card"]
    assert opened.chat.uploads == ["INC-1001.png"]
    card = shown(opened.chat.card)
    for part in (
        "Demo: weight arrives in another unit",
        "acme/demo",
        "Acknowledge",
        "Run convert-unit",
        "Escalate to L2",
    ):
        assert part in card


def test_the_card_changes_in_place_and_the_thread_tells_who_did_what(opened: House) -> None:
    opened.run_jobs()
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    opened.run_jobs()
    note(opened.ports, INC, "looked at the feed", opened.by("U0BEN"))
    unacknowledge(opened.ports, INC, opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.chat.posted == ["1:card", "2", "3", "4"]
    assert opened.chat.thread[0] == "👀 Ana has it."
    assert "Ben" in opened.chat.thread[1] and "looked at the feed" in opened.chat.thread[1]
    assert "Acknowledge" in shown(opened.chat.card)


def test_what_happens_often_does_not_drown_the_thread(opened: House) -> None:
    opened.run_jobs()
    for number in range(2, 6):
        opened.batch(f"2026-02-{number:02d}", times=1.609344)
    opened.run_jobs()
    assert opened.chat.posted == ["1:card"]
    assert f"event {opened.incident().version}" in shown(opened.chat.card)


def test_while_the_chat_is_down_nothing_is_lost_and_afterwards_nothing_is_doubled(opened: House) -> None:
    opened.chat.down = True
    for _ in range(3):
        with pytest.raises(ChatUnavailable):
            opened.run_jobs()
        opened.later(minutes=1)
        sweep(opened.ports)
    opened.chat.down = False
    opened.run_jobs()
    assert opened.chat.posted == ["1:card", "2"]
    assert opened.kinds() == ["opened", "paged"]


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_post_that_got_through_without_an_answer_is_not_posted_again(opened: House, lost: int) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    note(opened.ports, INC, "looked", opened.by("U0ANA"))
    opened.chat.lose_answers = lost
    for _ in range(lost):
        with pytest.raises(ChatUnavailable):
            opened.run_jobs()
    opened.run_jobs()
    assert opened.chat.posted == ["1:card", "2", "3"]


def test_a_job_that_a_crash_swallowed_is_sent_again_by_the_sweep(opened: House) -> None:
    opened.forget_jobs()
    sweep(opened.ports)
    opened.run_jobs()
    assert opened.chat.posted == ["1:card", "2"]
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    opened.forget_jobs()
    sweep(opened.ports)
    opened.run_jobs()
    assert opened.chat.thread[-1] == "👀 Ana has it."


def test_the_sweep_sends_no_job_for_what_is_shown_already(opened: House) -> None:
    sweep(opened.ports)
    opened.run_jobs()
    sweep(opened.ports)
    assert opened.ports.queue.length(JOBS) == 0


def test_another_deliverer_leaves_alone_what_somebody_is_at_work_on(opened: House) -> None:
    chat, post = opened.chat, opened.chat.post
    others: list[int] = []

    def post_slowly(*given: Any, **named: Any) -> Any:
        opened.later(seconds=40)  # Slack takes about one message a second: many messages take longer than a claim
        before = len(chat.said)
        deliver(opened.ports, INC)
        others.append(len(chat.said) - before)
        return post(*given, **named)

    for number in range(4):
        note(opened.ports, INC, f"note {number}", opened.by("U0ANA"))
    chat.post = post_slowly  # type: ignore[method-assign]
    deliver(opened.ports, INC)
    assert others == [0] * 5
    assert chat.posted == ["1:card", "2", "3", "4", "5"]


def test_a_delivery_that_died_anywhere_is_finished_without_doubles(opened: House, deaths: Deaths) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    for window in ("2026-02-10", "2026-02-11"):
        note_good_window(opened.ports, "acme/demo", window, [opened.incident().signal], "blob")
    report(opened.ports, [opened.finding(sentence="again")], "again", "blob")
    assert opened.kinds() == ["opened", "acknowledged", "window_passed", "window_passed", "recovered", "reopened"]
    copies = []
    for mortal in deaths(opened, lambda mortal: deliver(mortal.ports, INC)):
        mortal.later(minutes=2)  # a dead deliverer's claim has run out
        deliver(mortal.ports, INC)
        assert mortal.chat.posted == ["1:card", "2", "5", "6:card", "6"], mortal.root.name
        assert "see the newer message" in shown(mortal.chat.said["1.000000"].message), mortal.root.name
        copies.append(mortal)
    assert len(copies) > 10


def test_a_card_about_a_sensitive_column_has_no_picture(house: House) -> None:
    report(house.ports, [house.finding("income")], "income", "blob")
    house.batch("2026-02-01", income=house.day("2026-02-01").columns["income"] + 500)
    house.run_jobs()
    assert house.incident().finding.subject == "income"
    assert house.chat.uploads == []
    assert "image" not in [block["type"] for block in house.chat.card.blocks]


def test_no_value_of_a_sensitive_column_reaches_the_chat(house: House) -> None:
    house.batch("2026-02-01", income=house.day("2026-02-01").columns["income"] * 1.609344)
    house.run_jobs()
    assert house.incident().finding.subject == "income"
    assert "median" not in shown(house.chat.card)


def test_every_state_of_a_card_keeps_slacks_limits_whatever_people_and_data_say(house: House) -> None:
    finding = house.finding(sentence=HOSTILE)
    report(house.ports, [finding], "hostile", "blob")
    house.run_jobs()
    cause = house.by
    note(house.ports, INC, HOSTILE.replace("\n", " "), cause("U0ANA"))
    escalate(house.ports, INC, HOSTILE, cause("U0ANA"))
    acknowledge(house.ports, INC, cause("U0BEN"))
    house.run_jobs()
    write_findings(house.ports, INC, dict.fromkeys(FINDINGS, HOSTILE), cause("U0BEN"))
    escalate(house.ports, INC, HOSTILE, cause("U0BEN"))
    house.run_jobs()
    watch(house.ports, INC, timedelta(days=14), HOSTILE, cause("U0CARA"))
    house.run_jobs()
    for window in ("2026-02-10", "2026-02-11"):
        note_good_window(house.ports, "acme/demo", window, [finding.signal], "blob")
    house.run_jobs()
    report(house.ports, [finding], "again", "blob")
    house.run_jobs()
    everything = "\n".join(shown(said.message) + said.message.text for said in house.chat.said.values())
    assert "<!channel>" not in everything and "https://evil.example|" not in everything.replace("&lt;https", "")
    assert house.chat.posted[-1] == f"{len(house.events())}"


def test_a_file_with_a_hostile_name_and_hostile_columns_is_told_within_slacks_limits(house: House) -> None:
    strange: dict[str, Any] = {f"<!channel> {'x' * 200} {number}": np.zeros(60) for number in range(60)}
    table = house.day("2026-02-01", **strange)
    take_batch(house.ports, house.land("batches", "<!here> & co", house.parquet(table)))
    house.run_jobs()
    assert house.chat.posted == ["1:card"]
    assert "<!" not in shown(house.chat.card)


def test_a_runbook_that_floods_is_told_within_slacks_limits(opened: House) -> None:
    verdict = json.dumps({"passed": False, "sentence": HOSTILE * 4})
    (first, *others) = opened.ports.runbooks
    flood = f"import sys; sys.stdout.write(({HOSTILE!r} + chr(10)) * 20); print({verdict!r}); sys.exit(1)"
    loud = first.model_copy(update={"verify": ["python", "-S", "-c", flood]})
    opened.change(runbooks=(loud, *others))
    start_run(opened.ports, INC, "", opened.by("U0ANA"))
    opened.run_jobs()
    assert opened.incident().runs[0].verdict == "failed"
    assert opened.incident().tier == "L2"
    assert len(opened.chat.thread) == 3
    assert "<!channel>" not in "".join(opened.chat.thread)


def test_an_erased_text_is_said_to_be_erased_and_the_log_still_holds(opened: House) -> None:
    note(opened.ports, INC, "Dr. Smith of ward 7 told me", opened.by("U0ANA"))
    (text,) = opened.ports.blobs.list("texts")
    opened.ports.blobs.delete("texts", text.name)
    opened.run_jobs()
    assert "(erased)" in opened.chat.thread[0]
    assert "Smith" not in (opened.root / "log" / f"{INC}.jsonl").read_text()


def test_the_log_names_people_by_id_only(opened: House) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    text = (opened.root / "log" / f"{INC}.jsonl").read_text()
    assert "U0ANA" in text and '"Ana"' not in text


def test_the_timeline_tells_every_event(opened: House) -> None:
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    note_good_window(opened.ports, "acme/demo", "2026-02-10", [opened.incident().signal], "blob")
    told = timeline(tuple(opened.events()), opened.ports.people, lambda reference: "").splitlines()
    assert len(told) == 3
    assert (
        "Opened: weight arrives multiplied" in told[0] and "Ana has it" in told[1] and "2026-02-10 was good" in told[2]
    )
