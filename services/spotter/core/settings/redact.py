"""Addresses fit for people: without what they hold in secret."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_TELLING = re.compile(r"(?i)(pass|pwd|psw|token|secret|auth|user|login|api_?key|sig)[a-z_]*[=:]")
"""Cameras of some makers want user and password within the path: /user=admin&password=...&channel=1."""

PATTERN = re.compile(r"test:[0-9]{1,5}x[0-9]{1,5}(@[0-9.]{1,8})?(,[a-z]{1,8}(=[0-9]{1,9})?)*")
"""A test pattern, which looks like user and password and is none."""

_FORGOTTEN = re.compile(r"(?i)(rtsps?|https?|rtmps?|srt|udp|onvif|postgres\w*|rediss?|mqtts?):")


def redact_url(source: str) -> str:
    """A camera source or database URL fit for people: user, password, query values and fragment removed.

    When it is not certain where a password ends ("/" or "@" unescaped within it), everything after the scheme goes.
    """
    scheme, mark, rest = source.partition("://")
    if not mark:
        # A file or folder, or a URL of which scheme or slashes were forgotten.
        forgotten = _FORGOTTEN.match(source)
        if forgotten:
            return f"{forgotten[1].lower()}:***"
        if PATTERN.fullmatch(source):
            return source
        user, at, place = source.rpartition("@")
        source = f"***@{place}" if at and ":" in user else source
        return _without_telling(source)
    try:
        parts = urlsplit(source)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{scheme}://***" if scheme.isalnum() else "***"
    if not parts.scheme or "@" in rest[len(parts.netloc) :]:
        return f"{parts.scheme or '***'}://***"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    user = "***@" if "@" in parts.netloc else ""
    return f"{parts.scheme}://{user}{host}{port}{_without_telling(parts.path)}{'?***' if parts.query else ''}"


def _without_telling(path: str) -> str:
    found = _TELLING.search(path)
    return f"{path[: found.start()]}***" if found else path
