"""The signature of a webhook: HMAC-SHA256 over "timestamp.body", as `t=SECONDS,v1=HEX` in one header.

The timestamp is part of what is signed, so an old message cannot be sent again with a fresh time. More than one `v1=`
may stand in the header; one that fits is enough, so a key can be changed without a gap.
"""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE_HEADER = "Spotter-Signature"
KEY_HEADER = "Idempotency-Key"
TOLERANCE_S = 300.0
"""A signature older or newer than this is refused [D]; five minutes, as usual with webhooks."""


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """The header's value for `body` at `timestamp` (whole seconds, UTC)."""
    return f"t={timestamp},v1={_digest(secret, body, str(timestamp))}"


def verify(secret: str, body: bytes, header: str, now: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """Whether a received message is genuine and fresh.

    Args:
        secret: the HMAC key that both sides know.
        body: the bytes as received, before any parsing.
        header: value of the header `Spotter-Signature`.
        now: the receiver's clock, seconds since 1970.
        tolerance_s: largest difference between timestamp and clock.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()) or len(stamps[0]) > 12:
        return False
    expected = _digest(secret, body, stamps[0])
    # Every digest is compared, and in constant time, so that the answer's time tells nothing.
    fits = [hmac.compare_digest(expected.encode(), value.encode()) for name, _, value in parts if name == "v1"]
    return any(fits) and abs(now - int(stamps[0])) <= tolerance_s


def _digest(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
