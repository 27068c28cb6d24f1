"""Who gets pages, on this machine: an HTTP server and a mail server that do as they are told."""

import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest


@dataclass
class Got:
    body: bytes
    headers: Mapping[str, str]


@dataclass
class HttpReceiver:
    """`status` and `retry_after` may be changed at any time; `got` grows."""

    url: str = ""
    status: int = 202
    retry_after: str = ""
    got: list[Got] = field(default_factory=list)


@dataclass
class MailReceiver:
    """`greeting` and `recipient` are what it answers to a connection and to RCPT."""

    port: int = 0
    greeting: str = "220 mail"
    recipient: str = "250 ok"
    password: str = ""  # what AUTH PLAIN must carry
    tls: ssl.SSLContext | None = None
    got: list[Message] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.got.append(Got(body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(receiver.status)
            if receiver.retry_after:
                self.send_header("Retry-After", receiver.retry_after)
            if 300 <= receiver.status < 400:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/key-in-the-address"
    with _served(server):
        yield receiver


class _MailHandler(socketserver.StreamRequestHandler):
    """The part of SMTP that a mail needs, RFC 5321, with STARTTLS and AUTH PLAIN."""

    server: "_MailServer"
    secure = False

    def handle(self) -> None:
        self.say(self.server.receiver.greeting)
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                self.say("221 bye")
                return
            getattr(self, f"on_{verb.lower()}", self.on_other)(rest)

    def finish(self) -> None:
        with self.connection:
            super().finish()

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def on_ehlo(self, _: str) -> None:
        able = ["STARTTLS"] if self.server.receiver.tls and not self.secure else []
        able += ["AUTH PLAIN"] if self.server.receiver.password else []
        self.say("250-mail", *(f"250-{each}" for each in able), "250 ok")

    def on_starttls(self, _: str) -> None:
        assert self.server.receiver.tls is not None
        self.say("220 go ahead")
        try:
            self.connection = self.server.receiver.tls.wrap_socket(self.connection, server_side=True)
        except ssl.SSLError:  # the other side does not trust the certificate, and is gone
            self.rfile = BytesIO()
            return
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.secure = True

    def on_auth(self, given: str) -> None:
        self.say("235 ok" if given == f"PLAIN {self.server.receiver.password}" else "535 no")

    def on_rcpt(self, _: str) -> None:
        self.say(self.server.receiver.recipient)

    def on_data(self, _: str) -> None:
        self.say("354 go ahead")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.receiver.got.append(message_from_bytes(b"".join(lines)))
        self.server.receiver.encrypted.append(self.secure)
        self.say("250 taken")

    def on_other(self, _: str) -> None:
        self.say("250 ok")


class _MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.receiver = MailReceiver(self.server_address[1])


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    server = _MailServer()
    with _served(server):
        yield server.receiver


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def http() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def smtp() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver
