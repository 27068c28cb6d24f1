"""chat.* and the reading half of conversations.*"""

from collections.abc import Mapping, Sequence
from typing import Any

from tidewatch.console.store import Post
from tidewatch.console.workspace import Refused, Workspace


def post_message(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    content = _content(arguments)
    if truth(arguments.get("reply_broadcast")) and arguments.get("thread_ts"):
        content["subtype"] = "thread_broadcast"
    post = workspace.say(workspace.config.bot, needed(arguments, "channel"), content, _optional(arguments, "thread_ts"))
    return {"channel": post.channel, "ts": post.ts, "message": dict(post.body)}


def post_ephemeral(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    reader = needed(arguments, "user")
    if all(person.id != reader for person in workspace.config.people):
        raise Refused("user_not_in_channel")
    post = workspace.whisper(
        workspace.config.bot,
        needed(arguments, "channel"),
        _content(arguments),
        reader,
        _optional(arguments, "thread_ts"),
    )
    return {"message_ts": post.ts}


def update(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    post = workspace.edit(needed(arguments, "channel"), needed(arguments, "ts"), _content(arguments))
    return {"channel": post.channel, "ts": post.ts, "text": post.body.get("text", ""), "message": dict(post.body)}


def delete(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    post = _public(workspace, arguments, "ts")
    if post.body.get("user") != workspace.config.bot.id:
        raise Refused("cant_delete_message")
    workspace.delete(post.channel, post.ts)
    return {"channel": post.channel, "ts": post.ts}


def permalink(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    post = _public(workspace, arguments, "message_ts")
    address = f"{workspace.config.url.rstrip('/')}/c/{post.channel}#m-{post.ts}"
    return {"channel": post.channel, "permalink": address}


def history(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Newest first; replies are not in it unless they were broadcast."""
    every = workspace.messages(needed(arguments, "channel"))
    top = [each for each in every if each.get("thread_ts", each["ts"]) == each["ts"] or each.get("subtype")]
    return _page([each for each in reversed(top) if _within(each["ts"], arguments)], arguments)


def replies(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The message that started the thread, then its replies, oldest first."""
    every = workspace.messages(needed(arguments, "channel"))
    found = next((each for each in every if each["ts"] == needed(arguments, "ts")), None)
    if found is None:
        raise Refused("thread_not_found")
    root = found.get("thread_ts", found["ts"])
    thread = [each for each in every if each["ts"] == root or each.get("thread_ts") == root]
    return _page(thread[:1] + [each for each in thread[1:] if _within(each["ts"], arguments)], arguments)


def needed(arguments: Mapping[str, Any], name: str) -> str:
    """An argument the method cannot do without; raises Refused."""
    value = arguments.get(name)
    if value in (None, ""):
        raise Refused("channel_not_found" if name == "channel" else "invalid_arguments", f"missing argument: {name}")
    return str(value)


def truth(value: Any) -> bool:
    return value in (True, 1, "1", "true", "True")


def _public(workspace: Workspace, arguments: Mapping[str, Any], name: str) -> Post:
    post = workspace.find(needed(arguments, "channel"), needed(arguments, name))
    if post.visible_to:
        raise Refused("message_not_found")
    return post


def _optional(arguments: Mapping[str, Any], name: str) -> str | None:
    return str(arguments[name]) if arguments.get(name) else None


def _content(arguments: Mapping[str, Any]) -> dict[str, Any]:
    content = {name: arguments[name] for name in ("text", "blocks", "attachments") if arguments.get(name) is not None}
    metadata = arguments.get("metadata")
    if metadata is not None:
        if not isinstance(metadata, Mapping) or not isinstance(metadata.get("event_type"), str):
            raise Refused("invalid_metadata_format")
        if not isinstance(metadata.get("event_payload"), Mapping):
            raise Refused("invalid_metadata_format")
        content["metadata"] = dict(metadata)
    return content


def _within(ts: str, arguments: Mapping[str, Any]) -> bool:
    at, inclusive = float(ts), truth(arguments.get("inclusive"))
    try:
        oldest = float(arguments.get("oldest") or 0)
        latest = float(arguments.get("latest") or "inf")
    except ValueError as error:
        raise Refused("invalid_ts_oldest") from error
    return oldest < at < latest or (inclusive and at in (oldest, latest))


def _page(messages: Sequence[Mapping[str, Any]], arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    except ValueError as error:
        raise Refused("invalid_cursor") from error
    shown = [dict(each) for each in messages[start : start + limit]]
    if not truth(arguments.get("include_all_metadata")):
        for each in shown:
            each.pop("metadata", None)
    more = start + limit < len(messages)
    return {
        "messages": shown,
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }
