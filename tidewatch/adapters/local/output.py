"""What a program says: the beginning and the end of it, without secrets."""

import base64
import json
from collections import deque
from collections.abc import Iterable
from urllib.parse import quote

OUTPUT_LIMIT = 1024 * 1024  # bytes
BLOTTED = b"[secret]"
LINES, LINE = 8, 200  # what is shown while it runs


class Output:
    """Floods cost no memory. Secrets are blotted out before anything is kept, also where a chunk cuts one in two."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.notes: list[str] = []
        self._secrets = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        self._head, self._unsure = b"", b""
        self._tail: deque[bytes] = deque()
        self._tail_size = self._cut = 0

    def add(self, chunk: bytes) -> None:
        said = self._blotted(self._unsure + chunk)
        kept = len(said) - max((_begun(said, secret) for secret in self._secrets), default=0)
        self._unsure = said[kept:]
        self._keep(said[:kept])

    def close(self) -> None:
        self._keep(self._unsure)
        self._unsure = b""

    def text(self) -> str:
        notes = [*self.notes]
        if self._cut:
            notes.append(f"[cut: {self._cut} bytes from the middle of the output were left out]")
        middle = b"\n[...]\n" if self._cut else b""
        said = (self._head + middle + b"".join(self._tail)).decode(errors="replace")
        if notes and said and not said.endswith("\n"):
            said += "\n"
        return said + "\n".join(notes)

    def last_lines(self) -> str:
        """The last of it, for people who watch; `LINES` lines at most."""
        recent = b"".join([*self._tail][-2:]) or self._head
        lines = recent[-LINES * LINE :].decode(errors="replace").splitlines()[-LINES:]
        return "\n".join(line[:LINE] for line in lines)

    def _blotted(self, said: bytes) -> bytes:
        for secret in self._secrets:
            said = said.replace(secret, BLOTTED)
        return said

    def _keep(self, said: bytes) -> None:
        room = OUTPUT_LIMIT // 2 - len(self._head)
        self._head += said[:room]
        if rest := said[room:]:
            self._tail.append(rest)
            self._tail_size += len(rest)
        while (surplus := self._tail_size - OUTPUT_LIMIT // 2) > 0:
            oldest = self._tail.popleft()
            if len(oldest) > surplus:
                self._tail.appendleft(oldest[surplus:])
            gone = min(surplus, len(oldest))
            self._tail_size -= gone
            self._cut += gone


def _begun(said: bytes, secret: bytes) -> int:
    """How many of the last bytes may be the beginning of the secret."""
    return next((n for n in range(min(len(secret) - 1, len(said)), 0, -1) if said.endswith(secret[:n])), 0)


def _forms(secret: str) -> Iterable[bytes]:
    """A secret as programs print it: as it is, in an address, in JSON, in base64; of several lines, each long one."""
    lines = [line for line in secret.splitlines() if len(line) >= 8]
    for text in (secret, secret.strip(), *lines):
        yield text.encode()
        yield quote(text, safe="").encode()
        yield json.dumps(text)[1:-1].encode()
    yield base64.b64encode(secret.encode())
