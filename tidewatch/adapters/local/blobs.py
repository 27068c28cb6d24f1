"""Blobs as plain files: <root>/<container>/<name>. A file that somebody copies there by hand is a blob too."""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from tidewatch.adapters.local.durable import fresh_file, locked, make_folder, sync_folder
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobInfo, BlobNotFound

CONTAINER = re.compile(
    r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*"
)  # Azure's rule, so that a name which works here works there
NO_SUCH_FILE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class LocalBlobs:
    """Two limits come from the file system: a blob cannot lie under another blob's name ("a" and "a/b"), and
    no part of a name starts with a dot. Both raise ValueError, as does a name that would leave the root.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(
        self, container: str, name: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None
    ) -> str:
        target = self._path(container, name)
        with fresh_file(self._root / ".tmp", data) as fresh, self._locked(container):
            etag = _etag(fresh.stat())
            _make_room(target)
            if if_absent:
                try:
                    os.link(fresh, target)
                except FileExistsError:
                    raise BlobExists(container, name) from None
            else:
                now = self.stat(container, name)
                if if_match is not None and (now is None or now.etag != if_match):
                    raise BlobChanged(container, name)
                os.replace(fresh, target)
            sync_folder(target.parent)
        return etag

    def get(self, container: str, name: str) -> bytes:
        try:
            return self._path(container, name).read_bytes()
        except NO_SUCH_FILE:
            raise BlobNotFound(container, name) from None

    def stat(self, container: str, name: str) -> BlobInfo | None:
        path = self._path(container, name)
        return _info(name, path) if path.is_file() else None

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        base = self._container(container)
        folders = prefix.split("/")[:-1]
        if not all(_is_part(folder) for folder in folders):
            return
        names: set[str] = set()
        for folder, subfolders, files in os.walk(base.joinpath(*folders)):
            subfolders[:] = [subfolder for subfolder in subfolders if _is_part(subfolder)]
            names.update((Path(folder) / file).relative_to(base).as_posix() for file in files if _is_part(file))
        for name in sorted(names):
            if name.startswith(prefix) and (info := _info(name, base / name)):
                yield info

    def delete(self, container: str, name: str, *, if_match: str | None = None) -> None:
        path = self._path(container, name)
        if not path.is_file():
            return
        with self._locked(container):
            now = self.stat(container, name)
            if now is not None and if_match not in (None, now.etag):
                raise BlobChanged(container, name)
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def _container(self, container: str) -> Path:
        if not CONTAINER.fullmatch(container):
            raise ValueError(
                f"{container!r} cannot name a container: use 3 to 63 lowercase letters, digits and single hyphens"
            )
        return self._root / container

    def _path(self, container: str, name: str) -> Path:
        parts = name.split("/")
        if not all(_is_part(part) for part in parts):
            raise ValueError(
                f"{name!r} cannot name a blob: no part between slashes may be empty, start with a dot "
                "or be longer than 255 bytes"
            )
        return self._container(container).joinpath(*parts)

    def _locked(self, container: str) -> AbstractContextManager[None]:
        locks = self._root / ".locks"
        make_folder(locks)
        return locked(locks / container)


def _is_part(part: str) -> bool:
    return bool(part) and not part.startswith(".") and "\0" not in part and len(os.fsencode(part)) <= 255


def _make_room(target: Path) -> None:
    try:
        make_folder(target.parent)
    except (NotADirectoryError, FileExistsError):
        raise ValueError(f"{target} would lie under another blob: give one of them another name") from None
    if target.is_dir():
        raise ValueError(f"{target} has blobs under it: give it another name")


def _etag(stat: os.stat_result) -> str:
    return f"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}"


def _info(name: str, path: Path) -> BlobInfo | None:
    try:
        stat = path.stat()
    except NO_SUCH_FILE:
        return None
    return BlobInfo(name, _etag(stat), stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))
