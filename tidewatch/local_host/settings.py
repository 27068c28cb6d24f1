"""How the host behaves: what the folder's host.json says, and what only a laptop needs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})")


class HostError(Exception):
    """The folder cannot be run as it is; the message is a sentence for people."""


@dataclass(frozen=True)
class HostSettings:
    """All durations are seconds of this machine, however fast the simulated clock runs."""

    values: Mapping[str, str] = field(default_factory=dict)  # what %NAME% in queue names, paths, schedules stands for
    key: str | None = None  # opens routes of level function and admin; without one they stay shut
    route_prefix: str = "api"
    max_dequeue_count: int = 5
    visibility_timeout: float = 0.0  # until a failed message is tried again
    batch_size: int = 16
    poison_blob_threshold: int = 5
    workers: int = 2  # threads per queue, never more than batch_size
    lease: float = 600.0  # how long a message is hidden while its function runs
    settle: float = 1.0  # a blob is taken when it has rested this long: somebody may still be copying it
    retry_delay: float = 2.0  # before the second try of a blob; doubles with every further one
    poll: float = 0.3
    grace: float = 10.0  # how long stop() waits for running invocations

    @classmethod
    def read(cls, folder: Path) -> "HostSettings":
        """What host.json says; `dataclasses.replace` adds the rest. Raises HostError."""
        path = folder / "host.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise HostError(f"{folder} has no host.json: Azure needs one beside function_app.py, so add it") from None
        except ValueError as error:
            raise HostError(f"{path} is not JSON ({error}): correct it") from None
        queues, blobs, http = (_section(content, "extensions", name, path=path) for name in ("queues", "blobs", "http"))
        return cls(
            route_prefix=str(http.get("routePrefix", cls.route_prefix)).strip("/"),
            max_dequeue_count=_count(queues, "maxDequeueCount", cls.max_dequeue_count, path),
            visibility_timeout=_seconds(queues, "visibilityTimeout", cls.visibility_timeout, path),
            batch_size=_count(queues, "batchSize", cls.batch_size, path),
            poison_blob_threshold=_count(blobs, "poisonBlobThreshold", cls.poison_blob_threshold, path),
        )


def _section(content: Any, *names: str, path: Path) -> Mapping[str, Any]:
    for name in names:
        if not isinstance(content, dict):
            raise HostError(f"{path} needs an object where {name} is looked for: correct it")
        content = content.get(name, {})
    if not isinstance(content, dict):
        raise HostError(f"{names[-1]} in {path} must be an object: correct it")
    return content


def _count(section: Mapping[str, Any], name: str, default: int, path: Path) -> int:
    value = section.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise HostError(f"{name} in {path} is {value!r}: it must be a whole number from 1")
    return value


def _seconds(section: Mapping[str, Any], name: str, default: float, path: Path) -> float:
    if name not in section:
        return default
    match = _TIMESPAN.fullmatch(str(section[name]))
    if match is None:
        raise HostError(f'{name} in {path} is {section[name]!r}: write it as "hh:mm:ss"')
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
