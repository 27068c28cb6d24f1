"""Numbers of incidents: none twice, none looked for by listing those that were given."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.operations.house import House
from tidewatch.operations.numbering import FIRST_NUMBER, NEXT, NUMBERS, next_number
from tidewatch.ports.blobs import Blobs


class Counted:
    """Blobs that count what is asked of them, and are never listed."""

    def __init__(self, inner: Blobs) -> None:
        self._inner, self.calls = inner, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._inner, name)

    def list(self, container: str, prefix: str = "") -> Iterator[object]:
        pytest.fail("a number was looked for by listing")


def given(house: House, count: int) -> None:
    for number in range(FIRST_NUMBER, FIRST_NUMBER + count):
        house.ports.blobs.put(NUMBERS, f"INC-{number:06d}", b"")


def test_numbers_count_up_from_the_first(house: House) -> None:
    assert [next_number(house.ports.blobs) for _ in range(3)] == ["INC-1001", "INC-1002", "INC-1003"]


@pytest.mark.parametrize("hint", [None, b"1001", b"rubbish", b"-5", b"1299"])
def test_a_hint_that_is_late_lost_or_wrong_costs_a_few_looks_and_no_number(house: House, hint: bytes | None) -> None:
    given(house, 300)
    if hint is not None:
        house.ports.blobs.put(NUMBERS, NEXT, hint)
    counted = Counted(house.ports.blobs)
    house.change(blobs=counted)
    assert next_number(house.ports.blobs) == "INC-1301"
    assert sum(counted.calls.values()) <= 25
    assert house.ports.blobs.get(NUMBERS, NEXT) == b"1302"


def test_a_number_costs_five_calls_however_many_were_given(house: House) -> None:
    given(house, 300)
    next_number(house.ports.blobs)
    counted = Counted(house.ports.blobs)
    house.change(blobs=counted)
    assert next_number(house.ports.blobs) == "INC-1302"
    assert sum(counted.calls.values()) == 5


def test_a_number_that_is_taken_between_look_and_claim_goes_to_who_was_faster(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    next_number(house.ports.blobs)
    inner = house.ports.blobs

    class Overtaken(Counted):
        def put(self, container: str, name: str, data: bytes, **conditions: Any) -> str:
            if name == "INC-001002" and inner.stat(NUMBERS, name) is None:
                inner.put(NUMBERS, name, b"")
            return inner.put(container, name, data, **conditions)

    house.change(blobs=Overtaken(inner))
    assert next_number(house.ports.blobs) == "INC-1003"
