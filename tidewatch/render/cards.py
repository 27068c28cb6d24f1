"""What people see of an incident in the channel: one card, changing in place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tidewatch.domain.incident.deadlines import may_go_up
from tidewatch.domain.incident.state import Incident, acknowledge_by, resolve_by
from tidewatch.domain.model_spec import TIERS, ModelSpec
from tidewatch.domain.people import People
from tidewatch.domain.runbook import Runbook
from tidewatch.ports.chat import ChatMessage
from tidewatch.render import blocks as kit
from tidewatch.render.storm_card import quiet_blocks, storm_blocks

ICONS = {"open": "🔴", "acknowledged": "👀", "observing": "🔭", "resolved": "✅"}
_NOTES = [("note", "Add a note…"), ("timeline", "Timeline")]
COLORS = {"open": kit.RED, "acknowledged": kit.AMBER, "observing": kit.BLUE, "resolved": kit.GREEN}


@dataclass(frozen=True)
class Picture:
    file: str  # the chat's file id
    alt: str


def clock(at: datetime) -> str:
    return f"{at:%d %b %H:%M}"


def length(span: timedelta) -> str:
    minutes = max(1, round(span.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d}" if hours < 48 else f"{hours // 24} days"


def handover_message(spec: ModelSpec, version: str, windows: int, people: People) -> ChatMessage:
    """What is watched from now on, and who is called."""
    metrics = ", ".join(f"{m.name.replace('_', ' ')} over {m.windows} windows" for m in spec.metrics) or "no metric"
    who = " · ".join(f"{tier} {', '.join(people.name(user) for user in users)}" for tier, users in spec.owners.items())
    title = f"📋 {spec.title} is under watch"
    blocks = [
        kit.section(
            f"*{kit.escape(title)}*\n{spec.model} version {version}: {len(spec.watched)} columns against {windows} "
            f"windows of training data, {metrics}. Quiet from now on unless something is wrong."
        ),
        kit.context(who),
    ]
    return ChatMessage(title, blocks, kit.GREEN)


def incident_card(incident: Incident, people: People, runbook: Runbook | None, picture: Picture | None) -> ChatMessage:
    """The card in the state the incident is in."""
    icon, color = ICONS[incident.status], COLORS[incident.status]
    if incident.status != "resolved" and (incident.storm or incident.silence):
        icon, color = ("🌊" if incident.storm else "🔕"), kit.GREY
        return ChatMessage(f"{icon} {incident.title} ({incident.id}, {incident.quiet})", quiet_blocks(incident), color)
    match incident.status:
        case "open" | "acknowledged" if incident.signal.family == "storm":
            small_print = _small_print(incident, people)
            escalate = _escalate(incident, kit.value(incident.id, incident.version))
            blocks = storm_blocks(incident, people, small_print, escalate, icon)
        case "open":
            blocks = _alert(incident, people, runbook, picture)
        case "acknowledged":
            blocks = _taken(incident, people, runbook)
        case "observing":
            blocks = _observing(incident, people)
        case "resolved":
            blocks = _resolved(incident, people)
    text = f"{icon} {incident.title} ({incident.id}, {incident.status})"
    return ChatMessage(text, blocks, color)


def superseded_card(incident: Incident) -> ChatMessage:
    """What is left of the old card when an incident came back and has a new one."""
    return ChatMessage(
        f"{incident.title} came back: see the newer message",
        [kit.context(f"↩️ *{kit.escape(incident.title)}* came back · {incident.id} · see the newer message below")],
        kit.AMBER,
    )


def _alert(incident: Incident, people: People, runbook: Runbook | None, picture: Picture | None) -> list[kit.Block]:
    carried = kit.value(incident.id, incident.version)
    again = f" Came back, {_times(incident.reopened)}." if incident.reopened else ""
    if incident.flapping:
        again += " 🔁 It is flapping: nobody is called for the next times, until somebody acts or it stays good."
    parts = [
        kit.header(f"{ICONS['open']} {incident.title}"),
        kit.section(
            f"*{kit.escape(incident.model)}*, since *{clock(incident.since)}* UTC.{again}\n{_sentence(incident)}",
            kit.overflow([("resolve", "Resolve…"), *_accept(incident), *_NOTES], carried),
        ),
    ]
    if picture:
        parts.append(kit.picture(picture.file, picture.alt))
    parts.append(kit.section(f"*Do next:* {_next(incident, runbook)}"))
    buttons = [kit.button("acknowledge", "Acknowledge", carried, "primary")]
    if runbook:
        buttons.append(kit.button("run_runbook", f"Run {runbook.name}", carried))
    buttons += _escalate(incident, carried)
    return [*parts, kit.actions(buttons), kit.context(_small_print(incident, people))]


def _taken(incident: Incident, people: People, runbook: Runbook | None) -> list[kit.Block]:
    carried = kit.value(incident.id, incident.version)
    more = [("unacknowledge", "Give it back"), *_accept(incident), *_NOTES]
    more += [("findings", "Write findings…")] if incident.tier != "L1" else []
    parts = [
        kit.header(f"{ICONS['acknowledged']} {incident.title}"),
        kit.section(
            f"*{people.name(incident.owner)} has it* since {clock(incident.owned_since or incident.since)} UTC. "
            f"{_sentence(incident)}",
            kit.overflow(more, carried),
        ),
        kit.section(f"*Now:* {_now(incident, runbook)}"),
    ]
    buttons = []
    if runbook and not incident.running:
        buttons.append(kit.button("run_runbook", f"Run {runbook.name}", carried, "primary"))
    waiting = incident.pending or incident.retraining in ("requested", "running")
    if incident.tier != "L1" and incident.may_be_retrained and not waiting:
        buttons.append(kit.button("retrain", "Retrain…", carried, "" if buttons else "primary"))
    buttons.append(kit.button("resolve", "Resolve…", carried))
    buttons += _escalate(incident, carried)
    return [*parts, kit.actions(buttons[:3]), kit.context(_small_print(incident, people))]


def _observing(incident: Incident, people: People) -> list[kit.Block]:
    carried = kit.value(incident.id, incident.version)
    if incident.promoted:
        why = f"Version {incident.promoted} is in service; the next batches are judged by it."
    else:
        until = f" until {clock(incident.watch_until)} UTC" if incident.watch_until else ""
        why = f"Watched{until}: it is closed when {incident.response.recover_after} good windows come in a row."
    more = kit.overflow([("resolve", "Resolve…"), *_accept(incident), *_NOTES], carried)
    return [
        kit.header(f"{ICONS['observing']} {incident.title}"),
        kit.section(f"{why}\n{_sentence(incident)}", more),
        kit.context(_small_print(incident, people)),
    ]


def _resolved(incident: Incident, people: People) -> list[kit.Block]:
    carried = kit.value(incident.id, incident.version)
    ended = incident.resolved or incident.since
    by = f" by {people.name(incident.owner)}" if incident.owner and not incident.recovered else ""
    how = "recovered" if incident.recovered else "resolved"
    flapping = " · 🔁 flapping" if incident.flapping else ""
    needed = incident.response.confirm_after
    stays = "it stays good" if incident.confirmed else f"provisional until {needed} more windows are good"
    return [
        kit.section(
            f"{ICONS['resolved']} *{kit.escape(incident.title)}* {how} {clock(ended)} UTC{by}, "
            f"after {length(ended - incident.since)}\n{kit.escape(incident.resolution)}",
            kit.overflow([("timeline", "Timeline"), ("note", "Add a note…"), *_undo(incident)], carried),
        ),
        kit.context(f"{incident.id} · {stays} · tiers {', '.join(incident.tiers)}{flapping} · {_witness(incident)}"),
    ]


def _undo(incident: Incident) -> list[tuple[str, str]]:
    return [("undo_run", f"Take back {incident.undoable.runbook}")] if incident.undoable else []


def _sentence(incident: Incident) -> str:
    sentence = kit.escape(incident.finding.sentence)
    return sentence[0].upper() + sentence[1:] + "."


def _next(incident: Incident, runbook: Runbook | None) -> str:
    if runbook:
        return f"run `{runbook.name}`: {runbook.title} ({runbook.touches}; {runbook.takes})."
    if incident.tier == "L1":
        return "acknowledge it and look at the data; no runbook is left to try, so escalate what you cannot explain."
    if incident.signal.family == "performance":
        return "acknowledge it, read what L1 tried in the thread, then retrain or watch, and write down your findings."
    return "acknowledge it and read what was tried in the thread."


def _now(incident: Incident, runbook: Runbook | None) -> str:
    if incident.running:
        return f"`{incident.running.runbook}` is running since {clock(incident.running.started)} UTC."
    if incident.pending:
        return f"{incident.pending.id} waits for a decision: {incident.pending.question}"
    if incident.retraining in ("requested", "running"):
        return "a challenger is being trained; the comparison comes as a question to decide."
    return _next(incident, runbook).removeprefix("acknowledge it and ").removeprefix("acknowledge it, ")


def _escalate(incident: Incident, carried: str) -> list[kit.Block]:
    if incident.tier == "L3":
        return []
    to = TIERS[TIERS.index(incident.tier) + 1]
    return [kit.button("escalate", f"Escalate to {to}…", carried, "danger")]


def _accept(incident: Incident) -> list[tuple[str, str]]:
    return [("accept", "Accept as usual…")] if incident.may_be_accepted else []


def _small_print(incident: Incident, people: People) -> str:
    parts = [incident.id, incident.tier]
    if incident.status == "open" and incident.paged:
        parts.append(f"{', '.join(people.name(user) for user in incident.paged)} called")
    if (deadline := acknowledge_by(incident)) and may_go_up(incident):
        above = TIERS[TIERS.index(incident.tier) + 1]
        parts.append(f"goes to {above} at {clock(deadline)} UTC if nobody takes it")
    elif deadline := resolve_by(incident):
        parts.append(f"to be resolved by {clock(deadline)} UTC")
    return " · ".join([*parts, _witness(incident)])


def _witness(incident: Incident) -> str:
    """Sequence and short head of the stream: what the log said, seen from outside the log."""
    return f"event {incident.version} `{incident.head[:8]}`"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
