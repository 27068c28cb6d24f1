"""A question that others have to decide: gain and loss and the votes so far, and afterwards the verdict."""

from collections.abc import Mapping
from typing import Any

from tidewatch.domain.incident import approving
from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.domain.performance.metrics import KINDS
from tidewatch.ports.chat import ChatMessage
from tidewatch.render import blocks as kit
from tidewatch.render.cards import clock
from tidewatch.render.thread import TextOf

# Metrics that the card of a promotion compares.
TOLD = ("log_loss", "calibration_gap", "roc_auc", "precision", "recall", "business_cost", "mae", "rmse", "r2")
ICONS = {"approved": "✅", "rejected": "✋", "expired": "⌛", "staled": "🍂"}


def approval_card(incident: Incident, approval: Approval, people: People, text_of: TextOf) -> ChatMessage:
    """Of any kind of request; once it is closed, the verdict without buttons."""
    if approval.decision != "pending":
        return _verdict(approval, people, text_of)
    asked = f"Asked by {people.name(approval.requested_by)}"
    why = _quoted(text_of(approval.why))
    blocks = [
        kit.header(approval.question),
        kit.section(f"*{_quorum(approval)}*. {asked} for {incident.id} ({kit.escape(incident.title)}){why or '.'}"),
        *(_promotion(approval.evidence) if approval.kind == "promotion" else _facts(approval.evidence, text_of)),
    ]
    if approval.consequence:
        blocks.append(kit.section(f"*If yes:* {kit.escape(approval.consequence)}"))
    if approval.undo:
        blocks.append(kit.section(f"*If it goes wrong:* {kit.escape(approval.undo)}"))
    blocks += [
        kit.actions(_buttons(incident, approval)),
        kit.context(f"{_votes(approval, people)} · {_who_may(incident, approval, people)}"),
        kit.context(f"{approval.id} · closes {clock(approval.expires)} UTC"),
    ]
    return ChatMessage(f"{approval.question} {asked}", blocks, kit.BLUE)


def _quorum(approval: Approval) -> str:
    if approval.needed == 1:
        return "One yes decides, one no ends it"
    return f"{approval.needed} people must say yes, one no ends it"


def _buttons(incident: Incident, approval: Approval) -> list[kit.Block]:
    carried = kit.value(approval.id, incident.version)
    left = approval.needed - len(approval.votes)
    then = (
        approval.consequence if left == 1 else f"Your yes counts; {left - 1} more must follow. {approval.consequence}"
    )
    ask = kit.confirm(approval.question, f"{kit.escape(then)} A vote cannot be taken back.", "Yes, approve")
    return [
        kit.button("approve", "Approve", carried, "primary", ask),
        kit.button("reject", "Reject…", carried, "danger"),
    ]


def _votes(approval: Approval, people: People) -> str:
    said = ", ".join(f"{people.name(vote.by)} at {clock(vote.at)}" for vote in approval.votes)
    return f"{len(approval.votes)} of {approval.needed} said yes{f' ({said})' if said else ''}"


def _who_may(incident: Incident, approval: Approval, people: People) -> str:
    names = [person.name for person in approving.deciders(approval, people, incident.model)]
    may = (
        f"{', '.join(names[:8])}{' and others' if len(names) > 8 else ''} may decide" if names else "nobody may decide"
    )
    return f"{may}, not {people.name(approval.requested_by)}, who asked"


def _verdict(approval: Approval, people: People, text_of: TextOf) -> ChatMessage:
    said = approving.outcome(approval, people).removeprefix(f"{approval.id} ").rstrip(".")
    reasons = "".join(_quoted(text_of(vote.reason), people.name(vote.by)) for vote in approval.votes)
    text = f"{ICONS[approval.decision]} *{kit.escape(approval.question)}* {kit.escape(said)}.{reasons}"
    small = f"{approval.id} · asked by {people.name(approval.requested_by)} · {_votes(approval, people)}"
    color = kit.GREEN if approval.decision == "approved" else kit.AMBER
    return ChatMessage(f"{approval.question} {said}", [kit.section(text), kit.context(small)], color)


