"""However a file is damaged, each command ends with 0, 1 or 2, and with 2 says in one sentence what is wrong with which
file. `make fuzz` looks for a counter-example for long."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.commands.damage import BY_ENDING, NEVER_RIGHT
from tests.commands.test_check import save
from tests.domain.watched import SPEC_TEXT, days, parcels, table
from tidewatch.adapters.local.tables import ArrowTables
from tidewatch.cli import app

SPEC = SPEC_TEXT.replace("colour: {type: text}", "colour: {type: text, role: segment}")
DATA = ("day.parquet", "day.csv", "day.csv.gz", "day.jsonl")
STORED = ("baseline.json", "profile.json", "spec.yaml")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "reference.parquet").write_bytes(ArrowTables().write(days(1, 8)))
    (folder / "day.parquet").write_bytes(ArrowTables().write(table(parcels(143, "2026-03-01", 120))))
    for name in DATA[1:]:
        save(pq.read_table(folder / "day.parquet"), folder / name)
    for words in (
        ["baseline", "--spec", "spec.yaml", "--data", "reference.parquet", "--out", "baseline.json"],
        ["profile", "day.parquet", "--spec", "spec.yaml", "--baseline", "baseline.json", "--out", "profile.json"],
    ):
        assert run(folder, *words).exit_code == 0
    return folder


def run(folder: Path, *words: str) -> Result:
    """Words that name files mean files in the folder."""
    return CliRunner().invoke(app, [str(folder / w) if "." in w and not w.startswith("-") else w for w in words])


def uses(name: str, file: str) -> Iterator[Sequence[str]]:
    """What is done with such a file; `file` is the damaged one."""
    spec, baseline = (file if name == own else own for own in ("spec.yaml", "baseline.json"))
    batch = file if name in (*DATA, "profile.json") else "day.parquet"
    named = ("--spec", spec, "--baseline", baseline)
    yield "check", *named, "--batch", batch, "--json"
    yield "diagnose", batch, *named, "--json"
    yield "profile", batch, *named
    if name == "profile.json":
        yield "profile", batch, name, *named, "--out", "sum.json"
    if name == "spec.yaml":
        yield "spec", "lint", file
    if name in (*DATA, "spec.yaml"):
        yield "baseline", "--spec", spec, "--data", batch, "--out", "learnt.json"
    if name in DATA:
        yield "spec", "init", file, "--out", "proposed.yaml", "--force"


def assert_told(done: Result, file: str) -> None:
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 1, 2), done.output
    if done.exit_code == 2:
        said = done.stderr.strip().splitlines()
        assert said and done.stdout == "" and said[0].startswith("tidewatch: ")
        # A spec's mistakes are told all at once, a line each; where it has none, another file does not fit it.
        assert file.endswith(".yaml") or len(said) == 1 and file in said[0]
    elif done.stdout.startswith("{"):
        json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def damaged(files: Path, name: str, content: bytes) -> None:
    file = "bad" + name[name.index(".") :]
    (files / file).write_bytes(content)
    for words in uses(name, file):
        assert_told(run(files, *words), file)


@pytest.mark.parametrize("name", [*STORED, *DATA])
@pytest.mark.parametrize("what", NEVER_RIGHT)
def test_what_is_no_such_file_at_all_is_refused(files: Path, name: str, what: str) -> None:
    damaged(files, name, NEVER_RIGHT[what])


@pytest.mark.parametrize("name", [*STORED, *DATA])
@given(chance=st.randoms(use_true_random=False))
def test_no_damage_escapes_as_a_traceback(files: Path, name: str, chance: Random) -> None:
    damage = chance.choice(BY_ENDING[name[name.index(".") :]])
    damaged(files, name, damage((files / name).read_bytes(), chance))


@pytest.mark.parametrize("name", [*STORED, *DATA])
def test_a_folder_or_nothing_in_place_of_a_file_is_refused(files: Path, name: str) -> None:
    (files / f"folder.{name}").mkdir()
    for file in (f"folder.{name}", f"nothing.{name}"):
        for words in uses(name, file):
            assert_told(run(files, *words), file)


def test_another_models_profile_or_baseline_is_refused(files: Path) -> None:
    (files / "other.yaml").write_text(
        SPEC.replace("height", "depth").replace("  weekday: {type: number", "  weekday: {type: text")
    )
    named = ("--baseline", "baseline.json", "--batch", "day.parquet")
    done = run(files, "check", "--spec", "other.yaml", *named)
    assert done.exit_code == 2
    assert "it knows nothing of depth; column weekday is of another type in it; learn it again" in done.stderr
    record = json.loads((files / "profile.json").read_bytes())
    record["columns"]["height"] = record["columns"].pop("colour")
    (files / "other.json").write_text(json.dumps(record))
    done = run(files, "check", "--spec", "spec.yaml", "--baseline", "baseline.json", "--batch", "other.json")
    assert done.exit_code == 2
    assert "it knows nothing of colour; column height is of another type in it" in done.stderr


@pytest.mark.parametrize("bad", ["spec.yaml", "reference.parquet"])
def test_a_damaged_hand_over_is_refused_before_anything_is_kept(files: Path, tmp_path: Path, bad: str) -> None:
    (tmp_path / bad).write_bytes(b"model: \xff\xfe\x00" if bad == "spec.yaml" else b"PAR1PAR1")
    paths = {name: str((tmp_path if name == bad else files) / name) for name in ("spec.yaml", "reference.parquet")}
    words = ["--spec", paths["spec.yaml"], "--data", paths["reference.parquet"], "--model", str(tmp_path)]
    done = CliRunner().invoke(app, ["handover", *words, "--home", str(tmp_path / "home")])
    assert_told(done, paths[bad])
    assert done.exit_code == 2 and not (tmp_path / "home" / "blobs" / "models").exists()


def test_types_are_swapped_and_the_spec_has_the_last_word(files: Path) -> None:
    """Each column of the batch in each type there is: findings or a refusal."""
    whole = pq.read_table(files / "day.parquet")
    types = [pa.string(), pa.int64(), pa.bool_(), pa.timestamp("ns"), pa.binary(), pa.list_(pa.float64())]
    for column in ("id", "weight", "colour", "score"):
        for type_ in [*types, pa.struct([("x", pa.int8())]), pa.null(), pa.dictionary(pa.int8(), pa.string())]:
            at = whole.schema.get_field_index(column)
            pq.write_table(whole.set_column(at, column, pa.nulls(len(whole), type_)), files / "bad.parquet")
            for words in uses("day.parquet", "bad.parquet"):
                assert_told(run(files, *words), "bad.parquet")
