"""Workers under strace: which calls of theirs touch storage, and what becomes of the work when one of them fails."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.crash.plants import planted
from tests.crash.work import missing
from tests.crash.works import WORKS

CHANGES = (
    "openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate", "rename", "link", "unlink", "mkdir",
    "rmdir", "utimensat",
)  # fmt: skip
LOOKS = ("read", "pread64", "newfstatat", "fstat", "flock", "fcntl", "getdents64", "lseek")
TALKS = ("sendto", "recvfrom", "connect")
CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
HARMLESS = {"openat": "O_CREAT"}  # without it, nothing changes


@dataclass(frozen=True)
class Fault:
    """What strace does to the n-th call of a name: killed on its entry, or refused with an error."""

    call: str
    number: int
    how: str  # "signal=KILL", "error=EIO", "error=ENOSPC"
    lasting: bool = False  # also with every later call of that name

    @property
    def injection(self) -> str:
        return f"{self.call}:{self.how}:when={self.number}{'+' if self.lasting else ''}"

    def __str__(self) -> str:
        return f"{self.how} at {self.call} {self.number}{' and after' if self.lasting else ''}"


class Workshop:
    """Where workers are made, traced and torn away."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.rounds = folder, 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=folder,  # what a dying worker leaves in its folder is no file of ours
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip

    def close(self) -> None:
        with self._process:
            self._in.close()

    @property
    def _in(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _line(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def run(
        self, work: str, template: Path, *, trace: Sequence[str], options: Sequence[str] = (), plant: str = ""
    ) -> "Worked":
        """Copy what was prepared and let a worker work on it, as far as it comes."""
        self.rounds += 1
        place = self.folder / f"{self.rounds}"
        shutil.copytree(template, place / "home")
        order = {"work": work, "root": str(place / "home"), "acks": str(place / "acks"), "plant": plant}
        self._in.write(json.dumps(order) + "\n")
        self._in.flush()
        child = self._line()
        attached = ["-p", str(child), "-o", str(place / "calls")]
        with subprocess.Popen(  # noqa: S603
            ["strace", "-y", *attached, "-e", f"trace={','.join(trace)}", *options],  # noqa: S607
            stderr=subprocess.PIPE, text=True,
        ) as tracer:  # fmt: skip
            assert tracer.stderr is not None
            said = tracer.stderr.readline()
            os.kill(child, signal.SIGCONT)
            status = self._line()
            said += tracer.stderr.read()
        assert "attached" in said, said
        return Worked(work, place, status)


@dataclass(frozen=True)
class Worked:
    work: str
    place: Path
    status: int

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def acknowledged(self) -> list[str]:
        return (self.place / "acks").read_text().split("\n")[:-1]

    @property
    def error(self) -> str:
        path = self.place / "acks.err"
        return path.read_text() if path.exists() else ""

    def calls(self) -> Iterator[tuple[str, int, str]]:
        """Name, number among those of its name, arguments: of every call that touches what lies in the home."""
        numbers: Counter[str] = Counter()
        for line in (self.place / "calls").read_text(errors="replace").splitlines():
            if not (call := CALL.match(line)):
                continue
            numbers[call[1]] += 1
            if f"{self.home}/" in line or f'"{self.home}"' in line or call[1] in TALKS and "socket:" in line:
                yield call[1], numbers[call[1]], call[2]

    def recover(self, plant: str = "") -> list[str]:
        """Start again and look: everything that went wrong, in sentences."""
        said: list[str] = []
        try:
            with planted(plant):
                said += self._recovered()
        except Exception as error:  # noqa: BLE001 - whatever stops the restart is what is looked for
            said.append(f"the restart failed: {error!r}\n{traceback.format_exc()}")
        return said

    def _recovered(self) -> Iterator[str]:
        work = WORKS[self.work]
        if work.lies_in_the_home:
            yield from missing(self.acknowledged, work.kept(self.home))
        work.restart(self.home)
        relied_on = self.acknowledged
        if work.is_done_again:
            relied_on = []
            work.work(self.home, relied_on.append)
        yield from missing(relied_on, work.kept(self.home))
        yield from work.wrong(self.home)

    def clear(self) -> None:
        shutil.rmtree(self.place)


def faults(clean: Worked) -> Iterator[Fault]:
    """Each that a call of a clean run can have; of the many calls that only look, one in five is refused."""
    looks = 0
    for name, number, arguments in clean.calls():
        if name in TALKS:
            yield Fault(name, number, "signal=KILL")
            yield Fault(name, number, "error=ECONNRESET")
        elif name in CHANGES and HARMLESS.get(name, "") in arguments:
            yield Fault(name, number, "signal=KILL")
            yield Fault(name, number, "error=EIO")
            yield Fault(name, number, "error=ENOSPC", lasting=True)
        else:
            looks += 1
            if looks % 5 == 1:
                yield Fault(name, number, "error=EIO")
