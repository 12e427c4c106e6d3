"""The last line of defence for secrets: takes them out of texts on their way to a log or a terminal.

Every message is written without secrets in the first place; this is for the libraries, which know no such rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

STARS = "***"

_USER = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://)[^\s'\"<>]+@")
"""User and password of an address that no setting holds. Up to the last "@": a password may hold "/" and "@" itself."""

_HEADER = re.compile(r"(?i)\b((?:proxy-)?authorization[\"']?\s*[:=]\s*)[^\r\n]+")
"""What a client proves itself with: FFmpeg shows it in its requests, in base64, when it is made talkative."""

_TELLING = re.compile(r"(?i)\b((?:password|passwd|pwd|token|secret|api_?key)=)[^&\s'\"<>]+")
"""Values of a query or a path that say themselves what they are."""


class Cleaner:
    """Takes known secrets, and the users and telling values of any address, out of texts.

    Args:
        secrets: texts that may not be shown, see `core.settings.known_secrets`.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Take these out from now on too; those known before stay secret."""
        self._secrets |= set(secrets)
        # The longest first: a secret may hold another one.
        longest_first = sorted(self._secrets, key=lambda secret: (-len(secret), secret))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def clean(self, text: str) -> str:
        """`text` without them."""
        known = self._known
        if known is not None:
            text = known.sub(STARS, text)
        if "@" in text:
            text = _USER.sub(rf"\1{STARS}@", text)
        if "=" in text:
            text = _TELLING.sub(rf"\1{STARS}", text)
        return _HEADER.sub(rf"\1{STARS}", text) if "uthorization" in text else text

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """As a processor of structlog."""
        return {name: self._deep(value) for name, value in event.items()}

    def _deep(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, dict):
            return {self._deep(key): self._deep(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._deep(item) for item in value]
        if isinstance(value, BaseException):
            return self.clean(f"{type(value).__name__}: {value}")
        return value if isinstance(value, int | float | bool | None) else self.clean(str(value))
