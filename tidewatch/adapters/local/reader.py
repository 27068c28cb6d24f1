"""A process that reads data files for another one, which nothing in such a file can then harm.

A parquet file of 400 bytes can hold 65 GB, its footer can lie about it, and some files break pyarrow itself (JSON that
begins with null, thousands of lists in one another): that is the end of a process, and no `except` helps. So files from
elsewhere are read in this process, which may have so much memory and no more, and what is in them comes over a pipe.
"""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from tidewatch.domain.table import Piece
from tidewatch.ports.tables import UnreadableTable

KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")  # what a program needs to start; no secrets
# glibc's allocator, because pyarrow's own sets a gigabyte aside; one thread, because nothing is multiplied there.
PLAIN = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1"}
BROKEN = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)  # by what it reads
PIECE, DONE, REFUSED = "piece", "done", "refused"


class ReaderLost(Exception):
    """The reading process ended, or never began, for no fault of the file: try again."""


class Reader:
    """The process, seen from the one it works for. It ends with this object, or when its employer does."""

    def __init__(self, memory: int) -> None:
        """`memory`: bytes of data it may hold."""
        self.memory, self.ready = memory, True  # for the next request
        self.pipe, its = Pipe()
        command = [sys.executable, "-P", "-m", __name__, str(its.fileno()), str(memory)]
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        with its:
            self.process = subprocess.Popen(  # noqa: S603 - ourselves
                command, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
                env=kept | PLAIN | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
        self.end: Callable[[], object] = weakref.finalize(self, _end, self.pipe, self.process)

    def ask(self, what: str, arguments: tuple[Any, ...], seconds: float) -> Iterator[tuple[str, Any]]:
        """What it says to the request, the answer last; by then at most so many seconds have passed.

        Raises UnreadableTable and ReaderLost.
        """
        deadline, self.ready = time.monotonic() + seconds, False
        try:
            self.pipe.send((what, arguments))
            while True:
                if not self.pipe.poll(max(deadline - time.monotonic(), 0.0)):
                    raise UnreadableTable(f"the file takes longer than {seconds:.0f} s to read")
                said, content = ForkingPickler.loads(self.pipe.recv_bytes(self.memory))
                self.ready = said != PIECE
                if said == REFUSED:
                    raise UnreadableTable(content)
                yield said, content
                if said == DONE:
                    return
        except EOFError:
            raise self._broken() from None
        except OSError as error:  # the pipe is closed, or what comes is larger than all it may hold
            raise self._broken() from error

    def _broken(self) -> Exception:
        try:
            ended = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return UnreadableTable(self._too_much)
        if -ended in BROKEN:
            return UnreadableTable(f"the file is damaged in a way that breaks its reader, or {self._too_much[9:]}")
        return ReaderLost(f"the process that reads data files ended with status {ended}")

    @property
    def _too_much(self) -> str:
        return f"the file holds more than {self.memory >> 20:,} MB at once"


def _end(pipe: Connection, process: "subprocess.Popen[bytes]") -> None:
    pipe.close()
    process.kill()
    process.wait()


def serve(pipe: Connection, memory: int) -> None:
    """Answer requests until nobody asks any more."""
    from tidewatch.adapters.local.tables import ArrowTables  # noqa: PLC0415 - its employer needs no pyarrow

    if sys.platform == "linux":  # elsewhere the limit is not kept, and may not be set
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tables, speaking = ArrowTables(), threading.Lock()

    def fed(column: str, piece: Piece) -> None:
        with speaking:
            pipe.send((PIECE, (column, piece)))

    while True:
        try:
            what, arguments = pipe.recv()
        except EOFError:
            return
        try:
            if what == "feed":
                source, name, columns, kinds = arguments
                answer: Any = tables.feed(source, name, {column: partial(fed, column) for column in columns}, kinds)
            else:
                answer = getattr(tables, what)(*arguments)
            pipe.send((DONE, answer))
        except UnreadableTable as refusal:
            pipe.send((REFUSED, str(refusal)))
        except MemoryError:
            pipe.send((REFUSED, "the file claims to hold more than fits into memory"))


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
