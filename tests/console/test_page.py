"""The page without JavaScript: everything by forms and links."""

import re
import time
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient

from tidewatch.console import Console

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, **fields}


CONFIRM = {"title": plain("Page Ben?"), "text": plain("He wakes up."), "confirm": plain("Page"), "deny": plain("No")}
CARD = [
    {"type": "header", "text": plain("Broken :eyes:")},
    {
        "type": "actions",
        "block_id": "do",
        "elements": [
            button("Acknowledge", "ack", value="INC-1"),
            button("Escalate", "up", confirm=CONFIRM),
            {"type": "static_select", "action_id": "who", "options": [{"text": plain("Ben"), "value": "U02"}]},
        ],
    },
]
FORM = {
    "type": "modal",
    "title": plain("Resolve it"),
    "submit": plain("Send it"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why?"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
    ],
}


def press(browser: httpx.Client, form: str, /, **fields: str) -> str:
    """Send a form of the page as a browser does; gives the page that is shown next."""
    csrf = browser.get("/").text.split('name="csrf" value="')[1].split('"')[0]
    answer = browser.post(f"/do/{form}", data={"csrf": csrf, "back": "/c/C01", **fields})
    assert answer.status_code == 200
    return answer.text


def test_a_message_is_drawn_with_author_time_and_blocks(browser: httpx.Client, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C01", text="x", attachments=[{"color": "#b3261e", "blocks": CARD}])

    page = browser.get("/c/C01").text
    assert re.search(r"Broken <span class=\"emoji\"[^>]*>👀</span>", page)
    assert 'fill="#b3261e"' in page
    assert ">Acknowledge</button>" in page
    assert "Tuesday, 14 May 2013" in page


def test_what_somebody_typed_is_never_markup(browser: httpx.Client, console: Console, slack: WebClient) -> None:
    console.say("U01", "C01", "<script>alert(1)</script> <https://a.test|x>")
    evil = '"><script>alert(2)</script>'
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": evil}, "accessory": button(evil, evil, value=evil)},
        {"type": "image", "image_url": "https://a.test/" + evil, "alt_text": evil, "title": plain(evil)},
    ]
    slack.chat_postMessage(channel="C01", text=evil, blocks=blocks, attachments=[{"text": evil, "color": evil}])
    slack.files_upload_v2(filename=evil, content=evil, title=evil, channel="C01")

    page = browser.get("/c/C01").text
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_block_nobody_knows_is_drawn_as_a_box(browser: httpx.Client, console: Console) -> None:
    body = {
        "type": "message",
        "user": "U0BOT",
        "text": "",
        "blocks": [{"type": "hologram", "block_id": "h", "of": "a cat"}],
    }
    console.store.add("C01", body, thread=None, visible_to=None)

    page = browser.get("/c/C01").text
    assert "cannot draw this block: hologram" in page
    assert "a cat" in page


def test_a_message_is_written_as_the_person_one_is(browser: httpx.Client, console: Console) -> None:
    press(browser, "be", person="U02")
    page = press(browser, "say", channel="C01", text="on it, @ana")

    (message,) = console.messages("C01")
    assert (message["user"], message["text"]) == ("U02", "on it, <@U01|ana>")
    assert "on it, <span" in page


def test_a_slash_command_in_the_message_box_goes_to_the_bot(browser: httpx.Client, bot: Any) -> None:
    bot.reply({"text": "all is well"})
    page = press(browser, "say", channel="C01", text="/ml status")

    assert bot.asked[0]["text"] == "status"
    assert "all is well" in page
    assert "Only visible to you" in page


def test_another_command_is_not_sent(browser: httpx.Client, bot: Any) -> None:
    assert "/mlx is not a command here" in press(browser, "say", channel="C01", text="/mlx status")
    assert bot.asked == []


def test_an_ephemeral_is_shown_to_its_reader_until_dismissed(browser: httpx.Client, slack: WebClient) -> None:
    ts = slack.chat_postEphemeral(channel="C01", user="U02", text="a secret")["message_ts"]

    assert "a secret" not in browser.get("/c/C01").text
    assert "a secret" in press(browser, "be", person="U02")
    assert "a secret" not in press(browser, "dismiss", channel="C01", ts=ts)


def test_replies_are_folded_under_their_message(browser: httpx.Client, console: Console, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="root")["ts"]
    press(browser, "say", channel="C01", thread=ts, text="first")
    page = press(browser, "say", channel="C01", thread=ts, text="second")

    assert re.search(rf'<details class="thread" id="t-{re.escape(ts)}">\s*<summary>', page)
    assert "<b>2 replies</b>" in page


