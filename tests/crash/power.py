"""What a power cut leaves: the calls of a worker, replayed on a disk that keeps what was synced and perhaps some more.

The bytes of a file are safe after fsync or fdatasync of the file, a name after fsync of its folder. What was not synced
may survive in any selection: a later write without an earlier one, half a write, a name without the bytes. This is
stricter than the usual file systems are. A rename is one change: never both names, never none.
"""

import os
import random
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CALLS = (
    "openat", "close", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "link", "unlink", "mkdir",
    "rmdir", "lseek",
)  # fmt: skip
OPTIONS = ("-xx", "-s", "16777216")
LINE = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
HANDLE = re.compile(r"(\d+)<")
GONE_WITH_THE_POWER = "-shm"  # SQLite's shared memory, which the first that opens the database makes anew

Write = tuple[int, bytes | None]  # where and what; None cuts the file there


@dataclass(eq=False)
class File:
    safe: bytes = b""
    pending: list[Write] = field(default_factory=list)

    def size(self) -> int:
        return len(_written(self.safe, self.pending))

    def sync(self) -> None:
        self.safe, self.pending = _written(self.safe, self.pending), []


@dataclass(eq=False)
class Folder:
    """Its names are in the disk's list."""


Change = tuple[tuple[str, File | Folder | None], ...]  # names that change together, and what they lead to then


@dataclass
class Disk:
    root: str
    acks: str
    names: dict[str, File | Folder] = field(default_factory=dict)  # as the worker sees them
    safe: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)
    handles: dict[int, tuple[str, File | Folder]] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, template: Path, root: Path, acks: Path) -> "Disk":
        """All that was prepared is safe, under the name that the worker knows it by."""
        disk = cls(str(root), str(acks), {str(root): Folder()})
        for path in template.rglob("*"):
            disk.names[str(root / path.relative_to(template))] = Folder() if path.is_dir() else File(path.read_bytes())
        disk.safe = dict(disk.names)
        return disk

    def replay(self, line: str) -> bool:
        """Whether this call changed anything that a power cut could tell."""
        call = LINE.match(line)
        if not call or int(call[3]) < 0:
            return False
        name, given, gave = call[1], call[2], int(call[3])
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(given)]
        handle = int(found[1]) if (found := HANDLE.match(given)) else -1
        if name == "openat":
            return self._open(texts[0].decode(), given, gave)
        if name in ("link", "rename", "unlink", "mkdir", "rmdir"):
            return self._name(name, [text.decode() for text in texts])
        if name == "close":
            self.handles.pop(handle, None)
            return False
        if handle not in self.handles:
            return False
        return self._file(name, handle, given, texts, gave)

    def _open(self, path: str, given: str, handle: int) -> bool:
        if path != self.acks and not (path + "/").startswith(self.root + "/"):
            self.handles.pop(handle, None)
            return False
        fresh = path not in self.names and "O_CREAT" in given
        if fresh and path != self.acks:
            self._change((path, File()))
        what = self.names.get(path, File())
        self.handles[handle] = (path, what)
        self.offsets[handle] = -1 if "O_APPEND" in given else 0
        if "O_TRUNC" in given and isinstance(what, File):
            what.pending.append((0, None))
        return fresh

    def _name(self, call: str, paths: Sequence[str]) -> bool:
        if not paths[-1].startswith(self.root + "/"):
            return False
        if call == "mkdir":
            self._change((paths[0], Folder()))
        elif call == "link":
            self._change((paths[1], self.names[paths[0]]))
        elif call == "rename":
            self._change((paths[1], self.names[paths[0]]), (paths[0], None))
        else:
            self._change((paths[0], None))
        return True

    def _change(self, *names: tuple[str, File | Folder | None]) -> None:
        self.pending.append(names)
        _apply(self.names, names)

    def _file(self, call: str, handle: int, given: str, texts: Sequence[bytes], gave: int) -> bool:
        path, what = self.handles[handle]
        if call in ("fsync", "fdatasync"):
            if isinstance(what, File):
                what.sync()
            else:
                self._sync_folder(path)
            return True
        if call == "lseek":
            self.offsets[handle] = gave if self.offsets[handle] >= 0 else -1
            return False
        if path == self.acks:
            self.acknowledged += texts[0].decode().splitlines()
            return True
        assert isinstance(what, File)
        if call == "ftruncate":
            what.pending.append((int(given.rpartition(", ")[2]), None))
        elif call == "pwrite64":
            what.pending.append((int(given.rpartition(", ")[2]), texts[0][:gave]))
        else:
            at = what.size() if self.offsets[handle] < 0 else self.offsets[handle]
            what.pending.append((at, texts[0][:gave]))
            if self.offsets[handle] >= 0:
                self.offsets[handle] += gave
        return True

    def _sync_folder(self, folder: str) -> None:
        for change in [*self.pending]:
            if any(os.path.dirname(path) == folder for path, _ in change):
                _apply(self.safe, change)
                self.pending.remove(change)

    def lay_out(self, keep: Callable[[], bool]) -> dict[str, bytes | None]:
        """What is found after a cut in which each unsynced change survived or not, as `keep` says; None is a folder."""
        names = dict(self.safe)
        for change in self.pending:
            if keep():
                _apply(names, change)
        found: dict[str, bytes | None] = {self.root: None}
        for path in sorted(names):
            what = names[path]
            if os.path.dirname(path) in found and not path.endswith(GONE_WITH_THE_POWER):
                found[path] = _survived(what, keep) if isinstance(what, File) else None
        return found


def cuts(disk: Disk, chance: random.Random) -> Iterator[dict[str, bytes | None]]:
    """Nothing unsynced survives, all of it, or one selection or another."""
    yield disk.lay_out(lambda: False)
    yield disk.lay_out(lambda: True)
    yield disk.lay_out(lambda: chance.random() < 0.5)
    yield disk.lay_out(lambda: chance.random() < 0.9)


def write_out(found: dict[str, bytes | None], root: Path) -> None:
    shutil.rmtree(root)
    for path, data in found.items():
        if data is None:
            Path(path).mkdir()
        else:
            Path(path).write_bytes(data)


def _apply(names: dict[str, File | Folder], change: Change) -> None:
    for path, what in change:
        if what is None:
            names.pop(path, None)
        else:
            names[path] = what


def _survived(file: File, keep: Callable[[], bool]) -> bytes:
    """Each write as a whole, in its first half, or not at all."""
    some = []
    for at, data in file.pending:
        if keep():
            some.append((at, data))
        elif data and len(data) > 1 and keep():
            some.append((at, data[: len(data) // 2]))
    return _written(file.safe, some)


def _written(data: bytes, writes: Sequence[Write]) -> bytes:
    content = bytearray(data)
    for at, new in writes:
        content.extend(b"\0" * (at - len(content)))
        if new is None:
            del content[at:]
        else:
            content[at : at + len(new)] = new
    return bytes(content)
