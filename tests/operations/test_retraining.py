"""From predictions that became wrong to a new champion, with a human in between."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.operations.house import House
from tidewatch.domain.people import Refused
from tidewatch.domain.table import Table
from tidewatch.operations.approvals import decide
from tidewatch.operations.deliver import deliver
from tidewatch.operations.jobs import carry_out
from tidewatch.operations.poison import take_poison
from tidewatch.operations.respond import acknowledge, escalate
from tidewatch.operations.retrain import request_retraining
from tidewatch.operations.sweep import sweep
from tidewatch.operations.take_batch import take_batch
from tidewatch.operations.take_labels import take_labels

Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]

INC, REQUEST, MODEL = "INC-1001", "INC-1001-A1", "acme/demo"
ACME = Path(__file__).parent / "acme"


@pytest.fixture(scope="module")
def wrong_house(model_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """For eight days many more parcels were late than the model said; L2 has the incident."""
    house = model_house.copy(tmp_path_factory.mktemp("wrong") / "house")
    house.late_days(1, 8)
    escalate(house.ports, INC, "labels are complete", house.by("U0ANA"))
    acknowledge(house.ports, INC, house.by("U0BEN"))
    return house


@pytest.fixture(scope="module")
def asked_house(wrong_house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Ben asked for a retraining; the comparison waits for a decision."""
    house = wrong_house.copy(tmp_path_factory.mktemp("asked") / "house")
    request_retraining(house.ports, INC, "the pattern changed", house.by("U0BEN"))
    house.run_jobs()
    return house


@pytest.fixture
def wrong(wrong_house: House, tmp_path: Path) -> House:
    return wrong_house.copy(tmp_path / "wrong")


@pytest.fixture
def asked(asked_house: House, tmp_path: Path) -> House:
    return asked_house.copy(tmp_path / "asked")


def champion(house: House) -> str:
    version = house.ports.registry.champion(MODEL)
    assert version is not None
    return version.version


def day_of_version_2(house: House, number: int, late: float) -> None:
    """A batch that version 2 answered, and its labels."""
    day = f"2026-02-{number:02d}"
    table = house.day(day, score=np.full(60, 0.6))
    columns = {name: values for name, values in table.columns.items() if name != "late"}
    data = house.ports.tables.write(Table(columns, table.kinds), {"model_version": "2"})
    take_batch(house.ports, house.land("batches", day, data))
    house.labels(day, late=late)


def scripts(tmp_path: Path, **programs: str) -> Path:
    """The builders' folder with some programs replaced."""
    folder = tmp_path / "builders"
    folder.mkdir()
    for name in ("train.py", "score.py"):
        (folder / name).write_text(programs.get(name.removesuffix(".py"), (ACME / name).read_text()))
    return folder


def test_a_challenger_is_trained_compared_and_asked_about(asked: House) -> None:
    assert asked.kinds()[-3:] == ["retraining_requested", "retraining_started", "approval_requested"]
    request = asked.incident().pending
    assert request is not None and request.id == REQUEST and request.requested_by == "U0BEN"
    comparison = request.evidence["comparison"]
    assert comparison["better"] and comparison["days"] == 4 and comparison["first"] == "2026-02-05"
    assert (request.evidence["version"], request.evidence["champion"]) == ("2", "1")
    assert champion(asked) == "1"
    question = next(said.message for said in asked.chat.said.values() if said.metadata["post"].endswith("approval"))
    text = json.dumps(list(question.blocks))
    for part in (
        "Promote Demo version 2?",
        "the pattern changed",
        "loses on 0",
        "v1 now",
        "v2 new",
        "change",
        "Approve",
    ):
        assert part in text


def test_who_asked_cannot_approve_and_somebody_else_can(asked: House) -> None:
    with pytest.raises(Refused, match="You asked for INC-1001-A1 yourself: somebody else has to decide"):
        decide(asked.ports, REQUEST, "approved", "mine", asked.by("U0BEN"))
    with pytest.raises(Refused, match="takes L2 or L3; you are L1"):
        decide(asked.ports, REQUEST, "approved", "please", asked.by("U0ANA"))
    with pytest.raises(Refused, match="belongs to team acme; you look after other"):
        decide(asked.ports, REQUEST, "approved", "hm", asked.by("U0DAN"))
    with pytest.raises(Refused, match="A no needs a reason"):
        decide(asked.ports, REQUEST, "rejected", "  ", asked.by("U0CARA"))
    decide(asked.ports, REQUEST, "approved", "clearly better", asked.by("U0CARA"))
    with pytest.raises(Refused, match=r"was approved by Cara at 02 Mar 03:00 UTC"):
        decide(asked.ports, REQUEST, "rejected", "no", asked.by("U0EVA"))
    asked.run_jobs()
    assert champion(asked) == "2"
    assert asked.incident().status == "observing" and asked.incident().promoted == "2"
    card = next(said.message for said in asked.chat.said.values() if said.metadata["post"].endswith("approval"))
    assert "approved by Cara" in card.text
    assert "actions" not in [block["type"] for block in card.blocks]


