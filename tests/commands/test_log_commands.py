"""`tidewatch log verify`, `log key` and `erase`, as they are typed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tidewatch.cli import app
from tidewatch.compose import compose
from tidewatch.domain.events import Cause, Draft, chain
from tidewatch.domain.finding import Finding
from tidewatch.domain.incident.opening import opened
from tidewatch.domain.response import Response
from tidewatch.operations.checkpoints import take_checkpoint
from tidewatch.operations.journal import keep_text, record
from tidewatch.ports import Ports
from tidewatch.settings import Settings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home)])


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    """A home with a stream of two events and a checkpoint of them."""
    (tmp_path / "people.yaml").write_text(
        "- {id: U0ANA, name: Ana, tier: L1}\n- {id: U0A, name: Al, tier: L1}\n- {id: U0B, name: Al, tier: L1}\n"
    )
    ports = compose(Settings(home=tmp_path))
    drafts = [Draft("noted", {"n": 1}), Draft("noted", {"n": 2})]
    ports.log.append("INC-1001", chain("INC-1001", drafts, None, Cause("U1", "cli", "k"), NOON))
    assert take_checkpoint(ports) is not None
    return ports


def witness(ports: Ports) -> str:
    checkpoint = take_checkpoint(ports)
    assert checkpoint is not None
    return checkpoint.hash


def test_verify_says_how_far_it_vouches_and_whether_anything_outside_was_compared(ports: Ports, tmp_path: Path) -> None:
    last = ports.log.read("INC-1001")[-1]
    ports.log.append("INC-1001", chain("INC-1001", [Draft("noted", {})], last, Cause("U1", "cli", "l"), NOON))
    said = run(tmp_path, "log", "verify")
    assert said.exit_code == 0
    assert "1 incident, 3 events: all as written. Vouched for up to checkpoint 1 (20" in said.stdout
    assert f"UTC, {witness(ports)[:16]}); 1 event is younger. UNANCHORED: compare with a hash" in said.stdout


@pytest.mark.parametrize("digits", [8, 16, 64])
def test_verify_against_a_hash_that_was_kept_outside_is_anchored(ports: Ports, tmp_path: Path, digits: int) -> None:
    said = run(tmp_path, "log", "verify", "--against", witness(ports)[:digits])
    assert said.exit_code == 0
    assert "0 events are younger. ANCHORED: what was kept outside is checkpoint 1 (" in said.stdout
    event = ports.log.read("INC-1001")[1].hash
    said = run(tmp_path, "log", "verify", "--against", event[:digits])
    assert "ANCHORED: what was kept outside is INC-1001 event 2." in said.stdout


def test_verify_against_a_hash_that_is_not_here_fails(ports: Ports, tmp_path: Path) -> None:
    said = run(tmp_path, "log", "verify", "--against", "0" * 16)
    assert said.exit_code == 1
    assert "no checkpoint and no event here has the hash 0000000000000000: this is an older copy" in said.stdout
    assert "BROKEN: 1 fault in 1 incident, 2 events." in said.stdout


@pytest.mark.parametrize("bad", ["short", "abc", "z" * 64, "ABCDEF01"])
def test_what_is_no_hash_is_bad_input(ports: Ports, tmp_path: Path, bad: str) -> None:
    said = run(tmp_path, "log", "verify", "--against", bad)
    assert said.exit_code == 2
    assert "--against takes the hash of a daily message or of a card" in said.stderr


def test_verify_takes_the_key_that_was_kept(ports: Ports, tmp_path: Path) -> None:
    key = run(tmp_path, "log", "key").stdout.strip()
    assert run(tmp_path, "log", "verify", "--key", "0" * 63 + "1", "--key", key).exit_code == 0
    said = run(tmp_path, "log", "verify", "--key", "ab" * 32)
    assert said.exit_code == 1
    assert "checkpoint 1: its signature does not hold; it is forged, or was changed" in said.stdout
    said = run(tmp_path, "log", "verify", "--key", "rubbish")
    assert (said.exit_code, "'rubbish' is no public key" in said.stderr) == (2, True)


def test_a_key_that_is_lost_is_not_replaced_by_looking(ports: Ports, tmp_path: Path) -> None:
    (tmp_path / "checkpoint-key.pem").unlink()
    said = run(tmp_path, "log", "verify")
    assert said.exit_code == 2
    assert "give the one that `tidewatch log key` printed as --key" in said.stderr
    assert not (tmp_path / "checkpoint-key.pem").exists()


def test_erase_says_what_it_did(ports: Ports, tmp_path: Path) -> None:
    event = {
        "signal": {"model": "acme/demo", "family": "input", "group": "weight"}, "title": "x", "severity": "high",
        "findings": [], "response": {}, "owners": {},
    }  # fmt: skip
    record(ports, "INC-1002", Cause("U1", "cli", "o"), lambda now: [] if now else [Draft("opened", event)])
    text = keep_text(ports, "INC-1002", "as I said", "U0ANA")
    record(ports, "INC-1002", Cause("U0ANA", "slack", "n"), lambda _: [Draft("noted", {"text": text})])
    assert "There is no text of U0NEW." in run(tmp_path, "erase", "U0NEW").stdout
    said = run(tmp_path, "erase", "Ana")
    assert said.exit_code == 0
    assert "Erased 1 text of U0ANA in INC-1002; each incident says so" in said.stdout
    assert run(tmp_path, "log", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("person", "sentence"),
    [("Al", "Al is the name of U0A, U0B: say which id"), ("../x", "'../x' is neither a user id nor a name")],
)
def test_erase_refuses_whom_it_cannot_tell(ports: Ports, tmp_path: Path, person: str, sentence: str) -> None:
    said = run(tmp_path, "erase", person)
    assert said.exit_code == 2
    assert sentence in said.stderr


def test_a_write_up_of_nothing_is_refused_with_a_sentence(ports: Ports, tmp_path: Path) -> None:
    told = run(tmp_path, "timeline", "INC-77")
    assert (told.exit_code, told.output.count("\n")) == (2, 1)
    assert "There is no incident INC-77" in told.output


def test_a_write_up_goes_into_a_file_or_says_why_not(ports: Ports, tmp_path: Path) -> None:
    seen = Finding("acme/demo", "drift", "weight", "ks", 0.9, 0.1, "high", "2026-01-01", "weight is strange")
    drafts = [opened("Demo", [seen], Response(), {"L1": ["U0ANA"]})]
    ports.log.append("INC-1002", chain("INC-1002", drafts, None, Cause("tidewatch", "blob", "k"), NOON))
    out = tmp_path / "inc.html"
    told = run(tmp_path, "timeline", "inc-1002", "--format", "html", "--out", str(out))
    assert (told.exit_code, told.output) == (0, "")
    assert "weight is strange" in out.read_text()
    assert run(tmp_path, "timeline", "INC-1002").output.startswith("# INC-1002: Demo: weight has drifted")
    told = run(tmp_path, "timeline", "INC-1002", "--out", str(tmp_path / "no" / "such"))
    assert (told.exit_code, told.output.count("\n")) == (2, 1)
    assert "cannot be written" in told.output
