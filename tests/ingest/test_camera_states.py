"""The states of a camera: what leads from one to the other, by table, by invented deliveries and with a real server."""

from __future__ import annotations

import random
import re
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core import wire
from spotter.core.contracts import CameraHealth, CameraState
from spotter.ingest import flow as flow_module
from spotter.ingest.flow import ENOUGH, FEW, LEARN_S, WINDOW_S, Flow
from spotter.ingest.lifecycle import STARTS, TRANSITIONS

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from servers import RtspServer

PAGE = Path(__file__).parents[2] / "docs" / "cameras.md"
QUICK = {"open_timeout_s": 4.0, "read_timeout_s": 1.5, "backoff_min_s": 0.1, "backoff_max_s": 0.5}


def test_the_drawing_of_the_docs_shows_every_step_and_no_other():
    drawn = {
        (before, after)
        for before, after in re.findall(r"^ *(\w+|\[\*\]) --> (\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    }
    steps = {(before.value, after.value) for before, allowed in TRANSITIONS.items() for after in allowed}
    assert drawn == steps | {("[*]", start.value) for start in STARTS}


def test_every_state_has_a_word_on_the_wire_and_on_the_page():
    script = Path(wire.__file__).parents[2] / "dashboard" / "web" / "static" / "cameras.js"
    words = dict(re.findall(r'^  (\w+): "([^"]+)",$', script.read_text(encoding="utf-8"), re.MULTILINE))
    for state in CameraState:
        sent = CameraHealth("a", state, 1_000)
        assert wire.decode_camera_health(wire.encode_camera_health(sent)) == sent
        assert words[state.value]
    assert [state for state in CameraState if state.delivers] == [CameraState.LIVE, CameraState.DEGRADED]


class Delivery:
    """Items at a rate, and what the flow makes of them."""

    def __init__(self, expected: float | None = None) -> None:
        self.flow = Flow(expected)
        self.now = 100.0
        self.flow.begin(self.now, opened=True)

    def run(self, seconds: float, fps: float, damaged: float = 0.0) -> str:
        """The judgement after so many seconds; every `1 / damaged`-th item is undecodable."""
        debt = 0.0
        for _ in range(round(seconds * fps)):
            self.now += 1 / fps
            self.flow.item(self.now)
            debt += damaged
            if debt >= 1:
                debt -= 1
                self.flow.undecodable()
            self.flow.judge(self.now)
        return self.flow.degraded


def test_nothing_is_judged_before_what_is_usual_is_known():
    delivery = Delivery()
    assert delivery.run(LEARN_S, 15) == ""
    assert delivery.flow.usual_fps is None
    assert Delivery().run(60, 2) == ""  # Slow from the start is usual for this one.


def test_far_fewer_frames_than_usual_is_degraded_until_there_are_enough_again():
    delivery = Delivery()
    assert delivery.run(WINDOW_S + LEARN_S + 2, 15) == ""
    assert delivery.flow.usual_fps == pytest.approx(15, abs=0.2)
    assert delivery.run(WINDOW_S + 2, 15 * (FEW + 0.05)) == ""
    assert re.fullmatch(r"6\.\d frames a second, usually 15\.\d", delivery.run(WINDOW_S + 2, 15 * (FEW - 0.1)))
    # In between the two limits it stays as it was.
    assert delivery.run(60, 15 * (ENOUGH - 0.1)) != ""
    assert delivery.run(WINDOW_S + 2, 15 * (ENOUGH + 0.05)) == ""
    # What it delivered while it was degraded has not become usual.
    assert delivery.flow.usual_fps > 14


def test_a_stated_rate_is_held_against_the_camera_from_the_first_window_on():
    assert re.fullmatch(r"10\.\d frames a second, usually 25\.0", Delivery(expected=25).run(WINDOW_S + 2, 10))
    assert Delivery(expected=25).run(WINDOW_S + 2, 24) == ""


def test_many_undecodable_frames_are_degraded_until_few_are_left():
    delivery = Delivery()
    assert delivery.run(30, 15, damaged=0.15) == ""
    assert "frames cannot be decoded" in delivery.run(WINDOW_S + 2, 15, damaged=0.3)
    assert delivery.run(WINDOW_S + 2, 15, damaged=0.1) != ""
    assert delivery.run(WINDOW_S + 2, 15, damaged=0.02) == ""


def test_a_camera_that_was_opened_anew_is_well_until_a_window_has_passed():
    delivery = Delivery(expected=15)
    assert delivery.run(WINDOW_S + 2, 3) != ""
    delivery.flow.begin(delivery.now, opened=True)
    assert delivery.run(WINDOW_S - 2, 3) == ""
    assert delivery.run(4, 3) != ""


@settings(deadline=None, max_examples=20)
@given(st.floats(2, 60), st.floats(0.0, 0.4), st.integers(0, 2**32))
def test_jitter_alone_never_degrades(fps, jitter, seed):
    delivery, rng = Delivery(), random.Random(seed)
    for index in range(round(60 * fps)):
        now = 100.0 + (index + jitter * rng.random()) / fps
        delivery.flow.item(now)
        assert delivery.flow.judge(now) == ""


def test_a_camera_that_falls_silent_is_stalled_before_it_is_given_up_and_lives_on(ingest):
    with (
        RtspServer() as server,
        ingest({"camera": server.url()}, stall_s=0.5, **{**QUICK, "read_timeout_s": 30.0}) as on,
    ):
        on.wait(lambda: len(on.frames) >= 3)
        server.freeze()
        on.wait_for(CameraState.STALLED)
        assert on.worker.details["camera"].startswith("open, and no frame for 0.")
        assert not on.worker.any_live
        assert on.count("camera_up") == 0
        assert on.count("camera_state", state="stalled") == 1
        server.thaw()
        on.wait_for(CameraState.LIVE)
        assert on.count("camera_up") == 1
    # The stream went on: nothing was opened anew.
    assert on.count("camera_reconnects_total") == 0
    assert on.count("camera_state_changes_total", state="stalled") == 1
    live = CameraState.LIVE
    assert on.steps() == [CameraState.CONNECTING, live, CameraState.STALLED, live, CameraState.ENDED]


def test_a_camera_that_stays_silent_is_stalled_and_then_backs_off(ingest):
    with RtspServer() as server, ingest({"camera": server.url()}, stall_s=0.5, **QUICK) as on:
        on.wait(lambda: len(on.frames) >= 3)
        server.freeze()
        on.wait_for(CameraState.BACKING_OFF)
        server.thaw()
    assert on.steps()[on.steps().index(CameraState.BACKING_OFF) - 1] is CameraState.STALLED


def test_a_camera_far_below_its_rate_is_degraded_and_still_delivers(ingest, monkeypatch):
    monkeypatch.setattr(flow_module, "WINDOW_S", 1.5)
    with RtspServer() as server, ingest({"camera": server.url()}, {"expected_fps": 60}, **QUICK) as on:
        on.wait_for(CameraState.DEGRADED)
        assert "usually 60.0" in on.worker.details["camera"]
        assert on.worker.any_live
        assert on.count("camera_up") == 1
        assert on.count("camera_usual_fps") == 60
        before = len(on.frames)
        on.wait(lambda: len(on.frames) > before + 5)
    assert [state for state in on.steps() if state is CameraState.BACKING_OFF] == []


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_camera_is_live_again_within_ten_seconds_of_its_return(ingest, how):
    """With the timeouts and pauses that are shipped; it was away for long enough to come to the longest pause."""
    with RtspServer() as server, ingest({"camera": server.url()}, read_timeout_s=2.0) as on:
        on.wait(lambda: len(on.frames) >= 3)
        (server.kill if how == "killed" else server.freeze)()
        on.wait(lambda: on.count("camera_state_changes_total", state="backing_off") >= (4 if how == "killed" else 1))
        (server.start if how == "killed" else server.thaw)()
        back, before = time.monotonic(), len(on.frames)
        on.wait(lambda: len(on.frames) > before, timeout=10)
        assert on.arrived[before] - back < 10
        on.wait_for(CameraState.LIVE)
