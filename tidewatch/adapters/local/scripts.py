"""Runbook steps and builders' scripts as processes of this computer."""

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tidewatch.ports.scripts import Outcome

OUTPUT_LIMIT = 64 * 1024  # bytes
KEPT = ("PATH", "HOME", "LANG")  # what a program needs to start
LOOK = 0.05  # seconds between two looks whether a silent program has ended
CHUNK = 64 * 1024  # bytes


class LocalScripts:
    """A process group per run, killed at its end with everything in it. A child that starts a session of its
    own leaves the group and is not found.
    """

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
    ) -> Outcome:
        started = time.monotonic()
        if not command:
            return Outcome(None, "There is no command to run.", 0.0)
        if not folder.is_dir():
            return Outcome(None, f"{command[0]} could not be started: there is no folder {folder}.", 0.0)
        with tempfile.TemporaryFile() as feed:
            feed.write(stdin.encode())
            feed.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603 - no shell; who may run what is decided before
                    _resolved(command),
                    cwd=folder,
                    env={name: os.environ[name] for name in KEPT if name in os.environ} | dict(environment or {}),
                    stdin=feed,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                return Outcome(None, f"{command[0]} could not be started: {reason}.", time.monotonic() - started)
        with process:
            output, ended = _followed(process, started + timeout)
        if not ended:
            output.notes.append(f"[stopped at the timeout of {timeout:g} s]")
        return Outcome(process.returncode if ended else None, output.text(), time.monotonic() - started)


def _resolved(command: Sequence[str]) -> list[str]:
    # Unbuffered, so that what a program said before it was killed is not lost.
    return [sys.executable, "-u", *command[1:]] if command[0] == "python" else [*command]


class _Output:
    """The beginning and the end of what a program says: floods cost no memory."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._head, self._tail, self._cut = b"", b"", 0

    def add(self, chunk: bytes) -> None:
        room = OUTPUT_LIMIT // 2 - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        surplus = max(len(self._tail) - OUTPUT_LIMIT // 2, 0)
        self._tail, self._cut = self._tail[surplus:], self._cut + surplus

    def text(self) -> str:
        if self._cut:
            self.notes.append(f"[cut: {self._cut} bytes from the middle of the output were left out]")
        middle = b"\n[...]\n" if self._cut else b""
        said = (self._head + middle + self._tail).decode(errors="replace")
        if self.notes and said and not said.endswith("\n"):
            said += "\n"
        return said + "\n".join(self.notes)


def _followed(process: subprocess.Popen[bytes], deadline: float) -> tuple[_Output, bool]:
    """Read until the program ends (True) or the deadline passes (False); then nothing of its group is left."""
    assert process.stdout is not None  # noqa: S101 - opened as a pipe above
    pipe = process.stdout.fileno()
    output, ended = _Output(), True
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        # The end of the output is not waited for: a stray child may hold the pipe open.
        while process.poll() is None:
            if time.monotonic() >= deadline:
                ended = False
                break
            if not selector.get_map():
                time.sleep(LOOK)
            elif selector.select(min(LOOK, max(deadline - time.monotonic(), 0.0))):
                if chunk := os.read(pipe, CHUNK):
                    output.add(chunk)
                else:
                    selector.unregister(pipe)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _drain(pipe, output)
    return output, ended


def _drain(pipe: int, output: _Output) -> None:
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
