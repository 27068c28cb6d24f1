"""The story of an incident, a line an event: in its thread, and in the timeline."""

from collections.abc import Callable, Mapping
from typing import Any

from tidewatch.domain.events import Event, as_today
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.render.blocks import cut, escape, quoted
from tidewatch.render.calling import findings_told, handed_over, page_line, page_told, reminder_line

TextOf = Callable[[object], str]
LAST_LINES = 12
VERIFICATION = "--- verification ---"  # between what Y and what Z printed

Tell = Callable[[Mapping[str, Any], str, TextOf], str]


def _shown(output: str) -> str:
    """Of what a run said, what the thread shows: the last lines of Y."""
    return cut("\n".join(output.partition(VERIFICATION)[0].strip().splitlines()[-LAST_LINES:]), 2000)


def shortened(output: str) -> bool:
    """Whether the thread shows less than all of what Y said."""
    return _shown(output) != output.partition(VERIFICATION)[0].strip()


def _run(data: Mapping[str, Any], _: str, text_of: TextOf) -> str:
    verdict = {
        "passed": "✅ {} fixed it", "failed": "❌ {} did not fix it", "interrupted": "⚠️ {} was interrupted",
        "cancelled": "🛑 {} was stopped",
    }  # fmt: skip
    shown = _shown(text_of(data.get("output")))
    log = f"\n```{escape(shown)}```" if shown else ""
    name = f"`{data.get('runbook', 'the runbook')}`"
    return f"{verdict[data['verdict']].format(name)}: {escape(data['sentence'])}.{log}"


def _often(data: Mapping[str, Any]) -> str:
    return f", {data['times']} times" if "times" in data else ""


def _vote(data: Mapping[str, Any], who: str, text_of: TextOf) -> str:
    said = "✅ {} says yes to" if data["decision"] == "approved" else "✋ {} says no to"
    return f"{said.format(who)} `{data['request']}`.{quoted(text_of(data.get('reason')))}"


def _failed(data: Mapping[str, Any], _: str, __: TextOf) -> str:
    then = "It is tried again until somebody has it." if data["again"] else "It is not tried again this way."
    return f"📵 The call did not go out by {escape(data['pager'])}: {escape(data['why'])}. {then}"


TELLS: dict[str, Tell] = {
    "acknowledged": lambda d, who, _: f"👀 {who} has it{', by pager' if 'page' in d else ''}.",
    "paged_out": lambda d, who, _: f"📣 The call went out by {escape(d['pager'])}, because {escape(d['why'])}.",
    "page_failed": _failed,
    "page_quieted": lambda d, who, _: f"· {escape(d['pager'])} was told that it is {d['how']}.",
    "unacknowledged": lambda d, who, _: f"↩️ {who} gave it back; it waits for somebody again.",
    "nobody_on_call": lambda d, who, _: f"⚠️ Nobody could be called: {escape(d['why'])}.",
    "lapsed": lambda d, who, _: f"💤 Nobody is paged for this any more: {escape(d['why'])}. It is still open.",
    "reported": lambda d, who, text: f"👁️ {who} reports:{quoted(text(d['text']))}",
    "reminded": lambda d, who, _: f"⏰ Reminded: {escape(d['why'])}.",
    "escalated": lambda d, who, text: (
        f"⬆️ Escalated from {d['from']} to *{d['to']}* by {who}: {escape(d['why'])}.{quoted(text(d.get('reason')))}"
    ),
    "runbook_started": lambda d, who, _: f"⏳ {who} runs `{d['runbook']}`: {escape(d['title'])}.",
    "runbook_begun": lambda d, who, _: f"· {d['run']} works on {', '.join(d['windows']) or 'nothing'}.",
    "cancel_requested": lambda d, who, _: f"🛑 {who} stops `{d['runbook']}`.",
    "runbook_finished": _run,
    "runbook_undone": lambda d, who, _: f"↩️ {d['run']} is taken back.",
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
    "approval_voted": _vote,
    "approval_decided": _vote,
    "approval_expired": lambda d, who, _: f"⌛ `{d['request']}` expired: not decided in time.",
    "approval_staled": lambda d, who, _: (
        f"🍂 `{d['request']}` is out of date: {escape(d['sentence'])}. Ask for a new one."
    ),
    "relapsed": lambda d, who, _: f"📉 It is still bad under version {d['version']}: it waits for somebody again.",
    "promoted": lambda d, who, _: (
        f"🚀 Version {d['version']} is in service instead of {d['previous']}; the next batches are judged by it."
    ),
    "promotion_refused": lambda d, who, _: f"✋ Not promoted: {escape(d['sentence'])}. Ask for a new comparison.",
    "reopened": lambda d, who, _: f"🔁 Came back: {escape(d['findings'][0]['sentence'])}.",
    "resolved": lambda d, who, text: f"✅ Resolved: {escape(d['sentence'])}.{quoted(text(d.get('reason')))}",
    "accepted_as_usual": lambda d, who, text: f"✅ {who} {escape(d['sentence'])}.{quoted(text(d.get('reason')))}",
    "baseline_relearnt": lambda d, who, _: f"📐 Learnt: {escape(d['sentence'])}.",
    "recovered": lambda d, who, _: f"✅ Recovered: {escape(d['sentence'])}.",
    "joined_storm": lambda d, *_: f"🌊 Part of {d['storm']} now, like others of the same cause: nobody is called here.",
    "left_storm": lambda d, who, text: (
        f"🌊 {who} says it is no part of {d['storm']}: it waits for somebody again.{quoted(text(d.get('reason')))}"
    ),
    "silenced": lambda d, *_: f"🔕 {d['silence']} ({d['kind']}) silences it until {d['until'][:16]} UTC.",
    "silence_ended": lambda d, *_: f"🔔 {d['silence']} is over and it is still bad.",
    "confirmed": lambda d, *_: f"✅ Stays good: {escape(d['sentence'])}.",
    "texts_erased": lambda d, who, _: f"🧽 {len(d['texts'])} of the texts here were erased on request.",
    # Only in the timeline: they would drown a thread.
    "opened": lambda d, who, _: f"🔴 Opened: {escape(d['findings'][0]['sentence'])}.",
    "observed": lambda d, who, _: f"· Seen again{_often(d)}: {escape(d['findings'][0]['sentence'])}.",
    "storm_grew": lambda d, *_: f"· {len(d['joined'])} more: {escape(d['finding']['sentence'])}.",
    "storm_eased": lambda d, *_: f"· {escape(d['finding']['sentence'])}.",
    "window_passed": lambda d, who, _: f"· {d['window']} was good.",
}
SILENT = {"opened", "observed", "window_passed", "runbook_begun", "storm_grew", "storm_eased", "page_quieted"}


def tell(event: Event, people: People, text_of: TextOf) -> str:
    """One event in words; an unknown kind by its name."""
    event = as_today(event)
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
