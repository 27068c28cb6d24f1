"""A scripted team that presses the buttons people press: signed requests to the bot, nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

from tidewatch.console import Console, Reply
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import Tier
from tidewatch.operations.report import open_incidents
from tidewatch.operations.suggestion import suggestion
from tidewatch.ports import Ports


@dataclass(frozen=True)
class Action:
    user: str
    guide: str  # what a person would press, for the page
    press: Callable[[Console], Reply]


class Team:
    """What the team does next. It only knows what the log says; the next person to act decides on that."""

    def __init__(self, ports: Ports, channel: str) -> None:
        self._ports, self._channel = ports, channel

    def next_action(self) -> Action | None:
        """The most urgent thing somebody should do now; None while everything is done or under way."""
        for incident in open_incidents(self._ports):
            action = self._for(incident)
            if action:
                return action
        return None

    def busy(self) -> bool:
        """Something is being carried out and will change what to do next."""
        incidents = open_incidents(self._ports)
        return any(incident.running or incident.retraining in ("requested", "running") for incident in incidents)

    def _for(self, incident: Incident) -> Action | None:
        if incident.pending:
            return self._decide(incident)
        if incident.status == "observing" or incident.running or incident.retraining in ("requested", "running"):
            return None
        if incident.status == "open":
            user = self._user(incident, incident.tier)
            return self._click(incident, user, "acknowledge", "press *Acknowledge*")
        return self._as_l1(incident) if incident.tier == "L1" else self._as_l2(incident)

    def _as_l1(self, incident: Incident) -> Action:
        runbook = suggestion(self._ports, incident)
        if runbook:
            return self._click(incident, incident.owner, "run_runbook", f"press *Run {runbook.name}*")
        why = "No runbook is left, and what was tried did not fix it."
        return self._modal(incident, incident.owner, "escalate", "press *Escalate to L2…*: no runbook is left", why)

    def _as_l2(self, incident: Incident) -> Action:
        user = incident.owner
        if incident.signal.family == "performance" and self._seen_before(incident) and not incident.retraining:
            why = "Second time this year: not one bad week but a changed pattern, so learn from the newer days."
            return self._modal(incident, user, "retrain", "press *Retrain…* and say why", why)
        if not incident.written_findings:
            text = (
                "Labels, inputs and L1's run are as usual; one unusual week; nothing, for there is nothing to repair."
            )
            return self._type(user, f"findings {incident.id} {text}", "write down the findings")
        return self._type(user, f"watch {incident.id} 14d One unusual week is no reason to retrain.", "watch it")

    def _decide(self, incident: Incident) -> Action:
        request = incident.pending
        assert request is not None  # noqa: S101 - asked just before
        people = self._ports.people
        deciders = [u for tier in ("L3", "L2") for u in incident.owners.get(tier, ()) if u != request.requested_by]
        user = deciders[0] if deciders else ""
        who = f"{people.name(request.requested_by)} asked, so somebody else decides"
        if request.evidence["comparison"]["better"]:
            return self._click(incident, user, "approve", f"press *Approve*; {who}", post=":approval")
        why = "The gain is within what chance gives; not worth a change."
        return self._modal(incident, user, "reject", f"press *Reject…* and say why; {who}", why, post=":approval")

    def _seen_before(self, incident: Incident) -> bool:
        """An earlier incident of the same signal, or this one came back."""
        if incident.reopened:
            return True
        before = (event for other in self._ports.log.incidents() for event in self._ports.log.read(other)[:1])
        signal = {"model": incident.model, "family": incident.signal.family, "group": incident.signal.group}
        return any(event.data["signal"] == signal and event.at < incident.opened for event in before)

    def _user(self, incident: Incident, tier: Tier) -> str:
        return incident.owners.get(tier, ("",))[0]

    # --- the presses -------------------------------------------------------------------------------------

    def _click(self, incident: Incident, user: str, button: str, guide: str, post: str = ":card") -> Action:
        def press(console: Console) -> Reply:
            return console.click(user, self._channel, self._message(console, incident.id, post), button)

        return Action(user, self._said(user, guide, incident), press)

    def _modal(self, incident: Incident, user: str, button: str, guide: str, text: str, post: str = ":card") -> Action:
        def press(console: Console) -> Reply:
            clicked = console.click(user, self._channel, self._message(console, incident.id, post), button)
            return console.submit_view(user, {"reason": text}) if clicked.ok else clicked

        return Action(user, self._said(user, guide, incident), press)

    def _type(self, user: str, words: str, guide: str) -> Action:
        command = self._ports.command
        said = f"As *{self._ports.people.name(user)}*, {guide}: type `{command} {words}`"
        return Action(user, said, lambda console: console.slash(user, self._channel, words))

    def _said(self, user: str, guide: str, incident: Incident) -> str:
        return f"As *{self._ports.people.name(user)}*, {guide} on {incident.id}."

    def _message(self, console: Console, incident: str, post: str) -> str:
        """The latest card or question of the incident in the channel; empty while it is not shown yet."""
        for message in reversed(console.messages(self._channel)):
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("incident") == incident and str(payload.get("post", "")).endswith(post):
                return str(message["ts"])
        return ""
