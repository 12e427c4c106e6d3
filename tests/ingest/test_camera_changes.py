"""Cameras that come, change and go while others are read: each change touches its own camera only."""

from __future__ import annotations

import threading
import time

import cv2
import numpy as np
import pytest
import yaml

from spotter.cli.camera_reload import CameraReload, needs_restart
from spotter.core.contracts import CameraState
from spotter.core.errors import ConfigError
from spotter.core.settings import CameraSettings, load_settings
from spotter.core.settings.watch import SettingsFile
from spotter.core.telemetry import Metrics
from spotter.ingest.worker import Changes


@pytest.fixture
def sources(tmp_path):
    """Two pictures that can be told apart, each a camera that never ends."""
    for name, level in (("dark", 10), ("bright", 200)):
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((48, 64, 3), level, np.uint8))
    return {name: str(tmp_path / f"{name}.png") for name in ("dark", "bright")}


def camera(name: str, source: str, **given) -> CameraSettings:
    return CameraSettings(id=name, source=source, **{"image_fps": 20, "hold_last_s": 600, **given})


def gapless(frames) -> bool:
    return [frame.sequence for frame in frames] == list(range(len(frames))) and len({f.epoch for f in frames}) == 1


def test_cameras_come_change_and_go_and_the_others_do_not_notice(ingest, sources):
    dark, bright = sources["dark"], sources["bright"]
    steady = camera("steady", dark)
    with ingest({}, stay=True) as running:
        apply = running.worker.apply
        assert apply([steady, camera("b", dark)]) == Changes(added=("steady", "b"))
        running.wait(lambda: running.of("b") and running.of("steady"))
        assert apply([steady, camera("b", bright)]) == Changes(changed=("b",))
        running.wait(lambda: running.of("b")[-1].picture.mean() > 100)
        # A new epoch: nobody takes what the camera shows now for what it showed before.
        assert len({frame.epoch for frame in running.of("b")}) == 2
        assert CameraState.ENDED not in running.steps("b")
        assert apply([steady]) == Changes(removed=("b",))
        running.wait_for_step(CameraState.ENDED, "b")
        assert "b" not in running.worker.states
        assert running.health_of("b")[-1].detail == "taken out of the settings"
        time.sleep(0.3)  # What was in hand has come.
        sent = len(running.of("b"))
        before = len(running.of("steady"))
        running.wait(lambda: len(running.of("steady")) > before + 5)
        assert len(running.of("b")) == sent
        # It may come back.
        apply([steady, camera("b", dark)])
        running.wait(lambda: len(running.of("b")) > sent)
        assert apply([steady, camera("b", dark)]) == Changes()
        frames = running.of("steady")
    assert gapless(frames)
    assert running.steps("steady") == [CameraState.CONNECTING, CameraState.LIVE, CameraState.ENDED]
    changes = {c: running.metrics.registry.get_sample_value("spotter_camera_changes_total", {"change": c})
               for c in ("added", "changed", "removed")}  # fmt: skip
    assert changes == {"added": 3, "changed": 1, "removed": 1}


def test_a_camera_that_is_gone_has_no_gauge_that_somebody_is_called_for(ingest, sources):
    gauges = ("spotter_camera_up", "spotter_camera_state", "spotter_camera_usual_fps")
    with ingest({}, stay=True) as running:
        running.worker.apply([camera("a", sources["dark"])])
        running.wait_for(CameraState.LIVE, "a")
        value = running.metrics.registry.get_sample_value
        assert value("spotter_camera_state", {"camera": "a", "state": "live"}) == 1

        def left() -> list[str]:
            collected = running.metrics.registry.collect()
            return [sample.name for family in collected for sample in family.samples if sample.name in gauges]

        running.worker.apply([])
        running.wait(lambda: not running.worker.states and not left())
        time.sleep(0.3)  # The reader may still have a frame in hand; it brings none of them back.
        assert left() == []


def test_a_camera_is_switched_off_and_on_again(ingest, sources):
    with ingest({}, stay=True) as running:
        running.worker.apply([camera("a", sources["dark"])])
        running.wait(lambda: running.of("a"))
        running.worker.apply([camera("a", sources["dark"], enabled=False)])
        running.wait_for_step(CameraState.DISABLED, "a")
        time.sleep(0.3)  # What was in hand has come.
        sent = len(running.of("a"))
        running.wait(lambda: running.health_of("a")[-2].state is CameraState.DISABLED)  # It goes on to be told.
        assert len(running.of("a")) == sent
        assert running.count("camera_up", "a") == 0
        running.worker.apply([camera("a", sources["dark"])])
        running.wait(lambda: len(running.of("a")) > sent)
    live = [CameraState.CONNECTING, CameraState.LIVE]
    assert running.steps("a") == [*live, CameraState.DISABLED, *live, CameraState.ENDED]


def test_another_view_does_not_open_the_camera_anew(ingest, sources):
    with ingest({}, stay=True) as running:
        running.worker.apply([camera("a", sources["dark"])])
        running.wait(lambda: running.of("a"))
        assert not running.worker.apply([camera("a", sources["dark"], view={"pitch_low_deg": 3.0})])
        time.sleep(0.3)
        assert len({frame.epoch for frame in running.of("a")}) == 1


