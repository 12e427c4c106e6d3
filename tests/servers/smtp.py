"""A real SMTP server (aiosmtpd) on a free loopback port that keeps the mail it gets; use it as a context manager."""

from __future__ import annotations

import email
import socket
import threading
from email.message import Message
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller


class SmtpServer:
    """Attributes: `port`, `mails`; `refuse` makes it refuse every mail."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refuse = False
        self._changed = threading.Condition()
        server = self

        class Handler:
            async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
                if server.refuse:
                    return "451 4.3.0 later, please"
                with server._changed:
                    server.mails.append(email.message_from_bytes(envelope.content))
                    server._changed.notify_all()
                return "250 OK"

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._controller = Controller(Handler(), hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    def wait_for(self, count: int, timeout: float = 15.0) -> list[Message]:
        """The mails, once there are `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.mails) >= count, timeout), len(self.mails)
            return list(self.mails)
