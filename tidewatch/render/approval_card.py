"""A question that somebody has to decide: gain and loss before, the verdict afterwards."""

from typing import Any

from tidewatch.domain.incident.approval import Approval
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.people import People
from tidewatch.ports.chat import ChatMessage
from tidewatch.render import blocks as kit
from tidewatch.render.cards import clock

TOLD = ("log_loss", "calibration_gap", "roc_auc", "mae", "rmse", "r2")  # metrics that an approval card compares


def approval_card(incident: Incident, approval: Approval, people: People, reason: str) -> ChatMessage:
    """The question with gain and loss; once decided, the verdict without buttons."""
    if approval.decision != "pending":
        icon = {"approved": "✅", "rejected": "✋", "expired": "⌛"}[approval.decision]
        by = f" by {people.name(approval.decided_by)}" if approval.decided_by != "tidewatch" else ""
        said = f"\n> {kit.escape(reason)}" if reason else ""
        when = f"{clock(approval.decided)} UTC" if approval.decided else ""
        text = f"{icon} *{kit.escape(approval.question)}* {approval.decision}{by} {when}{said}"
        color = kit.GREEN if approval.decision == "approved" else kit.AMBER
        return ChatMessage(
            f"{approval.question} {approval.decision}{by}", [kit.section(text), _asked(approval, people)], color
        )
    carried = kit.value(approval.id, incident.version)
    evidence = approval.evidence
    blocks = [
        kit.header(approval.question),
        kit.section(_gain_and_loss(evidence["comparison"])),
        kit.section(_table(evidence)),
        kit.section(
            f"*If it goes wrong:* version {evidence['champion']} stays in the registry and can be put back in service. "
            f"Reopens {incident.id} by itself when the next batches are no better."
        ),
        kit.actions([
            kit.button("approve", "Approve…", carried, "primary"),
            kit.button("reject", "Reject…", carried, "danger"),
        ]),
        _asked(approval, people),
    ]  # fmt: skip
    return ChatMessage(f"{approval.question} Asked by {people.name(approval.requested_by)}", blocks, kit.BLUE)


def _asked(approval: Approval, people: People) -> kit.Block:
    return kit.context(
        f"{approval.id} · asked by {people.name(approval.requested_by)} · for {' or '.join(approval.approvers)}, "
        f"never by who asked · closes {clock(approval.expires)} UTC"
    )


def _gain_and_loss(comparison: dict[str, Any]) -> str:
    champion, challenger = comparison["champion"], comparison["challenger"]
    days, better = comparison["days"], comparison["better_days"]
    verdict = "is better" if comparison["better"] else "is *not clearly better*"
    loss, said = ("log loss", "{:.0%}") if "log_loss" in champion else ("squared error", "{:.4g}")
    return (
        f"On {days} newer days that it never saw ({comparison['first']} to {comparison['last']}, "
        f"{comparison['rows']:,} rows), the challenger {verdict}: {loss} *{_lower(comparison['gain'])}* "
        f"(95 % of resampled days: {_lower(comparison['low'])} to {_lower(comparison['high'])}). "
        f"It gains on {better} days and *loses on {days - better}*. "
        f"{said.format(challenger['observed'])} happened; the champion expected {said.format(champion['predicted'])}, "
        f"the challenger {said.format(challenger['predicted'])}."
    )


def _lower(gain: float) -> str:
    return f"{abs(gain):.3f} {'lower' if gain >= 0 else 'higher'}"


def _table(evidence: dict[str, Any] | Any) -> str:
    champion, challenger = evidence["comparison"]["champion"], evidence["comparison"]["challenger"]
    rows = [
        ("", f"v{evidence['champion']} now", f"v{evidence['version']} new"),
        *((n.replace("_", " "), f"{champion[n]:.3f}", f"{challenger[n]:.3f}") for n in TOLD if n in champion),
        ("trained until", "", str(evidence["trained_until"])),
        ("artefact", "", str(evidence["artefact"])[:12]),
    ]
    return "```" + "\n".join(f"{a:<16}{b:>10}{c:>14}" for a, b, c in rows) + "```"
