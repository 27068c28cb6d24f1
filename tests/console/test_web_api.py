"""slack_sdk's own client works unchanged against the console."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tidewatch.console import Console, ConsoleConfig
from tidewatch.console.store import Store

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*hello*"}}
META = {"event_type": "incident", "event_payload": {"id": "INC-1", "seq": 3}}


def error_of(error: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(error.value.response["error"])


def test_the_bot_learns_who_it_is(slack: WebClient) -> None:
    answer = slack.auth_test()

    assert (answer["user_id"], answer["bot_id"], answer["team"]) == ("U0BOT", "B0BOT", "Tidewatch local")


def test_a_posted_message_is_in_the_history_with_its_blocks(slack: WebClient) -> None:
    posted = slack.chat_postMessage(channel="C01", text="hello", blocks=[SECTION], metadata=META)

    (message,) = slack.conversations_history(channel="C01", include_all_metadata=True)["messages"]
    assert message["ts"] == posted["ts"]
    assert message["blocks"][0]["text"]["text"] == "*hello*"
    assert message["metadata"] == META
    assert message["bot_id"] == "B0BOT"


def test_metadata_is_told_only_when_asked_for(slack: WebClient) -> None:
    slack.chat_postMessage(channel="C01", text="hello", metadata=META)

    assert "metadata" not in slack.conversations_history(channel="C01")["messages"][0]


def test_every_ts_is_later_than_the_one_before_even_on_a_clock_that_stands_still(tmp_path: Path) -> None:
    store = Store(tmp_path, lambda: datetime(2013, 5, 14, tzinfo=UTC))
    stamps = [store.add("C1", {}, thread=None, visible_to=None).ts for _ in range(5)]

    assert stamps == sorted(set(stamps))
    assert stamps[:2] == ["1368489600.000000", "1368489600.000100"]
    store.close()


def test_history_is_newest_first_after_oldest_and_comes_in_pages(slack: WebClient) -> None:
    stamps = [slack.chat_postMessage(channel="C01", text=str(number))["ts"] for number in range(5)]

    first = slack.conversations_history(channel="C01", oldest=stamps[0], limit=3)
    rest = slack.conversations_history(
        channel="C01", oldest=stamps[0], limit=3, cursor=first["response_metadata"]["next_cursor"]
    )

    assert [message["text"] for message in first["messages"]] == ["4", "3", "2"]
    assert first["has_more"]
    assert [message["text"] for message in rest["messages"]] == ["1"]


def test_replies_stay_in_their_thread(slack: WebClient) -> None:
    root = slack.chat_postMessage(channel="C01", text="root")["ts"]
    slack.chat_postMessage(channel="C01", text="quiet", thread_ts=root)
    slack.chat_postMessage(channel="C01", text="loud", thread_ts=root, reply_broadcast=True)

    top = slack.conversations_history(channel="C01")["messages"]
    thread = slack.conversations_replies(channel="C01", ts=root)["messages"]
    assert [message["text"] for message in top] == ["loud", "root"]
    assert top[1]["reply_count"] == 2
    assert [message["text"] for message in thread] == ["root", "quiet", "loud"]


def test_an_update_replaces_blocks_and_keeps_the_metadata(slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="before", blocks=[SECTION], metadata=META)["ts"]

    slack.chat_update(channel="C01", ts=ts, text="after")

    (message,) = slack.conversations_history(channel="C01", include_all_metadata=True)["messages"]
    assert message["text"] == "after"
    assert "blocks" not in message
    assert message["metadata"] == META


def test_a_deleted_message_with_replies_leaves_a_tombstone(slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="root")["ts"]
    slack.chat_postMessage(channel="C01", text="reply", thread_ts=ts)
    alone = slack.chat_postMessage(channel="C01", text="alone")["ts"]

    slack.chat_delete(channel="C01", ts=ts)
    slack.chat_delete(channel="C01", ts=alone)

    (left,) = slack.conversations_history(channel="C01")["messages"]
    assert (left["ts"], left["subtype"]) == (ts, "tombstone")


def test_an_ephemeral_is_seen_by_one_person_and_by_no_history(slack: WebClient, console: Console) -> None:
    slack.chat_postEphemeral(channel="C01", user="U02", text="just for you")

    assert [each["text"] for each in console.ephemerals("U02", "C01")] == ["just for you"]
    assert console.ephemerals("U01", "C01") == []
    assert slack.conversations_history(channel="C01")["messages"] == []


def test_a_permalink_leads_to_the_message(slack: WebClient, config: ConsoleConfig) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x")["ts"]

    assert slack.chat_getPermalink(channel="C01", message_ts=ts)["permalink"] == f"{config.url}/c/C01#m-{ts}"


def test_a_message_to_a_person_is_a_direct_message(slack: WebClient, console: Console) -> None:
    assert slack.chat_postMessage(channel="U02", text="hi")["channel"] == "D02"
    assert slack.conversations_open(users="U02")["channel"]["id"] == "D02"
    assert [message["text"] for message in console.messages("D02")] == ["hi"]


def test_people_and_channels_can_be_looked_up(slack: WebClient) -> None:
    assert slack.users_info(user="U01")["user"]["real_name"] == "Ana Ruiz"
    assert [user["id"] for user in slack.users_list()["members"]] == ["U01", "U02", "U0BOT"]
    assert [channel["name"] for channel in slack.conversations_list()["channels"]] == ["model-alerts", "approvals"]
    assert slack.conversations_info(channel="C02")["channel"]["name"] == "approvals"


def test_an_uploaded_picture_can_be_named_in_a_block(slack: WebClient) -> None:
    file = slack.files_upload_v2(filename="p.png", content=PNG, title="A picture")["file"]

    assert slack.files_info(file=file["id"])["file"]["mimetype"] == "image/png"
    block = {"type": "image", "slack_file": {"id": file["id"]}, "alt_text": "A picture"}
    assert slack.chat_postMessage(channel="C01", text="see", blocks=[block])["ok"]


def test_an_upload_with_a_channel_is_shared_there(slack: WebClient, console: Console) -> None:
    slack.files_upload_v2(filename="run.log", content="line 1\nline 2", channel="C01", initial_comment="the log")

    (message,) = console.messages("C01")
    assert (message["text"], message["files"][0]["name"]) == ("the log", "run.log")


def test_a_block_cannot_name_a_file_that_is_not_there_or_no_picture(slack: WebClient) -> None:
    log = slack.files_upload_v2(filename="p.png", content=b"not a picture")["file"]["id"]
    for file_id in (log, "FNONE"):
        block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "x"}
        with pytest.raises(SlackApiError) as error:
            slack.chat_postMessage(channel="C01", text="x", blocks=[block])
        assert error_of(error) == "invalid_blocks"


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.postMessage", {"channel": "C99", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C01"}, "no_text"),
        ("chat.postMessage", {"channel": "C01", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C01", "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C01", "text": "x", "blocks": [{"type": "nope"}]}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C01", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C01", "text": "x", "metadata": {}}, "invalid_metadata_format"),
        ("chat.postMessage", {"channel": "C01", "attachments": [{"blocks": [{}]}]}, "invalid_attachments"),
        ("chat.postMessage", {"channel": "C01", "text": 7}, "invalid_arguments"),
        ("chat.update", {"channel": "C01", "ts": "1.0", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": "C01", "ts": "1.0"}, "message_not_found"),
        ("conversations.replies", {"channel": "C01", "ts": "1.0"}, "thread_not_found"),
        ("users.info", {"user": "U99"}, "user_not_found"),
        ("files.info", {"file": "F99"}, "file_not_found"),
        ("views.open", {"trigger_id": "1.2", "view": {"type": "modal"}}, "invalid_arguments"),
        ("chat.postTelegram", {}, "unknown_method"),
    ],
)
def test_refusals_have_slacks_names(slack: WebClient, method: str, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(SlackApiError) as error:
        slack.api_call(method, json=arguments or {"x": 1})

    assert error_of(error) == code


def test_an_update_takes_less_text_than_a_post(slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="C01", text="x" * 12_000)["ts"]

    with pytest.raises(SlackApiError) as error:
        slack.chat_update(channel="C01", ts=ts, text="x" * 4001)
    assert error_of(error) == "msg_too_long"


def test_too_much_text_over_all_attachments_is_refused(slack: WebClient) -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
    with pytest.raises(SlackApiError) as error:
        slack.chat_postMessage(channel="C01", text="x", attachments=[{"blocks": [long] * 3}, {"blocks": [long] * 2}])
    assert error_of(error) == "msg_blocks_too_long"


def test_invalid_blocks_say_where(slack: WebClient) -> None:
    with pytest.raises(SlackApiError) as error:
        slack.chat_postMessage(channel="C01", text="x", blocks=[SECTION, {"type": "header"}])

    assert error.value.response["errors"] == ["missing required field: text [json-pointer:/blocks/1]"]


@pytest.mark.parametrize(("token", "code"), [("xoxb-wrong", "invalid_auth"), (None, "not_authed")])
def test_the_web_api_wants_the_bots_token(config: ConsoleConfig, console: Console, token: str, code: str) -> None:
    with pytest.raises(SlackApiError) as error:
        WebClient(token=token, base_url=f"{config.url}/slack/api/").chat_postMessage(channel="C01", text="x")

    assert error_of(error) == code
    assert console.messages("C01") == []


def test_forms_and_json_are_understood_alike(slack: WebClient, console: Console) -> None:
    slack.api_call("chat.postMessage", params={"channel": "C01", "text": "x", "blocks": json.dumps([SECTION])})
    slack.api_call("chat.postMessage", json={"channel": "C01", "text": "x", "blocks": [SECTION]})

    one, other = console.messages("C01")
    assert one["blocks"] == other["blocks"]


def test_a_person_can_not_be_put_words_into_the_mouth(slack: WebClient, console: Console) -> None:
    ts = console.say("U01", "C01", "mine").ts
    for call in (slack.chat_update, slack.chat_delete):
        with pytest.raises(SlackApiError):
            call(channel="C01", ts=ts, text="changed")
    assert console.messages("C01")[0]["text"] == "mine"


def test_a_restart_forgets_nothing(config: ConsoleConfig, tmp_path: Path) -> None:
    first = Console(config, tmp_path)
    ts = first.workspace.say(config.bot, "C01", {"text": "before", "metadata": META}).ts
    first.workspace.whisper(config.bot, "C01", {"text": "psst"}, "U01")
    file_id, upload = first.store.expect_file("p.png", "p")
    first.store.fill_file(upload, PNG)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Open"}, "blocks": [SECTION]}
    first.workspace.show(first.workspace.trigger("U01"), view)
    # not closed: a killed process does not get to do that either

    second = Console(config, tmp_path)

    assert second.messages("C01")[0]["metadata"] == META
    assert second.messages("C01")[0]["ts"] == ts
    assert second.ephemerals("U01", "C01")[0]["text"] == "psst"
    assert getattr(second.store.file(file_id), "content", None) == PNG
    opened = second.view("U01")
    assert opened is not None
    assert opened.body["title"]["text"] == "Open"
    first.close()
    second.close()


def test_an_upload_address_works_once(slack: WebClient) -> None:
    address = slack.files_getUploadURLExternal(filename="a.txt", length=3)["upload_url"]

    assert httpx.post(address, content=b"abc").status_code == 200
    assert httpx.post(address, content=b"abc").status_code == 404
