"""When a remedy is offered, what it says it would do, and how it is taken back."""

import numpy as np
import pytest

from tests.operations.house import MODEL, SPEC, House
from tests.runbooks.remedied import DAY, labels, ran, rows, written
from tests.runbooks.running import SHIPPED, contents, run
from tidewatch.adapters.local.runbooks import load_runbooks
from tidewatch.domain.people import Refused
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.operations.examine import usual_before
from tidewatch.operations.runbooks import dry_run, start_run, undo_run
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.suggestion import suggestion


def without_weights(house: House) -> None:
    house.batch(DAY, weight=np.full(60, np.nan))
    assert house.incident().finding.check == "missing_feature"


def why_not(house: House, name: str) -> str:
    with pytest.raises(Refused) as caught:
        start_run(house.ports, house.incidents()[-1], name, house.by("U0ANA"))
    return str(caught.value)


def keep_spec(house: House, text: str) -> None:
    house.ports.blobs.put("models", f"{MODEL}/spec.yaml", text.encode())


def test_what_the_spec_does_not_say_cannot_be_restored_or_replaced(house: House) -> None:
    house.change(runbooks=load_runbooks(SHIPPED))
    without_weights(house)
    assert suggestion(house.ports, house.incident()) is None
    assert "does not say by which columns weight could be restored" in why_not(house, "restore-column")
    assert "null is what the spec puts for faulty values of weight" in why_not(house, "quarantine-and-rescore")


def test_a_usual_value_takes_the_place_of_nulls_where_the_spec_says_so(remedied: House) -> None:
    keep_spec(remedied, SPEC.replace("importance: high", "importance: high, faulty_as: usual"))
    without_weights(remedied)
    shelf = Shelf(remedied.ports, MODEL)
    usual = usual_before(shelf, shelf.spec(), shelf.baseline("1"), DAY).columns["weight"]
    assert isinstance(usual, NumberProfile)
    proposal = written(remedied, rows(remedied, weight=np.full(60, usual.quantile(0.5))))
    done = ran(remedied, "quarantine-and-rescore", "corrected", proposal)
    assert done.verdict == "passed", done.sentence


@pytest.mark.parametrize(
    ("fixture", "name", "what"),
    [("missing", "rerun-batch", "a batch"), ("unlabelled", "rerequest-labels", "labels")],
)
def test_without_a_command_of_the_builders_nothing_is_asked_for_again(
    request: pytest.FixtureRequest, fixture: str, name: str, what: str
) -> None:
    house: House = request.getfixturevalue(fixture)
    keep_spec(house, SPEC)
    assert suggestion(house.ports, house.incident()) is None
    assert f"the spec has no command that produces {what}" in why_not(house, name)


def test_dry_runs_say_what_would_be_done_and_keep_nothing(remedied: House) -> None:
    remedied.batch(DAY, weight=np.where(np.arange(60) < 20, np.nan, remedied.day(DAY).columns["weight"]))
    before = contents(remedied)
    said = dry_run(remedied.ports, remedied.incidents()[-1], "restore-column", {}).output
    assert said == f"{DAY}: 20 of 20 lost values of weight found in the last good windows\nnothing was kept\n"
    assert contents(remedied) == before


def test_a_dry_run_of_a_feed_names_its_command(missing: House) -> None:
    said = dry_run(missing.ports, missing.incidents()[-1], "rerun-batch", {}).output
    assert said == f"{DAY}: python refetch.py batch would be run; nothing was kept\n"


def test_a_command_of_the_builders_that_fails_fails_the_run_with_a_sentence(missing: House) -> None:
    before = contents(missing)
    done = run(missing)  # they handed over no refetch.py
    assert done.verdict == "failed"
    assert done.sentence.startswith(
        "rerun-batch failed with exit status 1: python refetch.py batch ended with exit status 2; what it said"
    )
    assert contents(missing) == before


def test_a_batch_that_is_taken_back_is_nothing_to_compare_with(missing: House) -> None:
    before = contents(missing)
    assert ran(missing, "rerun-batch", "batches", written(missing, rows(missing))).verdict == "passed"
    assert contents(missing) != before
    undo_run(missing.ports, missing.incident().runs[-1].id, missing.by("U0ANA"))
    missing.run_jobs()
    assert contents(missing) == before
    assert missing.incident().status == "open"


def test_labels_that_are_taken_back_are_judged_no_more(unlabelled: House) -> None:
    before = contents(unlabelled)
    assert ran(unlabelled, "rerequest-labels", "labels", labels(unlabelled)).verdict == "passed"
    undo_run(unlabelled.ports, unlabelled.incident().runs[-1].id, unlabelled.by("U0ANA"))
    unlabelled.run_jobs()
    assert contents(unlabelled) == before
    assert Shelf(unlabelled.ports, MODEL).label_windows() == ["2026-03-01"]
