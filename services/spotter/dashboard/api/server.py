"""Serve the dashboard from a thread of its own: binds first, so that a bad address is one clear line, not a traceback.

Signals stay with the program; nothing is printed. Stopping ends open streams at once and returns within seconds.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from spotter.core.errors import PortError
from spotter.core.telemetry import get_logger
from spotter.dashboard.api.feed import LiveFeed

_START_S = 10.0
_GRACE_S = 1
_JOIN_S = 5.0
_SEND_BUFFER = 64 * 1024
"""Bytes that the kernel holds for a browser that does not read. Small, because what lies there is old news."""


class DashboardServer:
    """One application on one address.

    Args:
        app: from `create_app`, made with the same host, or another small application.
        host: address to bind; loopback unless `allow_remote`.
        port: 0 takes a free one.
        allow_remote: accept an address that other machines can reach.
        name: what is served, for messages.
    """

    def __init__(
        self, app: FastAPI, host: str, port: int, *, allow_remote: bool = False, name: str = "dashboard"
    ) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._allow_remote = allow_remote
        self._what = name
        self._other_port = "--port 0 for a free port" if name == "dashboard" else f"another {name}.port"
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Bind, serve, and return the port once requests are answered.

        Raises:
            PortError: the address is in use, not allowed or not of this machine; names it and the mend.
        """
        listener = self._bind()
        port: int = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            limit_concurrency=512,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name=f"spotter-{self._what}", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                listener.close()
                raise PortError(
                    f"the {self._what} at {self._name(port)} did not start", mend="The log above says why; try again"
                )
            time.sleep(0.01)
        return port

    def stop(self) -> None:
        """End streams and connections, and wait for the thread; harmless when not started."""
        if self._server is None or self._thread is None:
            return
        feed: LiveFeed | None = getattr(self._app.state, "feed", None)
        if feed is not None:
            feed.close()
        self._server.should_exit = True
        self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            get_logger(__name__).warning("server_did_not_stop", server=self._what, seconds=_JOIN_S)
        self._server = self._thread = None

    def _bind(self) -> socket.socket:
        try:
            family, _, _, _, address = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except (OSError, UnicodeError):
            raise PortError(
                f"{self._what} address '{self._host}' is not known", mend="Use 127.0.0.1, or an address of this machine"
            ) from None
        if not self._allow_remote and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
            raise PortError(
                f"{self._what} address {self._name(self._port)} can be reached from other machines, and there is no "
                "sign-in",
                mend="Use 127.0.0.1, or set dashboard.allow_remote and put a sign-in in front",
            )
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            listener.bind(address)
            # Two sockets may bind the same address; only one may listen there.
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise self._refused(error) from None
        return listener

    def _refused(self, error: OSError) -> PortError:
        name = self._name(self._port)
        if error.errno == errno.EADDRINUSE:
            return PortError(
                f"{self._what} address {name} is in use", mend=f"Stop the other program, or choose {self._other_port}"
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return PortError(
                f"{self._what} address {name} is not allowed for this user", mend="Choose a port from 1024 up"
            )
        if error.errno == errno.EADDRNOTAVAIL:
            return PortError(
                f"{self._what} address {name} is not of this machine",
                mend="Use 127.0.0.1, or an address of this machine",
            )
        return PortError(f"{self._what} address {name} cannot be used: {error.strerror}", mend="Choose another port")

    def _name(self, port: int) -> str:
        return f"[{self._host}]:{port}" if ":" in self._host else f"{self._host}:{port}"


class _Server(uvicorn.Server):
    """Uvicorn that lets go of connections whose browser no longer reads; they would hold the loop open otherwise."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
