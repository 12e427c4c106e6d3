"""One POST with a hard deadline, and what its answer means.

- The time of the whole exchange is bounded, also against a server that answers a byte at a time.
- Redirects are not followed: an alert goes where the settings say and nowhere else.
- The body of an answer is not read. An error names the host, never path, query or user: they may hold a token.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from spotter import __version__
from spotter.core.errors import ChannelError, ConfigError

PERMANENT = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 431, 501})
"""Answers that refuse the message itself. Others (a wrong token, a missing path) are mended at the receiver or in the
settings, so the message waits for that."""

RETRY_AFTER_MAX_S = 3600.0
"""No receiver makes an alert wait longer than this [D]."""


class Poster:
    """Sends to one URL.

    Args:
        name: of the channel, for messages.
        url: http or https; user and password in it become basic authentication.
        timeout_s: for the whole exchange.
        token: bearer token, or empty.
        ca_file: PEM file of an authority, or empty for those of the system.

    Raises:
        ConfigError: the URL or the file cannot be used.
    """

    def __init__(self, name: str, url: str, timeout_s: float, *, token: str = "", ca_file: str = "") -> None:
        # The client's own log lines hold the whole URL.
        for noisy in ("httpx", "httpcore"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        self._name = name
        self._url = _checked(name, url)
        self._host = self._url.host
        self._timeout_s = timeout_s
        self._verify = _context(name, ca_file) if self._url.scheme == "https" else False
        self._headers = {"User-Agent": f"spotter/{__version__}"}
        if token:
            if not token.isascii() or not token.isprintable():
                raise ConfigError(f"the token of channel '{name}' has characters that no HTTP header can hold")
            self._headers["Authorization"] = f"Bearer {token}"

    def post(self, content: bytes, headers: Mapping[str, str]) -> None:
        """Send `content` once.

        Raises:
            ChannelError: anything but an answer of 200 to 299 in time.
        """
        try:
            status, retry_after = asyncio.run(self._post(content, {**self._headers, **headers}))
        except TimeoutError:
            raise self._error(f"did not answer within {self._timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise self._error(_reason(error)) from None
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise self._error(f"redirects (answer {status}), which is not followed", "Give the final URL")
        raise ChannelError(
            f"channel '{self._name}': {self._host} answered {status}",
            permanent=status in PERMANENT,
            retry_after_s=retry_after_s(retry_after, datetime.now(UTC)) if status in (429, 503) else None,
        )

    async def _post(self, content: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        async with (
            asyncio.timeout(self._timeout_s),
            httpx.AsyncClient(verify=self._verify, timeout=self._timeout_s, follow_redirects=False) as client,
            client.stream("POST", self._url, content=content, headers=headers) as response,
        ):
            return response.status_code, response.headers.get("retry-after", "")

    def _error(self, what: str, mend: str = "") -> ChannelError:
        return ChannelError(f"channel '{self._name}': {self._host} {what}", mend=mend)


def retry_after_s(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), at most `RETRY_AFTER_MAX_S`; None without one."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value), RETRY_AFTER_MAX_S)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), RETRY_AFTER_MAX_S)


def _checked(name: str, url: str) -> httpx.URL:
    mend = "Write it as https://HOST/PATH"
    try:
        parts, parsed = urlsplit(url), httpx.URL(url)
        _ = parts.port  # Raises for a number that is no port.
    except (ValueError, httpx.InvalidURL):
        raise ConfigError(f"the URL of channel '{name}' cannot be read", mend=mend) from None
    if parts.scheme not in ("http", "https") or not parsed.host:
        raise ConfigError(f"the URL of channel '{name}' is not http:// or https:// with a host", mend=mend)
    return parsed


def _context(name: str, ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "no certificate in PEM form"
        raise ConfigError(f"ca_file '{ca_file}' of channel '{name}' cannot be used: {reason}") from None


def _reason(error: httpx.HTTPError) -> str:
    """In our words: a library's text may hold the URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that is not trusted ({cause.verify_message})"
        if isinstance(cause, socket.gaierror):
            return f"cannot be reached ({cause.strerror})"
        if isinstance(cause, OSError) and cause.errno:
            return f"cannot be reached ({os.strerror(cause.errno)})"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    if isinstance(error, httpx.ConnectError):
        return "cannot be reached"
    return f"broke the exchange off ({type(error).__name__})"
