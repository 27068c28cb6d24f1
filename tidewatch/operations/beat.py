"""After a sweep that did its work: remember when, and tell whoever watches from outside."""

import logging
from datetime import datetime, timedelta

from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobNotFound
from tidewatch.ports.heartbeat import NotHeard

CONTAINER, LAST = "health", "last-sweep"
LATE = timedelta(minutes=5)  # sweeps come every minute

_log = logging.getLogger(__name__)


def beat(ports: Ports) -> None:
    """A heartbeat that is not heard breaks nothing: whoever misses it will say so."""
    ports.blobs.put(CONTAINER, LAST, ports.clock.now().isoformat().encode())
    if ports.heartbeat is None:
        return
    try:
        ports.heartbeat.beat()
    except NotHeard as error:
        _log.warning("%s", error)


def since_last_sweep(ports: Ports) -> timedelta | None:
    """None before the first."""
    try:
        last = ports.blobs.get(CONTAINER, LAST).decode()
    except BlobNotFound:
        return None
    return ports.clock.now() - datetime.fromisoformat(last)
