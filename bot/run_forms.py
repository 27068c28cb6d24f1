"""Running a runbook by button: at once, or after asking what it has to be told."""

import json
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from tidewatch.domain.events import Cause
from tidewatch.domain.people import Refused
from tidewatch.domain.runbook_input import Answer, WrongAnswers
from tidewatch.operations.journal import UnknownIncident, load
from tidewatch.operations.runbooks import chosen, start_run
from tidewatch.ports import Ports
from tidewatch.render.run_form import CALLBACK, run_form


def form(ports: Ports, incident: str, user: str) -> dict[str, Any] | None:
    """The modal, when the suggested runbook asks for something that has no default. Raises Refused."""
    state = load(ports, incident)
    ports.people.allow(user, "run_runbook", state.model)
    runbook = chosen(ports, state, "")
    asks = any(asked.offered(state.finding) is None for asked in runbook.inputs.values())
    return run_form(state, runbook) if asks else None


def listen(app: App, ports: Ports) -> None:
    """Wrong answers are told beside their questions, and the form stays open."""

    @app.view(CALLBACK)
    def on_form(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        try:
            submit(ports, view["private_metadata"], values, Cause(body["user"]["id"], "slack", f"view:{view['id']}"))
        except WrongAnswers as wrong:
            ack(response_action="errors", errors=dict(wrong.mistakes))
        except (Refused, UnknownIncident) as refusal:
            ack(response_action="errors", errors={next(iter(values)): str(refusal)})
        else:
            ack()


def submit(ports: Ports, private: str, values: Mapping[str, Mapping[str, Any]], cause: Cause) -> None:
    """What was filled in. Raises Refused, and WrongAnswers by input."""
    asked = json.loads(private)
    given: dict[str, Answer] = {name: _answer(fields["answer"]) for name, fields in values.items()}
    start_run(ports, asked["id"], asked["runbook"], cause, given)


def _answer(field: Mapping[str, Any]) -> str:
    option = field.get("selected_option") or {}
    return str(field.get("value") or option.get("value") or "").strip()
