"""Where Slack knocks on Azure: one HTTP function for commands, clicks, modals and events."""

from functools import lru_cache
from typing import TYPE_CHECKING

import azure.functions as func

from tidewatch.compose import house, settings

if TYPE_CHECKING:
    from slack_bolt import App

    from tidewatch.ports import Ports

blueprint = func.Blueprint()


@blueprint.function_name("slack")
@blueprint.route("slack/events", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def slack(req: func.HttpRequest) -> func.HttpResponse:
    """Anonymous to Azure: Bolt refuses what is not signed by Slack."""
    from slack_bolt import BoltRequest  # noqa: PLC0415 - .3 s that blob and timer functions need not pay

    answer = _app(house()).dispatch(BoltRequest(body=req.get_body().decode("utf-8"), headers=dict(req.headers)))
    return func.HttpResponse(answer.body, status_code=answer.status, headers=answer.first_headers())


@lru_cache(maxsize=1)
def _app(ports: "Ports") -> "App":
    from bot.app import build  # noqa: PLC0415 - as above

    chosen = settings()
    return build(
        ports, token=chosen.slack_token, signing_secret=chosen.slack_signing_secret, api_url=chosen.slack_api_url
    )
