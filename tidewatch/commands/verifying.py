"""Is the log what was written, and who outside can say so?"""

import re
from pathlib import Path

from tidewatch import compose
from tidewatch.domain.checkpoint import read_chain
from tidewatch.operations.checkpoints import is_genuine, stored_checkpoints
from tidewatch.operations.verify_log import Verification, verify_log
from tidewatch.ports.seal import NoKey
from tidewatch.settings import Settings

WITNESS = re.compile(r"[0-9a-f]{8,64}")


class CannotVerify(Exception):
    """What was given to verify with is of no use. Says what is wrong."""


def verification(home: Path, against: str, keys: list[str]) -> tuple[list[str], str]:
    """The faults, and one sentence about the whole. Raises CannotVerify."""
    if against and not WITNESS.fullmatch(against):
        raise CannotVerify(
            f"--against takes the hash of a daily message or of a card, 8 to 64 of 0-9 and a-f: not {against!r}"
        )
    ports = compose.compose(Settings(home=home))
    stored = list(stored_checkpoints(ports.blobs))
    try:
        if stored and not keys and not ports.seal.public_keys():
            raise CannotVerify(
                "the checkpoints are signed and there is no key here to check them with: "
                "give the one that `tidewatch log key` printed as --key"
            )
        chain = read_chain(stored, lambda checkpoint: is_genuine(ports, checkpoint, keys))
    except (NoKey, ValueError) as error:
        raise CannotVerify(str(error)) from error
    result = verify_log(ports.log, chain, against)
    return result.faults, _sentence(result)


def public_key(home: Path) -> str:
    """Raises CannotVerify."""
    try:
        return compose.seal(Settings(home=home)).public_key()
    except NoKey as error:
        raise CannotVerify(str(error)) from error


def _sentence(result: Verification) -> str:
    what = f"{_count(result.incidents, 'incident')}, {_count(result.events, 'event')}"
    holds = f"BROKEN: {_count(len(result.faults), 'fault')} in {what}." if result.faults else f"{what}: all as written."
    if result.vouched is None:
        return f"{holds} UNANCHORED: there is no checkpoint, so nothing vouches for the ends of the streams."
    younger = f"{_count(result.younger, 'event')} {'is' if result.younger == 1 else 'are'} younger"
    vouched = f"{holds} Vouched for up to {result.vouched}; {younger}."
    if result.witness:
        return f"{vouched} ANCHORED: what was kept outside is {result.witness}."
    return f"{vouched} UNANCHORED: compare with a hash kept outside this store, --against HASH of a daily message."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
