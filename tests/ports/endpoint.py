"""A scoring endpoint on this machine, with good and bad manners."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Any]  # status and what is sent as JSON


@dataclass
class Endpoint:
    """`reply` may be changed at any time; `asked` grows."""

    url: str
    reply: Callable[[Mapping[str, Any]], Reply] = lambda body: (200, {"prediction": 1, "confidence": 0.9})
    delay: float = 0.0  # seconds before each answer
    asked: list[tuple[Mapping[str, Any], Mapping[str, str]]] = field(default_factory=list)  # body and headers


@contextmanager
def scoring_endpoint() -> Iterator[Endpoint]:
    """Answers as it is told to."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.asked.append((body, dict(self.headers)))
            status, answer = endpoint.reply(body)
            time.sleep(endpoint.delay)
            sent = json.dumps(answer).encode()
            with suppress(ConnectionError):  # whoever asked had no more time
                self.send_response(status)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/score")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def rude_endpoint(manners: Callable[[socket.socket], None]) -> Iterator[str]:
    """Does with each connection what `manners` does, after the whole request has come; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line, suppress(OSError):
                heard = b""
                while b"\r\n\r\n" not in heard or not heard.endswith(b"}"):
                    heard += line.recv(65536)
                manners(line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/score"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
