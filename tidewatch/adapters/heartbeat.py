"""A GET after every sweep, as healthchecks.io, Better Stack and others count them."""

from tidewatch.adapters.outgoing import Unreachable, send
from tidewatch.ports.heartbeat import NotHeard


class HttpHeartbeat:
    def __init__(self, url: str) -> None:
        self._url = url

    def beat(self) -> None:
        try:
            status, _ = send(self._url)
        except Unreachable as error:
            raise NotHeard(f"the heartbeat's address cannot be reached: {error}") from None
        if not 200 <= status < 300:
            raise NotHeard(f"the heartbeat's address answers with HTTP {status}")
