"""Who and what there is: auth.test, users.*, conversations.*"""

from collections.abc import Mapping
from typing import Any

from tidewatch.console.api_chat import needed
from tidewatch.console.config import Channel, Person
from tidewatch.console.workspace import Workspace


def test(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"args": {name: value for name, value in arguments.items() if name != "token"}}


def auth_test(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    config = workspace.config
    return {
        "url": config.url.rstrip("/") + "/",
        "team": config.workspace,
        "team_id": config.team_id,
        "user": config.bot.handle,
        "user_id": config.bot.id,
        "bot_id": config.bot_id,
        "is_enterprise_install": False,
    }


def users(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    everybody = (*workspace.config.people, workspace.config.bot)
    return {"members": [_user(workspace, each) for each in everybody], "response_metadata": {"next_cursor": ""}}


def user(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"user": _user(workspace, workspace.person(str(arguments.get("user") or "")))}


def conversations(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channels = [_conversation(each) for each in workspace.config.channels]
    return {"channels": channels, "response_metadata": {"next_cursor": ""}}


def conversation(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"channel": _conversation(workspace.channel(needed(arguments, "channel")))}


def open_conversation(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Direct messages with one person."""
    person = workspace.person(needed(arguments, "users"))
    return {"channel": _conversation(workspace.channel(person.id))}


def _user(workspace: Workspace, person: Person) -> dict[str, Any]:
    profile = {"real_name": person.name, "display_name": person.handle, "title": person.title}
    return {
        "id": person.id,
        "team_id": workspace.config.team_id,
        "name": person.handle,
        "real_name": person.name,
        "profile": profile,
        "tz": workspace.config.zone,
        "deleted": False,
        "is_bot": person.id == workspace.config.bot.id,
        "is_admin": False,
    }


def _conversation(channel: Channel) -> dict[str, Any]:
    direct = channel.id.startswith("D")
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not direct,
        "is_im": direct,
        "is_private": direct,
        "is_archived": False,
        "is_member": True,
    }