def test_a_rejected_challenger_stays_a_challenger(asked: House) -> None:
    decide(asked.ports, REQUEST, "rejected", "not worth it", asked.by("U0EVA"))
    asked.run_jobs()
    assert champion(asked) == "1"
    assert "not worth it" in "".join(asked.chat.thread)


def test_a_request_nobody_decides_expires_and_cannot_be_approved_late(asked: House) -> None:
    asked.later(days=2, minutes=1)
    with pytest.raises(Refused, match="closed at 04 Mar 03:00 UTC"):
        decide(asked.ports, REQUEST, "approved", "late", asked.by("U0CARA"))
    sweep(asked.ports)
    asked.run_jobs()
    assert asked.kinds().count("approval_expired") == 1
    with pytest.raises(Refused, match="expired at 04 Mar 03:01 UTC"):
        decide(asked.ports, REQUEST, "approved", "too late", asked.by("U0CARA"))
    assert champion(asked) == "1"


def test_a_promotion_delivered_twice_is_one(asked: House) -> None:
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    asked.run_jobs()
    carry_out(asked.ports, json.dumps({"do": "approved", "incident": INC, "request": REQUEST}))
    assert asked.kinds().count("promoted") == 1


def test_a_promotion_nobody_approved_is_not_carried_out(asked: House) -> None:
    carry_out(asked.ports, json.dumps({"do": "approved", "incident": INC, "request": REQUEST}))
    assert champion(asked) == "1"


def test_an_approval_whose_job_was_lost_is_carried_out_by_the_sweep(asked: House) -> None:
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    asked.forget_jobs()
    sweep(asked.ports)
    asked.run_jobs()
    assert champion(asked) == "2"


def test_a_promotion_that_died_anywhere_is_finished(asked: House, deaths: Deaths) -> None:
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    job = json.dumps({"do": "approved", "incident": INC, "request": REQUEST})
    copies = []
    for mortal in deaths(asked, lambda mortal: carry_out(mortal.ports, job)):
        carry_out(mortal.ports, job)
        assert (champion(mortal), mortal.kinds().count("promoted")) == ("2", 1), mortal.root.name
        copies.append(mortal)
    assert len(copies) > 3


def test_a_question_whose_deliverer_died_anywhere_is_asked_once(asked: House, deaths: Deaths) -> None:
    asked.ports.blobs.delete("delivery", f"{INC}.json")
    asked.change(chat=type(asked.chat)())
    posted = []
    for mortal in deaths(asked, lambda mortal: deliver(mortal.ports, INC)):
        mortal.later(minutes=2)
        deliver(mortal.ports, INC)
        posted.append(mortal.chat.posted)
    assert len(posted) > 10 and all(each == posted[-1] for each in posted)
    assert posted[-1].count("11:approval") == 1


def test_after_the_promotion_good_windows_end_the_incident(asked: House) -> None:
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    asked.run_jobs()
    for number in range(9, 14):
        day_of_version_2(asked, number, late=0.6)
    assert asked.incident(INC).status == "resolved"
    assert "after version 2 was promoted" in asked.incident(INC).resolution


def test_bad_windows_of_the_promoted_version_call_l2_again(asked: House) -> None:
    decide(asked.ports, REQUEST, "approved", "better", asked.by("U0CARA"))
    asked.run_jobs()
    asked.labels("2026-02-08", late=0.7)  # of the version before, and late
    assert asked.incident(INC).status == "observing"
    for number in range(9, 12):
        day_of_version_2(asked, number, late=1.0)
    incident = asked.incident(INC)
    assert (incident.status, incident.owner, incident.tier) == ("open", "", "L2")
    sweep(asked.ports)
    asked.run_jobs()
    assert asked.kinds(INC)[-3:] == ["observed", "relapsed", "paged"]
    told = "\n".join(asked.chat.thread)
    assert "still bad under version 2" in told and "<@U0BEN> please take INC-1001" in told


def test_only_l2_may_ask_for_a_retraining_and_only_where_it_helps(wrong: House) -> None:
    with pytest.raises(Refused, match="To retrain takes L2 or L3; you are L1. Ask Ben or Eva or Cara"):
        request_retraining(wrong.ports, INC, "why not", wrong.by("U0ANA"))
    wrong.batch("2026-02-09", times=1.609344)
    with pytest.raises(Refused, match="INC-1002 is about input; retraining on it would learn the fault"):
        request_retraining(wrong.ports, "INC-1002", "why not", wrong.by("U0BEN"))


