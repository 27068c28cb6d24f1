"""Many at once; of fifty who press Acknowledge in the same second, see tests/bot/test_clicks.py."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.crash.work import house_at
from tidewatch.operations.report import open_markers
from tidewatch.operations.verify_log import verify_log

WRITERS = 64


def test_of_64_processes_that_find_the_same_one_opens_the_incident_and_nothing_that_any_of_them_wrote_is_lost(
    tmp_path: Path,
) -> None:
    crowd = [sys.executable, "-m", "tests.crash.crowd", str(tmp_path), str(WRITERS)]
    assert subprocess.run(crowd, cwd=Path(__file__).parents[2]).returncode == 0  # noqa: S603
    house = house_at(tmp_path)
    (incident,) = house.incidents()
    assert [marker.incident for marker in open_markers(house.ports)] == [incident]
    assert verify_log(house.ports.log).faults == []
    counted = Counter(event.key for event in house.events())
    assert house.kinds().count("opened") == 1
    assert all(counted[f"note:{number}"] == 1 for number in range(WRITERS))
    house.run_jobs()
    assert house.chat.posted.count("1:card") == 1
