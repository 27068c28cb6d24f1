"""The Slack app: listeners that parse, call one operation and answer within the three seconds Slack allows."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import clicks, commands, report_form, run_forms
from tidewatch.domain.events import Cause
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import UnknownIncident
from tidewatch.ports import Ports


def build(ports: Ports, *, token: str, signing_secret: str, api_url: str) -> App:
    """Bolt checks signatures and routes; nothing here waits for anything slower than one append."""
    known = AuthorizeResult(enterprise_id=None, team_id=None, bot_token=token)
    app = App(
        client=WebClient(token, base_url=api_url, timeout=5),
        # One workspace, one token: asking Slack who we are would cost a cold start a request of its three seconds.
        authorize=lambda: known,
        signing_secret=signing_secret,
        process_before_response=True,
        ignoring_self_events_enabled=False,
    )

    @app.command(ports.command)
    def on_command(ack: Ack, command: dict[str, Any], client: WebClient) -> None:
        if report_form.asks(command.get("text", "")):
            ack()
            client.views_open(trigger_id=command["trigger_id"], view=report_form.view())
            return
        cause = Cause(command["user_id"], "slack", f"command:{command['trigger_id']}")
        ack(commands.answer(ports, cause, command.get("text", "")))

    def on_click(ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, client: WebClient) -> None:
        ack()
        user = body["user"]["id"]
        click = clicks.Click.of(
            action, Cause(user, "slack", f"click:{user}:{action['action_id']}:{action['action_ts']}")
        )
        try:
            if view := clicks.question(ports, click):
                client.views_open(trigger_id=body["trigger_id"], view=view)
                return
            said = clicks.AT_ONCE[click.verb](ports, click)
        except (Refused, UnknownIncident) as refusal:
            said = str(refusal)
        if said:
            respond(said, response_type="ephemeral", replace_original=False)

    for button in clicks.BUTTONS:
        app.action(button)(on_click)

    @app.view("reason")
    def on_reason(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        _taken(
            ack, view, lambda said, cause: clicks.submit(ports, view["private_metadata"], said["reason"], cause), body
        )

    @app.view("form")
    def on_form(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        _taken(ack, view, lambda said, cause: clicks.submit_form(ports, view["private_metadata"], said, cause), body)

    run_forms.listen(app, ports)
    report_form.listen(app, ports)
    return app


def _taken(ack: Ack, view: dict[str, Any], take: Callable[[dict[str, str], Cause], None], body: dict[str, Any]) -> None:
    """Close the modal once what it says is taken; a refusal stands under its first question."""
    said = {name: block["text"]["value"] or "" for name, block in view["state"]["values"].items()}
    try:
        take(said, Cause(body["user"]["id"], "slack", f"view:{view['id']}"))
    except (Refused, UnknownIncident) as refusal:
        ack(response_action="errors", errors={next(iter(said)): str(refusal)})
    else:
        ack()
