"""Every secret that the settings hold, in each form in which it could turn up in a text."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from spotter.core.errors import ConfigError
from spotter.core.settings.redact import PATTERN
from spotter.core.settings.secret import Secret

SHORTEST = 4
"""A shorter secret would black out half of every text, and protects nothing."""


_TELLING = re.compile(r"(?i)(pass|pwd|psw|token|secret|api_?key)[a-z_]*[=:]")

_ADDRESSES = {"source", "substream", "url"}
"""Names of the secret fields that hold an address or a path, of which people may see a part."""


def known_secrets(settings: BaseModel) -> frozenset[str]:
    """Passwords, tokens and queries of every secret field; of an address not the parts that people may see.

    A secret in a file or variable that cannot be read is left out: it is not known here, so it cannot leak from here.
    """
    found: set[str] = set()
    for name, text in _values("", settings):
        for secret in _parts(text) if name in _ADDRESSES else (text,):
            for plain in (secret, unquote(secret, errors="replace")):
                whole = quote(plain, safe="", errors="replace")
                # As it may stand in an address, and as HTTP and RTSP send it.
                found |= {
                    plain,
                    quote(plain, errors="replace"),
                    whole,
                    _lower(whole),
                    base64.b64encode(plain.encode(errors="replace")).decode(),
                }
    return frozenset(secret for secret in found if len(secret) >= SHORTEST)


def _values(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """(name of the field, text) of every secret."""
    if isinstance(value, SecretStr):
        yield name, value.get_secret_value()
    elif isinstance(value, Secret):
        with contextlib.suppress(ConfigError):
            yield name, value.read("secret")
    elif isinstance(value, BaseModel):
        for key in type(value).model_fields:
            yield from _values(key, getattr(value, key))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _values(str(key), item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _values(name, item)


def _lower(quoted: str) -> str:
    """%2F as %2f: both are in use."""
    return re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), quoted)


def _parts(text: str) -> Iterator[str]:
    """What of an address is secret: what stands before its host and after its path, and values within the path that
    some makers put there (/user=admin&password=...)."""
    if PATTERN.fullmatch(text):
        return
    _, mark, rest = text.partition("://")
    user, at, _ = rest.rpartition("@") if mark else text.rpartition("@")
    if at and (mark or ":" in user):
        yield user
        yield user.partition(":")[2]
    if not mark:
        return
    try:
        parts = urlsplit(text)
    except ValueError:
        yield rest
        return
    yield from (one.partition("=")[2] for one in parts.query.split("&"))
    yield parts.fragment
    telling = _TELLING.search(parts.path)
    if telling is not None:
        # It may hold "&" itself, or end there.
        value = parts.path[telling.end() :]
        yield value
        yield value.partition("&")[0]
