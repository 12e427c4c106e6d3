"""Addresses fit for people: without what they hold in secret."""

from __future__ import annotations

from urllib.parse import urlsplit


def redact_url(source: str) -> str:
    """A camera source or database URL fit for people: user, password, query values and fragment removed.

    When it is not certain where a password ends ("/" or "@" unescaped within it), everything after the scheme goes.
    """
    scheme, mark, rest = source.partition("://")
    if not mark:
        # A file or folder, or a URL whose scheme was forgotten.
        user, at, place = source.rpartition("@")
        return f"***@{place}" if at and ":" in user else source
    try:
        parts = urlsplit(source)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{scheme}://***" if scheme.isalnum() else "***"
    if not parts.scheme or "@" in rest[len(parts.netloc) :]:
        return f"{parts.scheme or '***'}://***"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    user = "***@" if "@" in parts.netloc else ""
    return f"{parts.scheme}://{user}{host}{port}{parts.path}{'?***' if parts.query else ''}"