def test_a_second_request_while_one_is_under_way_is_refused(wrong: House) -> None:
    request_retraining(wrong.ports, INC, "the pattern changed", wrong.by("U0BEN"))
    with pytest.raises(Refused, match="under way already"):
        request_retraining(wrong.ports, INC, "me too", wrong.by("U0EVA"))
    wrong.run_jobs()
    with pytest.raises(Refused, match="INC-1001-A1 waits for a decision first"):
        request_retraining(wrong.ports, INC, "me too", wrong.by("U0EVA"))


BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "training crashes": (
        {"train": "raise SystemExit('train.py: no disk')"},
        "python train.py failed: train.py: no disk",
    ),
    "training writes nothing": ({"train": "print('done')"}, "python train.py"),
    "scoring crashes": ({"score": "raise SystemExit('score.py: no model')"}, "python score.py failed"),
    "scoring writes nothing": ({"score": "print('done')"}, "python score.py"),
    "scoring writes rubbish": (
        {"score": "import sys; open(sys.argv[6], 'w').write('rubbish')"},
        "python score.py",
    ),
}


@pytest.mark.parametrize(("programs", "said"), BROKEN.values(), ids=BROKEN)
def test_a_training_that_fails_says_how_and_can_be_asked_for_again(
    wrong: House, tmp_path: Path, programs: dict[str, str], said: str
) -> None:
    wrong.ports.blobs.put("models", f"{MODEL}/folder", str(scripts(tmp_path, **programs)).encode())
    request_retraining(wrong.ports, INC, "the pattern changed", wrong.by("U0BEN"))
    wrong.run_jobs()
    failed = wrong.events()[-1]
    assert failed.kind == "retraining_failed" and said in failed.data["sentence"]
    assert "Traceback" not in failed.data["sentence"]
    assert said in wrong.chat.thread[-1]
    request_retraining(wrong.ports, INC, "once more", wrong.by("U0BEN"))
    assert wrong.incident().retraining == "requested"


def test_with_too_few_labelled_windows_it_says_how_many_are_needed(house: House) -> None:
    house.late_days(1, 3)
    request_retraining(house.ports, INC, "the pattern changed", house.by("U0BEN"))
    house.run_jobs()
    assert house.events()[-1].data["sentence"] == "4 labelled windows are needed to compare on; there are 3"


def test_refused_labels_are_not_trained_on_and_do_not_stop_the_training(wrong: House) -> None:
    wrong.batch("2026-02-09")
    take_labels(wrong.ports, wrong.land("labels", "2026-02-09", b"rubbish"))
    wrong.batch("2026-02-10")
    wrong.labels("2026-02-10", late=0.6)
    unlabelled = Table(
        {"id": np.array(["x"], dtype=object), "late": np.array([np.nan])}, {"id": "text", "late": "number"}
    )
    wrong.batch("2026-02-11")
    take_labels(wrong.ports, wrong.land("labels", "2026-02-11", wrong.ports.tables.write(unlabelled)))
    request_retraining(wrong.ports, INC, "the pattern changed", wrong.by("U0BEN"))
    wrong.run_jobs()
    pending = wrong.incident(INC).pending
    assert pending is not None and pending.evidence["comparison"]["last"] == "2026-02-10"


def test_a_retraining_delivered_twice_asks_once(wrong: House) -> None:
    cause = wrong.by("U0BEN")
    request_retraining(wrong.ports, INC, "the pattern changed", cause)
    wrong.run_jobs()
    job: dict[str, Any] = {"do": "retrain", "incident": INC, "requested_by": "U0BEN", "key": cause.key}
    carry_out(wrong.ports, json.dumps(job))
    assert wrong.kinds().count("approval_requested") == 1


def test_a_retraining_whose_job_was_lost_is_sent_again_by_the_sweep(wrong: House) -> None:
    request_retraining(wrong.ports, INC, "the pattern changed", wrong.by("U0BEN"))
    wrong.forget_jobs()
    wrong.later(minutes=10)
    sweep(wrong.ports)
    wrong.run_jobs()
    pending = wrong.incident().pending
    assert pending is not None and pending.requested_by == "U0BEN"


def test_a_retraining_that_became_poison_has_failed_and_can_be_asked_for_again(wrong: House) -> None:
    cause = wrong.by("U0BEN")
    request_retraining(wrong.ports, INC, "the pattern changed", cause)
    wrong.forget_jobs()
    job = {"do": "retrain", "incident": INC, "requested_by": "U0BEN", "key": cause.key}
    take_poison(wrong.ports, "jobs", json.dumps(job))
    assert wrong.incident(INC).retraining == "failed"
    request_retraining(wrong.ports, INC, "once more", wrong.by("U0BEN"))
