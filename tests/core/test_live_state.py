"""Live state in memory: the newest view wins, and waiting sees every change at least as a newer version."""

from __future__ import annotations

import threading
import time

from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.state import CameraView, MemoryState, PostureSeconds


def view(camera: str, sequence: int) -> CameraView:
    return CameraView(camera, sequence, sequence * 1000, 640, 480, (), PostureSeconds(), 0.1)


def test_the_newest_view_of_each_camera() -> None:
    state = MemoryState()
    for sequence in range(3):
        state.put_view(view("a", sequence))
    state.put_view(view("b", 7))
    assert {camera: one.sequence for camera, one in state.views().items()} == {"a": 2, "b": 7}


def test_the_version_grows_with_each_change() -> None:
    state = MemoryState()
    versions = [state.version()]
    state.put_view(view("a", 0))
    versions.append(state.version())
    state.put_health(CameraHealth("a", CameraState.LIVE, 1000))
    versions.append(state.version())
    assert versions == sorted(set(versions))
    assert state.health()["a"].state is CameraState.LIVE


def test_the_background_joins_the_next_view() -> None:
    state = MemoryState()
    state.put_background("a", b"jpeg")
    state.put_view(view("a", 0))
    state.put_view(view("b", 0))
    assert state.views()["a"].background == b"jpeg"
    assert state.views()["b"].background is None


def test_wait_returns_at_once_when_something_changed_before() -> None:
    state = MemoryState()
    seen = state.version()
    state.put_view(view("a", 0))
    begun = time.monotonic()
    assert state.wait(seen, 10) != seen
    assert time.monotonic() - begun < 5


def test_wait_wakes_up_and_times_out() -> None:
    state = MemoryState()
    seen = state.version()
    assert state.wait(seen, 0.05) == seen
    threading.Timer(0.1, lambda: state.put_view(view("a", 0))).start()
    begun = time.monotonic()
    assert state.wait(seen, 20) != seen
    assert time.monotonic() - begun < 10


def test_what_was_handed_out_does_not_change() -> None:
    state = MemoryState()
    state.put_view(view("a", 0))
    views = state.views()
    state.put_view(view("a", 1))
    assert views["a"].sequence == 0


def test_writers_do_not_wait_for_readers() -> None:
    state = MemoryState()
    readers = [threading.Thread(target=state.wait, args=(state.version(), 20), daemon=True) for _ in range(8)]
    for reader in readers:
        reader.start()
    begun = time.monotonic()
    for sequence in range(500):
        state.put_view(view("a", sequence))
    assert time.monotonic() - begun < 5
    for reader in readers:
        reader.join(10)
        assert not reader.is_alive()
