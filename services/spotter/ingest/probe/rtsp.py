"""Asks an RTSP camera for its options and the description of its stream (RFC 2326, sections 10.1 and 10.2).

FFmpeg says only that a camera did not open; this says at which question it stopped. Nothing is set up or played, so a
camera that allows one viewer alone is not disturbed. Every wait is bounded, and what a camera sends is limited.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from spotter.ingest.probe.digest import Challenge, authorization, strongest
from spotter.ingest.sources.address import StreamAddress

_MOST_BYTES = 256 * 1024
"""An answer beyond this size is none."""


class NoRtspError(Exception):
    """The other side does not talk RTSP, or stopped in the middle; the text is for people."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a camera answered.

    Attributes:
        status: RTSP status code, as those of HTTP.
        reason: the camera's words; printable text.
        headers: (name in lower case, value) in their order.
        body: text after the headers.
        challenges: how the camera wants the client to prove itself.
        tried: what was answered to that; empty where nothing was.
    """

    status: int
    reason: str
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: str = field(repr=False)
    challenges: tuple[Challenge, ...] = ()
    tried: str = ""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


class RtspConversation:
    """One connection to a camera; use it as a context manager.

    Args:
        address: of the camera; user and password are in its URL.
        timeout_s: longest wait for each answer.

    Raises:
        OSError: no connection, or TLS that does not come about.
    """

    def __init__(self, address: StreamAddress, timeout_s: float) -> None:
        parts = urlsplit(address.url)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        host = f"[{address.host}]" if ":" in address.host else address.host
        query = f"?{parts.query}" if parts.query else ""
        self._uri = f"{address.scheme}://{host}:{address.port}{parts.path or '/'}{query}"
        self._timeout_s = timeout_s
        self._number = 0
        self._rest = b""
        self._socket = socket.create_connection((address.host, address.port), timeout_s)
        if address.scheme == "rtsps":
            try:
                self._socket = _unchecked().wrap_socket(self._socket, server_hostname=address.host)
            except BaseException:
                self._socket.close()
                raise

    def __enter__(self) -> RtspConversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def has_user(self) -> bool:
        return bool(self._user)

    @property
    def encryption(self) -> str:
        """Version of TLS; empty without."""
        return self._socket.version() or "" if isinstance(self._socket, ssl.SSLSocket) else ""

    def ask(self, method: str) -> Answer:
        """One question; asked again with user and password where the camera wants to know them and they are known.

        Raises:
            NoRtspError: the answer is not RTSP, too long, or did not come in time.
        """
        answer = self._ask(method, "")
        challenges = tuple(
            Challenge.parse(value) for name, value in answer.headers if name == "www-authenticate" and value.strip()
        )
        chosen = strongest(challenges)
        if answer.status != 401 or chosen is None or not self._user:
            return Answer(answer.status, answer.reason, answer.headers, answer.body, challenges)
        proof = authorization(chosen, method, self._uri, self._user, self._password, secrets.token_hex(8))
        second = self._ask(method, proof)
        return Answer(second.status, second.reason, second.headers, second.body, challenges, chosen.name)

    def _ask(self, method: str, proof: str) -> Answer:
        self._number += 1
        lines = [f"{method} {self._uri} RTSP/1.0", f"CSeq: {self._number}", "User-Agent: Spotter"]
        lines += ["Accept: application/sdp"] if method == "DESCRIBE" else []
        lines += [f"Authorization: {proof}"] if proof else []
        deadline = time.monotonic() + self._timeout_s
        try:
            self._socket.settimeout(self._timeout_s)
            self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode(errors="replace"))
            status, reason, headers = _parsed(self._head(deadline))
            length = next((value for name, value in headers if name == "content-length"), "0")
            size = int(length) if length.isascii() and length.isdecimal() and len(length) < 7 else 0
            while len(self._rest) < size:
                self._more(deadline)
        except TimeoutError:
            raise NoRtspError(f"did not answer {method} within {self._timeout_s:g} s") from None
        except OSError as error:
            raise NoRtspError(f"closed the connection at {method}: {error.strerror or 'TLS fault'}") from None
        body, self._rest = self._rest[:size], self._rest[size:]
        return Answer(status, reason, headers, body.decode("utf-8", "replace"))

    def _head(self, deadline: float) -> str:
        """The first line of the next answer and its headers."""
        while b"\r\n\r\n" not in self._rest:
            if not b"RTSP/".startswith(self._rest[:5]):
                raise NoRtspError("answers, but not in RTSP")
            self._more(deadline)
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        return head.decode("utf-8", "replace")

    def _more(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        data = self._socket.recv(65536)
        if not data:
            raise NoRtspError("closed the connection without an answer")
        if len(self._rest) + len(data) > _MOST_BYTES:
            raise NoRtspError("sends an answer without an end")
        self._rest += data


def _parsed(head: str) -> tuple[int, str, list[tuple[str, str]]]:
    first, *lines = head.split("\r\n")
    version, _, rest = first.partition(" ")
    code, _, reason = rest.partition(" ")
    if not version.startswith("RTSP/") or not (code.isascii() and code.isdecimal() and len(code) == 3):
        raise NoRtspError("answers, but not in RTSP")
    pairs = [line.partition(":") for line in lines]
    shown = "".join(letter for letter in reason if letter.isprintable())[:60]
    return int(code), shown, [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _unchecked() -> ssl.SSLContext:
    """Cameras sign their own certificates; FFmpeg, which reads the stream afterwards, takes any of them too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
