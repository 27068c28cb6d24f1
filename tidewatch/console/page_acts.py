"""What each form of the page does."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidewatch.console.config import Person
from tidewatch.console.console import Console
from tidewatch.console.controls import Entered, find, inputs
from tidewatch.console.links import Session
from tidewatch.console.stage import Stage
from tidewatch.console.store import View


@dataclass(frozen=True)
class Doing:
    console: Console
    stage: Stage | None
    session: Session
    me: Person
    fields: Mapping[str, str]
    many: Mapping[str, list[str]]  # every value of fields that may come several times

    def field(self, name: str) -> str:
        return self.fields.get(name, "")


Act = Callable[[Doing], str | None]  # gives the id of the person to become, if any


def say(doing: Doing) -> None:
    console, text, channel = doing.console, doing.field("text").strip(), doing.field("channel")
    if not text:
        return
    if not text.startswith("/"):
        console.say(doing.me.id, channel, text, doing.field("thread") or None)
        return
    word = text.split()[0]
    if word == console.config.command:
        console.slash(doing.me.id, channel, text.removeprefix(word))
    else:
        doing.session.notify(f"{word} is not a command here: try {console.config.command} help.")


def click(doing: Doing) -> None:
    pressed = _pressed(doing)
    if pressed is None:
        return
    block_id, action_id, value = pressed
    channel, ts = doing.console.workspace.channel(doing.field("channel")).id, doing.field("ts")
    post = doing.console.store.post(channel, ts)
    if post and _must_ask(doing, post.body, block_id, action_id, value, "click"):
        return
    reply = doing.console.click(doing.me.id, channel, ts, action_id, value, block_id=block_id)
    if not reply.sent:  # what fails later is told in the channel
        doing.session.notify(_sentence(reply.problem))


def press(doing: Doing) -> None:
    """A control inside a modal or a home."""
    pressed, view = _pressed(doing), doing.console.store.view(doing.field("view"))
    if pressed is None or view is None or view.person != doing.me.id:
        return
    block_id, action_id, value = pressed
    if not doing.field("confirmed"):
        doing.console.enter(doing.me.id, view.id, _entered(doing, view))
    if _must_ask(doing, view.body, block_id, action_id, value, "press"):
        return
    reply = doing.console.click_view(doing.me.id, view.id, action_id, value, block_id=block_id)
    if not reply.ok and view.kind == "home":
        doing.session.notify(_sentence(reply.problem))


def submit(doing: Doing) -> None:
    view = doing.console.view(doing.me.id)
    if view is None or view.id != doing.field("view"):
        doing.session.notify("That form was closed meanwhile.")
        return
    doing.console.submit_view(doing.me.id, _entered(doing, view))


def close(doing: Doing) -> None:
    view = doing.console.view(doing.me.id)
    if view and view.id == doing.field("view"):
        doing.console.close_view(doing.me.id)


def cancel(doing: Doing) -> None:
    """No, to a confirmation."""
    doing.session.ask(None)


def shortcut(doing: Doing) -> None:
    doing.console.shortcut(doing.me.id, doing.field("channel"), doing.field("ts"), doing.field("callback"))


def dismiss(doing: Doing) -> None:
    doing.console.dismiss(doing.me.id, doing.field("channel"), doing.field("ts"))


def become(doing: Doing) -> str | None:
    known = {person.id for person in doing.console.config.people}
    doing.session.ask(None)
    return doing.field("person") if doing.field("person") in known else None


def stage(doing: Doing) -> None:
    if doing.stage is None:
        return
    action = doing.field("action")
    if action in {each for each, _ in doing.stage.status().controls}:
        doing.session.notify(doing.stage.act(action))


ACTS: Mapping[str, Act] = {
    "be": become,
    "cancel": cancel,
    "click": click,
    "close": close,
    "dismiss": dismiss,
    "press": press,
    "say": say,
    "shortcut": shortcut,
    "stage": stage,
    "submit": submit,
}


def _pressed(doing: Doing) -> tuple[str, str, Entered] | None:
    """(block id, action id, value) of the control that was used; selects say their value in a field of their own."""
    try:
        block_id, action_id, value = json.loads(doing.field("act"))
    except ValueError:
        return None
    chosen = doing.many.get(f"sel.{block_id}.{action_id}")
    if value is None and chosen is not None:
        return block_id, action_id, chosen if len(chosen) != 1 else chosen[0]
    return block_id, action_id, value


def _must_ask(
    doing: Doing, content: Mapping[str, object], block_id: str, action_id: str, value: Entered, act: str
) -> bool:
    """Put an element's confirmation before the person, unless it was answered."""
    control = find(content, action_id, block_id, value)
    confirm = control.element.get("confirm") if control else None
    if not confirm or doing.field("confirmed"):
        doing.session.ask(None)
        return False
    kept = {name: doing.field(name) for name in ("channel", "ts", "view", "act") if doing.field(name)}
    if isinstance(value, str):
        kept["act"] = json.dumps([block_id, action_id, value])
    doing.session.ask({"confirm": confirm, "act": act, "fields": kept, "person": doing.me.id})
    return True


def _entered(doing: Doing, view: View) -> dict[str, Entered]:
    """The values of a modal's inputs, by block id."""
    entered: dict[str, Entered] = {}
    for block, element in inputs(view.body):
        values = doing.many.get(f"in.{block['block_id']}", [])
        several = element["type"] in ("multi_static_select", "checkboxes")
        entered[block["block_id"]] = [value for value in values if value] if several else "".join(values[:1])
    return entered


def _sentence(problem: str) -> str:
    return problem[:1].upper() + problem[1:] + "."
