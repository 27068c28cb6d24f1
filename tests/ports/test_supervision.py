"""Nothing of a run outlives it, nothing it takes is without bounds, and its secrets stay secret: on real processes."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tidewatch.adapters.local.scripts import LocalScripts
from tidewatch.ports.scripts import Limits, Outcome

ROOT = Path(__file__).parents[2]
SECRET = "tide&watch/hunter2=="
PATIENCE = 20  # seconds
# Forks twice, with a session of its own, so that no group and no parent leads to it; then it writes who it is.
STRAY = """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        with open('stray.tmp', 'w') as file:
            file.write(str(os.getpid()))
        os.rename('stray.tmp', 'stray')
        time.sleep(600)
    os._exit(0)
while not os.path.exists('stray'):
    time.sleep(0.01)
"""


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def comes_true(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    return what()


def python(program: str, folder: Path, scripts: LocalScripts | None = None, **given: object) -> Outcome:
    given = {"timeout": 60.0} | given
    return (scripts or LocalScripts()).run(["python", "-S", "-c", program], folder=folder, **given)  # type: ignore[arg-type]


def working_in(folder: Path) -> list[int]:
    """Living processes whose working folder it is."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and alive(int(name)):
            try:
                where = os.readlink(f"/proc/{name}/cwd")
            except OSError:
                continue
            if where == str(folder.resolve()):
                found.append(int(name))
    return found


# --- nothing outlives a run ---------------------------------------------------------------------------------------


def test_a_stray_with_a_session_of_its_own_ends_with_its_program(tmp_path: Path) -> None:
    outcome = python(STRAY, tmp_path)
    assert outcome.ok
    assert not alive(int((tmp_path / "stray").read_text()))


def test_a_stray_ends_at_the_timeout(tmp_path: Path) -> None:
    outcome = python(f"{STRAY}\ntime.sleep(600)", tmp_path, timeout=1.0)
    assert (outcome.exit_status, outcome.ended) == (None, "timeout")
    assert not alive(int((tmp_path / "stray").read_text()))


def test_strays_of_strays_that_go_on_forking_are_all_found(tmp_path: Path) -> None:
    program = f"{STRAY.replace('time.sleep(600)', 'breed()')}\ntime.sleep(0.2)"
    breed = (
        "def breed():\n"
        "    for generation in range(60):\n"  # bounded, in case nobody kills it
        "        if os.fork():\n            os._exit(0)\n"
        "        os.setsid()\n        time.sleep(0.02)\n"
    )
    assert python(f"import os, time\n{breed}\n{program}", tmp_path).ok
    assert working_in(tmp_path) == []


def test_when_the_worker_is_killed_all_that_it_ran_ends(tmp_path: Path) -> None:
    worker = (
        "import sys; from pathlib import Path; from tidewatch.adapters.local.scripts import LocalScripts\n"
        f"program = {STRAY!r} + 'time.sleep(600)'\n"
        "LocalScripts().run(['python', '-S', '-c', program], folder=Path(sys.argv[1]), timeout=600)"
    )
    command = [sys.executable, "-c", worker, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603 - our own command
        assert comes_true((tmp_path / "stray").exists)
        assert len(working_in(tmp_path)) == 3  # supervisor, program, stray
        process.send_signal(signal.SIGKILL)
    assert comes_true(lambda: working_in(tmp_path) == [])


def test_when_the_supervisor_is_killed_the_program_ends_and_the_outcome_says_so(tmp_path: Path) -> None:
    program = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)"
    outcome = python(program, tmp_path)
    assert (outcome.exit_status, outcome.ended) == (None, "lost")
    assert outcome.output == "[lost: what watched over it was killed]"
    assert comes_true(lambda: working_in(tmp_path) == [])


# --- bounds -------------------------------------------------------------------------------------------------------


def test_a_fork_bomb_is_stopped_with_all_its_splinters(tmp_path: Path) -> None:
    bomb = (
        "import os, time\n"
        "for generation in range(6):\n"  # 64 processes at most, in case nobody stops it
        "    os.fork()\n"
        "time.sleep(600)"
    )
    outcome = python(bomb, tmp_path, limits=Limits(processes=24))
    assert (outcome.exit_status, outcome.ended) == (None, "crowd")
    assert outcome.output == "[stopped: it had started more than 24 processes]"
    assert working_in(tmp_path) == []


def test_as_many_processes_as_are_allowed_may_run(tmp_path: Path) -> None:
    few = (
        "import os, time\n"
        "children = [pid for pid in (os.fork() for _ in range(1))]\n"
        "time.sleep(0.5)\n"
        "if children[0]: os.waitpid(children[0], 0)"
    )
    assert python(few, tmp_path, limits=Limits(processes=2)).ok


def test_a_program_that_takes_too_much_memory_fails(tmp_path: Path) -> None:
    outcome = python("x = bytearray(400_000_000)", tmp_path, limits=Limits(memory=200_000_000))
    assert not outcome.ok and "MemoryError" in outcome.output


def test_a_program_that_writes_too_large_a_file_is_ended(tmp_path: Path) -> None:
    outcome = python("open('big', 'wb').write(bytes(1_000_000))", tmp_path, limits=Limits(file=100_000))
    assert not outcome.ok and "File too large" in outcome.output
    assert (tmp_path / "big").stat().st_size <= 100_000


