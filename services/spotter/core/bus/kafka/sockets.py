"""Plain connections that close their socket when they fail.

kafka-python 3.0 leaves the socket of a refused connection to the garbage collector, and tries again for ever: while a
broker is away, file descriptors pile up. Its way to add proxies is used to add "no proxy, but closed".
"""

from __future__ import annotations

from typing import Any

from kafka.net.inet import KafkaNetSocket

DIRECT = "direct://"
"""As `proxy_url` of a client."""


class DirectSocket(KafkaNetSocket):  # type: ignore[misc]
    """No proxy; registers itself under `DIRECT`."""

    SCHEMES = ("direct",)

    async def connect(self, net: Any, addrinfo: Any, socket_options: Any = (), timeout_at: float | None = None) -> Any:
        family, kind, protocol, _, address = addrinfo
        connection = self.socket(family, kind, protocol)
        try:
            connection.setblocking(False)
            for option in socket_options:
                connection.setsockopt(*option)
            return await self.sock_connect(net, connection, address, timeout_at=timeout_at)
        except BaseException:
            connection.close()
            raise
