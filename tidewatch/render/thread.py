"""The story of an incident, a line an event: in its thread, and in the timeline."""

from collections.abc import Callable, Mapping
from typing import Any

from tidewatch.domain.events import Event
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.render.blocks import cut, escape, quoted
from tidewatch.render.calling import findings_told, handed_over, page_line, page_told, reminder_line

TextOf = Callable[[object], str]
LAST_LINES = 12
VERIFICATION = "--- verification ---"  # between what Y and what Z printed

Tell = Callable[[Mapping[str, Any], str, TextOf], str]


def _run(data: Mapping[str, Any], _: str, text_of: TextOf) -> str:
    verdict = {"passed": "✅ {} fixed it", "failed": "❌ {} did not fix it", "interrupted": "⚠️ {} was interrupted"}
    said = text_of(data.get("output")).partition(VERIFICATION)[0].strip()
    shown = "\n".join(said.splitlines()[-LAST_LINES:])
    log = f"\n```{escape(cut(shown, 2000))}```" if shown else ""
    name = f"`{data.get('runbook', 'the runbook')}`"
    return f"{verdict[data['verdict']].format(name)}: {escape(data['sentence'])}.{log}"


TELLS: dict[str, Tell] = {
    "acknowledged": lambda d, who, _: f"👀 {who} has it.",
    "unacknowledged": lambda d, who, _: f"↩️ {who} gave it back; it waits for somebody again.",
    "nobody_on_call": lambda d, who, _: f"⚠️ Nobody could be called: {escape(d['why'])}.",
    "lapsed": lambda d, who, _: f"💤 Nobody is paged for this any more: {escape(d['why'])}. It is still open.",
    "reported": lambda d, who, text: f"👁️ {who} reports:{quoted(text(d['text']))}",
    "reminded": lambda d, who, _: f"⏰ Reminded: {escape(d['why'])}.",
    "escalated": lambda d, who, text: (
        f"⬆️ Escalated from {d['from']} to *{d['to']}* by {who}: {escape(d['why'])}.{quoted(text(d.get('reason')))}"
    ),
    "runbook_started": lambda d, who, _: f"⏳ {who} runs `{d['runbook']}`: {escape(d['title'])}.",
    "runbook_finished": _run,
    "findings_written": lambda d, who, text: f"🔎 Findings by {who}:{findings_told(d, text)}",
    "noted": lambda d, who, text: f"📝 {who}:{quoted(text(d.get('text')) or d.get('sentence', ''))}",
    "watched": lambda d, who, text: f"🔭 {who} watches it until {d['until'][:16]}.{quoted(text(d.get('reason')))}",
    "watch_ended": lambda d, who, _: "⏰ The time to watch is over and it is still bad.",
    "retraining_requested": lambda d, who, text: f"🏋️ {who} asks for a retraining.{quoted(text(d.get('reason')))}",
    "retraining_started": lambda d, who, _: "🏋️ Training a challenger on everything labelled so far …",
    "retraining_failed": lambda d, who, text: (
        f"❌ The retraining failed: {escape(d['sentence'])}{quoted(cut(text(d.get('output')), 1500))}"
    ),
    "approval_requested": lambda d, who, _: f"❓ {escape(d['question'])} `{d['request']}` waits for a decision below.",
    "approval_decided": lambda d, who, text: (
        f"{'✅' if d['decision'] == 'approved' else '✋'} `{d['request']}` {d['decision']} by {who}."
        f"{quoted(text(d.get('reason')))}"
    ),
    "approval_expired": lambda d, who, _: f"⌛ `{d['request']}` expired: nobody decided in time.",
    "promoted": lambda d, who, _: (
        f"🚀 Version {d['version']} is in service instead of {d['previous']}; the next batches are judged by it."
    ),
    "promotion_refused": lambda d, who, _: f"✋ Not promoted: {escape(d['sentence'])}. Ask for a new comparison.",
    "reopened": lambda d, who, _: f"🔁 Came back: {escape(d['findings'][0]['sentence'])}.",
    "resolved": lambda d, who, text: f"✅ Resolved: {escape(d['sentence'])}.{quoted(text(d.get('reason')))}",
    "recovered": lambda d, who, _: f"✅ Recovered: {escape(d['sentence'])}.",
    # Only in the timeline: they would drown a thread.
    "opened": lambda d, who, _: f"🔴 Opened: {escape(d['findings'][0]['sentence'])}.",
    "observed": lambda d, who, _: f"· Seen again: {escape(d['findings'][0]['sentence'])}.",
    "window_passed": lambda d, who, _: f"· {d['window']} was good.",
}
SILENT = {"opened", "observed", "window_passed"}


def tell(event: Event, people: People, text_of: TextOf) -> str:
    """One event in words; an unknown kind by its name."""
    if event.kind == "paged":
        return page_told(event, people)
    if event.kind == "assigned":
        return f"🤝 {people.name(event.actor)} hands it to {people.name(event.data['to'])}."
    told = TELLS.get(event.kind)
    return told(event.data, people.name(event.actor), text_of) if told else event.kind


def thread_line(event: Event, incident: Incident, people: People, text_of: TextOf) -> str | None:
    """What the thread says about an event, mentioning who is called; None for what would only be noise."""
    if event.kind in SILENT:
        return None
    if event.kind == "paged":
        return page_line(event, incident, people)
    if event.kind == "reminded":
        return reminder_line(event, incident, people)
    if event.kind == "assigned":
        return f"🤝 <@{event.data['to']}> {people.name(event.actor)} hands {incident.id} to you: it is yours now."
    if event.kind == "escalated":
        return tell(event, people, text_of) + handed_over(event, incident, people, text_of)
    return tell(event, people, text_of)


def timeline(events: tuple[Event, ...], people: People, text_of: TextOf) -> str:
    """Every event, a line each, in UTC."""
    return "\n".join(f"`{event.at:%d %b %H:%M:%S}` {tell(event, people, text_of)}" for event in events)
