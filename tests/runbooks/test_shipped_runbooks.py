"""Every runbook in the folder can be loaded, suits a check that exists, and has the scripts it names."""

from pathlib import Path

import pytest

from tests.runbooks.running import SHIPPED
from tidewatch.adapters.local.runbooks import load_runbooks
from tidewatch.domain.finding import FAMILY
from tidewatch.domain.runbook import Runbook, RunbookError


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


def test_a_record_in_a_folder_of_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "runbook.yaml").write_text((SHIPPED / "convert-unit" / "runbook.yaml").read_text())
    with pytest.raises(RunbookError, match="the runbook convert-unit must lie in a folder of that name"):
        load_runbooks(tmp_path)


def test_a_folder_without_records_holds_no_runbooks(tmp_path: Path) -> None:
    assert load_runbooks(tmp_path) == load_runbooks(tmp_path / "nowhere") == ()
