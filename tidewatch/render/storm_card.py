"""Cards of what many models have in common, and the one line that is left of an incident nobody is called for."""

from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.render import blocks as kit

LISTED = 20


def storm_blocks(
    incident: Incident, people: People, small_print: str, escalate: list[kit.Block], icon: str
) -> list[kit.Block]:
    """A storm that is open or taken: how many, the worst, and what can be done for all of them at once."""
    carried = kit.value(incident.id, incident.version)
    models, bad = _models(incident)
    who = f"*{people.name(incident.owner)} has all of them*. " if incident.owner else ""
    more = [("resolve", "Resolve…"), ("note", "Add a note…"), ("timeline", "Timeline")]
    worst = incident.finding.evidence["worst"]
    rest = max(0, len(incident.members) - len(incident.over) - len(worst))
    rows = [f"*{kit.escape(each['model'])}* ({each['incident']})\n{kit.escape(each['sentence'])}" for each in worst]
    minutes = max(1.0, ((incident.last_seen or incident.since) - incident.opened).total_seconds() / 60)
    buttons = [] if incident.owner else [kit.button("acknowledge", "Take all", carried, "primary")]
    buttons += [kit.button("split", "Not one cause…", carried), *escalate]
    counted = f"{models / minutes:,.0f} a minute · counted at {incident.last_seen or incident.since:%H:%M} UTC"
    return [
        kit.header(f"{icon} {incident.title} · {models:,} models"),
        kit.section(
            f"{who}*{bad:,} of {models:,} are still bad*, since *{incident.since:%d %b %H:%M}* UTC. "
            f"{kit.escape(incident.finding.sentence)}.",
            kit.overflow(more, carried),
        ),
        kit.section("\n".join([*rows, *([f"_and {rest:,} more: `status {incident.id}` lists them_"] if rest else [])])),
        kit.section(
            "*Do next:* look at what they share; whoever takes it has all of them. A runbook runs for one of them at a "
            "time: `runbook run` and its INC. It closes when all of them are good."
        ),
        kit.actions(buttons[:3]),
        kit.context(f"{small_print} · {counted}"),
    ]


def quiet_blocks(incident: Incident) -> list[kit.Block]:
    """One line for an incident that is part of a storm, or silenced."""
    carried = kit.value(incident.id, incident.version)
    why = f"🌊 part of {incident.storm}" if incident.storm else f"🔕 silenced by {incident.silence}"
    text = f"{why}: *{kit.escape(incident.title)}* · {incident.id} · nobody is called"
    return [kit.section(text, kit.overflow([("timeline", "Timeline"), ("note", "Add a note…")], carried))]


def still_bad(incident: Incident) -> str:
    """Of a storm, who is not good yet; empty for any other incident."""
    bad = {name: model for name, model in incident.members.items() if name not in incident.over}
    lines = [f"· {name} {model}" for name, model in list(bad.items())[:LISTED]]
    return "\n".join([*lines, *([f"· and {len(bad) - LISTED:,} more"] if len(bad) > LISTED else [])])


def _models(incident: Incident) -> tuple[int, int]:
    """All of a storm, and those still bad."""
    if not incident.members:  # the sweep has not counted yet
        return round(incident.finding.value), round(incident.finding.value)
    bad = {model for name, model in incident.members.items() if name not in incident.over}
    return len(set(incident.members.values())), len(bad)
