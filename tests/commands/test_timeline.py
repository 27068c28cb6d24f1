"""`tidewatch timeline` and `log export`, as they are typed, on an incident that was handled."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.operations.house import House
from tidewatch.cli import app
from tidewatch.operations.checkpoints import take_checkpoint
from tidewatch.operations.journal import load
from tidewatch.operations.picture import draw
from tidewatch.operations.postmortem import postmortem
from tidewatch.operations.respond import acknowledge, note
from tidewatch.operations.take_batch import examine_again


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home)])


@pytest.fixture
def repaired(house: House) -> House:
    """A batch came in another unit; Ana took it, wrote something, and the batch was corrected."""
    house.batch("2026-02-01", times=1.609344)
    acknowledge(house.ports, "INC-1001", house.by("U0ANA"))
    note(house.ports, "INC-1001", "the <b>feed</b> was changed", house.by("U0ANA"))
    return house


@pytest.fixture
def home(repaired: House, tmp_path: Path) -> Path:
    """As `tidewatch` finds it."""
    for name in ("blobs", "log"):
        shutil.copytree(repaired.root / name, tmp_path / "home" / name)
    (tmp_path / "home" / "people.yaml").write_text("- {id: U0ANA, name: Ana, tier: L1}\n")
    return tmp_path / "home"


def test_the_timeline_is_markdown_json_or_a_page(home: Path, tmp_path: Path) -> None:
    assert run(home, "timeline", "INC-1001").stdout.startswith("# INC-1001: Demo: weight arrives in another unit\n")
    record = json.loads(run(home, "timeline", "INC-1001", "--format", "json").stdout)
    assert [entry["kind"] for entry in record["timeline"]] == ["opened", "acknowledged", "noted"]
    assert record["timeline"][2]["quotes"] == ["the <b>feed</b> was changed"]
    out = tmp_path / "page.html"
    said = run(home, "timeline", "INC-1001", "--format", "html", "--out", str(out))
    assert (said.exit_code, said.stdout) == (0, f"INC-1001 is written to {out}.\n")
    written = out.read_text(encoding="utf-8")
    assert "the &lt;b&gt;feed&lt;/b&gt; was changed" in written and "data:image/svg+xml;base64," in written
    assert [path.name for path in tmp_path.glob("page*")] == ["page.html"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["timeline", "INC-7"], "There is no incident INC-7."),
        (["timeline", "../INC-7"], "There is no incident ../INC-7."),
        (["timeline", "INC-1001", "--out", "/nowhere/at/all"], "/nowhere/at/all cannot be written: No such file"),
        (["log", "export", "--out", "/nowhere/at/all"], "/nowhere/at/all cannot be written: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(home: Path, words: list[str], sentence: str) -> None:
    said = run(home, *words)
    assert said.exit_code == 2
    assert said.stderr.startswith(f"tidewatch: {sentence}") and said.stderr.count("\n") == 1


def test_a_broken_stream_is_one_sentence_and_still_exported(home: Path) -> None:
    path = home / "log" / "INC-1001.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0][:50], *lines[1:]]) + "\n", encoding="utf-8")
    said = run(home, "timeline", "INC-1001")
    assert said.exit_code == 2 and said.stderr.count("\n") == 1 and "Traceback" not in said.stderr
    said = run(home, "log", "export")
    assert said.exit_code == 1
    assert "INC-1001 event 1: the record cannot be read\n" in said.stderr
    assert [*json.loads(said.stdout.splitlines()[0])] == ["damaged", "incident", "line"]


def test_the_export_goes_to_the_screen_or_whole_into_a_file(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "log.jsonl"
    said, written = run(home, "log", "export"), run(home, "log", "export", "--out", str(out))
    assert said.exit_code == written.exit_code == 0
    assert said.stdout == out.read_text(encoding="utf-8") and said.stdout.count("\n") == 3
    assert written.stderr == f"Exported 3 events to {out}.\n" and not written.stdout


def test_the_picture_shows_the_batch_as_it_came_and_not_as_it_was_corrected(repaired: House) -> None:
    before = postmortem(repaired.ports, "INC-1001")[1]
    assert before == draw(repaired.ports, load(repaired.ports, "INC-1001"))
    corrected = repaired.parquet(repaired.day("2026-02-01"), without=("late",))
    repaired.ports.blobs.put("corrected", "acme/demo/2026-02-01.parquet", corrected)
    examine_again(repaired.ports, "acme/demo", "2026-02-01")
    assert draw(repaired.ports, load(repaired.ports, "INC-1001")) != before
    assert postmortem(repaired.ports, "INC-1001")[1] == before


def test_the_account_names_the_checkpoint_that_vouches_for_it(repaired: House) -> None:
    assert postmortem(repaired.ports, "INC-1001")[0].witness == "No checkpoint has seen it yet."
    checkpoint = take_checkpoint(repaired.ports)
    assert checkpoint is not None
    witness = postmortem(repaired.ports, "INC-1001")[0].witness
    assert witness == f"Vouched for up to event 3 by {checkpoint}; hash {checkpoint.hash}."
