"""files.*: an upload in three steps, as Slack has it."""

from collections.abc import Mapping
from typing import Any

from tidewatch.console.api_chat import needed
from tidewatch.console.content import image_type
from tidewatch.console.store import File
from tidewatch.console.workspace import Refused, Workspace


def upload_url(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    name, length = needed(arguments, "filename"), needed(arguments, "length")
    if not length.isdigit() or int(length) == 0:
        raise Refused("invalid_arguments", "length must be a positive number of bytes")
    file_id, upload = workspace.store.expect_file(name, name)
    return {"file_id": file_id, "upload_url": f"{workspace.config.url.rstrip('/')}/slack/upload/{upload}"}


def complete_upload(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """With a channel, the files are shared there in one message."""
    wanted = arguments.get("files")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(each, Mapping) for each in wanted):
        raise Refused("invalid_arguments", "files must be a list of {id, title}")
    for each in wanted:
        found = _file(workspace, str(each.get("id")))
        if found.content is None:
            raise Refused("file_not_found", f"{found.id} was not uploaded yet")
    for each in wanted:
        workspace.store.complete_file(str(each["id"]), each.get("title"))
    shown = [describe(workspace, _file(workspace, str(each["id"]))) for each in wanted]
    channels = str(arguments.get("channel_id") or arguments.get("channels") or "")
    for channel in filter(None, channels.split(",")):
        content = {"text": arguments.get("initial_comment") or "", "files": shown, "blocks": arguments.get("blocks")}
        workspace.say(workspace.config.bot, channel, content, arguments.get("thread_ts") or None)
    return {"files": shown}


def info(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"file": describe(workspace, _file(workspace, needed(arguments, "file")))}


def describe(workspace: Workspace, file: File) -> dict[str, Any]:
    content = file.content or b""
    kind = image_type(content) or "application/octet-stream"
    address = f"{workspace.config.url.rstrip('/')}/files/{file.id}"
    return {
        "id": file.id,
        "created": int(file.at.timestamp()),
        "timestamp": int(file.at.timestamp()),
        "name": file.name,
        "title": file.title,
        "mimetype": kind,
        "filetype": file.name.rpartition(".")[2].lower(),
        "size": len(content),
        "mode": "hosted",
        "user": workspace.config.bot.id,
        "is_external": False,
        "url_private": address,
        "url_private_download": address,
        "permalink": address,
    }


def _file(workspace: Workspace, file_id: str) -> File:
    file = workspace.store.file(file_id)
    if file is None:
        raise Refused("file_not_found")
    return file
