"""Rates where the pipeline runs elsewhere: what live state tells, and None for the rest."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.state import CameraView, MemoryState, PersonView, PostureSeconds
from spotter.core.state.api import Angle
from spotter.dashboard.api.state_rates import StateMeter


def view(camera: str, at: int, latency_s: float, people: int = 1) -> CameraView:
    person = PersonView(
        "t1", np.zeros((17, 2), np.float32), np.ones(17, np.float32), np.zeros(4, np.float32),
        Angle.not_observable("test"), "up",
    )  # fmt: skip
    return CameraView(camera, at, at, 640, 480, (person,) * people, PostureSeconds(), latency_s)


def test_an_empty_state_says_that_nothing_is_known():
    report = StateMeter(MemoryState()).report()
    assert report["frames_per_second"] == {"read": None, "posed": None, "dropped": None}
    assert report["latency_s"] == {"p50": None, "p95": None}
    assert report["queue_depth"] is None
    assert report["people"] == 0


def test_reading_rate_comes_from_health_and_latency_from_fresh_views():
    state, at = MemoryState(), 0.0
    meter = StateMeter(state, window_s=10, clock=lambda: at)
    state.put_health(CameraHealth("a", CameraState.LIVE, 1, frames_read=100, frames_per_second=15.0))
    state.put_health(CameraHealth("b", CameraState.BACKING_OFF, 1, frames_read=50, frames_per_second=9.0))
    for second in range(1, 6):
        at = float(second)
        state.put_view(view("a", second, latency_s=0.1 * second, people=2))
        meter.sample()
        meter.sample()  # the same view again is not a second measurement
    report = meter.report()
    assert report["frames_per_second"]["read"] == 15.0
    assert report["frames"]["read"] == 150
    assert report["people"] == 2
    assert report["latency_s"]["p50"] == pytest.approx(0.3)
    at = 30.0
    meter.sample()
    stale = meter.report()
    assert stale["people"] == 0
    assert stale["latency_s"] == {"p50": None, "p95": None}
