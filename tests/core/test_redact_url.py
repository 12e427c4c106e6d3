"""`redact_url`: whatever a password holds, no piece of it reaches people."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.settings import redact_url

# Letters that no other part of the URLs below holds, so that finding one proves a leak.
SECRET_LETTERS = "QXZJKWVY"
FILLING = string.punctuation + string.digits + " é"

secrets = st.lists(
    st.tuples(st.text(SECRET_LETTERS, min_size=1, max_size=4), st.text(FILLING, max_size=3)), min_size=1, max_size=4
).map(lambda pieces: "".join(letters + filling for letters, filling in pieces))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("/data/frames", "/data/frames"),
        ("0", "0"),
        ("rtsp://10.0.0.5/stream", "rtsp://10.0.0.5/stream"),
        ("rtsp://user:word@10.0.0.5:554/stream", "rtsp://***@10.0.0.5:554/stream"),
        ("rtsp://user@10.0.0.5/stream", "rtsp://***@10.0.0.5/stream"),
        ("http://host/video?token=abc&size=2#x", "http://host/video?***"),
        ("rtsp://user:word@[fe80::1]:554/s", "rtsp://***@[fe80::1]:554/s"),
        ("rtsp://user:12/34@host/stream", "rtsp://***"),
        ("rtsp://user:12?34@host/stream", "rtsp://***"),
        ("rtsp://user:a/b@host/stream", "rtsp://***"),
        ("rtsp://host:port/stream", "rtsp://***"),
        ("user:word@host/stream", "***@host/stream"),
        ("sqlite:///spotter-data/spotter.db", "sqlite:///spotter-data/spotter.db"),
        ("sqlite:////var/lib/spotter.db", "sqlite:////var/lib/spotter.db"),
        ("postgresql+psycopg://user:word@db/spotter?sslkey=k", "postgresql+psycopg://***@db/spotter?***"),
    ],
)
def test_known_sources(source: str, shown: str) -> None:
    assert redact_url(source) == shown


@given(
    secret=secrets,
    form=st.sampled_from(["rtsp://u:{}@host:554/s", "http://u:{}@[::1]/s", "u:{}@host/s", "rtsp://{}@host"]),
)
def test_no_letter_of_a_password_survives(secret: str, form: str) -> None:
    shown = redact_url(form.format(secret))
    assert not set(shown) & set(SECRET_LETTERS), shown


@given(secret=secrets)
def test_no_letter_of_a_query_survives(secret: str) -> None:
    shown = redact_url(f"http://host/s?password={secret}")
    assert not set(shown) & set(SECRET_LETTERS), shown
