"""What services say of their parts on /readyz, by table."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from spotter.cli.service_ingest import cameras_text
from spotter.cli.service_notify import channels_text
from spotter.core.contracts import CameraState
from spotter.dashboard.api.routes.health import is_degraded, is_ready

LIVE, LOST, ENDED, FAILED = CameraState.LIVE, CameraState.BACKING_OFF, CameraState.ENDED, CameraState.FAILED


@pytest.mark.parametrize(
    ("states", "ready", "degraded", "words"),
    [
        ({}, True, False, "ok"),
        ({"a": LIVE, "b": ENDED}, True, False, "ok"),
        ({"a": LIVE, "b": LOST}, True, True, "1 of 2 cameras deliver no frames: 'b' backing off (no answer)"),
        ({"a": FAILED}, False, False, "no camera delivers frames: 'a' failed (no answer)"),
        (dict.fromkeys("abcde", LOST), False, False, "and 2 more"),
    ],
)
def test_cameras(states, ready, degraded, words):
    text = cameras_text(SimpleNamespace(states=states, details=dict.fromkeys(states, "no answer.")))
    assert words in text
    assert (is_ready(text), is_degraded(text)) == (ready, degraded)


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ({}, "ok"),
        ({"chat": "ok", "mail": "ok"}, "ok"),
        ({"chat": "ok", "mail": "degraded: refused"}, "degraded: mail: refused"),
        ({"chat": "degraded: slow", "mail": "degraded: gone"}, "degraded: chat: slow; mail: gone"),
        ({"chat": "ok", "store": "cannot be reached"}, "store: cannot be reached"),
    ],
)
def test_channels(states, text):
    assert channels_text(states) == text


def test_a_store_that_fails_is_not_hidden_by_a_channel_that_is_down():
    text = channels_text({"chat": "degraded: slow", "store": "cannot be reached"})
    assert not is_ready(text)
    assert "store: cannot be reached" in text
    assert "chat: slow" in text
