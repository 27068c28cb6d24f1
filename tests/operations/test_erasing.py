"""What a person wrote can be removed, everywhere, and the log says so and still holds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.operations.house import House
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import Refused
from tidewatch.operations.erase import Erased, erase
from tidewatch.operations.journal import TEXTS, text_of
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.respond import acknowledge, escalate, note, write_findings
from tidewatch.operations.verify_log import verify_log
from tidewatch.ports.chat import ChatUnavailable

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]
SECRET = "Dr. Smith of ward 7 told me"
STREAM = Path(__file__).parents[1] / "domain" / "streams" / "texts_without_authors.jsonl"


@pytest.fixture
def written(house: House) -> House:
    """Ana wrote in two incidents, Ben in one."""
    report(house.ports, [house.finding("weight"), house.finding("income")], "monday", "blob")
    note(house.ports, "INC-1001", SECRET, house.by("U0ANA"))
    escalate(house.ports, "INC-1001", SECRET, house.by("U0ANA"))
    note(house.ports, "INC-1002", SECRET, house.by("U0ANA"))
    acknowledge(house.ports, "INC-1001", house.by("U0BEN"))
    write_findings(house.ports, "INC-1001", "Weights come in pounds; a new scale; weighed again", house.by("U0BEN"))
    house.run_jobs()
    return house


def texts(house: House) -> list[str]:
    return [house.ports.blobs.get(TEXTS, blob.name).decode() for blob in house.ports.blobs.list(TEXTS)]


def said(house: House) -> str:
    return "\n".join(said.message.text + str(said.message.blocks) for said in house.chat.said.values())


def erasures(house: House, incident: str) -> list[tuple[str, int]]:
    return [(e.data["person"], len(e.data["texts"])) for e in house.events(incident) if e.kind == "texts_erased"]


def test_all_that_a_person_wrote_is_gone_and_nothing_else(written: House) -> None:
    assert erase(written.ports, "U0ANA") == Erased(3, ["INC-1001", "INC-1002"])
    assert not any(SECRET in text for text in texts(written))
    assert len(texts(written)) == 3 and any("Weights come in pounds" in text for text in texts(written))
    assert erasures(written, "INC-1001") == [("U0ANA", 2)]
    assert erasures(written, "INC-1002") == [("U0ANA", 1)]
    assert verify_log(written.ports.log).faults == []


def test_the_thread_no_longer_shows_it(written: House) -> None:
    assert said(written).count(SECRET) == 3
    erase(written.ports, "U0ANA")
    written.run_jobs()
    assert SECRET not in said(written)
    assert said(written).count("(erased)") == 3
    assert "Weights come in pounds" in said(written)
    assert "2 of the texts here were erased on request" in said(written)


def test_findings_that_a_hand_over_repeats_are_gone_from_there_too(written: House) -> None:
    escalate(written.ports, "INC-1001", "not ours", written.by("U0CARA"))
    written.run_jobs()
    before = said(written).count("Weights come in pounds")
    assert before == 2  # where they were written, and where L3 was called; not where L2 had been
    erase(written.ports, "U0BEN")
    written.run_jobs()
    assert "Weights come in pounds" not in said(written)


def test_a_thread_of_before_the_incident_came_back_is_edited_too(written: House) -> None:
    incident: Incident = written.incident("INC-1002")
    for window in ("2026-02-10", "2026-02-11"):
        note_good_window(written.ports, incident.model, window, [incident.signal], "blob")
    report(written.ports, [written.finding(incident.finding.subject)], "friday", "blob")
    written.run_jobs()
    assert "reopened" in written.kinds("INC-1002")
    erase(written.ports, "U0ANA")
    written.run_jobs()
    assert SECRET not in said(written)


def test_a_chat_that_is_down_is_edited_later(written: House) -> None:
    erase(written.ports, "U0ANA")
    written.chat.down = True
    with pytest.raises(ChatUnavailable):
        written.run_jobs()
    written.chat.down = False
    written.run_jobs()
    assert SECRET not in said(written)


def test_erasing_again_says_nothing_twice_and_later_texts_are_told_apart(written: House) -> None:
    erase(written.ports, "U0ANA")
    assert erase(written.ports, "U0ANA") == Erased(0, [])
    note(written.ports, "INC-1002", "More", written.by("U0ANA"))
    assert erase(written.ports, "U0ANA") == Erased(1, ["INC-1002"])
    assert erasures(written, "INC-1002") == [("U0ANA", 1), ("U0ANA", 1)]


def test_a_process_that_died_anywhere_is_finished_by_the_next(written: House, deaths: Deaths) -> None:
    for mortal in deaths(written, lambda mortal: erase(mortal.ports, "U0ANA")):
        erase(mortal.ports, "U0ANA")
        assert not any(SECRET in text for text in texts(mortal)), mortal.root.name
        assert erasures(mortal, "INC-1001") == [("U0ANA", 2)], mortal.root.name
        assert erasures(mortal, "INC-1002") == [("U0ANA", 1)], mortal.root.name


def test_a_text_kept_for_a_decision_that_was_refused_is_erased_too(written: House) -> None:
    escalate(written.ports, "INC-1002", SECRET, written.by("U0ANA"))
    with pytest.raises(Refused, match="L2's findings"):
        escalate(written.ports, "INC-1002", SECRET, written.by("U0ANA"))
    assert erase(written.ports, "U0ANA").texts == 5
    assert not any(SECRET in text for text in texts(written))


def test_the_earliest_texts_are_found_by_who_caused_their_events(house: House) -> None:
    (house.root / "log").mkdir(exist_ok=True)
    (house.root / "log" / "INC-1001.jsonl").write_bytes(STREAM.read_bytes())
    for event in house.events("INC-1001"):
        for value in event.data.values():
            if isinstance(value, dict) and "sha256" in value:
                name = f"INC-1001/{value['sha256']}.json"
                house.ports.blobs.put(TEXTS, name, b'{"salt": "0", "text": "' + event.actor.encode() + b'"}')
    noted = house.events("INC-1001")[3]
    assert text_of(house.ports, "INC-1001", noted.data["text"]) == "U0ANA"
    assert erase(house.ports, "U0ANA") == Erased(2, ["INC-1001"])
    assert text_of(house.ports, "INC-1001", noted.data["text"]) == "(erased)"
    assert sorted(texts(house)) == ['{"salt": "0", "text": "U0BEN"}'] * 2


def test_the_card_of_a_request_no_longer_shows_it(written: House) -> None:
    written.ask_to_promote(incident="INC-1001")
    written.run_jobs()
    assert "the pattern changed" in said(written)
    erase(written.ports, "U0BEN")
    written.run_jobs()
    assert "the pattern changed" not in said(written)
    assert "Weights come in pounds" not in said(written)
