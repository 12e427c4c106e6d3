"""Signing and verifying webhooks."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.notify.signature import sign, verify

SECRET, BODY, AT = "a-key-that-only-both-sides-know", b'{"type":"alert"}', 1_769_847_300
HEADER = sign(SECRET, BODY, AT)


def test_the_form_that_the_documentation_promises() -> None:
    digest = hmac.new(SECRET.encode(), b"1769847300." + BODY, hashlib.sha256).hexdigest()
    assert f"t=1769847300,v1={digest}" == HEADER


@pytest.mark.parametrize(
    ("header", "body", "secret", "now", "genuine"),
    [
        (HEADER, BODY, SECRET, AT, True),
        (HEADER, BODY, SECRET, AT + 300, True),
        (HEADER, BODY, SECRET, AT - 300, True),
        (HEADER, BODY, SECRET, AT + 301, False),
        (HEADER, BODY, SECRET, AT - 301, False),
        (HEADER, BODY + b" ", SECRET, AT, False),
        (HEADER, BODY, SECRET + "x", AT, False),
        (HEADER.replace("t=1769847300", "t=1769847301"), BODY, SECRET, AT, False),
        (f"t={AT}, v1=0000, {HEADER.split(',')[1]}", BODY, SECRET, AT, True),
        (f"{HEADER},t={AT}", BODY, SECRET, AT, False),
        (HEADER.split(",")[1], BODY, SECRET, AT, False),
        (HEADER.split(",")[0], BODY, SECRET, AT, False),
        (HEADER.replace("v1", "v0"), BODY, SECRET, AT, False),
        ("t=nan,v1=", BODY, SECRET, AT, False),
        ("t=\u00b2,v1=\u00e9", BODY, SECRET, AT, False),
        ("", BODY, SECRET, AT, False),
    ],
)
def test_verify(header: str, body: bytes, secret: str, now: float, genuine: bool) -> None:
    assert verify(secret, body, header, now) is genuine


@settings(deadline=None)
@given(st.text(max_size=80))
def test_what_is_no_signature_is_refused_and_raises_nothing(header: str) -> None:
    assert not verify(SECRET, BODY, header, AT)


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(0, 10**11))
def test_what_was_signed_is_genuine(body: bytes, secret: str, at: int) -> None:
    assert verify(secret, body, sign(secret, body, at), at)
