"""Kilograms where pounds are usual: converted, scored again, and believed only by Z."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.operations.house import MODEL, House
from tests.runbooks.running import SHIPPED, batch, contents, run, table, with_programs, with_script
from tidewatch.adapters.local.scripts import LocalScripts
from tidewatch.operations.runbooks import dry_run, undo_run
from tidewatch.operations.shelf import Shelf
from tidewatch.operations.take_batch import take_batch
from tidewatch.ports.scripts import Outcome

DAY, NEXT_DAY = "2026-02-01", "2026-02-02"
KILOGRAMS = 0.45359237

SHIPPED_Y = (SHIPPED / "convert-unit" / "run.py").read_text()
SHIPPED_Z = (SHIPPED / "convert-unit" / "verify.py").read_text()


def sabotaged(script: str, old: str, new: str) -> str:
    assert old in script
    return script.replace(old, new)


SABOTAGED = {
    "writes it uncorrected": sabotaged(SHIPPED_Y, "column: converted", "column: batch.columns[column]"),
    "takes a wrong factor": sabotaged(SHIPPED_Y, ") / factor)", ") / 2)"),
    "does nothing and says Z's words": 'print(\'{"passed": true, "sentence": "all is well"}\')\n',
}
SAYS_NO = 'print(\'{"passed": false, "sentence": "still strange"}\')\n'
SAYS_YES = SAYS_NO.replace("false", "true")


def keeps(content: str, window: str) -> str:
    """A program that writes something where corrected batches go."""
    return (
        "out = work / 'out' / 'corrected'\n"
        "out.mkdir(parents=True, exist_ok=True)\n"
        f"(out / '{window}.parquet').write_text('{content}')\n"
    )


@pytest.fixture
def kilograms(staffed: House) -> House:
    staffed.batch(DAY, times=KILOGRAMS)
    assert [found.check for found in staffed.incident().findings] == ["scale"]
    return staffed


def test_the_column_is_converted_scored_again_and_resolved(kilograms: House) -> None:
    kilograms.batch(NEXT_DAY, times=KILOGRAMS)
    before = contents(kilograms, "batches")
    done = run(kilograms)
    assert (done.runbook, done.verdict, done.exit_status) == ("convert-unit", "passed", 0)
    assert done.sentence == f"weight is back in its usual range in {DAY}, {NEXT_DAY}"
    incident = kilograms.incident()
    assert (incident.status, incident.resolution) == ("resolved", f"convert-unit: {done.sentence}")
    assert contents(kilograms, "batches") == before
    shelf = Shelf(kilograms.ports, MODEL)
    for window in (DAY, NEXT_DAY):
        sent, corrected = kilograms.day(window).columns, batch(kilograms, window).columns
        assert corrected["weight"] == pytest.approx(sent["weight"])
        assert (corrected["prediction"] == (corrected["weight"] > 37.5)).all() and corrected["prediction"].any()
        for name in ("id", "day", "colour", "income"):
            assert (corrected[name] == sent[name]).all()
        record = shelf.window(window)
        assert record is not None and record.accepted and record.strange == []
        assert table(kilograms, shelf.original(window)).columns["weight"].max() < 20


@pytest.mark.parametrize("script", SABOTAGED.values(), ids=SABOTAGED)
def test_a_y_that_did_not_convert_is_never_believed(kilograms: House, tmp_path: Path, script: str) -> None:
    with_script(kilograms, "convert-unit", tmp_path / "convert-unit", run=script)
    done = run(kilograms)
    assert (done.verdict, done.exit_status) == ("failed", 0)
    assert done.sentence == f"weight is still unusual in {DAY}"
    incident = kilograms.incident()
    assert incident.status == "open" and incident.tier == "L2"  # nothing is left for L1 to try
    shelf = Shelf(kilograms.ports, MODEL)
    record = shelf.window(DAY)
    assert record is not None and not record.accepted
    assert shelf.batch(DAY) == shelf.original(DAY)  # what it wrote counts for nobody


def test_every_day_has_to_be_right(kilograms: House, tmp_path: Path) -> None:
    kilograms.batch(NEXT_DAY, times=KILOGRAMS)
    lazy = sabotaged(SHIPPED_Y, "enumerate(task.windows, 1):", "enumerate(task.windows[:1], 1):")
    with_script(kilograms, "convert-unit", tmp_path / "convert-unit", run=lazy)
    assert run(kilograms).sentence == f"weight is still unusual in {NEXT_DAY}"
    assert contents(kilograms, "corrected") == {}


def test_a_model_that_cannot_score_stops_the_run_before_anything_is_kept(kilograms: House, tmp_path: Path) -> None:
    on_holiday = "print('the model is on holiday'); raise SystemExit(3)"
    broken = sabotaged(SHIPPED_Y, "task = Task.receive()", f"""task = Task.receive()
