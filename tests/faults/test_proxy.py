"""The fault proxy does what it says, on real sockets."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest
from proxy import TcpProxy


class Echo(socketserver.ThreadingTCPServer):
    """Answers each line with itself, and remembers it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        heard = self.heard

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    for line in self.rfile:
                        heard.append(line)
                        self.wfile.write(line)

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[TcpProxy]:
    with TcpProxy(echo.server_address[1]) as proxy:
        yield proxy


def connect(proxy: TcpProxy, timeout: float = 5.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout)


def ask(client: socket.socket, line: bytes) -> bytes:
    client.sendall(line)
    return answer(client, len(line))


def answer(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        chunk = client.recv(size - len(got))
        if not chunk:
            break
        got += chunk
    return got


def test_bytes_pass_unchanged_both_ways(proxy):
    big = b"x" * 3_000_000 + b"\n"
    with connect(proxy, 20) as client:
        assert ask(client, b"hello\n") == b"hello\n"
        sender = threading.Thread(target=client.sendall, args=(big,))
        sender.start()
        assert answer(client, len(big)) == big
        sender.join()
    assert proxy.connections == 1


def test_a_delay_holds_each_chunk_for_both_ways(proxy):
    with connect(proxy) as client:
        ask(client, b"warm\n")
        proxy.delay(0.15)
        begun = time.monotonic()
        assert ask(client, b"slow\n") == b"slow\n"
        assert time.monotonic() - begun >= 0.3
        proxy.heal()
        assert ask(client, b"quick\n") == b"quick\n"


def test_silence_holds_everything_and_healing_delivers_it(proxy, echo):
    with connect(proxy) as client, contextlib.ExitStack() as later:
        ask(client, b"before\n")
        proxy.silence()
        time.sleep(0.05)
        client.sendall(b"held\n")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(10)
        newcomer = later.enter_context(connect(proxy))  # Accepted, as by a router that answers for a dead host.
        assert b"held\n" not in echo.heard
        proxy.heal()
        client.settimeout(5)
        assert answer(client, 5) == b"held\n"
        assert ask(newcomer, b"late\n") == b"late\n"


def test_swallowed_answers_leave_the_server_with_the_deed_done(proxy, echo):
    with connect(proxy) as client:
        ask(client, b"before\n")
        proxy.swallow()
        client.sendall(b"done\n")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(10)
        assert echo.heard[-1] == b"done\n"
        proxy.heal()
        client.settimeout(5)
        with pytest.raises(ConnectionError):
            client.recv(10)
    with connect(proxy) as client:
        assert ask(client, b"again\n") == b"again\n"


def test_a_cut_ends_connections_and_refuses_new_ones_until_healed(proxy):
    with connect(proxy) as client:
        ask(client, b"before\n")
        proxy.cut()
        with pytest.raises(ConnectionError):
            client.recv(10)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.heal()
    with connect(proxy) as client:
        assert ask(client, b"back\n") == b"back\n"


def test_a_reset_ends_open_connections_only(proxy):
    with connect(proxy) as client:
        ask(client, b"before\n")
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(10)
    with connect(proxy) as client:
        assert ask(client, b"next\n") == b"next\n"


def test_a_server_that_is_not_there_resets_its_clients():
    with socket.socket() as taken:  # Bound and not listening.
        taken.bind(("127.0.0.1", 0))
        # The reset may come before the connection is handed over, or after.
        with TcpProxy(taken.getsockname()[1]) as proxy, pytest.raises(ConnectionError), connect(proxy) as client:
            client.recv(10)
