"""A TLS front for a server that speaks plain TCP: terminates TLS on a free loopback port and passes the bytes on."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from types import TracebackType
from typing import Self


class TlsProxy:
    """Use it as a context manager.

    Args:
        context: the server's TLS context; may ask for client certificates.
        target: port of the server behind it; may be set later.
    """

    def __init__(self, context: ssl.SSLContext, target: int = 0) -> None:
        self.target = target
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _spawn(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        self._listener.settimeout(0.1)
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                self._spawn(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        try:
            secure = self._context.wrap_socket(client, server_side=True)
        except OSError:
            client.close()
            return
        with (
            contextlib.suppress(OSError),
            secure,
            socket.create_connection(("127.0.0.1", self.target)) as server,
        ):
            self._pass_on(secure, server)

    def _pass_on(self, secure: ssl.SSLSocket, server: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(secure, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, secure)
            while not self._stopped.is_set():
                for key, _ in ready.select(0.1):
                    source: socket.socket = key.fileobj  # type: ignore[assignment]
                    data = source.recv(65536)
                    while isinstance(source, ssl.SSLSocket) and source.pending():
                        data += source.recv(source.pending())
                    if not data:
                        return
                    key.data.sendall(data)
