"""The computer's clock, and a clock that demos can set."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidewatch.adapters.local.durable import fresh_file


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FileClock:
    """Simulated time that several processes share through a small file; real time until it is first set."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """Raises ValueError when the file is not a clock."""
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return datetime.now(UTC)
        try:
            state = json.loads(text)
            at = datetime.fromisoformat(state["at"]).astimezone(UTC)
            return at + timedelta(seconds=state["rate"] * (time.time() - state["set"]))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"{self._path} is not a clock: delete it to go back to real time") from error

    def set(self, at: datetime, rate: float = 0.0) -> None:
        """From now on it is `at`, going on at `rate` simulated seconds per real second (0: standing still)."""
        if at.tzinfo is None:
            raise ValueError(f"{at.isoformat()} has no time zone: say which, for example +00:00")
        state = {"at": at.astimezone(UTC).isoformat(), "set": time.time(), "rate": rate}
        with fresh_file(self._path.parent, json.dumps(state).encode()) as fresh:
            os.replace(fresh, self._path)
