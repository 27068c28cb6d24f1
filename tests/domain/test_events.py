"""The chain holds what was written, and shows whatever was done to it afterwards."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tidewatch.domain.events import GENESIS, BrokenRecord, Cause, Draft, Event, canonical, chain, digest, parse, verify

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def stream(length: int = 5) -> list[Event]:
    events: list[Event] = []
    for number in range(length):
        cause = Cause("U0ANA", "slack", f"key-{number}")
        draft = Draft("noted", {"text": f"ünï {number}", "number": number / 3})
        events += chain("INC-1", [draft], events[-1] if events else None, cause, NOW + timedelta(minutes=number))
    return events


def lines(length: int = 5) -> list[str]:
    return [event.line() for event in stream(length)]


def test_a_stream_as_it_was_written_has_no_faults() -> None:
    assert verify("INC-1", lines()) == []
    assert verify("INC-1", []) == []


def test_events_take_their_places_behind_each_other() -> None:
    events = stream(3)
    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.prev for event in events] == [GENESIS, events[0].hash, events[1].hash]


def test_drafts_of_one_cause_keep_its_key_and_get_keys_of_their_own() -> None:
    events = chain("INC-1", [Draft("noted"), Draft("resolved"), Draft("noted")], None, Cause("u", "cli", "k"), NOW)
    assert [event.key for event in events] == ["k", "k+1", "k+2"]


def test_an_event_does_not_change_with_the_data_its_draft_was_made_of() -> None:
    data = {"text": "as it was"}
    (event,) = chain("INC-1", [Draft("noted", data)], None, Cause("u", "cli", "k"), NOW)
    data["text"] = "as somebody wants it"
    assert verify("INC-1", [event.line()]) == []


@given(data=st.dictionaries(st.text(), JSON, max_size=4), actor=st.text(), key=st.text())
def test_whatever_an_event_holds_it_reads_back_the_same_and_verifies(
    data: dict[str, object], actor: str, key: str
) -> None:
    (event,) = chain("INC-1", [Draft("noted", data)], None, Cause(actor, "slack", key), NOW)
    assert parse(event.line()) == event
    assert verify("INC-1", [event.line()]) == []


def test_a_time_is_stored_in_utc_wherever_it_was_told() -> None:
    lisbon = NOW.astimezone(timezone(timedelta(hours=-7)))
    (event,) = chain("INC-1", [Draft("noted")], None, Cause("u", "cli", "k"), lisbon)
    assert json.loads(event.line())["at"] == "2026-03-02T03:00:00+00:00"
    assert verify("INC-1", [event.line()]) == []


@given(place=st.integers(0, 10_000), other=st.characters(codec="utf-8"))
def test_any_changed_character_is_found(place: int, other: str) -> None:
    stored = lines()
    number, position = place % 5, place // 5 % len(stored[place % 5])
    assume(stored[number][position] != other)
    stored[number] = stored[number][:position] + other + stored[number][position + 1 :]
    faults = verify("INC-1", stored)
    assert any(fault.startswith(f"INC-1 event {number + 1}: ") for fault in faults)


@pytest.mark.parametrize("missing", range(4))
def test_a_missing_event_is_found(missing: int) -> None:
    stored = lines()
    del stored[missing]
    faults = verify("INC-1", stored)
    assert f"INC-1 event {missing + 1}: does not follow the event before it" in faults
    assert f"INC-1 event {missing + 1}: says it is number {missing + 2}" in faults


@pytest.mark.parametrize("place", range(4))
def test_reordered_events_are_found(place: int) -> None:
    stored = lines()
    stored[place], stored[place + 1] = stored[place + 1], stored[place]
    assert f"INC-1 event {place + 1}: does not follow the event before it" in verify("INC-1", stored)


@pytest.mark.parametrize("place", range(5))
def test_a_duplicated_event_is_found(place: int) -> None:
    stored = lines()
    stored.insert(place, stored[place])
    assert f"INC-1 event {place + 2}: does not follow the event before it" in verify("INC-1", stored)


@pytest.mark.parametrize("kept", [0, 1, 80])
def test_a_record_that_was_cut_off_in_the_middle_of_the_stream_is_found(kept: int) -> None:
    stored = lines()
    stored[2] = stored[2][:kept]
    assert verify("INC-1", stored)[0] == "INC-1 event 3: the record cannot be read"


def test_an_edited_event_is_found() -> None:
    stored = lines()
    stored[1] = stored[1].replace("U0ANA", "U0BEN")
    assert verify("INC-1", stored) == ["INC-1 event 2: was changed after it was written"]


def test_an_edited_event_with_a_new_hash_of_its_own_breaks_the_chain_behind_it() -> None:
    stored = lines()
    record = json.loads(stored[1])
    del record["hash"]
    record["actor"] = "U0BEN"
    stored[1] = canonical(record | {"hash": digest(record)})
    assert verify("INC-1", stored) == ["INC-1 event 3: does not follow the event before it"]


def test_the_same_record_in_another_spelling_was_changed() -> None:
    stored = lines()
    stored[0] = json.dumps(json.loads(stored[0]))
    assert verify("INC-1", stored) == ["INC-1 event 1: was changed after it was written"]


def test_events_of_another_incident_are_found() -> None:
    assert verify("INC-2", lines(1)) == ["INC-2 event 1: belongs to INC-1"]


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+12:00", "2026-03-02T03:00:00", "2026-03-02T05:00:00+02:00"], ids=str
)
def test_a_time_that_was_never_written_so_is_found(at: str) -> None:
    stored = lines(1)
    stored[0] = stored[0].replace("2026-03-02T03:00:00+00:00", at)
    assert verify("INC-1", stored) == ["INC-1 event 1: was changed after it was written"]


def test_no_depth_of_nesting_stops_the_verification() -> None:
    shallow = lines(1)[0]
    for depth in [*range(900, 1010), 20_000]:
        deep = shallow.replace('"number":0.0', f'"number":{"[" * depth}{"]" * depth}')
        assert len(verify("INC-1", [deep])) == 1


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"value": number})
    with pytest.raises(ValueError, match="JSON"):
        chain("INC-1", [Draft("noted", {"value": [number]})], None, Cause("u", "cli", "k"), NOW)


def test_a_nan_that_got_into_the_store_is_found() -> None:
    stored = [lines(1)[0].replace("0.0", "NaN")]
    assert verify("INC-1", stored) == ["INC-1 event 1: was changed after it was written"]


@pytest.mark.parametrize("line", ["", "null", "[]", "{}", '"text"', "{'v': 1}", "7", '{"v":1,"at":5}'])
def test_what_is_no_event_is_called_so(line: str) -> None:
    with pytest.raises(BrokenRecord, match="not an event"):
        parse(line)
