"""What people type and press reaches the bot as Slack sends it; the fake bot refuses what is not signed."""

import threading
import time
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from tidewatch.console import Console, ConsoleConfig
from tidewatch.console.store import View


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, **fields}


def options(*names: str) -> list[dict[str, Any]]:
    return [{"text": plain(name), "value": name} for name in names]


OVERFLOW = {"type": "overflow", "action_id": "more", "options": options("resolve", "silence")}
CARD = [
    {"type": "section", "block_id": "top", "text": plain("Broken"), "accessory": OVERFLOW},
    {
        "type": "actions",
        "block_id": "do",
        "elements": [
            button("Acknowledge", "ack", value="INC-1:3", style="primary"),
            {"type": "static_select", "action_id": "who", "options": options("Ana", "Ben")},
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "resolve",
    "private_metadata": "INC-1",
    "title": plain("Resolve"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why?"),
            "element": {"type": "plain_text_input", "action_id": "text", "min_length": 3, "initial_value": "because"},
        },
        {
            "type": "input",
            "block_id": "cause",
            "label": plain("Cause"),
            "element": {"type": "static_select", "action_id": "pick", "options": options("sensor", "model")},
        },
        {
            "type": "input",
            "block_id": "tell",
            "optional": True,
            "label": plain("Tell"),
            "element": {"type": "checkboxes", "action_id": "ticks", "options": options("L2", "L3")},
        },
        {"type": "actions", "block_id": "extra", "elements": [button("Preview", "preview")]},
    ],
}


def open_form(console: Console, slack: WebClient, user: str = "U01") -> View:
    slack.views_open(trigger_id=console.workspace.trigger(user), view=FORM)
    view = console.view(user)
    assert view is not None
    return view


def test_a_slash_command_arrives_signed_with_slacks_fields(console: Console, bot: Any, config: ConsoleConfig) -> None:
    assert console.slash("U01", "C01", "/ml status all").ok

    (asked,) = bot.asked
    assert asked["command"] == "/ml"
    assert asked["text"] == "status all"
    assert (asked["user_id"], asked["user_name"]) == ("U01", "ana")
    assert (asked["channel_id"], asked["channel_name"]) == ("C01", "model-alerts")
    assert asked["team_id"] == config.team_id
    assert asked["trigger_id"]
    assert asked["response_url"].startswith(config.url)


def test_names_in_a_command_become_ids(console: Console, bot: Any) -> None:
    console.slash("U01", "C01", "assign INC-1 @ben in #approvals, not mail@ben.test")

    assert bot.asked[0]["text"] == "assign INC-1 <@U02|ben> in <#C02|approvals>, not mail@ben.test"


def test_what_the_bot_answers_to_a_command_is_seen_by_its_author(console: Console, bot: Any) -> None:
    bot.reply({"text": "two are open"})
    reply = console.slash("U01", "C01", "status")

    assert reply.json() == {"text": "two are open"}
    assert [each["text"] for each in console.ephemerals("U01", "C01")] == ["two are open"]
    assert console.messages("C01") == []


def test_an_answer_in_channel_is_seen_by_everybody(console: Console, bot: Any) -> None:
    bot.reply({"response_type": "in_channel", "text": "Ana has it"})
    console.slash("U01", "C01", "ack")

    assert [each["text"] for each in console.messages("C01")] == ["Ana has it"]


def test_a_late_bot_is_called_late(console: Console, bot: Any, config: ConsoleConfig) -> None:
    late = threading.Event()
    bot.answer = lambda asked: (late.wait(2), (200, "text/plain", "too late"))[1]
    reply = console.slash("U01", "C01", "status")
    late.set()

    assert not reply.ok
    assert reply.problem == "the bot did not answer in 0.3 s"
    assert "did not answer in 0.3 s" in console.ephemerals("U01", "C01")[0]["text"]


def test_a_bot_that_fails_is_quoted_with_its_status(console: Console, bot: Any) -> None:
    bot.reply("oops", status=500)
    reply = console.slash("U01", "C01", "status")

    assert (reply.ok, reply.status) == (False, 500)
    assert "HTTP 500" in console.ephemerals("U01", "C01")[0]["text"]


def test_an_answer_slack_would_refuse_is_refused(console: Console, bot: Any) -> None:
    bot.reply({"blocks": [{"type": "nonsense"}]})
    console.slash("U01", "C01", "status")

    assert "refused: invalid_blocks" in console.ephemerals("U01", "C01")[0]["text"]


def test_a_click_tells_who_where_what(console: Console, bot: Any, slack: WebClient, config: ConsoleConfig) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x", blocks=CARD)["ts"]
    assert console.click("U02", "C01", ts, "ack").ok

    (asked,) = bot.asked
    assert asked["type"] == "block_actions"
    assert asked["user"]["id"] == "U02"
    assert asked["container"] == {"type": "message", "message_ts": ts, "channel_id": "C01", "is_ephemeral": False}
    assert asked["message"]["blocks"][1]["block_id"] == "do"
    (action,) = asked["actions"]
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == (
        "ack",
        "do",
        "INC-1:3",
        "button",
    )
    assert action["action_ts"]


def test_chosen_options_are_told_whole(console: Console, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x", attachments=[{"color": "#b3261e", "blocks": CARD}])["ts"]
    console.click("U01", "C01", ts, "more", "silence")
    console.click("U01", "C01", ts, "who", "Ben")

    overflow, select = (asked["actions"][0] for asked in bot.asked)
    assert overflow["selected_option"] == options("silence")[0]
    assert select["selected_option"] == options("Ben")[0]
    assert bot.asked[0]["container"]["type"] == "message_attachment"
    assert bot.asked[1]["state"]["values"]["do"]["who"]["selected_option"]["value"] == "Ben"


def test_the_value_tells_buttons_with_one_action_id_apart(console: Console, bot: Any, slack: WebClient) -> None:
    rows = [
        {"type": "section", "text": plain(name), "accessory": button("Open", "open", value=name)} for name in ("a", "b")
    ]
    ts = slack.chat_postMessage(channel="C01", text="x", blocks=rows)["ts"]
    console.click("U01", "C01", ts, "open", "b")

    assert bot.asked[0]["actions"][0]["value"] == "b"


def test_a_button_that_is_gone_is_not_sent(console: Console, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x", blocks=CARD)["ts"]
    slack.chat_update(channel="C01", ts=ts, text="Ben has it")
    reply = console.click("U01", "C01", ts, "ack")

    assert (reply.ok, reply.sent) == (False, False)
    assert bot.asked == []


def test_nobody_can_press_in_another_persons_ephemeral(console: Console, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postEphemeral(channel="C01", user="U01", text="x", blocks=CARD)["message_ts"]

    assert not console.click("U02", "C01", ts, "ack").sent
    assert console.click("U01", "C01", ts, "ack").ok
    assert bot.asked[0]["container"]["is_ephemeral"]
    assert "message" not in bot.asked[0]


def test_a_response_url_replaces_adds_and_deletes(console: Console, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postEphemeral(channel="C01", user="U01", text="x", blocks=CARD)["message_ts"]
    console.click("U01", "C01", ts, "ack")
    hook = WebhookClient(bot.asked[0]["response_url"])

    assert hook.send(text="done", replace_original=True).status_code == 200
    assert [each["text"] for each in console.ephemerals("U01", "C01")] == ["done"]
    assert "blocks" not in console.ephemerals("U01", "C01")[0]
    hook.send(text="more", response_type="ephemeral")
    hook.send(text="for all", response_type="in_channel")
    assert [each["text"] for each in console.messages("C01")] == ["for all"]
    hook.send(delete_original=True)
    assert [each["text"] for each in console.ephemerals("U01", "C01")] == ["more"]


def test_a_response_url_works_five_times(console: Console, bot: Any) -> None:
    console.slash("U01", "C01", "status")
    hook = WebhookClient(bot.asked[0]["response_url"])

    assert [hook.send(text="x").status_code for _ in range(6)] == [200] * 5 + [404]


def test_a_response_url_works_half_an_hour(console: Console) -> None:
    old = console.store.new_hook("C01", "U01", None, None, time.time() - 1801)

    answer = httpx.post(f"{console.config.url}/slack/respond/{old}", json={"text": "x"})
    assert (answer.status_code, answer.json()["error"]) == (404, "expired_url")
    assert httpx.post(f"{console.config.url}/slack/respond/nonsense", json={"text": "x"}).status_code == 404


def test_a_trigger_opens_one_modal_within_three_seconds(console: Console, slack: WebClient) -> None:
    late = console.store.new_trigger("U01", time.time() - 3.1)
    used = console.workspace.trigger("U01")
    slack.views_open(trigger_id=used, view=FORM)

    for trigger, code in ((late, "expired_trigger_id"), (used, "exchanged_trigger_id"), ("x", "invalid_trigger_id")):
        with pytest.raises(SlackApiError) as error:
            slack.views_open(trigger_id=trigger, view=FORM)
        assert error.value.response["error"] == code


def test_a_submission_carries_the_state_of_every_input(console: Console, bot: Any, slack: WebClient) -> None:
    open_form(console, slack)
    assert console.submit_view("U01", {"why": "gateway", "pick": "sensor", "tell": ["L3"]}).ok

    (asked,) = bot.asked
    assert asked["type"] == "view_submission"
    assert asked["view"]["private_metadata"] == "INC-1"
    values = asked["view"]["state"]["values"]
    assert values["why"]["text"] == {"type": "plain_text_input", "value": "gateway"}
    assert values["cause"]["pick"]["selected_option"] == options("sensor")[0]
    assert values["tell"]["ticks"]["selected_options"] == options("L3")
    assert console.view("U01") is None


def test_what_was_not_touched_keeps_its_first_value(console: Console, bot: Any, slack: WebClient) -> None:
    open_form(console, slack)
    console.submit_view("U01", {"cause": "model"})

    assert bot.asked[0]["view"]["state"]["values"]["why"]["text"]["value"] == "because"


@pytest.mark.parametrize(
    ("values", "wrong"),
    [({}, "cause"), ({"cause": "model", "why": ""}, "why"), ({"cause": "model", "why": "x"}, "why")],
)
def test_an_incomplete_form_is_not_sent(
    console: Console, bot: Any, slack: WebClient, values: dict[str, str], wrong: str
) -> None:
    open_form(console, slack)
    reply = console.submit_view("U01", values)

    assert list(reply.errors) == [wrong]
    assert bot.asked == []
    assert console.view("U01") is not None


def test_errors_of_the_bot_keep_the_modal_open_with_what_was_entered(
    console: Console, bot: Any, slack: WebClient
) -> None:
    open_form(console, slack)
    bot.reply({"response_action": "errors", "errors": {"why": "say more"}})
    reply = console.submit_view("U01", {"why": "gateway", "cause": "model"})

    assert reply.errors == {"why": "say more"}
    still = console.view("U01")
    assert still is not None
    assert (still.errors, still.state["why"]) == ({"why": "say more"}, "gateway")


def test_the_bot_may_update_push_or_clear_the_modal(console: Console, bot: Any, slack: WebClient) -> None:
    done = {"type": "modal", "title": plain("Done"), "blocks": [{"type": "divider"}]}
    form = open_form(console, slack)

    bot.reply({"response_action": "push", "view": done})
    console.submit_view("U01", {"cause": "model"})
    top = console.view("U01")
    assert top is not None
    assert (top.body["title"]["text"], top.body["previous_view_id"]) == ("Done", form.id)
    console.close_view("U01")
    bot.reply({"response_action": "update", "view": done})
    console.submit_view("U01", {"cause": "model"})
    assert [view.body["title"]["text"] for view in console.store.views("U01", "modal")] == ["Done"]
    bot.reply({"response_action": "clear"})
    console.submit_view("U01", {})
    assert console.view("U01") is None


def test_a_modal_is_filled_by_an_update_unless_it_changed_meanwhile(console: Console, slack: WebClient) -> None:
    skeleton = {"type": "modal", "title": plain("Wait"), "blocks": [{"type": "divider"}]}
    opened = slack.views_open(trigger_id=console.workspace.trigger("U01"), view=skeleton)["view"]

    slack.views_update(view_id=opened["id"], hash=opened["hash"], view=FORM)
    filled = console.view("U01")
    assert filled is not None
    assert filled.body["title"]["text"] == "Resolve"
    with pytest.raises(SlackApiError) as error:
        slack.views_update(view_id=opened["id"], hash=opened["hash"], view=skeleton)
    assert error.value.response["error"] == "hash_conflict"


def test_a_click_in_a_modal_tells_what_was_entered_so_far(console: Console, bot: Any, slack: WebClient) -> None:
    view = open_form(console, slack)
    console.enter("U01", view.id, {"why": "half a sen"})
    assert console.click_view("U01", view.id, "preview").ok

    (asked,) = bot.asked
    assert asked["container"] == {"type": "view", "view_id": view.id}
    assert asked["view"]["state"]["values"]["why"]["text"]["value"] == "half a sen"
    assert not console.click_view("U02", view.id, "preview").sent


def test_looking_at_the_home_tells_the_bot_which_may_publish_it(console: Console, bot: Any, slack: WebClient) -> None:
    slack.views_publish(user_id="U01", view={"type": "home", "blocks": CARD})
    assert console.open_home("U01").ok

    (asked,) = bot.asked
    assert asked["type"] == "event_callback"
    assert asked["event"]["type"] == "app_home_opened"
    assert asked["event"]["view"]["blocks"][0]["block_id"] == "top"
    home = console.home("U01")
    assert home is not None
    console.click_view("U01", home.id, "ack")
    assert bot.asked[1]["actions"][0]["value"] == "INC-1:3"


def test_a_message_shortcut_carries_its_message(console: Console, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="look here")["ts"]
    assert console.shortcut("U01", "C01", ts, "note").ok

    (asked,) = bot.asked
    assert (asked["type"], asked["callback_id"], asked["message"]["text"]) == ("message_action", "note", "look here")


def test_a_clock_in_the_past_does_not_spoil_signatures(console: Console, bot: Any) -> None:
    assert console.config.now().year == 2013
    assert console.slash("U01", "C01", "status").status == 200
    assert len(bot.asked) == 1
