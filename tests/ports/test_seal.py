"""A signature holds for what was signed, with the key that signed it, and for nothing else."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tidewatch.adapters.local.seal import Ed25519Seal
from tidewatch.ports.seal import NoKey


@pytest.fixture
def seal(tmp_path: Path) -> Ed25519Seal:
    return Ed25519Seal("", tmp_path / "home" / "key.pem")


def test_a_signature_holds_for_what_was_signed_and_nothing_else(seal: Ed25519Seal, tmp_path: Path) -> None:
    signature, keys = seal.sign(b"as it was"), [seal.public_key()]
    assert seal.holds(b"as it was", signature, keys)
    assert not seal.holds(b"as I want it", signature, keys)
    assert not seal.holds(b"as it was", "00" * 64, keys)
    assert not seal.holds(b"as it was", "rubbish", keys)
    assert not seal.holds(b"as it was", signature, [])
    other = Ed25519Seal("", tmp_path / "other.pem")
    assert not seal.holds(b"as it was", signature, [other.public_key()])
    assert seal.holds(b"as it was", signature, [other.public_key(), *keys])


def test_a_key_is_made_once_and_only_its_owner_can_read_it(seal: Ed25519Seal, tmp_path: Path) -> None:
    assert seal.public_keys() == (), "looking makes none"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: Ed25519Seal("", tmp_path / "home" / "key.pem").public_key(), range(8)))
    assert made == {seal.public_key()}
    (file,) = (tmp_path / "home").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_comes_from_a_file_or_from_the_setting_itself(seal: Ed25519Seal, tmp_path: Path) -> None:
    seal.sign(b"")
    path = tmp_path / "home" / "key.pem"
    pem = path.read_text()
    for source in (str(path), pem, pem.replace("\n", "\\n")):
        assert Ed25519Seal(source).public_key() == seal.public_key()
    assert Ed25519Seal(pem, earlier=["ab"]).public_keys() == (seal.public_key(), "ab")


def test_openssl_makes_keys_that_fit(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    assert len(Ed25519Seal(str(path)).public_key()) == 64


def test_what_is_no_key_is_said_in_a_sentence(seal: Ed25519Seal, tmp_path: Path) -> None:
    curve = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("rubbish")
    for source in (curve.decode(), str(rubbish)):
        with pytest.raises(NoKey, match="is no Ed25519 key in PEM: `openssl genpkey -algorithm ed25519` makes one"):
            Ed25519Seal(source).sign(b"")
    with pytest.raises(NoKey, match="cannot be read from /nowhere/key.pem: No such file"):
        Ed25519Seal("/nowhere/key.pem").public_keys()
    with pytest.raises(ValueError, match="'rubbish' is no public key: `tidewatch log key` prints one"):
        seal.holds(b"", "", ["rubbish"])
