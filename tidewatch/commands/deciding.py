"""Deciding from the command line: only in a demo home, where people are played.

Everywhere else a decision needs an identity that somebody vouches for: Slack's or Entra's.
"""

import secrets
from importlib import import_module
from pathlib import Path

from tidewatch import compose
from tidewatch.commands.checking import InputRefused
from tidewatch.domain.events import Cause
from tidewatch.ports import Ports
from tidewatch.settings import Settings


def decide_as(home: Path, user: str, words: str) -> str:
    """What the bot answers to `words`, typed by `user`. Raises InputRefused outside a demo home."""
    ports = demo_ports(home, user)
    # By name, as the local host gets the app: the command line speaks the bot's verbs and imports no door.
    answer = import_module("bot.commands").answer
    return str(answer(ports, cause_of(user), words))


def cause_of(user: str) -> Cause:
    return Cause(user, "cli", f"cli:{secrets.token_hex(8)}")


def demo_ports(home: Path, user: str) -> Ports:
    """Where `user` may decide from the command line. Raises InputRefused elsewhere, and for nobody."""
    settings = Settings(home=home)
    if not settings.simulated_clock.exists() or settings.storage or settings.slack_token:
        raise InputRefused(
            f"{home} is no home of `tidewatch demo`: the command line decides nothing; use {settings.command} in Slack"
        )
    if not user:
        raise InputRefused("say who decides, such as --as U0ANA: every event carries a person")
    return compose.compose(settings)
