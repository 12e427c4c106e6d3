"""What a client answers when a camera asks who it is: Basic (RFC 7617) and Digest (RFC 2617, 7616). Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.request import parse_http_list, parse_keqv_list

_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
"""Algorithms of RFC 7616 that cameras offer. MD5 is weak, and what most of them know."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in which a camera lets a client prove itself: "basic" or "digest", and its parameters."""

    scheme: str
    parameters: Mapping[str, str]

    @classmethod
    def parse(cls, header: str) -> Challenge:
        """Of one WWW-Authenticate header. What cannot be read has no parameters."""
        scheme, _, rest = header.strip().partition(" ")
        scheme = re.sub(r"[^A-Za-z0-9-]", "", scheme)[:20]
        try:
            pairs = parse_keqv_list(parse_http_list(rest))
        except (ValueError, IndexError):
            pairs = {}
        return cls(scheme.lower(), {name.lower(): value for name, value in pairs.items()})

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.scheme} {self.algorithm}".strip()

    @property
    def algorithm(self) -> str:
        """Of a digest, MD5 where it is not said; empty for others."""
        algorithm = self.parameters.get("algorithm", "MD5") if self.scheme == "digest" else ""
        return re.sub(r"[^A-Z0-9-]", "", algorithm.upper())[:20]

    @property
    def usable(self) -> bool:
        if self.scheme == "digest":
            return self.algorithm in _HASHES and "nonce" in self.parameters
        return self.scheme == "basic"


def strongest(challenges: Sequence[Challenge]) -> Challenge | None:
    """The one to answer: digest before basic, SHA-256 before MD5; None where none is known here."""
    order = {"digest SHA-256": 0, "digest MD5": 1, "basic": 2}
    usable = [one for one in challenges if one.usable]
    return min(usable, key=lambda one: order.get(one.name, 1), default=None)


def authorization(challenge: Challenge, method: str, uri: str, user: str, password: str, cnonce: str) -> str:
    """Value of the Authorization header. Holds the password, or what it can be guessed from: never for people.

    Args:
        cnonce: random text of the client, used where the camera asks for quality "auth".
    """
    if challenge.scheme == "basic":
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    given = challenge.parameters
    realm, nonce = given.get("realm", ""), given["nonce"]

    def digest(text: str) -> str:
        return _HASHES[challenge.algorithm](text.encode())

    secret, action = digest(f"{user}:{realm}:{password}"), digest(f"{method}:{uri}")
    fields = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
    bare = {}
    if "auth" in re.split(r"[\s,]+", given.get("qop", "").lower()):
        fields["cnonce"] = cnonce
        bare = {"qop": "auth", "nc": "00000001"}
        fields["response"] = digest(f"{secret}:{nonce}:00000001:{cnonce}:auth:{action}")
    else:
        fields["response"] = digest(f"{secret}:{nonce}:{action}")
    if "opaque" in given:
        fields["opaque"] = given["opaque"]
    if "algorithm" in given:
        bare["algorithm"] = challenge.algorithm
    quoted = [f'{name}="{_escaped(value)}"' for name, value in fields.items()]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in bare.items())])


def _escaped(text: str) -> str:
    """Within quotes; a line break would end the header."""
    return re.sub(r"[\r\n]", " ", text).replace("\\", "\\\\").replace('"', '\\"')
