"""What is the same problem, and which finding of it speaks first."""

from dataclasses import replace

import pytest

from tests.domain.story import finding
from tidewatch.domain.finding import Finding, by_signal


def test_the_value_the_window_and_the_evidence_do_not_make_another_problem() -> None:
    first = finding()
    later = replace(first, value=0.2, window="2026-03-09", severity="low", evidence={"version": "7"})
    assert later.signal == first.signal and later.signal.digest == first.signal.digest


def test_two_checks_of_one_family_see_one_problem() -> None:
    assert finding("drift").signal == finding("scale").signal
    assert finding("log_loss", "log_loss").signal == finding("calibration_gap", "calibration_gap").signal


@pytest.mark.parametrize(
    "other",
    [finding(subject="colour"), finding("schema", "batches/x"), replace(finding(), model="acme/letters")],
    ids=["another column", "another family", "another model"],
)
def test_another_problem_has_another_signal(other: Finding) -> None:
    assert other.signal != finding().signal and other.signal.digest != finding().signal.digest


def test_files_bad_in_the_same_way_are_one_problem_and_failing_queues_are_several() -> None:
    assert finding("schema", "a.parquet").signal == finding("schema", "b.parquet").signal
    assert finding("poison", "jobs").signal != finding("poison", "batches").signal


def test_findings_are_grouped_by_problem_with_the_worst_and_most_specific_first() -> None:
    drift, scale = finding("drift", value=0.99), finding("scale", value=0.5)
    mild = finding("drift", "colour", 0.9, severity="low")
    grave, graver = finding("drift", "colour", 0.3), finding("drift", "colour", 0.4)
    groups = by_signal([drift, mild, grave, scale, graver])
    assert [(signal.group, found) for signal, found in groups] == [
        ("colour", [graver, grave, mild]),
        ("weight", [scale, drift]),
    ]
    assert by_signal([]) == []


def test_a_finding_survives_being_stored() -> None:
    one = finding(evidence={"statistics": {"ks": 0.4}})
    assert Finding.from_dict(one.as_dict()) == one
