"""views.*: modals and homes."""

from collections.abc import Mapping
from typing import Any

from tidewatch.console.api_chat import needed
from tidewatch.console.store import View
from tidewatch.console.workspace import Refused, Workspace


def open_view(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _shown(workspace.show(needed(arguments, "trigger_id"), arguments.get("view")))


def push(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _shown(workspace.show(needed(arguments, "trigger_id"), arguments.get("view"), on_top=True))


def update(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    view = _find(workspace, arguments)
    if arguments.get("hash") and arguments["hash"] != view.body["hash"]:
        raise Refused("hash_conflict")
    return _shown(workspace.change(view, arguments.get("view") or {}))


def publish(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _shown(workspace.publish(needed(arguments, "user_id"), arguments.get("view") or {}))


def _find(workspace: Workspace, arguments: Mapping[str, Any]) -> View:
    if arguments.get("external_id"):
        named = [each for each in workspace.store.all_views() if each.body["external_id"] == arguments["external_id"]]
        view = named[-1] if named else None
    else:
        view = workspace.store.view(needed(arguments, "view_id"))
    if view is None:
        raise Refused("not_found")
    return view


def _shown(view: View) -> dict[str, Any]:
    return {"view": dict(view.body) | {"state": {"values": {}}}}
