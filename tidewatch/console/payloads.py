"""What Slack tells a bot, in Slack's own words."""

import secrets
from collections.abc import Mapping
from typing import Any

from tidewatch.console.config import Channel, ConsoleConfig, Person
from tidewatch.console.controls import Control, Entered, action, entry, initial, inputs
from tidewatch.console.store import Post, View


class Payloads:
    """`trigger` and `hook` are capabilities of one interaction: a trigger_id and a response_url."""

    def __init__(self, config: ConsoleConfig) -> None:
        self._config = config
        self._team = {"id": config.team_id, "domain": config.workspace.lower().replace(" ", "-")}

    def command(self, person: Person, channel: Channel, text: str, trigger: str, hook: str) -> dict[str, str]:
        return {
            "token": "console",
            "team_id": self._team["id"],
            "team_domain": self._team["domain"],
            "channel_id": channel.id,
            "channel_name": channel.name,
            "user_id": person.id,
            "user_name": person.handle,
            "command": self._config.command,
            "text": text,
            "api_app_id": self._config.app_id,
            "is_enterprise_install": "false",
            "response_url": hook,
            "trigger_id": trigger,
        }

    def click(
        self,
        person: Person,
        channel: Channel,
        post: Post,
        message: Mapping[str, Any],
        control: Control,
        value: Entered,
        trigger: str,
        hook: str,
    ) -> dict[str, Any]:
        container: dict[str, Any] = {
            "type": "message" if control.attachment is None else "message_attachment",
            "message_ts": post.ts,
            "channel_id": channel.id,
            "is_ephemeral": post.visible_to is not None,
        }
        if control.attachment is not None:
            container |= {"attachment_id": control.attachment, "is_app_unfurl": False}
        if post.thread:
            container["thread_ts"] = post.thread
        payload = self._interaction("block_actions", person, trigger) | {
            "container": container,
            "channel": {"id": channel.id, "name": channel.name},
            "state": {"values": self._acted(control, value)},
            "response_url": hook,
            "actions": [action(control, value, self._stamp())],
        }
        return payload if post.visible_to else payload | {"message": dict(message)}

    def view_click(self, person: Person, view: View, control: Control, value: Entered, trigger: str) -> dict[str, Any]:
        values = self._state(view)
        for block, inner in self._acted(control, value).items():
            values.setdefault(block, {}).update(inner)
        return self._interaction("block_actions", person, trigger) | {
            "container": {"type": "view", "view_id": view.id},
            "view": dict(view.body) | {"state": {"values": values}},
            "actions": [action(control, value, self._stamp())],
        }

    def submission(self, person: Person, view: View, trigger: str) -> dict[str, Any]:
        return self._interaction("view_submission", person, trigger) | {
            "view": dict(view.body) | {"state": {"values": self._state(view)}},
            "response_urls": [],
        }

    def shortcut(
        self, person: Person, channel: Channel, message: Mapping[str, Any], callback_id: str, trigger: str, hook: str
    ) -> dict[str, Any]:
        return self._interaction("message_action", person, trigger) | {
            "callback_id": callback_id,
            "action_ts": self._stamp(),
            "message_ts": message["ts"],
            "channel": {"id": channel.id, "name": channel.name},
            "message": dict(message),
            "response_url": hook,
        }

    def home_opened(self, person: Person, view: View | None) -> dict[str, Any]:
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": person.direct,
            "tab": "home",
            "event_ts": self._stamp(),
        }
        return {
            "token": "console",
            "team_id": self._team["id"],
            "api_app_id": self._config.app_id,
            "event": event | ({"view": dict(view.body)} if view else {}),
            "type": "event_callback",
            "event_id": "Ev" + secrets.token_hex(5).upper(),
            "event_time": int(self._config.now().timestamp()),
        }

    def _interaction(self, kind: str, person: Person, trigger: str) -> dict[str, Any]:
        user = {"id": person.id, "username": person.handle, "name": person.handle, "team_id": self._team["id"]}
        return {
            "type": kind,
            "user": user,
            "api_app_id": self._config.app_id,
            "token": "console",
            "team": self._team,
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": trigger,
        }

    def _acted(self, control: Control, value: Entered) -> dict[str, dict[str, Any]]:
        if control.element["type"] in ("button", "overflow"):
            return {}  # they hold nothing
        return {control.block_id: {control.action_id: entry(control.element, value)}}

    def _state(self, view: View) -> dict[str, dict[str, Any]]:
        return {
            block["block_id"]: {
                element["action_id"]: entry(element, view.state.get(block["block_id"], initial(element)))
            }
            for block, element in inputs(view.body)
        }

    def _stamp(self) -> str:
        return f"{self._config.now().timestamp():.6f}"
