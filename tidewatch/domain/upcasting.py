"""Old events in today's shape. What is stored never changes; who reads it need not know how it once looked.

To change the shape of a kind of event, add the step from its present version to `UPCASTS`: from then on events of the
kind are written with the next version.
"""

from collections.abc import Callable, Mapping
from typing import Any

Data = Mapping[str, Any]
Upcast = Callable[[Data, str], Data]  # (data, actor) of one version -> data of the next


def _texts_name_their_author(data: Data, actor: str) -> Data:
    """A reference to a text was {"sha256"} alone; whoever caused the event had written it."""
    return {name: {"author": actor, **value} if _is_text(value) else value for name, value in data.items()}


def _is_text(value: object) -> bool:
    return isinstance(value, Mapping) and "sha256" in value


_WITH_TEXTS = (
    "noted", "escalated", "findings_written", "watched", "resolved", "runbook_finished", "retraining_requested",
    "retraining_failed", "approval_decided",
)  # fmt: skip

UPCASTS: Mapping[tuple[str, int], Upcast] = {(kind, 1): _texts_name_their_author for kind in _WITH_TEXTS}
_NEWEST = {kind: version + 1 for kind, version in sorted(UPCASTS)}


def version_of(kind: str) -> int:
    """The version in which events of this kind are written today."""
    return _NEWEST.get(kind, 1)


def upcast(kind: str, version: int, data: Data, actor: str) -> Data:
    """Raises KeyError for a version that this Tidewatch does not know yet."""
    while version != version_of(kind):
        data, version = UPCASTS[kind, version](data, actor), version + 1
    return data
