"""A lasting change that somebody accepts: from then on it is what is usual."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.operations.house import MODEL, NOW, SPEC, House
from tidewatch.domain.acceptance import accept as learn_acceptance
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.incident.quiet import ONE_BY_ONE
from tidewatch.domain.people import Refused
from tidewatch.operations import respond
from tidewatch.operations.counted import observations
from tidewatch.operations.diagnose import diagnose
from tidewatch.operations.fleet import decide
from tidewatch.operations.relearn import relearn
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.sweep import sweep

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]
WHY = "the shop sells no blue ones any more"


def days(house: House, first: int, last: int, **columns: Callable[[np.ndarray], np.ndarray]) -> None:
    """Batches of days in February whose columns were changed by these functions."""
    for number in range(first, last + 1):
        day = f"2026-02-{number:02d}"
        usual = house.day(day).columns
        house.batch(day, **{name: change(usual[name]) for name, change in columns.items()})
        decide(house.ports)


def no_blue(colours: np.ndarray) -> np.ndarray:
    return np.where(colours == "blue", "red", colours).astype(object)


def richer(incomes: np.ndarray) -> np.ndarray:
    return incomes * 1.0 + 55


def accept(house: House, **given: Any) -> None:
    respond.accept(house.ports, house.incidents()[0], WHY, house.by("U0BEN"), **given)


def baseline(house: House) -> bytes:
    return Shelf(house.ports, MODEL).baseline("1").to_bytes()


def test_a_change_that_nobody_accepts_stays_an_incident(house: House) -> None:
    days(house, 1, 12, colour=no_blue)
    assert house.kinds() == ["opened", *["observed"] * ONE_BY_ONE]
    assert len(observations(house.ports, house.incidents()[0])) == 11 - ONE_BY_ONE


@pytest.mark.parametrize(
    ("column", "change"), [("colour", no_blue), ("income", richer)], ids=["of categories", "of numbers"]
)
def test_what_was_accepted_is_usual_from_then_on(house: House, column: str, change: Any) -> None:
    days(house, 1, 2, **{column: change})
    assert house.incident().finding.subject == column
    accept(house)
    assert house.incident().status == "resolved"
    assert house.incident().resolution == f"accepted as usual: {column} as in 2026-02-01 and since"
    house.run_jobs()
    assert house.kinds() == ["opened", "observed", "accepted_as_usual", "baseline_relearnt"]
    days(house, 3, 20, **{column: change})
    assert len(house.incidents()) == 1 and house.kinds()[4:] == ["confirmed"]
    record = Shelf(house.ports, MODEL).window("2026-02-02")
    assert record is not None and record.accepted and record.strange == [] and record.findings


def test_after_it_was_accepted_the_old_ways_are_a_departure(house: House) -> None:
    days(house, 1, 3, colour=no_blue)
    accept(house)
    house.run_jobs()
    days(house, 4, 12, colour=no_blue)
    days(house, 13, 13)
    assert house.kinds()[-1] == "reopened" and house.incident().finding.subject == "colour"


def test_other_columns_are_judged_as_before(house: House) -> None:
    days(house, 1, 2, colour=no_blue)
    before = Shelf(house.ports, MODEL).baseline("1")
    accept(house)
    house.run_jobs()
    after = Shelf(house.ports, MODEL).baseline("1")
    assert {n: v for n, v in after.levels.items() if n != "colour"} == {
        n: v for n, v in before.levels.items() if n != "colour"
    }
    days(house, 3, 3, colour=no_blue, income=richer)
    assert house.incident().finding.subject == "income"


def test_the_whole_model_can_be_accepted_at_once(house: House) -> None:
    days(house, 1, 2, colour=no_blue, income=richer)
    assert len(house.incidents()) == 2
    accept(house, everything=True)
    house.run_jobs()
    days(house, 3, 12, colour=no_blue, income=richer)
    told = [house.incident(name).status for name in house.incidents()]
    assert told.count("resolved") == 2 and all("reopened" not in house.kinds(name) for name in house.incidents())


def test_the_baseline_before_stays_readable(house: House) -> None:
    old = baseline(house)
    days(house, 1, 2, colour=no_blue)
    accept(house)
    house.run_jobs()
    shelf = Shelf(house.ports, MODEL)
    assert baseline(house) != old
    assert [kept.to_bytes() for kept in shelf.earlier_baselines("1")] == [old]
    assert shelf.baseline("1").since == {"colour": "2026-02-01"}


def test_learning_twice_changes_nothing_and_a_replay_learns_the_same(house: House) -> None:
    days(house, 1, 2, colour=no_blue)
    old, incident = baseline(house), house.incidents()[0]
    accept(house)
    house.run_jobs()
    new, events = baseline(house), house.events()
    relearn(house.ports, incident)
    assert (baseline(house), house.events()) == (new, events)
    (accepted,) = [event for event in events if event.kind == "accepted_as_usual"]
    assert accepted.data["windows"] == ["2026-02-01", "2026-02-02"]
    shelf = Shelf(house.ports, MODEL)
    before = Baseline.from_bytes(old)
    profiles = {window: shelf.profile(window, before) for window in accepted.data["windows"]}
    again = learn_acceptance(shelf.spec(), before, accepted.data["columns"], profiles, f"{incident}#{accepted.seq}")
    assert again.to_bytes() == new


def test_a_process_that_dies_while_it_learns_is_made_good_by_the_next(house: House, deaths: Deaths) -> None:
    days(house, 1, 2, colour=no_blue)
    accept(house)
    incident, learnt = house.incidents()[0], set()
    for mortal in deaths(house, lambda mortal: relearn(mortal.ports, incident)):
        relearn(mortal.ports, incident)
        learnt.add(baseline(mortal))
        assert mortal.kinds()[-2:] == ["accepted_as_usual", "baseline_relearnt"], mortal.root.name
        assert len(Shelf(mortal.ports, MODEL).earlier_baselines("1")) == 1
    assert len(learnt) == 1


def test_the_sweep_sends_again_what_nobody_learnt(house: House) -> None:
    days(house, 1, 2, colour=no_blue)
    accept(house)
    house.forget_jobs()
    house.later(minutes=5)
    sweep(house.ports)
    assert "relearn" in house.run_jobs()
    assert not house.incident().unlearnt


def test_a_second_change_of_the_same_column_can_be_accepted_too(house: House) -> None:
    days(house, 1, 2, income=richer)
    accept(house)
    house.run_jobs()
    days(house, 3, 8, income=richer)
    days(house, 9, 10, income=lambda incomes: incomes - 60)
    accept(house)
    house.run_jobs()
    days(house, 11, 20, income=lambda incomes: incomes - 60)
    assert house.kinds().count("reopened") == 1 and house.incident().status == "resolved"
    assert len(Shelf(house.ports, MODEL).earlier_baselines("1")) == 2


def test_who_may_not_decide_about_the_model_is_told_who_may(house: House) -> None:
    days(house, 1, 1, colour=no_blue)
    incident = house.incidents()[0]
    with pytest.raises(Refused, match="takes L2 or L3; you are L1. Ask Ben or Eva or Cara"):
        respond.accept(house.ports, incident, WHY, house.by("U0ANA"))
    with pytest.raises(Refused, match="belongs to team acme"):
        respond.accept(house.ports, incident, WHY, house.by("U0DAN"))
    assert house.kinds() == ["opened"]


def test_what_the_spec_rules_cannot_be_accepted(house: House) -> None:
    house.hand_over(SPEC.replace("colour: {type: text", "colour: {type: text, categories: [red, green, blue]"))
    days(house, 1, 1, colour=lambda colours: np.where(colours == "blue", "teal", colours).astype(object))
    assert house.incident().finding.check == "unseen_category"
    with pytest.raises(Refused, match="breaks the categories in the spec"):
        accept(house)


def test_what_no_baseline_learns_cannot_be_accepted(house: House) -> None:
    house.late_days(1, 3)
    with pytest.raises(Refused, match="which no baseline has learnt"):
        accept(house)
    assert house.ports.clock.now() >= NOW


def test_a_later_incident_is_diagnosed_with_what_was_learnt(house: House) -> None:
    days(house, 1, 2, colour=no_blue)
    accept(house)
    house.run_jobs()
    days(house, 3, 3, colour=no_blue, weight=lambda weights: weights * 1.609344)
    assert [cause.kind for cause in diagnose(house.ports, house.incidents()[-1])][:1] == ["unit_or_scale"]
