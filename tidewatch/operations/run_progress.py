"""How a run is going: shown in its message in the thread, and stopped when somebody asks for it."""

import re
from contextlib import suppress
from dataclasses import dataclass

from tidewatch.operations.deliver import run_message_of
from tidewatch.operations.journal import load
from tidewatch.ports import Ports
from tidewatch.ports.chat import ChatUnavailable
from tidewatch.render.run_message import Going, run_message

STEP = re.compile(r"\[(\d{1,3})/(\d{1,3})\] ?(.{0,200})")


@dataclass
class Progress:
    """What is asked every few seconds while a step of a run is under way."""

    ports: Ports
    incident: str
    run: str
    phase: str  # run, verify or undo
    shown: str = ""  # what the message said last

    def look(self, lines: str) -> bool:
        """Show the last lines; False when somebody has asked to stop."""
        state = load(self.ports, self.incident)
        run = state.run(self.run)
        if run is None or run.verdict != "running" or run.cancelled_by:
            return False
        place = run_message_of(self.ports, self.incident, self.run)
        if place and lines != self.shown:
            steps = STEP.findall(lines)
            going = Going(self.phase, " of ".join(steps[-1][:2]) if steps else "", steps[-1][2] if steps else "", lines)
            # The next look shows it, and the thread tells the end in any case.
            with suppress(ChatUnavailable):
                self.ports.chat.update(*place, run_message(run, self.ports.people, going))
                self.shown = lines
        return True
