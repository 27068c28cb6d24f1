import hashlib
import json
from datetime import timedelta

from jsonschema import Draft202012Validator

from tests.operations.house import House
from tidewatch.domain.events import canonical
from tidewatch.domain.incident.export import SCHEMA
from tidewatch.operations.duty import override
from tidewatch.operations.erase import erase
from tidewatch.operations.export_log import export_log
from tidewatch.operations.report import report
from tidewatch.operations.respond import acknowledge, note

VALID = Draft202012Validator(SCHEMA)


def lived_in(house: House) -> None:
    """Two incidents, two notes, a request for approval, a stand-in."""
    report(house.ports, [house.finding()], "one", "blob")
    report(house.ports, [house.finding("income")], "two", "blob")
    acknowledge(house.ports, "INC-1001", house.by("U0ANA"))
    note(house.ports, "INC-1001", 'a "note" with \u2028, ünïcode\nand lines', house.by("U0ANA"))
    note(house.ports, "INC-1002", "of Eva", house.by("U0EVA"))
    house.ask_to_promote()
    override(house.ports, "acme", "L1", "U0ANA", timedelta(hours=2), "Ben is ill", house.by("U0BEN"))


def lines(house: House) -> list[str]:
    return [line for line, _ in export_log(house.ports)]


def test_every_stored_record_is_exported_as_it_lies_there_and_in_order(house: House) -> None:
    lived_in(house)
    stored = [line for name in ("INC-1001", "INC-1002") for line in house.ports.log.lines(name)]
    exported = lines(house)
    assert len(exported) == len(stored) + 1
    assert all(f'"record": {record}, "hash"' in line for record, line in zip(stored, exported, strict=False))
    places = [(json.loads(line)["stream"], json.loads(line)["place"]) for line in exported]
    assert places == sorted(places)
    assert places[-1] == ("oncall/acme", 1)


def test_every_exported_line_is_valid(house: House) -> None:
    VALID.check_schema(SCHEMA)
    lived_in(house)
    for line in lines(house):
        assert "\n" not in line
        VALID.validate(json.loads(line))


def test_an_auditor_can_compute_every_hash_from_a_line_alone(house: House) -> None:
    lived_in(house)
    texts = 0
    for each in map(json.loads, lines(house)):
        bare = {name: value for name, value in each["record"].items() if name != "hash"}
        assert hashlib.sha256(canonical(bare).encode()).hexdigest() == each["hash"]
        for at, kept in each["texts"].items():
            named = each["record"]["data"]
            for step in at.split("."):
                named = named[step]
            assert hashlib.sha256(f"{kept['salt']}\n{kept['text']}".encode()).hexdigest() == named["sha256"]
            texts += 1
    assert texts == 4


def test_an_erased_text_is_exported_as_erased(house: House) -> None:
    lived_in(house)
    erase(house.ports, "U0ANA")
    exported = lines(house)
    note_of_ana = next(e for e in map(json.loads, exported) if e["record"]["kind"] == "noted")
    assert note_of_ana["texts"] == {"text": "erased"}
    assert not any("ünïcode" in line for line in exported)
    assert any("of Eva" in line for line in exported)
    for line in exported:
        VALID.validate(json.loads(line))


def test_what_is_no_event_is_exported_as_it_lies_there_and_named(house: House) -> None:
    lived_in(house)
    (stream,) = house.root.joinpath("log").rglob("INC-1001.jsonl")
    whole = stream.read_text().splitlines()
    broken = [
        '{"half',
        whole[1].replace('"data":{', '"data":{"n":NaN,', 1),
        whole[2].replace('"seq":3', '"seq":"3"', 1),
    ]
    stream.write_text("\n".join([*broken, *whole[3:], ""]))
    exported = list(export_log(house.ports))
    assert [wrong for _, wrong in exported if wrong] == [
        f"INC-1001 event {number}: the record cannot be read" for number in (1, 2, 3)
    ]
    assert [json.loads(line)["unreadable"] for line, _ in exported[:3]] == broken
    for line, _ in exported:
        VALID.validate(json.loads(line))
