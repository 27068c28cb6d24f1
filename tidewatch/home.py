"""The home folder: where everything lives when there is no cloud."""

import secrets
import shutil
from pathlib import Path

from tidewatch.settings import Settings

ROSTER = """\
# Who answers for models. The id is the chat's user id; tiers: L1 operators, L2 data scientists, L3 builders.
- {id: U0ANA, name: Ana, tier: L1}
- {id: U0BEN, name: Ben, tier: L2}
- {id: U0CARA, name: Cara, tier: L3}
"""
CHANNEL = "C0ALERTS"  # the console's channel of alerts
# What a story writes and "start over" removes. The model registry and the trained example stay.
TRANSIENT = ("blobs", "log", "host", "queue.db", "queue.db-wal", "queue.db-shm", "clock.json")


def local_settings(home: Path, port: int) -> Settings:
    """Settings for a process that is bot and workspace in one: the secret between the two never leaves it."""
    chosen = Settings(home=home)
    if chosen.slack_token:
        return chosen
    return chosen.model_copy(
        update={
            "slack_token": f"xoxb-{secrets.token_hex(8)}",
            "slack_signing_secret": secrets.token_hex(16),
            "slack_api_url": f"http://127.0.0.1:{port}/slack/api/",
            "channel": CHANNEL,
        }
    )


def ensure_roster(settings: Settings) -> None:
    if not settings.roster.exists():
        settings.roster.parent.mkdir(parents=True, exist_ok=True)
        settings.roster.write_text(ROSTER, encoding="utf-8")


def clear(home: Path) -> None:
    """Forget a story; only for demo homes, for this deletes an incident log."""
    for name in TRANSIENT:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
