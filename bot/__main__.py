"""`python -m bot`: the same bot over Socket Mode, for a workspace without a public address."""

import sys

from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app import build
from tidewatch.compose import house, settings


def main() -> None:
    chosen = settings()
    if not chosen.slack_token or not chosen.slack_app_token:
        sys.exit("Socket Mode needs TIDEWATCH_SLACK_TOKEN (xoxb-…) and TIDEWATCH_SLACK_APP_TOKEN (xapp-…).")
    app = build(
        house(),
        token=chosen.slack_token,
        signing_secret=chosen.slack_signing_secret,
        api_url=chosen.slack_api_url,
    )
    SocketModeHandler(app, chosen.slack_app_token).start()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
