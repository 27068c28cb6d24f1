"""Runbook steps and builders' scripts as processes of this computer."""

import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tidewatch.adapters.local.output import Output
from tidewatch.ports.scripts import Limits, Look, Outcome

KEPT = ("PATH", "HOME", "LANG")  # what a program needs to start
CHUNK = 64 * 1024  # bytes
LOOK_EVERY = 3.0  # seconds
SHORTEST = 6  # characters: a shorter secret stands in too many innocent words to be blotted out
SUPERVISOR = Path(__file__).parent / "supervisor.py"


class LocalScripts:
    """Each run has a supervisor, a process that leaves nothing of it behind, whatever becomes of this one.

    `secrets` are values by team and name, as settings spell them: small letters, no hyphens.
    """

    def __init__(
        self, secrets: Mapping[str, Mapping[str, str]] | None = None, *, look_every: float = LOOK_EVERY
    ) -> None:
        self._secrets, self._look_every = secrets or {}, look_every

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="tidewatch-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        timeout: float,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        limits: Limits | None = None,
        look: Look | None = None,
    ) -> Outcome:
        started = time.monotonic()
        values = {name: self._secret(name) for name in secrets}
        if fault := _refusal(command, folder, values):
            return Outcome(None, fault, 0.0, "not started")
        order = {"command": _resolved(command), "timeout": timeout, "limits": asdict(limits) if limits else {}}
        output = Output(values.values())
        with ExitStack() as opened:
            feed = opened.enter_context(tempfile.TemporaryFile())
            feed.write(stdin.encode())
            feed.seek(0)
            files = {name: opened.enter_context(_secret_file(value)) for name, value in values.items()}
            ours, theirs = socket.socketpair()
            opened.enter_context(ours)
            with theirs:
                process = subprocess.Popen(  # noqa: S603 - no shell; who may run what is decided before
                    [sys.executable, "-I", "-S", str(SUPERVISOR), str(theirs.fileno())],
                    cwd=folder,
                    env=_environment(environment or {}, files),
                    stdin=feed,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs.fileno(), *files.values()],
                    start_new_session=True,
                )
            opened.enter_context(process)
            opened.callback(ours.close)  # before the process is waited for: it ends when nobody listens
            _tell(ours, json.dumps(order).encode() + b"\n")
            report = _followed(process, ours, output, look, self._look_every)
        seconds = time.monotonic() - started
        if "error" in report:
            return Outcome(None, f"{command[0]} could not be started: {report['error']}.", seconds, "not started")
        output.notes += _notes(report["ended"], timeout, limits)
        return Outcome(report["status"], output.text(), seconds, report["ended"])

    def _secret(self, name: str) -> str:
        team, _, bare = name.lower().replace("-", "_").partition("/")
        return self._secrets.get(team, {}).get(bare, "")


def _refusal(command: Sequence[str], folder: Path, secrets: Mapping[str, str]) -> str:
    """Why it is not even tried, in a sentence."""
    if not command:
        return "There is no command to run."
    if not folder.is_dir():
        return f"{command[0]} could not be started: there is no folder {folder}."
    for name, value in secrets.items():
        setting = "TIDEWATCH_SECRETS__" + name.upper().replace("-", "_").replace("/", "__")
        if not value:
            return f"{command[0]} was not started: the secret {name} is missing, the setting {setting} is empty."
        if len(value) < SHORTEST:
            return f"{command[0]} was not started: the secret {name} is shorter than {SHORTEST} characters."
    return ""


def _resolved(command: Sequence[str]) -> list[str]:
    # Unbuffered, so that what a program said before it was killed is not lost.
    return [sys.executable, "-u", *command[1:]] if command[0] == "python" else [*command]


def _environment(given: Mapping[str, str], files: Mapping[str, int]) -> dict[str, str]:
    secrets = {f"{name.rpartition('/')[2].upper()}_FILE": f"/dev/fd/{file}" for name, file in files.items()}
    return {name: os.environ[name] for name in KEPT if name in os.environ} | dict(given) | secrets


@contextmanager
def _secret_file(value: str) -> Iterator[int]:
    """A file without a name, in memory where the system has that: gone with the last process that holds it."""
    with ExitStack() as opened:
        if sys.platform == "linux":
            file = os.memfd_create("secret")
            opened.callback(os.close, file)
        else:
            file = opened.enter_context(tempfile.TemporaryFile()).fileno()
        os.write(file, value.encode())
        os.lseek(file, 0, os.SEEK_SET)
        yield file


def _tell(channel: socket.socket, line: bytes) -> None:
    with suppress(ConnectionError):  # it has ended at this moment; what it reported, or that it is lost, is read next
        channel.sendall(line)


def _followed(
    process: subprocess.Popen[bytes], channel: socket.socket, output: Output, look: Look | None, every: float
) -> dict[str, Any]:
    """Read until the supervisor reports; by then nothing of the program is left."""
    assert process.stdout is not None  # noqa: S101 - opened as a pipe above
    pipe, said = process.stdout.fileno(), b""
    look_at = time.monotonic() + every
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        selector.register(channel, selectors.EVENT_READ)
        while not said:
            for key, _ in selector.select(max(look_at - time.monotonic(), 0.0) if look else None):
                if key.fileobj is channel:
                    said = channel.recv(CHUNK) or b'{"status": null, "ended": "lost"}'
                elif chunk := os.read(pipe, CHUNK):
                    output.add(chunk)
                else:
                    selector.unregister(pipe)
            if look and time.monotonic() >= look_at:
                look_at = time.monotonic() + every
                if not look(output.last_lines()):
                    _tell(channel, b"stop\n")
                    look = None
    _drain(pipe, output)
    output.close()
    report: dict[str, Any] = json.loads(said)
    return report


def _drain(pipe: int, output: Output) -> None:
    """What still lies in the pipe, and no more than a pipe holds: a stray child may go on writing."""
    os.set_blocking(pipe, False)
    for _ in range(16):
        try:
            chunk = os.read(pipe, CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            return
        output.add(chunk)


def _notes(ended: str, timeout: float, limits: Limits | None) -> list[str]:
    match ended:
        case "timeout":
            return [f"[stopped at the timeout of {timeout:g} s]"]
        case "crowd" if limits:
            return [f"[stopped: it had started more than {limits.processes} processes]"]
        case "lost":
            return ["[lost: what watched over it was killed]"]
    return []