def test_a_failed_camera_is_tried_again_when_its_settings_change(ingest, sources, tmp_path):
    with ingest({}, stay=True) as running:
        running.worker.apply([camera("a", str(tmp_path / "nothing.png"))])
        running.wait_for(CameraState.FAILED, "a")
        assert list(running.worker.failures) == ["a"]
        running.worker.apply([camera("a", sources["dark"])])
        running.wait_for(CameraState.LIVE, "a")
        assert running.worker.failures == {}


def test_two_cameras_of_one_name_change_nothing(ingest, sources):
    with ingest({}, stay=True) as running:
        running.worker.apply([camera("a", sources["dark"])])
        running.wait_for(CameraState.LIVE, "a")
        with pytest.raises(ConfigError, match="one name"):
            running.worker.apply([camera("a", sources["bright"]), camera("a", sources["dark"])])
        assert list(running.worker.states) == ["a"]


def test_sixteen_cameras_in_one_worker(ingest, sources):
    with ingest({}, stay=True) as running:
        running.worker.apply([camera(f"c{number}", sources["dark"], image_fps=5) for number in range(16)])
        running.wait(lambda: all(len(running.of(f"c{number}")) >= 3 for number in range(16)))
        assert set(running.worker.states.values()) == {CameraState.LIVE}
    assert all(gapless(running.of(f"c{number}")) for number in range(16))


@pytest.fixture
def watched(tmp_path):
    """A settings file with one camera, and what watches it."""
    file = tmp_path / "spotter.yaml"

    class Watched:
        metrics = Metrics()
        applied: list = []  # noqa: RUF012 - one a test
        learned: list = []  # noqa: RUF012

        def write(self, text: str) -> None:
            """In one step, as editors and Kubernetes do."""
            new = tmp_path / "new"
            new.write_text(text)
            new.replace(file)

        def cameras(self, *names: str, **more) -> None:
            self.write(yaml.safe_dump({"cameras": [{"id": name, "source": f"{name}.mp4"} for name in names], **more}))

        def start(self) -> CameraReload:
            settings_file = SettingsFile(file, lambda: load_settings(file))
            return CameraReload(
                settings_file, load_settings(file), self.apply, self.metrics.cameras, self.learned.append
            )

        def apply(self, cameras) -> Changes:
            self.applied.append([one.id for one in cameras])
            return Changes(added=("some",))

        def count(self, outcome: str) -> float:
            name = "spotter_settings_reloads_total"
            return self.metrics.registry.get_sample_value(name, {"outcome": outcome}) or 0.0

    found = Watched()
    found.applied, found.learned = [], []
    found.cameras("a")
    return found


def test_a_file_that_changes_is_taken_over_once_it_rests(watched):
    reload = watched.start()
    assert reload.look() is None
    watched.cameras("a", "b")
    assert reload.look() is None  # It may still be written.
    assert reload.look()
    assert reload.look() is None
    assert watched.applied == [["a", "b"]]
    assert len(watched.learned) == 1
    assert watched.count("applied") == 1
    assert reload.status() == "ok"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cameras: [", "not valid YAML"),
        ("cameras: []", "names no camera"),
        ("", "names no camera"),
        ("cameras: [{id: a, source: x.mp4}, {id: a, source: y.mp4}]", "two cameras are named 'a'"),
        ("cameras: [{id: a, source: 'rtsp://u:Hunter2@x/', speed: 3}]", "unknown setting"),
    ],
)
def test_a_bad_file_keeps_the_cameras_and_is_told(watched, caplog, text, words):
    reload = watched.start()
    watched.write(text)
    for _ in range(3):
        assert reload.look() is None
    assert watched.applied == []
    assert watched.count("rejected") == 1
    assert reload.status().startswith("degraded: ")
    assert words in reload.status()
    assert "the cameras go on as they were" in reload.status()
    assert "Hunter2" not in reload.status() + caplog.text
    watched.cameras("b")
    reload.look()
    assert reload.look()
    assert reload.status() == "ok"


def test_a_file_that_is_away_for_a_moment_is_no_change(watched, tmp_path):
    reload = watched.start()
    text = (tmp_path / "spotter.yaml").read_text()
    (tmp_path / "spotter.yaml").unlink()
    reload.look()
    assert watched.applied == []
    watched.write(text)
    for _ in range(3):
        reload.look()
    assert watched.applied == [["a"]]


def test_what_needs_a_restart_is_named(watched, tmp_path):
    before = load_settings(tmp_path / "spotter.yaml")
    watched.write(yaml.safe_dump({
        "pose": {"max_batch": 2}, "cameras": [{"id": "a", "source": "other.mp4", "view": {"pitch_low_deg": 2.0}}]
    }))  # fmt: skip
    assert needs_restart(before, load_settings(tmp_path / "spotter.yaml")) == ["pose", "view of camera 'a'"]
    assert needs_restart(before, before) == []


def test_the_thread_looks_by_itself_and_ends(watched):
    watched.cameras("a", ingest={"reload_s": 0.05})
    reload = watched.start()
    reload.start()
    watched.cameras("b", ingest={"reload_s": 0.05})
    deadline = time.monotonic() + 10
    while watched.applied != [["b"]]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    reload.close()
    reload.close()
    assert "spotter-settings" not in [thread.name for thread in threading.enumerate()]