def _quoted(text: str, who: str = "") -> str:
    said = f"{who}: {text}" if who else text
    return "".join(f"\n> {kit.escape(line)}" for line in kit.cut(said, 600).splitlines()) if text else ""


def _facts(evidence: Mapping[str, Any], text_of: TextOf) -> list[kit.Block]:
    told = {name: text_of(value) if isinstance(value, Mapping) else str(value) for name, value in evidence.items()}
    lines = [f"{name.replace('_', ' ')}: {kit.escape(said)}" for name, said in told.items() if said]
    return [kit.section("\n".join(lines))] if lines else []


# --- a promotion -----------------------------------------------------------------------------------------------


def _promotion(evidence: Mapping[str, Any]) -> list[kit.Block]:
    comparison = evidence["comparison"]
    data = (
        f"Data *{comparison['first']}* to *{comparison['last']}*, trained until *{evidence['trained_until']}* · "
        f"artefact `{str(evidence['artefact'])[:12]}`"
    )
    return [kit.section(_gain_and_loss(comparison)), kit.section(_table(evidence)), kit.context(data)]


def _gain_and_loss(comparison: Mapping[str, Any]) -> str:
    champion, challenger = comparison["champion"], comparison["challenger"]
    days, better = comparison["days"], comparison["better_days"]
    verdict = "is better" if comparison["better"] else "is *not clearly better*"
    loss, said = ("log loss", "{:.0%}") if "log_loss" in champion else ("squared error", "{:.4g}")
    happened = (
        f" {said.format(challenger['observed'])} happened; the champion expected {said.format(champion['predicted'])}, "
        f"the challenger {said.format(challenger['predicted'])}."
        if "observed" in challenger
        else ""
    )
    return (
        f"On {days} newer days that it never saw ({comparison['rows']:,} labelled rows), the challenger {verdict}: "
        f"{loss} *{_lower(comparison['gain'])}* "
        f"(95 % of resampled days: {_lower(comparison['low'])} to {_lower(comparison['high'])}). "
        f"It gains on {better} days and *loses on {days - better}*.{happened}{_worse(comparison)}"
    )


def _lower(gain: float) -> str:
    return f"{abs(gain):.3f} {'lower' if gain >= 0 else 'higher'}"


def _worse(comparison: Mapping[str, Any]) -> str:
    """The loss beside the gain: metrics that are certainly worse."""
    worse = [
        name.replace("_", " ")
        for name, (_, low, high) in comparison.get("changes", {}).items()
        if name in TOLD and name != "calibration_gap" and (high < 0 if KINDS[name].better == "higher" else low > 0)
    ]
    return f" *Worse than now:* {', '.join(worse)}." if worse else ""


def _table(evidence: Mapping[str, Any]) -> str:
    """Each metric with its 95 % interval below, where one is known."""
    comparison = evidence["comparison"]
    champion, challenger, changes = comparison["champion"], comparison["challenger"], comparison.get("changes", {})
    between = [comparison.get(f"{name}_between", {}) for name in ("champion", "challenger")]
    rows = [
        ("", f"v{evidence['champion']} now", f"v{evidence['version']} new", "change"),
        ("rows", f"{comparison['rows']:,}", f"{comparison['rows']:,}", ""),
    ]
    for name in (name for name in TOLD if name in champion and name in challenger):
        change = changes.get(name, [challenger[name] - champion[name]])
        rows.append((name.replace("_", " "), f"{champion[name]:.3f}", f"{challenger[name]:.3f}", f"{change[0]:+.3f}"))
        if name in changes:
            old, new = (_span(of.get(name, ()), ".3f") for of in between)
            rows.append(("", old, new, _span(change[1:], "+.3f")))
    table = "\n".join(f"{a:<15}{b:>17}{c:>17}{d:>19}" for a, b, c, d in rows)
    return f"```{table}```"


def _span(interval: Any, form: str) -> str:
    return " to ".join(f"{bound:{form}}" for bound in interval)
