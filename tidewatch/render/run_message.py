"""The message of one run in the thread: who runs what, how far it is, and the button that stops it."""

from dataclasses import dataclass

from tidewatch.domain.incident.run import Run
from tidewatch.domain.people import People
from tidewatch.ports.chat import ChatMessage
from tidewatch.render import blocks as kit

PHASES = {"run": "running", "verify": "verifying", "undo": "taking back"}


@dataclass(frozen=True)
class Going:
    """What a step under way looks like at this moment."""

    phase: str
    step: str = ""  # "2 of 5"
    what: str = ""
    lines: str = ""  # the last ones of its output


def run_message(run: Run, people: People, going: Going | None = None) -> ChatMessage:
    """With Stop while it runs; without `going` only who runs what."""
    said = f"⏳ {people.name(run.by)} runs `{run.runbook}`: {kit.escape(run.title)}."
    blocks = [kit.section(said)]
    if run.verdict == "running":
        if going:
            step = f", step {going.step}: {kit.escape(going.what)}" if going.step else ""
            lines = f"\n```{kit.escape(kit.cut(going.lines, 1800))}```" if going.lines else ""
            blocks.append(kit.section(f"*{PHASES[going.phase]}*{step}{lines}"))
        if not run.cancelled_by:
            ask = kit.confirm("Stop it?", "It is killed where it is; nothing is undone.", "Stop it")
            blocks.append(kit.actions([kit.button("cancel_run", "Stop", kit.value(run.id, 0), "danger", ask)]))
        else:
            blocks.append(kit.context(f"🛑 {people.name(run.cancelled_by)} is stopping it."))
    return ChatMessage(said, blocks)
