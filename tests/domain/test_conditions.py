"""What a runbook asks of a finding beyond its check."""

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.story import finding
from tidewatch.domain.condition import Wanted, fault, holds, measured

SCALE = replace(
    finding("scale"), subject="distance", value=0.4, severity="medium",
    evidence={"scale": {"name": "kilometres", "factor": 1.609}, "columns": ["distance"]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("subject", "distance"), ("subject", "= distance"), ("subject", "!= weight"), ("subject", ["distance", "x"]),
        ("value", ">= 0.4"), ("value", "> 0.39"), ("value", "<= 0.4"), ("value", "< 1"), ("value", "= 0.4"),
        ("value", 0.4), ("value", "!= 3"), ("severity", "medium"), ("severity", ">= low"), ("severity", "< high"),
        ("severity", ["medium", "high"]), ("evidence.scale.name", "kilometres"), ("evidence.scale.factor", ">1.6"),
    ],
)  # fmt: skip
def test_what_the_finding_has_holds(place: str, wanted: Wanted) -> None:
    assert fault(place, wanted) == ""
    assert holds(SCALE, place, wanted)


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("subject", "weight"), ("subject", ["weight"]), ("subject", "!= distance"), ("value", "> 0.4"), ("value", 0.3),
        ("severity", "high"), ("severity", ">= high"), ("evidence.scale.name", "metres"), ("evidence.share", ">= 0"),
        ("evidence.share", "!= 3"), ("evidence.scale.name.deeper", "x"), ("evidence.scale.factor", "kilometres"),
    ],
)  # fmt: skip
def test_what_it_does_not_have_does_not(place: str, wanted: Wanted) -> None:
    assert not holds(SCALE, place, wanted)


@pytest.mark.parametrize(
    ("place", "wanted", "said"),
    [
        ("size", 3, "a finding has no 'size'; it has model, check, subject"),
        ("value.deep", 3, "a finding has no 'value.deep'"),
        ("severity", ">= awful", "there is no severity 'awful'; there are low, medium, high"),
        ("value", ">= much", "'much' is no number, and >= compares numbers"),
        ("subject", "> distance", "'distance' is no number, and > compares numbers"),
        ("value", "large", "'large' is no number, and value is one"),
        ("subject", [], "this list is empty"),
    ],
)
def test_what_no_finding_can_fulfil_is_told(place: str, wanted: Wanted, said: str) -> None:
    assert fault(place, wanted).startswith(said)


@pytest.mark.parametrize(
    ("place", "value"), [("evidence.scale.factor", 1.609), ("subject", "distance"), ("evidence.x.y", None), ("z", None)]
)
def test_a_value_is_found_by_its_place(place: str, value: Any) -> None:
    assert measured(SCALE, place) == value
