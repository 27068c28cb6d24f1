"""Ids that people can say: INC-1042. Nobody else has the same, however many ask at once."""

from contextlib import suppress

from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound, Blobs

NUMBERS = "numbers"  # one empty blob for each number that was given: creating it, if it is not there, decides
NEXT = "next"  # says where to begin to look; may be late, lost or wrong
FIRST_NUMBER = 1001


def next_number(blobs: Blobs) -> str:
    """A number nobody else has; numbers of lost races stay unused."""
    hint = blobs.stat(NUMBERS, NEXT)
    number = _first_free(blobs, _hinted(blobs))
    while True:
        try:
            blobs.put(NUMBERS, _name(number), b"", if_absent=True)
        except BlobExists:
            number = max(number + 1, _hinted(blobs))
        else:
            break
    with suppress(BlobChanged, BlobExists):  # somebody who came later knows better
        blobs.put(NUMBERS, NEXT, str(number + 1).encode(), if_absent=hint is None, if_match=hint.etag if hint else None)
    return f"INC-{number}"


def _name(number: int) -> str:
    return f"INC-{number:06d}"


def _hinted(blobs: Blobs) -> int:
    try:
        return max(FIRST_NUMBER, int(blobs.get(NUMBERS, NEXT)))
    except (BlobNotFound, ValueError):
        return FIRST_NUMBER


def _first_free(blobs: Blobs, start: int) -> int:
    """Numbers are given without gaps, so the end is found in steps that double, then halve: never by listing."""

    def taken(number: int) -> bool:
        return number >= start and blobs.stat(NUMBERS, _name(number)) is not None

    step = 1
    while taken(start - 1 + step):
        step *= 2
    low, high = start - 1 + step // 2, start - 1 + step  # `low` is taken or lies before the start; `high` is free
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken(middle) else (low, middle)
    return high
