"""What people are told when they are called, reminded, or handed an incident."""

from collections.abc import Callable
from datetime import datetime

from tidewatch.domain.events import Event
from tidewatch.domain.incident.handling import FINDINGS
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.render.blocks import escape, quoted
from tidewatch.render.times import told

TextOf = Callable[[object], str]
_AS = {"duty_manager": " as duty manager"}


def page_line(event: Event, incident: Incident, people: People) -> str:
    """Mentions who is called."""
    return f"📟 <@{event.data['person']}> {asked(event, incident, people, escape)}"


def asked(event: Event, incident: Incident, people: People, written: Callable[[str], str] = str) -> str:
    """What is asked of whoever is called, why of this person, and what happens at which time if nobody comes."""
    data = event.data
    entry = data.get("entry", "")
    because = f" You are on call: {written(entry)}." if entry and entry != "owners" else ""
    role = _AS.get(data.get("role", ""), "")
    return f"please take {incident.id}{role}: {written(data['why'])}.{because}{_otherwise(event, people)}"


def reminder_line(event: Event, incident: Incident, people: People) -> str | None:
    """None when its deadline had passed before it could be said."""
    if "by" not in event.data:
        return None
    return f"⏰ <@{event.data['person']}> {incident.id}: {escape(event.data['why'])}.{_otherwise(event, people)}"


def page_told(event: Event, people: People) -> str:
    data = event.data
    entry = f" ({escape(data['entry'])})" if data.get("entry") else ""
    role = _AS.get(data.get("role", ""), f" for {data['tier']}")
    return f"📟 {people.name(data['person'])}{entry} is called{role}: {escape(data['why'])}."


def _otherwise(event: Event, people: People) -> str:
    """What follows, at a time on the clock."""
    if "by" not in event.data:
        return ""
    person = people.get(event.data["person"])
    by = told(datetime.fromisoformat(event.data["by"]), person.zone if person else "", event.at)
    then = event.data.get("then", "")
    return f" If nobody does, {people.name(then)} is paged at {by}." if then else f" It is waited for until {by}."


def handed_over(event: Event, incident: Incident, people: People, text_of: TextOf) -> str:
    """Everything the next tier needs: who had it, every run with its verdict, what L2 found."""
    lines = []
    had = [f"{people.name(user)} from {told(at)}" for user, at in incident.owners_so_far if at <= event.at]
    lines.append(f"*Who had it:* {', '.join(had) or 'nobody'}")
    runs = [run for run in incident.runs if run.started <= event.at]
    lines.append(f"*Tried:* {'' if runs else 'no runbook'}")
    lines += [
        f"• `{run.runbook}` by {people.name(run.by)} at {told(run.started)}: "
        f"{'still running' if run.verdict == 'running' else f'{run.verdict}, {escape(run.sentence)}'}"
        for run in runs
    ]
    for user, seq, parts in incident.findings_of:
        if seq < event.seq:
            lines.append(f"*Findings* by {people.name(user)}:{findings_told(parts, text_of)}")
    return "\n" + "\n".join(lines)


def findings_told(parts: object, text_of: TextOf) -> str:
    """The form's three answers; of an older log, the one text there was."""
    given = parts if isinstance(parts, dict) else {}
    if "text" in given:
        return quoted(text_of(given["text"]))
    return "".join(f"\n*{name}:*{quoted(text_of(given.get(key)))}" for key, name in FINDINGS.items())