task.scoring["command"] = ["python", "-c", {on_holiday!r}]""")  # fmt: skip
    with_script(kilograms, "convert-unit", tmp_path / "convert-unit", run=broken)
    done = run(kilograms)
    assert (done.verdict, done.exit_status) == ("failed", 1)
    assert done.sentence.startswith("convert-unit failed with exit status 1: ")
    assert contents(kilograms, "corrected") == {}


def test_run_again_after_a_failure_it_starts_from_what_came(kilograms: House) -> None:
    shipped = kilograms.ports.runbooks
    with_programs(kilograms, "convert-unit", run=keeps("nonsense", DAY), verify=SAYS_NO)
    assert run(kilograms).verdict == "failed"
    kilograms.change(runbooks=shipped)
    assert run(kilograms, "convert-unit").verdict == "passed"
    assert batch(kilograms, DAY).columns["weight"] == pytest.approx(kilograms.day(DAY).columns["weight"])


def test_z_writes_nothing(kilograms: House) -> None:
    with_programs(kilograms, "convert-unit", run="pass", verify=keeps("nonsense", DAY) + SAYS_NO)
    run(kilograms)
    with_programs(kilograms, "convert-unit", verify=keeps("nonsense", DAY))
    assert run(kilograms, "convert-unit").verdict == "failed"
    assert contents(kilograms, "corrected") == {}


def test_with_no_window_left_to_look_at_nothing_is_verified(kilograms: House) -> None:
    corrected = kilograms.parquet(kilograms.day(DAY), without=("late",))
    take_batch(kilograms.ports, kilograms.land("batches", DAY, corrected))  # the feed was faster than the runbook
    done = run(kilograms)
    assert (done.verdict, done.sentence) == ("failed", "no window is left that it could work on")


def test_a_dry_run_says_what_would_be_converted_and_keeps_nothing(kilograms: House) -> None:
    before = contents(kilograms, "batches", "corrected", "proposed")
    tried = dry_run(kilograms.ports, "INC-1001", "convert-unit", {"factor": "2"})
    assert tried.output == f"{DAY}: 60 rows, weight converted back with factor 2 and scored again; nothing was kept\n"
    assert contents(kilograms, "batches", "corrected", "proposed") == before


def test_what_it_corrected_is_taken_back(kilograms: House) -> None:
    assert run(kilograms).verdict == "passed"
    undo_run(kilograms.ports, "INC-1001-R1", kilograms.by("U0ANA"))
    kilograms.run_jobs()
    shelf = Shelf(kilograms.ports, MODEL)
    assert shelf.batch(DAY) == shelf.original(DAY)
    record = shelf.window(DAY)
    assert record is not None and not record.accepted
    assert kilograms.incident().status == "open"
    assert run(kilograms, "convert-unit").verdict == "passed"


class DiesBeforeZ(LocalScripts):
    """The worker is killed once Y has ended."""

    def run(self, command: Sequence[str], **given: Any) -> Outcome:
        if command[-1] == "verify.py":
            raise Killed
        return super().run(command, **given)


class Killed(BaseException):
    pass


def test_a_correction_that_z_never_saw_is_not_what_is_read_afterwards(kilograms: House) -> None:
    with_programs(kilograms, "convert-unit", run=keeps("nonsense", DAY))
    kilograms.change(scripts=DiesBeforeZ())
    with pytest.raises(Killed):
        run(kilograms)
    shelf = Shelf(kilograms.ports, MODEL)
    assert shelf.batch(DAY) == shelf.original(DAY)


def test_a_y_that_loses_rows_is_not_believed(kilograms: House, tmp_path: Path) -> None:
    lossy = sabotaged(SHIPPED_Y, "window, corrected)", 'window, corrected.where(corrected.columns["weight"] > 5))')
    with_script(kilograms, "convert-unit", tmp_path / "convert-unit", run=lossy)
    assert run(kilograms).verdict == "failed"


@pytest.mark.parametrize("verdict", [SAYS_YES, SAYS_NO], ids=["verified", "refused"])
def test_y_corrects_only_the_windows_of_its_task(kilograms: House, verdict: str) -> None:
    kilograms.batch("2026-01-31")
    with_programs(kilograms, "convert-unit", run=keeps("nonsense", "2026-01-31"), verify=verdict)
    run(kilograms)
    assert contents(kilograms, "corrected") == {}
