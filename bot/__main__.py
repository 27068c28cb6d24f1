"""`python -m bot`: the same bot over Socket Mode, for a workspace without a public address."""

import sys

from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app import build
from tidewatch.compose import house
from tidewatch.settings import Settings


def main() -> None:
    settings = Settings()
    if not settings.slack_token or not settings.slack_app_token:
        sys.exit("Socket Mode needs TIDEWATCH_SLACK_TOKEN (xoxb-…) and TIDEWATCH_SLACK_APP_TOKEN (xapp-…).")
    app = build(
        house(),
        token=settings.slack_token,
        signing_secret=settings.slack_signing_secret,
        api_url=settings.slack_api_url,
    )
    SocketModeHandler(app, settings.slack_app_token).start()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
