"""Signing what must not be forged, and telling whether a signature holds."""

from collections.abc import Iterable
from typing import Protocol


class NoKey(Exception):
    """There is nothing to sign with. Says what to do."""


class Seal(Protocol):
    """Ed25519. Keys and signatures are hexadecimal."""

    def sign(self, data: bytes) -> str:
        """Raises NoKey."""

    def public_key(self) -> str:
        """64 digits. Raises NoKey."""

    def public_keys(self) -> tuple[str, ...]:
        """Those whose signatures count: the present one, if there is one yet, and earlier ones."""

    def holds(self, data: bytes, signature: str, public_keys: Iterable[str]) -> bool:
        """Whether one of the keys made it; False also for what is no signature. Raises ValueError with a sentence for
        what is no public key."""
