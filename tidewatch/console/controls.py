"""What people can press and fill in: finding an element, and Slack's account of what was done with it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Entered = str | Sequence[str] | None  # what a person put into one element; several for multi-selects and checkboxes

_ONE_OPTION = ("static_select", "radio_buttons", "overflow")
_MANY_OPTIONS = ("multi_static_select", "checkboxes")


@dataclass(frozen=True)
class Control:
    element: Mapping[str, Any]
    block_id: str
    attachment: int | None = None  # number of the attachment it stands in

    @property
    def action_id(self) -> str:
        return str(self.element["action_id"])


def controls(content: Mapping[str, Any]) -> Iterator[Control]:
    """Everything that acts at once when touched, in a message or a view."""
    yield from _controls(content.get("blocks") or (), None)
    for attachment in content.get("attachments") or ():
        yield from _controls(attachment.get("blocks") or (), attachment["id"])


def _controls(blocks: Sequence[Mapping[str, Any]], attachment: int | None) -> Iterator[Control]:
    for block in blocks:
        elements = [block[name] for name in ("accessory", "element") if name in block]
        for element in (*elements, *(block.get("elements") or ())):
            if "action_id" in element and (block["type"] != "input" or block.get("dispatch_action")):
                yield Control(element, block["block_id"], attachment)


def find(content: Mapping[str, Any], action_id: str, block_id: str | None, value: Entered) -> Control | None:
    """The control that is meant; among buttons with one action id the value tells which."""
    named = [control for control in controls(content) if control.action_id == action_id]
    if block_id is not None:
        named = [control for control in named if control.block_id == block_id]
    for control in named:
        if control.element["type"] == "button" and value is not None and control.element.get("value") != value:
            continue
        if control.element["type"] in _ONE_OPTION and value is not None and _option(control.element, value) is None:
            continue
        return control
    return None


def action(control: Control, value: Entered, action_ts: str) -> dict[str, Any]:
    """One entry of `actions` in a block_actions payload."""
    element = control.element
    told: dict[str, Any] = {
        "type": element["type"],
        "action_id": control.action_id,
        "block_id": control.block_id,
        "action_ts": action_ts,
    }
    if element["type"] == "button":
        told |= {name: element[name] for name in ("text", "value", "style") if name in element}
    else:
        told |= entry(element, value)
    return told


def inputs(view: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(block, element) of everything a person fills in."""
    for block in view.get("blocks") or ():
        if block["type"] == "input":
            yield block, block["element"]


def initial(element: Mapping[str, Any]) -> Entered:
    """What an element holds before anybody touched it."""
    if element["type"] in _MANY_OPTIONS:
        return [option["value"] for option in element.get("initial_options") or ()]
    if "initial_option" in element:
        return str(element["initial_option"]["value"])
    for name in ("initial_value", "initial_user", "initial_date", "initial_time"):
        if name in element:
            return str(element[name])
    return None


def entry(element: Mapping[str, Any], value: Entered) -> dict[str, Any]:
    """What state.values holds for an element."""
    kind = element["type"]
    one = value if isinstance(value, str) else next(iter(value or ()), None)
    if kind in _MANY_OPTIONS:
        chosen = [value] if isinstance(value, str) else list(value or ())
        return {"type": kind, "selected_options": [option for option in options(element) if option["value"] in chosen]}
    if kind in _ONE_OPTION:
        return {"type": kind, "selected_option": _option(element, one)}
    field = {"users_select": "selected_user", "datepicker": "selected_date", "timepicker": "selected_time"}
    return {"type": kind, field.get(kind, "value"): one or None}


def options(element: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    groups = element.get("option_groups") or ()
    return [*(element.get("options") or ()), *(option for group in groups for option in group["options"])]


def complaint(block: Mapping[str, Any], value: Entered) -> str | None:
    """What Slack's own client says before it sends a modal; None when there is nothing to say."""
    element = block["element"]
    told = entry(element, value)
    given = next(inner for name, inner in told.items() if name != "type")
    if not given:
        return None if block.get("optional") else "Please complete this required field."
    if element["type"] == "plain_text_input":
        if len(given) > element.get("max_length", 3000):
            return f"Please use at most {element.get('max_length', 3000)} characters."
        if len(given) < element.get("min_length", 0):
            return f"Please use at least {element['min_length']} characters."
    return _malformed(element, given)


def _malformed(element: Mapping[str, Any], given: Any) -> str | None:
    if element["type"] == "number_input":
        form = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
        if not re.fullmatch(form, given):
            return "Please enter a number."
        if not float(element.get("min_value", "-inf")) <= float(given) <= float(element.get("max_value", "inf")):
            return f"Please enter a number from {element.get('min_value', '…')} to {element.get('max_value', '…')}."
    if element["type"] == "datepicker":
        try:
            date.fromisoformat(given)
        except ValueError:
            return "Please enter a date, as in 2013-05-14."
    if element["type"] == "timepicker" and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given):
        return "Please enter a time, as in 15:30."
    return None


def _option(element: Mapping[str, Any], value: Entered) -> Mapping[str, Any] | None:
    return next((option for option in options(element) if option["value"] == value), None)
