"""Files that survive a power cut: bytes are synced before their name appears, the name before anybody is told."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Like mkdir -p, and the new names are durable. Raises NotADirectoryError or FileExistsError over a file."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def fresh_file(folder: Path, data: bytes) -> Iterator[Path]:
    """A synced file under a name of its own in `folder`, to be linked or renamed to where it belongs."""
    make_folder(folder)
    path = folder / uuid4().hex
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            # The kernel's own stamps are some milliseconds coarse: two quick writes would look like one.
            stamp = time.time_ns()
            os.utime(file.fileno(), ns=(stamp, stamp))
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone with what `path` guards, among threads and processes; a killed holder lets go."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
