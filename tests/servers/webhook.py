"""A webhook's receiver: a real HTTP server that keeps what it gets and answers as it is told."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

KEEP = object()
"""Instead of a status: read the request, keep the line open and say nothing until `release` or the end."""

HANG_UP = object()
"""Instead of a status: close the line without an answer."""

TRICKLE = object()
"""Instead of a status: an answer that comes a byte at a time and never ends."""


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]


class WebhookReceiver:
    """Listens on a free loopback port; use it as a context manager.

    Args:
        answers: what the next requests get, in turn, before `default`: a status, (status, headers), `KEEP`, `HANG_UP`
            or `TRICKLE`.
        tls: speaks https with it.

    Attributes:
        received: all requests, in the order in which they came.
        default: what a request gets when no answer is left.
        delay_s: pause before each answer.
    """

    def __init__(self, *answers: Any, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.answers: deque[Any] = deque(answers)
        self.default: Any = 200
        self.delay_s = 0.0
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._released = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.close_connection = True
                answer = receiver._take(Received(self.path, headers, body, time.time()))
                receiver._ended.wait(receiver.delay_s)
                if answer is KEEP:
                    receiver._released.wait(60)
                elif answer is TRICKLE:
                    self._trickle()
                elif answer is HANG_UP:
                    self.connection.shutdown(socket.SHUT_RDWR)
                else:
                    self._answer(*answer if isinstance(answer, tuple) else (answer, {}))

            do_GET = do_POST

            def _answer(self, status: int, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": "4", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"body")

            def _trickle(self) -> None:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
                        if receiver._ended.wait(0.05):
                            return
                        self.wfile.write(bytes([byte]))
                except OSError:
                    return

            def log_message(self, *_: object) -> None:
                return None

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                return None  # A client that leaves early is part of the tests.

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls is not None else "http"
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def release(self) -> None:
        """Hang up on those that are kept waiting, and keep nobody from now on."""
        self._released.set()

    def url(self, path: str = "/hook", credentials: str = "") -> str:
        return f"{self._scheme}://{credentials}127.0.0.1:{self.port}{path}"

    def wait_for(self, count: int, timeout: float = 20.0) -> list[Received]:
        """The requests, once there are `count` of them."""
        return self.wait_until(lambda received: len(received) >= count, timeout)

    def wait_until(self, true: Callable[[list[Received]], bool], timeout: float = 20.0) -> list[Received]:
        """The requests, once `true` of them; fails after `timeout` seconds."""
        with self._changed:
            came = self._changed.wait_for(lambda: true(self.received), timeout)
            assert came, f"after {timeout} s there are only {[one.key for one in self.received]}"
            return list(self.received)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, received: Received) -> Any:
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()
            return self.answers.popleft() if self.answers else self.default
