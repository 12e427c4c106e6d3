"""A TCP proxy that hurts: it stands between a client and a server on loopback and cuts, delays, silences or resets.

What each fault is in a real network:
- `delay`: a slow or far link; every chunk arrives later, in order, in both directions.
- `silence`: a partition; connections stay open and new ones are accepted, but nothing passes. Bytes that were on
  their way arrive after `heal`, as TCP would send them again.
- `swallow`: a half-open link; requests pass, answers never come back, so the server has done what the client doubts.
  What was swallowed is lost, so `heal` ends these connections.
- `cut`: the server's address answers nothing; open connections end, new ones are refused.
- `reset`: every open connection ends with RST, once; new ones are served.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

_CHUNK = 65536
_IN_FLIGHT = 256
"""Chunks that a direction holds before it stops reading, so that a slow link pushes back."""


class TcpProxy:
    """Listens on a loopback port and forwards to `target`; use it as a context manager.

    Attributes:
        port: where clients connect; the same over every fault.
        connections: connections taken so far.
    """

    def __init__(self, target: int, *, host: str = "127.0.0.1", port: int | None = None) -> None:
        self._target = (host, target)
        self.port = port or _free_port()
        self.connections = 0
        self._delay_s = 0.0
        self._swallows = False
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        self.heal()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def delay(self, seconds: float) -> None:
        """Every chunk takes this much longer, each way."""
        self._delay_s = seconds

    def silence(self) -> None:
        """Nothing passes any more; nobody is told."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def swallow(self) -> None:
        """The server hears the clients; the clients hear nothing."""
        self._swallows = True

    def cut(self) -> None:
        """Open connections end, new ones are refused."""
        self._call(self._refuse())

    def reset(self) -> None:
        """Every open connection ends with RST; new ones are served."""
        self._call(self._end_links())

    def heal(self) -> None:
        """As if nothing had been: listening, no delay, everything passes."""
        self._delay_s = 0.0
        if self._swallows:
            self._swallows = False
            self.reset()
        if self._server is None:
            self._call(self._listen())
        self._loop.call_soon_threadsafe(self._open.set)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=_CHUNK)

    async def _refuse(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        await self._end_links()

    async def _close(self) -> None:
        await self._refuse()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _end_links(self) -> None:
        for link in list(self._links):
            link.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._open.wait()
            far_reader, far_writer = await asyncio.open_connection(*self._target, limit=_CHUNK)
        except (OSError, asyncio.CancelledError):
            _abort(writer)
            self._tasks.discard(task)
            return
        link = _Link(writer, far_writer)
        self._links.add(link)
        ways = [
            asyncio.ensure_future(self._pump(reader, far_writer, answers=False)),
            asyncio.ensure_future(self._pump(far_reader, writer, answers=True)),
        ]
        try:
            # A side that has finished ends the whole connection: none of our protocols half-closes.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            link.close()
            self._links.discard(link)
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_IN_FLIGHT)
        sender = asyncio.ensure_future(self._send(queue, writer, answers=answers))
        try:
            while data := await reader.read(_CHUNK):
                await queue.put((time.monotonic() + self._delay_s, data))
            await queue.put((time.monotonic() + self._delay_s, b""))
            await sender
        except OSError:
            pass
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sender

    async def _send(
        self, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._open.wait()
            if not data:
                return
            if answers and self._swallows:
                continue
            writer.write(data)
            await writer.drain()


class _Link:
    """The two sockets of one connection."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self._sides = (near, far)

    def reset(self) -> None:
        for side in self._sides:
            _abort(side)

    def close(self) -> None:
        for side in self._sides:
            side.close()


def _abort(writer: asyncio.StreamWriter) -> None:
    """End with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
