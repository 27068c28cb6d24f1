"""Where Slack knocks on Azure: one HTTP function for commands, clicks, modals and events."""

from functools import lru_cache

import azure.functions as func

from tidewatch.compose import house
from tidewatch.settings import Settings

blueprint = func.Blueprint()


@blueprint.function_name("slack")
@blueprint.route("slack/events", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def slack(request: func.HttpRequest) -> func.HttpResponse:
    """Anonymous to Azure: Bolt refuses what is not signed by Slack."""
    from slack_bolt import BoltRequest  # noqa: PLC0415 - .3 s that blob and timer functions need not pay

    answer = _app().dispatch(BoltRequest(body=request.get_body().decode("utf-8"), headers=dict(request.headers)))
    return func.HttpResponse(answer.body, status_code=answer.status, headers=answer.first_headers())


@lru_cache(maxsize=1)
def _app():  # type: ignore[no-untyped-def]  # naming the type would import Bolt
    from bot.app import build  # noqa: PLC0415 - as above

    settings = Settings()
    return build(
        house(),
        token=settings.slack_token,
        signing_secret=settings.slack_signing_secret,
        api_url=settings.slack_api_url,
    )
