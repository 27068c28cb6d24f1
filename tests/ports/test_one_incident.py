"""However many write at the same moment, in threads and in processes: one incident, one alert."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tests.operations.stand_ins import RecordingChat
from tidewatch.domain.incident.quiet import ONE_BY_ONE
from tidewatch.operations.counted import observations
from tidewatch.operations.deliver import deliver
from tidewatch.operations.journal import JOBS
from tidewatch.operations.verify_log import verify_log

PROCESSES = 8  # of eight threads each


def test_64_writers_of_one_signal_make_one_incident_and_one_alert(
    place: dict[str, str], racers: Any, race_in_processes: Callable[..., list[list[str]]]
) -> None:
    told = race_in_processes("tell", PROCESSES)
    (incident,) = {name for process in told for name in process}
    assert sum(map(len, told)) == 64
    with racers.opened_house(place) as ports:
        chat = RecordingChat()
        ports = replace(ports, chat=chat, pictures=None, runbooks=())
        assert list(ports.log.incidents()) == [incident]
        events = ports.log.read(incident)
        assert [event.kind for event in events] == ["opened"] + ["observed"] * ONE_BY_ONE
        assert len(events) + len(observations(ports, incident)) == 64
        assert ports.queue.length(JOBS) >= 1
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: deliver(ports, incident), range(16)))
        deliver(ports, incident)
        assert chat.posted == ["1:card"]
        assert verify_log(ports.log).faults == []
