"""Plain connections that close their socket when they fail.

kafka-python 3.0 leaves the socket of a refused connection to the garbage collector, and tries again for ever: while a
broker is away, file descriptors pile up. Its way to add proxies is used to add "no proxy, but closed". It also forgets
the socket of a client that is closed in the middle of sending; `close_left` finds it.
"""

from __future__ import annotations

import socket
import weakref
from typing import Any

from kafka.net.inet import KafkaNetSocket

DIRECT = "direct://"
"""As `proxy_url` of a client."""

_OPENED: weakref.WeakKeyDictionary[Any, weakref.WeakSet[socket.socket]] = weakref.WeakKeyDictionary()
"""Sockets by the network loop that they were opened for."""


def close_left(net: Any) -> None:
    """Close what a closed client has left open; `net` is its network loop. Sockets within TLS are not known here."""
    for left in list(_OPENED.pop(net, ())):
        left.close()


class DirectSocket(KafkaNetSocket):  # type: ignore[misc]
    """No proxy; registers itself under `DIRECT`."""

    SCHEMES = ("direct",)

    async def connect(self, net: Any, addrinfo: Any, socket_options: Any = (), timeout_at: float | None = None) -> Any:
        family, kind, protocol, _, address = addrinfo
        connection = self.socket(family, kind, protocol)
        _OPENED.setdefault(net, weakref.WeakSet()).add(connection)
        try:
            connection.setblocking(False)
            for option in socket_options:
                connection.setsockopt(*option)
            return await self.sock_connect(net, connection, address, timeout_at=timeout_at)
        except BaseException:
            connection.close()
            raise
