"""The chat port, on the Slack adapter against a served console: real requests, Slack's own client."""

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from tidewatch.adapters.slack import SlackChat
from tidewatch.console import Channel, Console, ConsoleConfig, Person, serve
from tidewatch.ports.chat import Chat, ChatMessage, ChatUnavailable
from tidewatch.render.blocks import RED, picture, section
from tidewatch.server import free_socket

TOKEN, CHANNEL = "xoxb-chat", "C01"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    place = free_socket(18300)
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    config = ConsoleConfig(
        workspace="Test", url=url, bot_url=f"{url}/nowhere", bot_token=TOKEN, signing_secret="s", page_token="p",
        channels=(Channel(CHANNEL, "alerts"),), people=(Person("U01", "Ana"),), bot=Person("U00", "Tidewatch"),
    )  # fmt: skip
    made = Console(config, tmp_path_factory.mktemp("console"))
    server = uvicorn.Server(uvicorn.Config(serve(made), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield made
    server.should_exit = True
    thread.join()


@pytest.fixture
def chat(console: Console) -> Chat:
    console.clear()
    return SlackChat(TOKEN, f"{console.config.url}/slack/api/")


def test_what_was_posted_is_found_by_its_metadata_and_nothing_else_is(chat: Chat) -> None:
    posted = chat.post(CHANNEL, ChatMessage("one"), metadata={"incident": "INC-1", "post": "1"})
    chat.post(CHANNEL, ChatMessage("two"), metadata={"incident": "INC-1", "post": "2"})
    assert chat.find(CHANNEL, {"incident": "INC-1", "post": "1"}) == posted
    assert chat.find(CHANNEL, {"incident": "INC-1", "post": "3"}) is None


def test_a_reply_is_found_in_its_thread(chat: Chat) -> None:
    root = chat.post(CHANNEL, ChatMessage("root"), metadata={"post": "root"})
    reply = chat.post(CHANNEL, ChatMessage("reply"), metadata={"post": "reply"}, thread=root.ts)
    assert chat.find(CHANNEL, {"post": "reply"}, thread=root.ts) == reply


def test_a_reply_is_found_in_a_thread_of_more_than_one_page(chat: Chat) -> None:
    root = chat.post(CHANNEL, ChatMessage("root"), metadata={"post": "root"})
    replies = [chat.post(CHANNEL, ChatMessage("r"), metadata={"post": str(n)}, thread=root.ts) for n in range(120)]
    assert chat.find(CHANNEL, {"post": "119"}, thread=root.ts) == replies[-1]
    assert chat.find(CHANNEL, {"post": "120"}, thread=root.ts) is None


def test_an_update_changes_the_message_in_place(chat: Chat, console: Console) -> None:
    posted = chat.post(CHANNEL, ChatMessage("before", [section("before")], RED), metadata={"post": "1"})
    chat.update(CHANNEL, posted.ts, ChatMessage("after", [section("after")], RED))
    [message] = console.messages(CHANNEL)
    assert message["ts"] == posted.ts
    assert "after" in str(message["attachments"])
    assert "before" not in str(message)


def test_an_uploaded_picture_can_be_shown(chat: Chat, console: Console) -> None:
    file = chat.upload("drift.png", PNG, title="Drift")
    chat.post(CHANNEL, ChatMessage("see", [picture(file, "a picture")], RED), metadata={"post": "1"})
    assert file in str(console.messages(CHANNEL))


def test_a_whisper_is_for_one_person(chat: Chat, console: Console) -> None:
    chat.whisper(CHANNEL, "U01", "only you")
    assert [each["text"] for each in console.ephemerals("U01", CHANNEL)] == ["only you"]
    assert console.messages(CHANNEL) == []


def test_a_chat_that_is_not_there_is_unavailable() -> None:
    nowhere = SlackChat(TOKEN, "http://127.0.0.1:9/")
    with pytest.raises(ChatUnavailable):
        nowhere.post(CHANNEL, ChatMessage("hello"), metadata={})


def test_a_text_hangs_in_its_thread_once(chat: Chat, console: Console) -> None:
    root = chat.post(CHANNEL, ChatMessage("root"), metadata={"post": "root"})
    for _ in range(2):
        chat.attach(CHANNEL, root.ts, "INC-1-R1.txt", "all that it said\n")
    replies = [message for message in console.messages(CHANNEL) if message.get("thread_ts") == root.ts]
    assert [file["name"] for reply in replies for file in reply.get("files") or ()] == ["INC-1-R1.txt"]