def test_a_flood_is_kept_in_part_and_the_cut_is_said(tmp_path: Path) -> None:
    outcome = python("while True: print('flood ' * 1000)", tmp_path, timeout=1.0)
    assert outcome.ended == "timeout"
    assert len(outcome.output) < 1_100_000 and "[cut: " in outcome.output.splitlines()[-1]


# --- watching and stopping ----------------------------------------------------------------------------------------


def test_who_looks_sees_the_last_lines_and_may_stop_it(tmp_path: Path) -> None:
    seen: list[str] = []

    def look(lines: str) -> bool:
        seen.append(lines)
        return "line 19" not in lines

    program = f"{STRAY}\nfor n in range(20): print('line', n, flush=True)\ntime.sleep(600)"
    outcome = python(program, tmp_path, LocalScripts(look_every=0.1), look=look)
    assert (outcome.exit_status, outcome.ended) == (None, "stopped")
    assert seen[-1].splitlines() == [f"line {n}" for n in range(12, 20)]
    assert working_in(tmp_path) == []


def test_a_run_that_ends_by_itself_is_not_called_stopped(tmp_path: Path) -> None:
    looks: list[str] = []
    outcome = python(
        "import time; time.sleep(0.3)", tmp_path, LocalScripts(look_every=0.05), look=lambda x: not looks.append(x)
    )
    assert outcome.ok and outcome.ended == "itself" and looks


def test_when_looking_fails_nothing_goes_on_unwatched(tmp_path: Path) -> None:
    def look(lines: str) -> bool:
        raise KeyError

    with pytest.raises(KeyError):
        python(f"{STRAY}\ntime.sleep(600)", tmp_path, LocalScripts(look_every=0.3), look=look)
    assert working_in(tmp_path) == []


# --- secrets ------------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper() -> LocalScripts:
    return LocalScripts({"acme": {"weather_token": SECRET, "short": "abc"}}, look_every=0.05)


def test_a_program_reads_its_secret_and_nobody_else_does(keeper: LocalScripts, tmp_path: Path) -> None:
    """Not in any process listing, not in any environment, not on disk, not in what is watched, not in the output."""
    program = (
        "import os, time\n"
        "token = open(os.environ['WEATHER_TOKEN_FILE']).read()\n"
        "print(len(token), 'characters:', token, flush=True)\n"
        "while not os.path.exists('looked'): time.sleep(0.01)"
    )
    listings: list[str] = []

    def look(lines: str) -> bool:
        if "characters" in lines:
            listings.append(lines)
            for process in working_in(tmp_path):
                listings.extend(Path(f"/proc/{process}/{what}").read_text() for what in ("cmdline", "environ"))
            (tmp_path / "looked").touch()
        return True

    outcome = python(program, tmp_path, keeper, secrets=["acme/weather_token"], look=look)
    assert outcome.ok and outcome.output == f"{len(SECRET)} characters: [secret]\n"
    assert len(listings) >= 5
    assert not any(SECRET in listing for listing in listings)
    assert [file.name for file in tmp_path.iterdir()] == ["looked"]


def test_a_program_of_any_kind_reads_a_secret_as_often_as_it_likes(keeper: LocalScripts, tmp_path: Path) -> None:
    (tmp_path / "twice.sh").write_text('#!/bin/sh\ncat "$WEATHER_TOKEN_FILE" | wc -c; wc -c < "$WEATHER_TOKEN_FILE"\n')
    (tmp_path / "twice.sh").chmod(0o700)
    outcome = keeper.run(["./twice.sh"], folder=tmp_path, timeout=60, secrets=["acme/weather_token"])
    assert outcome.output.split() == [str(len(SECRET))] * 2


@pytest.mark.parametrize(
    "printed",
    [SECRET, quote(SECRET, safe=""), json.dumps(SECRET), base64.b64encode(SECRET.encode()).decode()],
    ids=["as it is", "in an address", "in JSON", "in base64"],
)
def test_a_secret_is_blotted_out_however_it_is_printed(keeper: LocalScripts, tmp_path: Path, printed: str) -> None:
    halves = f"import sys, time\nfor part in ({printed[:7]!r}, {printed[7:]!r}):\n"
    program = (
        f"{halves}    sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.2)\nraise RuntimeError({printed!r})"
    )
    outcome = python(program, tmp_path, keeper, secrets=["acme/weather_token"])
    assert printed.strip('"') not in outcome.output
    assert outcome.output.count("[secret]") >= 2


def test_every_line_of_a_key_is_blotted_out(tmp_path: Path) -> None:
    key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n-----END KEY-----\n"
    keeper = LocalScripts({"acme": {"key": key}})
    program = "import os; print(open(os.environ['KEY_FILE']).read().splitlines()[1])"
    assert python(program, tmp_path, keeper, secrets=["acme/key"]).output == "[secret]\n"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("acme/other", "the secret acme/other is missing, the setting TIDEWATCH_SECRETS__ACME__OTHER is empty."),
        ("evil/weather_token", "the secret evil/weather_token is missing"),
        ("acme/short", "the secret acme/short is shorter than 6 characters."),
    ],
)
def test_without_its_secret_a_run_is_not_started(
    keeper: LocalScripts, tmp_path: Path, name: str, sentence: str
) -> None:
    outcome = python("open('ran', 'w')", tmp_path, keeper, secrets=[name])
    assert (outcome.exit_status, outcome.ended) == (None, "not started")
    assert sentence in outcome.output
    assert not (tmp_path / "ran").exists()
