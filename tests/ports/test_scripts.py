import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tidewatch.adapters.local.output import OUTPUT_LIMIT
from tidewatch.adapters.local.scripts import LocalScripts
from tidewatch.ports.scripts import Outcome, Scripts


@pytest.fixture(params=["local"])
def scripts(request: pytest.FixtureRequest) -> Scripts:
    return LocalScripts()


def python(scripts: Scripts, program: str, folder: Path, *, timeout: float = 30, stdin: str = "") -> Outcome:
    return scripts.run(["python", "-c", program], folder=folder, timeout=timeout, stdin=stdin)


def alive(process: int) -> bool:
    """Whether it still runs: one that is dead and waits for its parent's notice does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_that_succeeds_is_ok_and_its_output_is_kept(scripts: Scripts, tmp_path: Path) -> None:
    outcome = python(scripts, "print('rows: 12 é')", tmp_path)
    assert outcome.ok
    assert (outcome.exit_status, outcome.output) == (0, "rows: 12 é\n")
    assert 0 < outcome.seconds < 30


def test_a_program_that_fails_says_so_by_its_exit_status(scripts: Scripts, tmp_path: Path) -> None:
    outcome = python(scripts, "import sys; sys.exit(3)", tmp_path)
    assert not outcome.ok
    assert outcome.exit_status == 3


def test_a_program_that_a_signal_ended_is_not_ok(scripts: Scripts, tmp_path: Path) -> None:
    outcome = python(scripts, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", tmp_path)
    assert outcome.exit_status == -signal.SIGSEGV
    assert not outcome.ok


def test_both_outputs_come_together_in_order(scripts: Scripts, tmp_path: Path) -> None:
    program = "import sys\nfor n in range(3): print('out', n); print('err', n, file=sys.stderr)"
    assert python(scripts, program, tmp_path).output == "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n"


def test_a_program_reads_what_it_is_fed_and_then_the_end(scripts: Scripts, tmp_path: Path) -> None:
    fed = "é" * 200_000  # more than a pipe holds
    outcome = python(scripts, "import sys; print(len(sys.stdin.read()))", tmp_path, stdin=fed)
    assert outcome.output == "200000\n"


def test_a_program_need_not_read_what_it_is_fed(scripts: Scripts, tmp_path: Path) -> None:
    assert python(scripts, "print('done')", tmp_path, stdin="x" * 1_000_000).output == "done\n"


def test_a_program_runs_in_its_folder(scripts: Scripts, tmp_path: Path) -> None:
    assert python(scripts, "import os; print(os.getcwd())", tmp_path).output.strip() == str(tmp_path.resolve())


def test_python_means_the_interpreter_that_runs_tidewatch(scripts: Scripts, tmp_path: Path) -> None:
    assert python(scripts, "import sys; print(sys.executable)", tmp_path).output.strip() == sys.executable


def test_arguments_are_never_read_by_a_shell(scripts: Scripts, tmp_path: Path) -> None:
    outcome = scripts.run(
        ["python", "-c", "import sys; print(sys.argv[1:])", "$HOME; rm *", "`id`"], folder=tmp_path, timeout=30
    )
    assert outcome.output == "['$HOME; rm *', '`id`']\n"


def test_the_environment_is_clean_but_for_what_is_given(
    scripts: Scripts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    outcome = scripts.run(
        ["python", "-c", "import json, os; print(json.dumps(dict(os.environ)))"],
        folder=tmp_path,
        timeout=30,
        environment={"TIDEWATCH_INCIDENT": "INC-1", "LANG": "C.UTF-8"},
    )
    environment = json.loads(outcome.output)
    assert environment.pop("TIDEWATCH_INCIDENT") == "INC-1"
    assert environment.pop("LANG") == "C.UTF-8"
    assert environment.pop("PATH") == os.environ["PATH"]
    assert environment.keys() <= {"HOME", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}


def test_a_program_is_killed_at_the_timeout_and_what_it_said_is_kept(scripts: Scripts, tmp_path: Path) -> None:
    outcome = python(scripts, "import time; print('step 1'); time.sleep(60)", tmp_path, timeout=0.5)
    assert outcome.exit_status is None
    assert not outcome.ok
    assert outcome.output == "step 1\n[stopped at the timeout of 0.5 s]"
    assert 0.5 <= outcome.seconds < 10


def test_children_are_killed_at_the_timeout_too(scripts: Scripts, tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid)\n"
        "time.sleep(60)"
    )
    outcome = python(scripts, program, tmp_path, timeout=1)
    assert outcome.exit_status is None
    child = int(outcome.output.splitlines()[0])
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_child_that_outlives_its_program_neither_delays_the_outcome_nor_lives_on(
    scripts: Scripts, tmp_path: Path
) -> None:
    program = (
        "import subprocess, sys\nprint(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    )
    outcome = python(scripts, program, tmp_path)
    assert outcome.ok
    assert outcome.seconds < 10
    deadline = time.monotonic() + 5
    while alive(int(outcome.output)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(int(outcome.output))


def test_a_program_that_closes_its_output_still_runs_to_its_end(scripts: Scripts, tmp_path: Path) -> None:
    program = "import os, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(4)"
    outcome = python(scripts, program, tmp_path)
    assert (outcome.exit_status, outcome.output) == (4, "")


def test_too_much_output_keeps_its_beginning_and_end_and_says_what_was_cut(scripts: Scripts, tmp_path: Path) -> None:
    size = 5_000_000
    outcome = python(scripts, f"print('first'); print('x' * {size}); print('last')", tmp_path)
    *said, last = outcome.output.splitlines()
    assert outcome.ok
    assert (said[0], said[-1]) == ("first", "last")
    written = size + len("first\nlast\n") + 1
    assert last == f"[cut: {written - OUTPUT_LIMIT} bytes from the middle of the output were left out]"
    assert len(outcome.output) < OUTPUT_LIMIT + 200


def test_output_up_to_the_limit_is_whole(scripts: Scripts, tmp_path: Path) -> None:
    assert python(scripts, f"print('x' * {OUTPUT_LIMIT - 1})", tmp_path).output == "x" * (OUTPUT_LIMIT - 1) + "\n"


def test_an_endless_flood_is_stopped_at_the_timeout(scripts: Scripts, tmp_path: Path) -> None:
    outcome = python(scripts, "while True: print('y' * 1000)", tmp_path, timeout=0.7)
    assert outcome.exit_status is None
    assert "[stopped at the timeout of 0.7 s]\n[cut: " in outcome.output
    assert outcome.seconds < 10


def test_output_that_is_no_text_is_still_shown(scripts: Scripts, tmp_path: Path) -> None:
    assert python(scripts, r"import sys; sys.stdout.buffer.write(b'a\xffb')", tmp_path).output == "a\ufffdb"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["no-such-program-here"], "no-such-program-here could not be started: No such file or directory."),
        (["./data.txt"], "./data.txt could not be started: Permission denied."),
        (["python", "a\0b"], "python could not be started: embedded null byte."),
        ([], "There is no command to run."),
    ],
)
def test_what_cannot_be_started_is_explained(
    scripts: Scripts, tmp_path: Path, command: list[str], sentence: str
) -> None:
    (tmp_path / "data.txt").write_text("not a program")
    outcome = scripts.run(command, folder=tmp_path, timeout=30)
    assert (outcome.exit_status, outcome.output) == (None, sentence)


def test_a_folder_that_is_not_there_is_explained(scripts: Scripts, tmp_path: Path) -> None:
    outcome = python(scripts, "print()", tmp_path / "gone")
    assert (outcome.exit_status, outcome.output) == (
        None,
        f"python could not be started: there is no folder {tmp_path / 'gone'}.",
    )


def test_a_workspace_is_empty_and_gone_afterwards_with_all_that_was_left_in_it(scripts: Scripts) -> None:
    with scripts.workspace() as one, scripts.workspace() as other:
        assert one != other
        assert list(one.iterdir()) == []
        assert python(scripts, "import os; os.mkdir('a'); open('a/b', 'w').close()", one).ok
        assert (one / "a/b").exists()
    assert not one.exists()
    assert not other.exists()


def test_a_workspace_is_gone_after_an_error_too(scripts: Scripts) -> None:
    with pytest.raises(KeyError), scripts.workspace() as folder:
        raise KeyError
    assert not folder.exists()
