"""Once a day the channel is told the newest checkpoint's hash: a witness outside the store."""

import json
from datetime import datetime, timedelta
from typing import Any

from tidewatch.domain.checkpoint import Checkpoint
from tidewatch.operations.checkpoints import WITNESS
from tidewatch.ports import Ports
from tidewatch.ports.blobs import BlobChanged, BlobExists, BlobNotFound
from tidewatch.render.checkpoint import checkpoint_message

TOLD = "told.json"
CLAIM = timedelta(minutes=5)  # whoever began to tell it is believed dead after this


def tell_checkpoint(ports: Ports, checkpoint: Checkpoint) -> bool:
    """Whether it was told now: not twice a day, and not when the log has not changed since it was last told.

    Raises ChatUnavailable; the next call tries again.
    """
    now = ports.clock.now()
    info = ports.blobs.stat(WITNESS, TOLD)
    told = _told(ports)
    today = f"{now:%Y-%m-%d}"
    begun = bool(told) and not told["posted"]
    if told and not begun and (told["day"] == today or told["root"] == checkpoint.root):
        return False
    if begun and timedelta(0) <= now - datetime.fromisoformat(told["since"]) < CLAIM:
        return False
    claim = {"day": today, "root": checkpoint.root, "since": now.isoformat(), "posted": False}
    try:
        etag = ports.blobs.put(
            WITNESS, TOLD, json.dumps(claim).encode(), if_absent=info is None, if_match=info.etag if info else None
        )
    except (BlobChanged, BlobExists):  # the other of two timers was faster
        return False
    metadata = {"post": "checkpoint", "day": today}
    if not (begun and told["day"] == today and ports.chat.find(ports.channel, metadata)):
        ports.chat.post(ports.channel, checkpoint_message(checkpoint), metadata=metadata)
    ports.blobs.put(WITNESS, TOLD, json.dumps(claim | {"posted": True}).encode(), if_match=etag)
    return True


def _told(ports: Ports) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(ports.blobs.get(WITNESS, TOLD))
    except (BlobNotFound, ValueError):
        return {}
    return told if {"day", "root", "since", "posted"} <= told.keys() else {}
