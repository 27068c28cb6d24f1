"""`tidewatch spec …`: what people type about specs, and what they are told."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.domain.story import SPEC_TEXT

ROOT = Path(__file__).parents[2]


def spec(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tidewatch.cli", "spec", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    for script in ("score.py", "train.py"):
        (tmp_path / script).touch()
    file = tmp_path / "spec.yaml"
    file.write_text(SPEC_TEXT)
    return file


@pytest.fixture
def data() -> pa.Table:
    chance, count = np.random.default_rng(3), 300
    return pa.table(
        {
            "id": [f"r{row}" for row in range(count)],
            "day": [f"2026-03-{1 + row // 30:02d}" for row in range(count)],
            "colour": chance.choice(["no", "yes"], count),
            "score": chance.uniform(size=count),
            "label": chance.integers(0, 2, count),
        }
    )


def test_a_sound_spec_is_said_to_be_so(sound: Path) -> None:
    done = spec("lint", sound)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{sound}: no mistakes\n", "")


def test_the_specs_that_ship_are_sound() -> None:
    done = spec("lint", ROOT / "examples/flight_delays/spec.yaml", ROOT / "tests/operations/acme/spec.yaml")
    assert done.returncode == 0
    assert "warning" not in done.stdout


def test_mistakes_and_warnings_are_printed_with_their_lines_and_counted(sound: Path) -> None:
    sound.write_text(SPEC_TEXT.replace("{L1: [U0ANA], ", "{").replace("alarm_after: 2", "alarm_after: 9"))
    done = spec("lint", sound)
    assert done.returncode == 1
    mistake, warning, summary = done.stdout.splitlines()
    assert mistake.startswith(
        f"{sound} line 10: alarm_after 9 of the last 3 windows can never be reached; make out_of 9"
    )
    assert warning.startswith(f"{sound} line 13: warning: nobody of L1 is named")
    assert summary == f"{sound}: 1 mistake, 1 warning"


def test_warnings_alone_are_no_failure(sound: Path) -> None:
    (sound.parent / "train.py").unlink()
    done = spec("lint", sound)
    assert done.returncode == 0
    assert "line 19: warning: there is no train.py in the folder of the spec" in done.stdout


def test_files_that_cannot_be_read_are_told_and_the_others_are_linted(sound: Path) -> None:
    for name, content in (("latin.yaml", "title: größe".encode("latin-1")), ("huge.yaml", b"#" * 1_000_001)):
        (sound.parent / name).write_bytes(content)
    done = spec(
        "lint", *(sound.parent / name for name in ("nowhere.yaml", "latin.yaml", "huge.yaml")), sound.parent, sound
    )
    assert done.returncode == 2
    assert done.stdout == f"{sound}: no mistakes\n"
    said = done.stderr.splitlines()
    assert len(said) == 4 and all(sentence.startswith("tidewatch: ") for sentence in said)
    assert "cannot be read" in said[0] and "UTF-8" in said[1] and "is it the data?" in said[2]


def test_what_is_no_yaml_is_a_mistake_with_its_line(sound: Path) -> None:
    sound.write_text(SPEC_TEXT.replace("  weight", "\tweight"))
    done = spec("lint", sound)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{sound} line 6: this is not YAML: a tab stands where only spaces may" in done.stdout


@pytest.mark.parametrize("name", ["data.parquet", "data.csv"])
def test_a_spec_is_proposed_from_data_and_passes_lint(tmp_path: Path, data: pa.Table, name: str) -> None:
    file, out = tmp_path / name, tmp_path / "spec.yaml"
    pq.write_table(data, file) if name.endswith("parquet") else pyarrow.csv.write_csv(data, file)
    done = spec("init", file, "--out", out, "--model", "acme/demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{out}: 5 columns proposed, ")
    assert "colour: {type: text, categories: ['no', 'yes']}" in out.read_text()
    linted = spec("lint", out)
    assert linted.returncode == 0
    assert "still to be filled in: what scores a batch" in linted.stdout


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path, data: pa.Table) -> None:
    file, out = tmp_path / "late parcels.parquet", tmp_path / "spec.yaml"
    pq.write_table(data, file)
    out.write_text("mine")
    refused = spec("init", file, "--out", out)
    assert (refused.returncode, out.read_text()) == (2, "mine")
    assert f"{out} exists already; write to another file, or replace it with --force" in refused.stderr
    assert spec("init", file, "--out", out, "--force").returncode == 0
    assert "model: team/late-parcels  # FILL IN: team/name" in out.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "Acme"), "--model Acme is not team/name in small letters"),
        (("--task", "binry"), "--task binry is not known; did you mean binary?"),
        (("--task", "x"), "--task x is not known; it is binary, multiclass, regression"),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path: Path, options: tuple[str, str], said: str) -> None:
    done = spec("init", tmp_path / "nowhere.parquet", "--out", tmp_path / "spec.yaml", *options)
    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "the file is empty"),
        (b"a,b\n", "holds no rows; a spec is proposed from data"),
        (b"x" * 1100 + b",b\n1,2\n", "a spec of these columns cannot be written"),
    ],
)
def test_data_that_tells_nothing_is_one_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    file, out = tmp_path / "data.csv", tmp_path / "spec.yaml"
    if content is not None:
        file.write_bytes(content)
    done = spec("init", file, "--out", out)
    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not out.exists()


def test_the_schema_is_printed() -> None:
    done = spec("schema")
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs/model-spec.schema.json").read_text()
    assert json.loads(done.stdout)["title"] == "Tidewatch model spec"


def test_a_lint_loads_nothing_heavy(sound: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from tidewatch.commands.specifying import lint
lint([Path({str(sound)!r})])
print([name for name in ("numpy", "pyarrow", "pandas", "sklearn", "scipy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "[]\n"
