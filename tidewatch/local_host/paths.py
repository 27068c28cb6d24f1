"""Blob paths with {names} in them: matched against the blobs there are, or filled in for the blob there shall be."""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

_NAME = re.compile(r"\{([^{}]*)\}")
_SETTING = re.compile(r"%([^%]+)%")


class BlobPath:
    """A trigger's "container/pattern"; a name in braces matches anything but nothing, slashes too."""

    def __init__(self, path: str) -> None:
        """Raises ValueError with a clause that says what is wrong with the path."""
        self.path = path
        self.container, _, pattern = path.partition("/")
        if not self.container or _NAME.search(self.container):
            raise ValueError("must begin with the name of a container")
        literal_or_name = _NAME.split(pattern or "{name}")
        literals, self.names = literal_or_name[0::2], literal_or_name[1::2]
        if len(set(self.names)) < len(self.names):
            raise ValueError("uses a name twice")
        self.prefix = literals[0]
        self._pattern = re.compile("(.+)".join(map(re.escape, literals)), re.DOTALL)

    def match(self, name: str) -> dict[str, str] | None:
        """What the names in braces stand for in this blob's name; None when it is not meant."""
        found = self._pattern.fullmatch(name)
        return dict(zip(self.names, found.groups(), strict=True)) if found else None


def fill(path: str, data: Mapping[str, str]) -> tuple[str, str]:
    """Container and name of the blob an input or output means. Raises LookupError naming what is not known."""
    known = {key.lower(): value for key, value in data.items()}
    known |= {"rand-guid": str(uuid.uuid4()), "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")}

    def value(found: re.Match[str]) -> str:
        if found[1].lower() not in known:
            raise LookupError(f"the trigger gives no {{{found[1]}}} for the path {path}")
        return known[found[1].lower()]

    container, _, name = _NAME.sub(value, path).partition("/")
    return container, name


def resolve(text: str, values: Mapping[str, str]) -> str:
    """Replace every %NAME% by its setting. Raises LookupError naming the one that is missing."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise LookupError(f"%{found[1]}% has no value: add {found[1]} to the settings")
        return values[found[1]]

    return _SETTING.sub(value, text)
