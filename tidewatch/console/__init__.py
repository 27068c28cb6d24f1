"""A Slack stand-in for people without a workspace: to the bot it is Slack.

config = ConsoleConfig(…)
app = build_console(config, folder, stage)  # serve it on 127.0.0.1
print(config.link(config.page_token))       # opens the page once
"""

from tidewatch.console.blocks import problems, view_problems
from tidewatch.console.bot_line import Reply
from tidewatch.console.config import Channel, ConsoleConfig, Person, Shortcut
from tidewatch.console.console import Console
from tidewatch.console.service import build_console, serve
from tidewatch.console.stage import Stage, StageStatus

__all__ = [
    "Channel",
    "Console",
    "ConsoleConfig",
    "Person",
    "Reply",
    "Shortcut",
    "Stage",
    "StageStatus",
    "build_console",
    "problems",
    "serve",
    "view_problems",
]
