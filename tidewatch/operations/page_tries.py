"""What the log does not know about pages.

Who is at work, which try was cut off, and when a pager that was busy is asked again.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound

CONTAINER = "pages"
CLAIM = timedelta(seconds=60)  # whoever is at work and died is believed dead after this
LEAST, MOST = timedelta(minutes=1), timedelta(minutes=15)  # between two tries, whatever a pager asks for


@dataclass
class Try:
    """One page by one pager, or its quieting, that has not come to its end."""

    count: int = 0
    again: str = ""  # not before
    begun: bool = False  # and nobody knows how it ended


@dataclass
class Tries:
    claimed: str = ""  # until when somebody is at work on this
    tries: dict[str, Try] = field(default_factory=dict)

    def may(self, name: str, now: datetime) -> bool:
        known = self.tries.get(name, Try())
        return not known.again or now >= datetime.fromisoformat(known.again)

    def cut_off(self, name: str) -> bool:
        return self.tries.get(name, Try()).begun

    def begin(self, name: str) -> None:
        known = self.tries.setdefault(name, Try())
        known.count, known.begun = known.count + 1, True

    def put_off(self, name: str, now: datetime, retry_after: float) -> None:
        """Twice as long each time, and at least as long as the pager asked for."""
        known = self.tries[name]
        wait = max(LEAST * 2 ** min(known.count - 1, 4), timedelta(seconds=min(retry_after, MOST.total_seconds())))
        known.again, known.begun = (now + min(wait, MOST)).isoformat(), False

    def end(self, name: str) -> None:
        self.tries.pop(name, None)


def read(ports: Ports, incident: str) -> tuple[Tries, str | None]:
    """The record, and its etag; None for a first one."""
    name = f"{incident}.json"
    info = ports.blobs.stat(CONTAINER, name)
    try:
        if info:
            kept = json.loads(ports.blobs.get(CONTAINER, name))
            return Tries(kept["claimed"], {key: Try(**each) for key, each in kept["tries"].items()}), info.etag
    except BlobNotFound:
        pass
    return Tries(), None


def claim(ports: Ports, incident: str) -> Tries | None:
    """The record, for one of any number who ask; None when somebody is at work on it."""
    tries, etag = read(ports, incident)
    now = ports.clock.now()
    if tries.claimed and now < datetime.fromisoformat(tries.claimed) <= now + CLAIM:
        return None
    tries.claimed = (now + CLAIM).isoformat()
    try:
        ports.blobs.put(CONTAINER, f"{incident}.json", _bytes(tries), if_absent=etag is None, if_match=etag)
    except (BlobChanged, BlobExists):
        return None
    return tries


def keep(ports: Ports, incident: str, tries: Tries, *, done: bool = False) -> None:
    """Progress renews the claim, the end gives it back."""
    tries.claimed = "" if done else (ports.clock.now() + CLAIM).isoformat()
    ports.blobs.put(CONTAINER, f"{incident}.json", _bytes(tries))


def _bytes(tries: Tries) -> bytes:
    return json.dumps(asdict(tries)).encode()
