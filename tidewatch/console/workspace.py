"""The workspace behind both doors, the Web API and the page: posting, editing, views, what may be seen."""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tidewatch.console.blocks import MOST_TEXT, problems, text_length, view_problems
from tidewatch.console.config import Channel, ConsoleConfig, Person
from tidewatch.console.content import attachment_problems, filled, image_type, named, slack_files
from tidewatch.console.store import Post, Store, View

MOST_CHARACTERS = 40_000  # of a message's text when posted
MOST_EDITED = 4_000  # when updated: Slack refuses there what it takes in a post
TRIGGER_SECONDS = 3.0
MOST_MODALS = 3

CONSOLE = Person("USLACKBOT", "Console")


class Refused(Exception):
    """What Slack would answer instead: an error code, and details where Slack gives them."""

    def __init__(self, error: str, *details: str) -> None:
        self.error, self.details = error, details
        super().__init__(": ".join((error, *details)))


class Workspace:
    def __init__(self, config: ConsoleConfig, store: Store) -> None:
        self.config, self.store = config, store

    # who and where

    def channel(self, channel_id: str) -> Channel:
        """By id or by "#name"; a person's id means their direct messages with the bot. Raises Refused."""
        for channel in self.config.channels:
            if channel_id in (channel.id, channel.name, f"#{channel.name}"):
                return channel
        for person in self.config.people:
            if channel_id in (person.id, person.direct):
                return Channel(person.direct, person.handle)
        raise Refused("channel_not_found")

    def person(self, user_id: str) -> Person:
        for person in (*self.config.people, self.config.bot, CONSOLE):
            if person.id == user_id:
                return person
        raise Refused("user_not_found")

    # messages

    def say(self, author: Person, channel_id: str, content: Mapping[str, Any], thread: str | None = None) -> Post:
        """Post a message that everybody sees; raises Refused for what Slack would refuse."""
        return self._add(author, channel_id, content, thread, None)

    def whisper(
        self, author: Person, channel_id: str, content: Mapping[str, Any], reader: str, thread: str | None = None
    ) -> Post:
        """Post a message that only `reader` sees."""
        self.person(reader)
        return self._add(author, channel_id, content, thread, reader)

    def _add(
        self, author: Person, channel_id: str, content: Mapping[str, Any], thread: str | None, reader: str | None
    ) -> Post:
        channel = self.channel(channel_id)
        self._check(content, MOST_CHARACTERS)
        if thread:
            parent = self.store.post(channel.id, thread)
            if parent is None:
                raise Refused("thread_not_found")
            thread = parent.thread or parent.ts
        body: dict[str, Any] = {"type": "message", "user": author.id, "team": self.config.team_id}
        if author.id == self.config.bot.id:
            body |= {"bot_id": self.config.bot_id, "app_id": self.config.app_id}
        body |= filled(content) | ({"thread_ts": thread} if thread else {})
        return self.store.add(channel.id, body, thread=thread, visible_to=reader)

    def edit(self, channel_id: str, ts: str, content: Mapping[str, Any]) -> Post:
        """As chat.update: new text without blocks takes the blocks away, attachments stay until replaced."""
        post = self.find(channel_id, ts)
        if post.visible_to:
            raise Refused("message_not_found")
        if post.body.get("user") != self.config.bot.id:
            raise Refused("cant_update_message")
        self._check(content, MOST_EDITED)
        return self._rewrite(post, content)

    def replace(self, post: Post, content: Mapping[str, Any]) -> Post:
        """As a response_url does it: also for ephemerals."""
        self._check(content, MOST_CHARACTERS)
        return self._rewrite(post, {"text": "", "attachments": [], **content})

    def _rewrite(self, post: Post, content: Mapping[str, Any]) -> Post:
        body = dict(post.body)
        if content.get("text") is not None:
            body.pop("blocks", None)
        body |= filled(content)
        body["edited"] = {"user": self.config.bot.id, "ts": f"{self.config.now().timestamp():.6f}"}
        if body != post.body:
            self.store.rewrite(post.channel, post.ts, body)
        return replace(post, body=body)

    def delete(self, channel_id: str, ts: str) -> None:
        """A message with replies leaves a tombstone, as in Slack."""
        post = self.find(channel_id, ts)
        if any(reply.thread == ts and reply.is_reply for reply in self.store.posts(post.channel)):
            gone = {"type": "message", "subtype": "tombstone", "user": CONSOLE.id, "text": "This message was deleted."}
            self.store.rewrite(post.channel, ts, gone | {"ts": ts, "thread_ts": ts})
        else:
            self.store.remove(post.channel, ts)

    def find(self, channel_id: str, ts: str) -> Post:
        post = self.store.post(self.channel(channel_id).id, ts)
        if post is None:
            raise Refused("message_not_found")
        return post

    def messages(self, channel_id: str) -> list[dict[str, Any]]:
        """What everybody sees, oldest first, replies included, each with what Slack says about its thread."""
        posts = [post for post in self.store.posts(self.channel(channel_id).id) if post.visible_to is None]
        replies: dict[str, list[Post]] = {}
        for post in posts:
            if post.is_reply and post.thread:
                replies.setdefault(post.thread, []).append(post)
        return [dict(post.body) | _thread(post, replies.get(post.ts, [])) for post in posts]

    def _check(self, content: Mapping[str, Any], most: int) -> None:
        text, blocks, attachments = (content.get(name) for name in ("text", "blocks", "attachments"))
        if text is not None and not isinstance(text, str):
            raise Refused("invalid_arguments", "must be a string [json-pointer:/text]")
        if not any((text, blocks, attachments, content.get("files"))):
            raise Refused("no_text")
        if len(text or "") > most:
            raise Refused("msg_too_long")
        faults = problems(blocks) if blocks is not None else []
        if faults:
            raise Refused("invalid_blocks", *faults)
        faults = attachment_problems(attachments or [])
        if faults:
            raise Refused("invalid_attachments", *faults)
        if text_length(blocks or []) + sum(text_length(each.get("blocks")) for each in attachments or []) > MOST_TEXT:
            raise Refused("msg_blocks_too_long")
        for file_id in slack_files([blocks, attachments]):
            file = self.store.file(file_id)
            if file is None or not file.complete or image_type(file.content or b"") is None:
                raise Refused("invalid_blocks", f"invalid slack file {file_id}: not an image that was uploaded here")

    # views

    def trigger(self, person: str) -> str:
        return self.store.new_trigger(person, time.time())

    def show(self, trigger: str, view: Any, *, on_top: bool = False) -> View:
        """Open a modal for whoever the trigger belongs to, alone or on top of the open ones."""
        check_view(view, "modal")
        held = self.store.spend_trigger(trigger)
        if held is None:
            raise Refused("invalid_trigger_id")
        person, made, spent = held
        if spent:
            raise Refused("exchanged_trigger_id")
        if time.time() - made > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        if on_top:
            return self.push(person, view)
        self.close(person)
        return self._put(person, view, ())

    def push(self, person: str, view: Any) -> View:
        check_view(view, "modal")
        below = self.store.views(person, "modal")
        if len(below) >= MOST_MODALS:
            raise Refused("push_limit_reached")
        return self._put(person, view, below)

    def _put(self, person: str, view: Mapping[str, Any], below: Sequence[View]) -> View:
        view_id = "V" + secrets.token_hex(5).upper()
        lineage = {
            "root_view_id": below[0].id if below else view_id,
            "previous_view_id": below[-1].id if below else None,
        }
        shown = View(view_id, person, str(view["type"]), self._stamped(view, view_id) | lineage, {}, {})
        self.store.put_view(shown)
        return shown

    def change(self, shown: View, view: Mapping[str, Any]) -> View:
        """Another content for an open view; what was entered stays where the blocks stay."""
        check_view(view, shown.kind)
        kept = {name: shown.body.get(name) for name in ("root_view_id", "previous_view_id")}
        changed = replace(shown, body=self._stamped(view, shown.id) | kept, errors={})
        self.store.put_view(changed)
        return changed

    def publish(self, person: str, view: Mapping[str, Any]) -> View:
        self.person(person)
        check_view(view, "home")
        for home in self.store.views(person, "home"):
            return self.change(home, view)
        return self._put(person, view, ())

    def close(self, person: str, *, only_top: bool = False) -> None:
        views = self.store.views(person, "modal")
        for view in views[-1:] if only_top else views:
            self.store.remove_view(view.id)

    def _stamped(self, view: Mapping[str, Any], view_id: str) -> dict[str, Any]:
        content = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
        defaults = {"private_metadata": "", "callback_id": "", "external_id": "", "close": None, "submit": None}
        own = {
            "id": view_id,
            "team_id": self.config.team_id,
            "app_id": self.config.app_id,
            "bot_id": self.config.bot_id,
            "hash": f"{self.store.changes}.{content[:8]}",
            "blocks": named(view["blocks"]),
        }
        return {**defaults, **view, **own}


def check_view(view: Any, kind: str) -> None:
    """Raises Refused."""
    faults = view_problems(view)
    if not faults and view["type"] != kind:
        faults = [f"must be of type {kind} here [json-pointer:/view/type]"]
    if faults:
        raise Refused("invalid_arguments", *faults)


def _thread(post: Post, replies: Sequence[Post]) -> dict[str, Any]:
    if not replies:
        return {}
    users = list(dict.fromkeys(str(reply.body["user"]) for reply in replies))
    return {
        "thread_ts": post.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
    }
