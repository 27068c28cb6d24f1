"""A process that watches one program, and leaves nothing of it behind: `python supervisor.py CHANNEL`.

The channel is a socket to the worker. It brings one line of JSON: {"command": […], "timeout": seconds, "limits":
{"memory": bytes, "file": bytes, "processes": count}}; then "stop", or its end when the worker is gone. One line goes
back: {"status": exit status, "ended": "itself", "timeout", "stopped" or "crowd"}, or {"error": why it did not start}.

Whatever the program starts stays a descendant of this process, even after a double fork with a session of its own,
because orphans are given to it (Linux, PR_SET_CHILD_SUBREAPER). Elsewhere only the program's process group is found.
It imports nothing of Tidewatch, and starts with every run: keep it small.
"""

import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36  # of prctl(2)
LINUX = sys.platform == "linux"
COUNT_EVERY = 0.2  # seconds between two looks at how many processes there are
PATIENCE = 10.0  # seconds for killed processes to be gone: one that hangs in the kernel cannot be waited for


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    line = channel.makefile("rb", buffering=0).readline()
    if not line:
        return  # the worker was killed before it could say what to do
    order = json.loads(line)
    _prctl(SET_CHILD_SUBREAPER, 1)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    program, error = _start(order["command"], order["limits"])
    report = {"error": error} if error else _watch(program, channel, wake, order)
    if not error:
        _end(program)
    with suppress(OSError):  # the worker is gone, and nobody asks
        channel.sendall(json.dumps(report).encode() + b"\n")


def _prctl(option: int, value: int) -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _start(command: list[str], limits: Mapping[str, int]) -> tuple[int, str]:
    """The program's process id, or why there is none."""
    told, tell = os.pipe()  # closed by a successful exec
    bounds = _bounds(limits)
    program = os.fork()
    if not program:
        try:
            os.setsid()
            _prctl(SET_PDEATHSIG, signal.SIGKILL)
            for kind, bound in bounds:
                resource.setrlimit(kind, (bound, bound))
            for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # as Python does, and programs do not expect
                signal.signal(ignored, signal.SIG_DFL)
            os.execvp(command[0], command)  # noqa: S606 - no shell is what is wanted
        except (OSError, ValueError) as failure:
            os.write(tell, (getattr(failure, "strerror", None) or str(failure)).encode())
        os._exit(127)
    os.close(tell)
    error = os.read(told, 4096).decode()
    os.close(told)
    return program, error


def _bounds(limits: Mapping[str, int]) -> list[tuple[int, int]]:
    """Resource limits, none above what this process has itself."""
    wanted = {resource.RLIMIT_CORE: 0}
    if limits:
        wanted |= {resource.RLIMIT_DATA: limits["memory"], resource.RLIMIT_FSIZE: limits["file"]}
        if LINUX and os.getuid():  # counts every thread of the user, and is not enforced for root
            wanted[resource.RLIMIT_NPROC] = _tasks_of_user() + limits["processes"]
    hard = {kind: resource.getrlimit(kind)[1] for kind in wanted}
    return [
        (kind, bound if hard[kind] == resource.RLIM_INFINITY else min(bound, hard[kind]))
        for kind, bound in wanted.items()
    ]


def _watch(program: int, channel: socket.socket, wake: int, order: Mapping[str, Any]) -> dict[str, Any]:
    """Until the program ends or has to."""
    deadline = time.monotonic() + order["timeout"]
    most = order["limits"].get("processes", 0) if LINUX else 0
    count_at = time.monotonic() + COUNT_EVERY
    while True:
        status = _reaped(program)
        if status is not None:
            return {"status": status, "ended": "itself"}
        now = time.monotonic()
        if now >= deadline:
            return {"status": None, "ended": "timeout"}
        if most and now >= count_at:
            if len(_descendants()) > most:
                return {"status": None, "ended": "crowd"}
            count_at = now + COUNT_EVERY
        patience = min(deadline, count_at) - now if most else deadline - now
        ready, _, _ = select.select([channel.fileno(), wake], [], [], max(patience, 0))
        if wake in ready:
            os.read(wake, 4096)
        if channel.fileno() in ready:  # "stop", or the end of the worker
            return {"status": None, "ended": "stopped"}


def _reaped(program: int) -> int | None:
    """The program's exit status if it has ended; everything else that has ended is forgotten."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == program:
                return os.waitstatus_to_exitcode(ended[1])
    return None


def _end(program: int) -> None:
    """Kill what is left. The program's group dies at one stroke; what left it is stopped first, all of it, so that
    nothing forks faster than it is killed."""
    _signal(-program, signal.SIGKILL)
    over = time.monotonic() + PATIENCE
    while _has_children() and time.monotonic() < over:
        stopped: set[int] = set()
        while fresh := _descendants() - stopped:
            for process in fresh:
                _signal(process, signal.SIGSTOP)
            stopped |= fresh
        for process in stopped:
            _signal(process, signal.SIGKILL)
        time.sleep(0.005)


def _has_children() -> bool:
    """Those that have ended are forgotten."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _signal(process: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)


def _descendants() -> set[int]:
    """Every living process below this one."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    found: set[int] = set()
    below = [os.getpid()]
    while below:
        born = children.get(below.pop(), [])
        found.update(born)
        below += born
    return found


def _parents() -> list[tuple[int, int]]:
    """(process, its parent) of all that are no zombies."""
    pairs = []
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
                if state not in (b"Z", b"X"):
                    pairs.append((int(name), int(parent)))
    return pairs


def _tasks_of_user() -> int:
    user, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


if __name__ == "__main__":
    main()
