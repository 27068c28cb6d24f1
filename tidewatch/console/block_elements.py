"""The elements inside blocks, and which of them may stand where."""

from collections.abc import Iterator, Mapping
from typing import Any

from tidewatch.console.shapes import (
    Check,
    Fault,
    array,
    boolean,
    choice,
    image_source,
    number,
    shape,
    string,
    text,
)

CONFIRM = shape(
    {
        "title": text(100, "plain_text"),
        "text": text(300),
        "confirm": text(30, "plain_text"),
        "deny": text(30, "plain_text"),
    },
    {"style": choice("primary", "danger")},
)
OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75, "plain_text"), "url": string(3000)})
GROUP = shape({"label": text(75, "plain_text"), "options": array(OPTION, 100)}, {})


def _offered(value: Mapping[str, Any]) -> list[Any]:
    groups = [group for group in _items(value.get("option_groups")) if isinstance(group, Mapping)]
    grouped = [option for group in groups for option in _items(group.get("options"))]
    return grouped or _items(value.get("options"))


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _choices(value: Any, at: str) -> Iterator[Fault]:
    """Options come one way, and what is chosen at first is one of them."""
    if ("options" in value) == ("option_groups" in value):
        yield at, "needs exactly one of options and option_groups"
        return
    offered = _offered(value)
    if "initial_option" in value and value["initial_option"] not in offered:
        yield f"{at}/initial_option", "must be exactly one of the options"
    for position, option in enumerate(_items(value.get("initial_options"))):
        if option not in offered:
            yield f"{at}/initial_options/{position}", "must be exactly one of the options"


_ACTED: Mapping[str, Check] = {"action_id": string(255), "confirm": CONFIRM, "focus_on_load": boolean}
_PROMPTED: Mapping[str, Check] = {**_ACTED, "placeholder": text(150, "plain_text")}
_DISPATCH = shape({}, {"trigger_actions_on": array(choice("on_enter_pressed", "on_character_entered"), 2)})

BUTTON = shape(
    {"text": text(75, "plain_text")},
    {
        "action_id": string(255),
        "url": string(3000),
        "value": string(2000),
        "style": choice("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
OVERFLOW = shape({"options": array(OPTION, 5)}, {"action_id": string(255), "confirm": CONFIRM})
STATIC_SELECT = shape(
    {},
    {"options": array(OPTION, 100), "option_groups": array(GROUP, 100), "initial_option": OPTION, **_PROMPTED},
    also=_choices,
)
MULTI_STATIC_SELECT = shape(
    {},
    {
        "options": array(OPTION, 100),
        "option_groups": array(GROUP, 100),
        "initial_options": array(OPTION, 100),
        "max_selected_items": number(1, 100),
        **_PROMPTED,
    },
    also=_choices,
)
USERS_SELECT = shape({}, {"initial_user": string(255), **_PROMPTED})
RADIO_BUTTONS = shape({"options": array(OPTION, 10)}, {"initial_option": OPTION, **_ACTED}, also=_choices)
CHECKBOXES = shape({"options": array(OPTION, 10)}, {"initial_options": array(OPTION, 10), **_ACTED}, also=_choices)
DATEPICKER = shape({}, {"initial_date": string(10, least=10), **_PROMPTED})
TIMEPICKER = shape({}, {"initial_time": string(5, least=5), "timezone": string(255), **_PROMPTED})
PLAIN_TEXT_INPUT = shape(
    {},
    {
        "action_id": string(255),
        "initial_value": string(3000, least=0),
        "multiline": boolean,
        "min_length": number(0, 3000),
        "max_length": number(1, 3000),
        "dispatch_action_config": _DISPATCH,
        "focus_on_load": boolean,
        "placeholder": text(150, "plain_text"),
    },
)
NUMBER_INPUT = shape(
    {"is_decimal_allowed": boolean},
    {
        "action_id": string(255),
        "initial_value": string(255, least=0),
        "min_value": string(255),
        "max_value": string(255),
        "dispatch_action_config": _DISPATCH,
        "focus_on_load": boolean,
        "placeholder": text(150, "plain_text"),
    },
)
IMAGE = shape(
    {"alt_text": string(2000)},
    {"image_url": string(3000), "slack_file": shape({}, {"id": string(255), "url": string(3000)})},
    also=image_source,
)

IN_ACTIONS: Mapping[str, Check] = {
    "button": BUTTON,
    "overflow": OVERFLOW,
    "static_select": STATIC_SELECT,
    "users_select": USERS_SELECT,
    "radio_buttons": RADIO_BUTTONS,
    "checkboxes": CHECKBOXES,
    "datepicker": DATEPICKER,
    "timepicker": TIMEPICKER,
}
IN_SECTION: Mapping[str, Check] = {**IN_ACTIONS, "multi_static_select": MULTI_STATIC_SELECT, "image": IMAGE}
IN_INPUT: Mapping[str, Check] = {
    "plain_text_input": PLAIN_TEXT_INPUT,
    "number_input": NUMBER_INPUT,
    "static_select": STATIC_SELECT,
    "multi_static_select": MULTI_STATIC_SELECT,
    "users_select": USERS_SELECT,
    "radio_buttons": RADIO_BUTTONS,
    "checkboxes": CHECKBOXES,
    "datepicker": DATEPICKER,
    "timepicker": TIMEPICKER,
}
CONTEXT: Mapping[str, Check] = {
    "image": IMAGE,
    "mrkdwn": shape({"text": string(3000)}, {"verbatim": boolean}),
    "plain_text": shape({"text": string(3000)}, {"emoji": boolean}),
}
