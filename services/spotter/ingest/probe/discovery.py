"""Asks the local network for ONVIF cameras, for a bounded time, and collects who answers.

A question goes out of every network interface, twice, because datagrams get lost. Routers do not pass it on: a camera
behind one is found only when it is asked by its own address.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import time
import uuid
from collections.abc import Iterator

from spotter.core.errors import SourceError
from spotter.ingest.probe.onvif import GROUP, KINDS, PORT, FoundCamera, probe_message, read_answer

_REPEATED_AFTER_S = 0.4
_MOST = 500
"""Answers beyond so many different cameras are left."""


def discover(for_s: float, address: str = GROUP, port: int = PORT) -> list[FoundCamera]:
    """The cameras that answer within so many seconds, by address.

    Args:
        for_s: seconds; cameras wait for up to half a second before they answer.
        address: IPv4 address that is asked: everybody, or one camera.

    Raises:
        SourceError: the question cannot be sent at all.
    """
    found: dict[tuple[str, str], FoundCamera] = {}
    with _sockets(address, port) as (sockets, selector):
        asked = {uuid.uuid4(): kind for kind in KINDS}
        messages = [probe_message(kind, message_id) for message_id, kind in asked.items()]
        if not _send(sockets, messages, address, port):
            raise SourceError(f"nothing can be sent to {address}:{port}", mend="Check this machine's network")
        begun = time.monotonic()
        repeat = True
        while (passed := time.monotonic() - begun) < for_s:
            if repeat and passed > _REPEATED_AFTER_S:
                repeat = False
                _send(sockets, messages, address, port)
            for key, _ in selector.select(min(0.1, for_s - passed)):
                with contextlib.suppress(OSError):
                    data, sender = key.fileobj.recvfrom(65535)  # type: ignore[union-attr]
                    for camera in read_answer(data, str(sender[0]), frozenset(asked)):
                        if len(found) < _MOST:
                            # One with several interfaces answers from each of them.
                            found.setdefault((camera.address, camera.id), camera)
    return sorted(found.values(), key=lambda camera: (socket.inet_aton(camera.address), camera.id))


@contextlib.contextmanager
def _sockets(address: str, port: int) -> Iterator[tuple[list[socket.socket], selectors.BaseSelector]]:
    """One for each interface when all are asked; one in the system's way for a single camera."""
    group = socket.inet_aton(address)[0] >> 4 == 14  # 224.0.0.0/4
    sockets: list[socket.socket] = []
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for index in [0, *(number for number, _ in _interfaces())] if group else [0]:
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.setblocking(False)
            if group:
                one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            if index:
                try:
                    # struct ip_mreqn: no group, no address, the number of the interface.
                    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", b"", b"", index))
                except OSError:
                    continue
            selector.register(one, selectors.EVENT_READ)
            sockets.append(one)
        yield sockets, selector


def _interfaces() -> list[tuple[int, str]]:
    try:
        return socket.if_nameindex()
    except (AttributeError, OSError):
        return []


def _send(sockets: list[socket.socket], messages: list[bytes], address: str, port: int) -> int:
    """How many went out; an interface that is down is left out."""
    sent = 0
    for one in sockets:
        for message in messages:
            with contextlib.suppress(OSError):
                one.sendto(message, (address, port))
                sent += 1
    return sent
