"""Reporting what somebody saw by filling in a form: `report` typed with nothing behind it opens it."""

from typing import Any

from slack_bolt import Ack, App

from bot.verbs.oncall import report
from tidewatch.domain.events import Cause
from tidewatch.domain.people import Refused
from tidewatch.ports import Ports
from tidewatch.render.blocks import form_view

CALLBACK = "report"
ASKED = {
    "model": ("Which model?", "team/name, as in nyc/flight-delays"),
    "seen": ("What did you see?", "What is wrong, since when, and how one can see it. Goes into the log."),
}


def asks(text: str) -> bool:
    """Whether a typed command is answered by the form."""
    return text.strip().lower() == "report"


def view() -> dict[str, Any]:
    return form_view(CALLBACK, "Report", ASKED, "Report", "")


def listen(app: App, ports: Ports) -> None:
    """What is refused stands under the model's name, and the form stays open."""

    @app.view(CALLBACK)
    def on_report(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        said = {name: block["text"]["value"] or "" for name, block in view["state"]["values"].items()}
        try:
            report(ports, said["model"], said["seen"], Cause(body["user"]["id"], "slack", f"view:{view['id']}"))
        except Refused as refusal:
            ack(response_action="errors", errors={"model": str(refusal)})
        else:
            ack()