def test_a_button_reaches_the_bot(browser: httpx.Client, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x", blocks=CARD)["ts"]
    press(browser, "click", channel="C01", ts=ts, act='["do", "ack", "INC-1"]')

    assert bot.asked[0]["actions"][0]["value"] == "INC-1"


def test_a_select_tells_its_choice_by_its_own_field(browser: httpx.Client, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x", blocks=CARD)["ts"]
    press(browser, "click", channel="C01", ts=ts, act='["do", "who", null]', **{"sel.do.who": "U02"})

    assert bot.asked[0]["actions"][0]["selected_option"]["value"] == "U02"


def test_a_button_with_a_confirmation_asks_first(browser: httpx.Client, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x", blocks=CARD)["ts"]
    clicked = {"channel": "C01", "ts": ts, "act": '["do", "up", null]'}

    page = press(browser, "click", **clicked)
    assert "He wakes up." in page
    assert bot.asked == []
    assert "He wakes up." not in press(browser, "cancel")
    assert bot.asked == []
    press(browser, "click", **clicked)
    assert "He wakes up." not in press(browser, "click", confirmed="1", **clicked)
    assert [asked["actions"][0]["action_id"] for asked in bot.asked] == ["up"]


def test_a_modal_is_shown_to_its_person_and_sent(
    browser: httpx.Client, bot: Any, console: Console, slack: WebClient
) -> None:
    slack.views_open(trigger_id=console.workspace.trigger("U02"), view=FORM)
    assert "Resolve it" not in browser.get("/c/C01").text
    page = press(browser, "be", person="U02")
    assert 'role="dialog"' in page
    view = page.split('name="view" value="')[1].split('"')[0]

    assert "Please complete this required field." in press(browser, "submit", view=view)
    bot.reply({"response_action": "errors", "errors": {"why": "too short"}})
    page = press(browser, "submit", view=view, **{"in.why": "two\r\nlines"})
    assert "too short" in page
    assert "two\nlines</textarea>" in page
    bot.reply("")
    assert "Resolve it" not in press(browser, "submit", view=view, **{"in.why": "enough"})
    assert bot.asked[0]["view"]["state"]["values"]["why"]["text"]["value"] == "two\nlines"


def test_a_modal_can_be_closed(browser: httpx.Client, console: Console, slack: WebClient) -> None:
    view = slack.views_open(trigger_id=console.workspace.trigger("U01"), view=FORM)["view"]["id"]

    assert "Resolve it" not in press(browser, "close", view=view)
    assert console.view("U01") is None


def test_a_bot_that_does_not_answer_is_named_in_the_channel(browser: httpx.Client, bot: Any, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x", blocks=CARD)["ts"]
    bot.reply("oops", status=502)

    assert "the bot answered with HTTP 502" in press(
        browser, "click", channel="C01", ts=ts, act='["do", "ack", "INC-1"]'
    )


def test_the_home_is_drawn_and_its_buttons_work(browser: httpx.Client, bot: Any, slack: WebClient) -> None:
    slack.views_publish(user_id="U01", view={"type": "home", "blocks": CARD})

    page = browser.get("/home").text
    assert "Home of Ana Ruiz" in page
    view = page.split('name="view" value="')[1].split('"')[0]
    while not bot.asked:  # the bot is told of the look after the page was sent
        time.sleep(0.005)
    press(browser, "press", view=view, act='["do", "ack", "INC-1"]')
    assert [asked["type"] for asked in bot.asked] == ["event_callback", "block_actions"]


def test_direct_messages_are_for_one_person(browser: httpx.Client, slack: WebClient) -> None:
    slack.chat_postMessage(channel="U02", text="only for Ben")

    assert "only for Ben" not in browser.get("/c/D02").text
    press(browser, "be", person="U02")
    assert "only for Ben" in browser.get("/c/D02").text


def test_pictures_are_served_as_what_they_are_and_nothing_else_is(browser: httpx.Client, slack: WebClient) -> None:
    picture = slack.files_upload_v2(filename="a.html", content=PNG)["file"]["id"]
    page = slack.files_upload_v2(filename="a.png", content=b"<script>alert(1)</script>")["file"]["id"]

    shown, kept = browser.get(f"/files/{picture}"), browser.get(f"/files/{page}")
    assert shown.headers["content-type"] == "image/png"
    assert kept.headers["content-type"] == "application/octet-stream"
    assert kept.headers["content-disposition"].startswith("attachment")
    assert kept.headers["x-content-type-options"] == "nosniff"


def test_the_stage_is_shown_and_its_controls_work(browser: httpx.Client, story: Any) -> None:
    page = browser.get("/").text
    assert "Day 43 of 101" in page
    assert "Be <b>Ana</b> and press <b>Acknowledge</b>." in page
    assert 'value="430"' in page

    assert "Did pause." in press(browser, "stage", action="pause")
    press(browser, "stage", action="not-a-control")
    assert story.done == ["pause"]


def test_without_a_stage_there_is_no_banner(fresh_console: Console) -> None:
    assert 'class="stage' not in httpx.get(fresh_console.new_link()).text


def test_live_updates_come_only_when_something_changed(browser: httpx.Client, slack: WebClient) -> None:
    first = browser.get("/live", params={"place": "/c/C01", "seen": ""}).json()
    assert "Nothing here yet" in first["body"]
    again = browser.get("/live", params={"place": "/c/C01", "seen": first["version"]}).json()
    assert again["body"] is None
    slack.chat_postMessage(channel="C01", text="news")

    third = browser.get("/live", params={"place": "/c/C01", "seen": first["version"]}).json()
    assert "news" in third["body"]


def test_who_is_mentioned_where_nobody_looked_is_counted(browser: httpx.Client, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C02", text="<@U02> please decide")

    assert re.search(r'<span class="badge"[^>]*>1</span>', browser.get("/c/C01").text)
    press(browser, "be", person="U02")
    assert "please decide" in browser.get("/c/C02").text
    assert 'class="badge"' not in press(browser, "be", person="U01")


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test", "/static/console.js"])
def test_a_form_leads_back_only_to_the_page(browser: httpx.Client, back: str) -> None:
    assert press(browser, "cancel", back=back).startswith("<!doctype html>")


def test_a_long_channel_shows_its_end_and_the_rest_on_request(browser: httpx.Client, console: Console) -> None:
    for number in range(160):
        console.say("U01", "C01", f"message {number}.")

    page = browser.get("/c/C01").text
    assert "80 earlier messages" in page
    assert "message 159." in page
    assert "message 9." not in page
    assert "message 9." in browser.get("/c/C01?all=1").text


def test_everything_can_be_forgotten(browser: httpx.Client, console: Console) -> None:
    console.say("U01", "C01", "before")
    console.clear()

    assert "Nothing here yet" in browser.get("/c/C01").text
