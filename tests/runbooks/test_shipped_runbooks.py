"""Every runbook in the folder can be loaded, suits a check that exists, and has the scripts it names."""

import shutil
from pathlib import Path

import pytest

from tests.runbooks.running import SHIPPED
from tidewatch.adapters.local.runbooks import load_runbooks
from tidewatch.domain.finding import FAMILY
from tidewatch.domain.runbook import Runbook


@pytest.fixture(params=load_runbooks(SHIPPED), ids=lambda book: book.name)
def book(request: pytest.FixtureRequest) -> Runbook:
    assert isinstance(request.param, Runbook)
    return request.param


def test_it_is_a_remedy_for_checks_that_exist(book: Runbook) -> None:
    assert set(book.when.checks) <= set(FAMILY)


def test_its_scripts_lie_beside_it(book: Runbook) -> None:
    for command in (book.run, book.verify):
        assert command[0] == "python"
        assert Path(book.folder, command[1]).is_file()


def test_y_and_z_are_different_scripts(book: Runbook) -> None:
    assert book.run != book.verify


def test_a_runbook_that_claims_to_read_only_may_write_nowhere(book: Runbook) -> None:
    assert (book.touches == "reads only") is (book.writes == [])


def test_none_of_them_is_left_out() -> None:
    assert [book.name for book in load_runbooks(SHIPPED)] == sorted(f.parent.name for f in SHIPPED.glob("*/*.yaml"))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ((SHIPPED / "convert-unit" / "runbook.yaml").read_bytes(), "convert-unit must lie in a folder of that name"),
        (b"name: [", "not YAML"),
        (b"\xff\xfe", "can't decode"),
    ],
)
def test_a_record_that_is_wrong_is_left_out_with_a_word_and_the_others_are_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, record: bytes, why: str
) -> None:
    shutil.copytree(SHIPPED / "rejoin-labels", tmp_path / "rejoin-labels")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "runbook.yaml").write_bytes(record)
    assert [book.name for book in load_runbooks(tmp_path)] == ["rejoin-labels"]
    (said,) = caplog.messages
    assert said.startswith("A runbook is left out: ") and why in said


def test_a_folder_without_records_holds_no_runbooks(tmp_path: Path) -> None:
    assert load_runbooks(tmp_path) == load_runbooks(tmp_path / "nowhere") == ()
