"""Ed25519 with a private key from the settings, or one that is made in the home folder at its first use."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from tidewatch.adapters.local.durable import make_folder, sync_folder
from tidewatch.ports.seal import NoKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Ed25519Seal:
    """`source` is a private key as PEM, or the path of a file that holds one. Without it the key lies at `made_at`;
    without that too there is none. `earlier` are public keys of the time before.
    """

    def __init__(self, source: str, made_at: Path | None = None, earlier: Sequence[str] = ()) -> None:
        self._source, self._made_at, self._earlier = source.strip(), made_at, tuple(earlier)
        self._key: Ed25519PrivateKey | None = None

    def sign(self, data: bytes) -> str:
        return self._private().sign(data).hex()

    def public_key(self) -> str:
        return self._private().public_key().public_bytes_raw().hex()

    def public_keys(self) -> tuple[str, ...]:
        there = self._source or (self._made_at and self._made_at.exists())
        return (self.public_key(), *self._earlier) if there else self._earlier

    def holds(self, data: bytes, signature: str, public_keys: Iterable[str]) -> bool:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only who signs or verifies pays for it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

        for digits in public_keys:
            try:
                key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits))
            except ValueError:
                raise ValueError(
                    f"{digits[:80]!r} is no public key: `tidewatch log key` prints one, 64 digits long"
                ) from None
            with suppress(InvalidSignature, ValueError):
                key.verify(bytes.fromhex(signature), data)
                return True
        return False

    def _private(self) -> "Ed25519PrivateKey":
        if self._key is None:
            self._key = _parsed(self._pem())
        return self._key

    def _pem(self) -> bytes:
        if self._source.startswith("-----BEGIN"):
            return self._source.replace("\\n", "\n").encode()  # application settings cannot hold line breaks
        path = Path(self._source) if self._source else self._made_at
        if path is None:
            raise NoKey("no key to sign checkpoints with: set TIDEWATCH_CHECKPOINT_KEY to an Ed25519 key in PEM")
        if not self._source and not path.exists():
            _make(path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise NoKey(f"the key of the checkpoints cannot be read from {path}: {error.strerror}") from None


def _parsed(pem: bytes) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):  # no PEM; or one with a password
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise NoKey(
            "the key of the checkpoints is no Ed25519 key in PEM: `openssl genpkey -algorithm ed25519` makes one"
        )
    return key


def _make(path: Path) -> None:
    """Nobody else can read it at any moment, and of several who make one at once all use the same."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    make_folder(path.parent)
    fresh = path.with_name(f".{uuid4().hex}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, pem)
        os.fsync(handle)
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.close(handle)
        fresh.unlink()
    sync_folder(path.parent)
