"""What every `LiveState` promises. A subclass gives `state` and, for another process' end of it, `other`."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from spotter.core.contracts import Angle, CameraHealth, CameraState, Status
from spotter.core.state import CameraView, LiveState, PersonView, PostureSeconds

SOON_S = 10.0
"""Longest wait for what another thread or process sees soon."""


def person(track: str = "p1", seed: int = 0) -> PersonView:
    random = np.random.default_rng(seed)
    return PersonView(
        track_id=track,
        keypoints=random.uniform(0, 1000, (17, 2)).astype(np.float32),
        confidences=random.uniform(0, 1, 17).astype(np.float32),
        box=random.uniform(0, 1000, 4).astype(np.float32),
        trunk_inclination=Angle(12.5, 3.25, 21.75, Status.BOUNDED, "view unknown"),
        posture="on_ground",
    )


def view(camera: str, sequence: int, *people: PersonView) -> CameraView:
    seconds = PostureSeconds(1.5, 2.25, 0.1, 4.0, 5.0)
    return CameraView(camera, sequence, sequence * 1000, 640, 480, people, seconds, 0.125)


class LiveStateConformance:
    """Write at one end, look at the other."""

    @pytest.fixture
    def other(self, state: LiveState) -> LiveState:
        return state

    def sees(self, state: LiveState, camera: str, sequence: int) -> CameraView:
        """The view `sequence` of a camera, once it is there."""
        deadline = time.monotonic() + SOON_S
        while (found := state.views().get(camera)) is None or found.sequence != sequence:
            assert time.monotonic() < deadline, f"{camera} {sequence} never came: {state.views()}"
            state.wait(state.version(), 0.05)
        return found

    def test_the_newest_view_of_each_camera(self, state: LiveState, other: LiveState) -> None:
        for sequence in range(3):
            state.put_view(view("a", sequence))
        state.put_view(view("b", 7))
        self.sees(other, "a", 2)
        self.sees(other, "b", 7)
        assert set(other.views()) == {"a", "b"}

    def test_a_view_comes_out_as_it_went_in(self, state: LiveState, other: LiveState) -> None:
        sent = view("a", 5, person("p1", 1), person("p27", 2))
        state.put_view(sent)
        came = self.sees(other, "a", 5)
        assert (came.captured_at, came.width, came.height, came.latency_s) == (5000, 640, 480, 0.125)
        assert came.posture_seconds == sent.posture_seconds
        for one, two in zip(came.people, sent.people, strict=True):
            assert (one.track_id, one.posture, one.trunk_inclination) == (
                two.track_id, two.posture, two.trunk_inclination,
            )  # fmt: skip
            for name in ("keypoints", "confidences", "box"):
                np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
                assert getattr(one, name).dtype == np.float32

    def test_an_angle_without_a_value(self, state: LiveState, other: LiveState) -> None:
        sent = PersonView("p", *(np.zeros(s, np.float32) for s in ((17, 2), 17, 4)), Angle.not_observable("dark"), "up")
        state.put_view(view("a", 1, sent))
        (came,) = self.sees(other, "a", 1).people
        assert came.trunk_inclination == Angle.not_observable("dark")

    def test_health_comes_out_as_it_went_in(self, state: LiveState, other: LiveState) -> None:
        sent = CameraHealth("a", CameraState.BACKING_OFF, 1_000, 12, 3, 14.5, 640, 480, "no route to host")
        sent = replace(sent, trusted=True, problems=("dark", "clock"))
        state.put_health(sent)
        deadline = time.monotonic() + SOON_S
        while other.health().get("a") != sent:
            assert time.monotonic() < deadline
            other.wait(other.version(), 0.05)

    def test_the_version_grows_with_each_change(self, state: LiveState, other: LiveState) -> None:
        versions = [other.version()]
        for sequence in range(3):
            state.put_view(view("a", sequence))
            self.sees(other, "a", sequence)
            versions.append(other.version())
        assert versions == sorted(set(versions))

    def test_the_background_joins_the_next_view(self, state: LiveState, other: LiveState) -> None:
        state.put_background("a", b"jpeg")
        state.put_view(view("a", 0))
        state.put_view(view("b", 0))
        self.sees(other, "b", 0)
        assert self.sees(other, "a", 0).background == b"jpeg"
        assert other.views()["b"].background is None

    def test_wait_returns_at_once_when_something_changed_before(self, state: LiveState, other: LiveState) -> None:
        seen = other.version()
        state.put_view(view("a", 0))
        self.sees(other, "a", 0)
        begun = time.monotonic()
        assert other.wait(seen, 30) != seen
        assert time.monotonic() - begun < 15

    def test_wait_wakes_up_and_times_out(self, state: LiveState, other: LiveState) -> None:
        other.views()
        seen = other.version()
        assert other.wait(seen, 0.05) == seen
        threading.Timer(0.1, lambda: state.put_view(view("a", 0))).start()
        begun = time.monotonic()
        assert other.wait(seen, 30) != seen
        assert time.monotonic() - begun < 15

    def test_what_was_handed_out_does_not_change(self, state: LiveState, other: LiveState) -> None:
        state.put_view(view("a", 0))
        self.sees(other, "a", 0)
        views = other.views()
        state.put_view(view("a", 1))
        self.sees(other, "a", 1)
        assert views["a"].sequence == 0

    def test_writers_do_not_wait_for_readers(self, state: LiveState, other: LiveState) -> None:
        readers = [threading.Thread(target=other.wait, args=(other.version(), 30), daemon=True) for _ in range(8)]
        for reader in readers:
            reader.start()
        for sequence in range(500):
            state.put_view(view("a", sequence))
        self.sees(other, "a", 499)
        for reader in readers:
            reader.join(20)
            assert not reader.is_alive()

    def test_many_writers_leave_a_whole_view_of_each_camera(self, state: LiveState, other: LiveState) -> None:
        def write(camera: str) -> None:
            for sequence in range(100):
                state.put_view(view(camera, sequence, person(camera, sequence)))

        writers = [threading.Thread(target=write, args=(f"cam{index}",)) for index in range(6)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        for index in range(6):
            came = self.sees(other, f"cam{index}", 99)
            np.testing.assert_array_equal(came.people[0].keypoints, person("", 99).keypoints)
