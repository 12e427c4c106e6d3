"""A webhook receiver that keeps what it is sent, checks each signature, and answers 200 unless told otherwise."""

from __future__ import annotations

import http.server
import json
import threading
import time
import uuid
from types import TracebackType
from typing import Self

from faults.outcome import Delivery
from spotter.notify.signature import KEY_HEADER, SIGNATURE_HEADER, verify

SECRET = "the-secret-of-the-fault-suite"  # must never appear in a log


class Receiver:
    """Use it as a context manager; `url` is its address, `deliveries` what came, in order of arrival."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.strangers: list[str] = []
        self.status = 200
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if receiver.status == 200:
                    receiver.keep({name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return None

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/alerts"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def keep(self, headers: dict[str, str], body: bytes) -> None:
        """Take down one request."""
        with self._lock:
            try:
                update = json.loads(body)["update"]
                key = headers[KEY_HEADER.lower()]
                place = uuid.UUID(update["alert_id"]), int(update["number"])
            except (KeyError, TypeError, ValueError) as error:
                self.strangers.append(f"{type(error).__name__}: {error} in {body[:200]!r}")
            else:
                self.deliveries.append(Delivery(key, *place, signed=_signed(headers, body)))

    def taken(self) -> list[Delivery]:
        """A copy of what came so far."""
        with self._lock:
            return list(self.deliveries)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that was killed in mid-request is part of the plan."""


def _signed(headers: dict[str, str], body: bytes) -> bool:
    # Any age will do: a scenario may step the sender's clock.
    return verify(SECRET, body, headers.get(SIGNATURE_HEADER.lower(), ""), time.time(), tolerance_s=float("inf"))
