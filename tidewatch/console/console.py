"""People at a workspace without Slack: what they type and press reaches the bot as signed requests."""

import html
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tidewatch.console.bot_line import BotLine, Reply
from tidewatch.console.config import Channel, ConsoleConfig
from tidewatch.console.controls import Entered, complaint, find, initial, inputs
from tidewatch.console.links import Links
from tidewatch.console.payloads import Payloads
from tidewatch.console.store import Post, Store, View
from tidewatch.console.workspace import CONSOLE, Refused, Workspace

HOOK_SECONDS = 1800.0
MOST_HOOK_USES = 5


class Console:
    """Every method may be called from any thread. People and channels are named by id."""

    def __init__(self, config: ConsoleConfig, store_folder: Path) -> None:
        self.config = config
        self.store = Store(store_folder, config.now)
        self.workspace = Workspace(config, self.store)
        self.links = Links(config.page_token)
        self._bot = BotLine(config)
        self._payloads = Payloads(config)

    def close(self) -> None:
        self._bot.close()
        self.store.close()

    def clear(self) -> None:
        """Forget messages, files and views: the story starts over."""
        self.store.clear()

    def new_link(self) -> str:
        """The address that opens the page once."""
        return self.config.link(self.links.new_token())

    # what people do

    def slash(self, user: str, channel: str, text: str) -> Reply:
        """Type a slash command; `text` with or without the command itself."""
        person, place = self.workspace.person(user), self.workspace.channel(channel)
        words = self._with_ids(text.removeprefix(self.config.command).strip())
        hook = self._hook(place, user, None, None)
        form = self._payloads.command(person, place, words, self.workspace.trigger(user), hook)
        reply = self._bot.command(form)
        if not reply.ok:
            self._tell(user, channel, f"`{self.config.command} {words}` failed: {reply.problem}.")
        elif reply.body.strip():
            try:
                self._answer(place, user, reply.json() or {"text": reply.body}, None)
            except Refused as refused:
                self._tell(user, channel, f"The bot's answer was refused: {refused}.")
        return reply

    def say(self, user: str, channel: str, text: str, thread: str | None = None) -> Post:
        """Write a message; @names become mentions."""
        return self.workspace.say(
            self.workspace.person(user), channel, {"text": self._with_ids(_escaped(text))}, thread
        )

    def click(
        self, user: str, channel: str, ts: str, action_id: str, value: Entered = None, *, block_id: str | None = None
    ) -> Reply:
        """Press a button (its value may tell several apart) or choose the option with this value."""
        person, place = self.workspace.person(user), self.workspace.channel(channel)
        post = self.store.post(place.id, ts)
        control = find(post.body, action_id, block_id, value) if post and post.visible_to in (None, user) else None
        if post is None or control is None:
            return Reply(False, "that button is gone: the message has changed meanwhile", sent=False)
        message = next((each for each in self.workspace.messages(place.id) if each["ts"] == ts), post.body)
        hook = self._hook(place, user, ts, post.thread)
        trigger = self.workspace.trigger(user)
        reply = self._bot.interaction(self._payloads.click(person, place, post, message, control, value, trigger, hook))
        if not reply.ok:
            self._tell(user, channel, f"Your click failed: {reply.problem}.", post.thread)
        return reply

    def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        value: Entered = None,
        *,
        block_id: str | None = None,
    ) -> Reply:
        """Press or choose something in a home or an open modal."""
        person, view = self.workspace.person(user), self.store.view(view_id)
        control = find(view.body, action_id, block_id, value) if view and view.person == user else None
        if view is None or control is None:
            return Reply(False, "that button is gone: the view has changed meanwhile", sent=False)
        reply = self._bot.interaction(
            self._payloads.view_click(person, view, control, value, self.workspace.trigger(user))
        )
        if not reply.ok:
            self._keep(view, {}, {"": f"Your click failed: {reply.problem}."})
        return reply

    def enter(self, user: str, view_id: str, entered: Mapping[str, Entered]) -> None:
        """Fill inputs of an open view in, by block id, without sending anything."""
        view = self.store.view(view_id)
        if view and view.person == user:
            self._keep(view, entered, view.errors)

    def submit_view(self, user: str, values: Mapping[str, Entered]) -> Reply:
        """Send the topmost modal with these values (by block id or action id), as its form does."""
        person, view = self.workspace.person(user), self.view(user)
        if view is None:
            return Reply(False, "no modal is open", sent=False)
        given = {
            block["block_id"]: _given(values, block, view.state.get(block["block_id"], initial(element)))
            for block, element in inputs(view.body)
        }
        wrong = {
            block["block_id"]: said
            for block, _ in inputs(view.body)
            if (said := complaint(block, given[block["block_id"]]))
        }
        view = self._keep(view, given, wrong) or view
        if wrong:
            return Reply(False, "the form is not complete", errors=wrong, sent=False)
        reply = self._bot.interaction(self._payloads.submission(person, view, self.workspace.trigger(user)))
        return self._submitted(view, reply)

    def close_view(self, user: str) -> None:
        """Cancel the topmost modal."""
        self.workspace.close(user, only_top=True)

    def shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Reply:
        """Choose a message shortcut."""
        person, place = self.workspace.person(user), self.workspace.channel(channel)
        message = next((each for each in self.workspace.messages(place.id) if each["ts"] == ts), None)
        if message is None:
            return Reply(False, "that message is gone", sent=False)
        hook, trigger = self._hook(place, user, ts, message.get("thread_ts")), self.workspace.trigger(user)
        reply = self._bot.interaction(self._payloads.shortcut(person, place, message, callback_id, trigger, hook))
        if not reply.ok:
            self._tell(user, channel, f"The shortcut failed: {reply.problem}.", message.get("thread_ts"))
        return reply

    def open_home(self, user: str) -> Reply:
        """Look at the bot's home: the bot is told and may publish it anew."""
        return self._bot.event(self._payloads.home_opened(self.workspace.person(user), self.home(user)))

    # what people see

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """Slack's message objects, oldest first, replies included, ephemerals not."""
        return self.workspace.messages(channel)

    def ephemerals(self, user: str, channel: str) -> list[dict[str, Any]]:
        posts = self.store.posts(self.workspace.channel(channel).id)
        return [dict(post.body) for post in posts if post.visible_to == user]

    def dismiss(self, user: str, channel: str, ts: str) -> None:
        """Put an ephemeral away."""
        post = self.store.post(channel, ts)
        if post and post.visible_to == user:
            self.store.remove(channel, ts)

    def view(self, user: str) -> View | None:
        """The topmost open modal."""
        return next(reversed(self.store.views(user, "modal")), None)

    def home(self, user: str) -> View | None:
        return next(iter(self.store.views(user, "home")), None)

    # what the bot answers afterwards

    def respond(self, hook_id: str, content: Mapping[str, Any]) -> None:
        """What a bot posts to a response_url; raises Refused."""
        hook = self.store.use_hook(hook_id)
        if hook is None:
            raise Refused("no_service")
        if hook.uses >= MOST_HOOK_USES or time.time() - hook.made > HOOK_SECONDS:
            raise Refused("used_url" if hook.uses >= MOST_HOOK_USES else "expired_url")
        original = self.store.post(hook.channel, hook.ts) if hook.ts else None
        if content.get("delete_original") in (True, "true") and original:
            self.store.remove(original.channel, original.ts)
        elif content.get("replace_original") in (True, "true") and original:
            self.workspace.replace(original, _content(content))
        else:
            self._answer(self.workspace.channel(hook.channel), hook.person, content, hook.thread)

    def _answer(self, channel: Channel, user: str, content: Mapping[str, Any], thread: str | None) -> None:
        thread = content.get("thread_ts") or thread
        if content.get("response_type") == "in_channel":
            self.workspace.say(self.config.bot, channel.id, _content(content), thread)
        else:
            self.workspace.whisper(self.config.bot, channel.id, _content(content), user, thread)

    def _submitted(self, view: View, reply: Reply) -> Reply:
        if not reply.ok:
            self._keep(view, {}, {"": f"Not sent: {reply.problem}."})
            return reply
        answer = reply.json()
        action = answer.get("response_action")
        try:
            if action == "errors":
                errors = {str(block): str(said) for block, said in (answer.get("errors") or {}).items()}
                self._keep(view, {}, errors)
                return replace(reply, ok=False, problem="the bot did not accept the form", errors=errors)
            if action == "update":
                self.workspace.change(view, answer.get("view") or {})
            elif action == "push":
                self.workspace.push(view.person, answer.get("view") or {})
            elif action == "clear":
                self.workspace.close(view.person)
            else:
                self.store.remove_view(view.id)
        except Refused as refused:
            self._keep(view, {}, {"": f"The bot's answer was refused: {refused}."})
            return replace(reply, ok=False, problem=f"the bot's answer was refused: {refused}")
        return reply

    def _keep(self, view: View, entered: Mapping[str, Entered], errors: Mapping[str, str]) -> View | None:
        """Write down what was entered, into the view as the bot has left it; None when it was closed meanwhile."""
        now = self.store.view(view.id)
        if now is None:
            return None
        kept = replace(now, state={**now.state, **entered}, errors=errors)
        self.store.put_view(kept)
        return kept

    def _hook(self, channel: Channel, user: str, ts: str | None, thread: str | None) -> str:
        hook = self.store.new_hook(channel.id, user, ts, thread, time.time())
        return f"{self.config.url.rstrip('/')}/slack/respond/{hook}"

    def _tell(self, user: str, channel: str, text: str, thread: str | None = None) -> None:
        self.workspace.whisper(CONSOLE, channel, {"text": f":warning: {text}"}, user, thread)

    def _with_ids(self, text: str) -> str:
        """As Slack does with `should_escape`: @ana and #channel become ids."""
        known: dict[str, str] = {
            f"#{channel.name}": f"<#{channel.id}|{channel.name}>" for channel in self.config.channels
        }
        for person in (*self.config.people, self.config.bot):
            known |= {f"@{name.lower()}": f"<@{person.id}|{person.handle}>" for name in (person.handle, person.name)}
        names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
        return re.sub(rf"(?<![\w<])({names})(?!\w)", lambda match: known[match.group(1).lower()], text, flags=re.I)


def _given(values: Mapping[str, Entered], block: Mapping[str, Any], before: Entered) -> Entered:
    for name in (block["block_id"], block["element"]["action_id"]):
        if name in values:
            return values[name]
    return before


def _content(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("text", "blocks", "attachments", "metadata") if name in answer}


def _escaped(typed: str) -> str:
    return html.escape(typed, quote=False)
