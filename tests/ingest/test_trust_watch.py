"""From a camera's pictures to its health: trust in the pipeline, and the view that is kept over restarts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from ingest_tools import Ingest
from trust_pictures import CLEAN, moved, noisy

from spotter.core.bus.api import HEALTH
from spotter.core.bus.memory import MemoryBus
from spotter.core.clock import SECOND
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.telemetry import Metrics
from spotter.ingest.flow import WINDOW_S, Flow
from spotter.ingest.monitor import CameraMonitor
from spotter.ingest.trust_watch import TrustWatch

BLACK = np.zeros_like(CLEAN)
URL = "rtsp://user:Open-Sesame@192.0.2.1/main"


class Watched:
    """A live camera whose pictures are given by the test: its monitor, its trust and the health that it tells."""

    def __init__(self, views: Path | None, source: str = URL, **trust: object) -> None:
        self.metrics = Metrics()
        self.bus = MemoryBus()
        self._health = self.bus.subscribe(HEALTH, "test")
        self.told: list[CameraHealth] = []
        camera = CameraSettings(id="dock", source=source)
        ingest = IngestSettings(views=views, trust=trust)
        self.monitor = CameraMonitor(camera, ingest, self.bus, self.metrics)
        self.watch = TrustWatch(camera, ingest, self.monitor, self.metrics.cameras)
        self.at = 1_770_000_000 * SECOND
        self.open()

    def open(self) -> None:
        self.watch.opened(live=True)
        self.monitor.to(CameraState.LIVE)

    def show(self, seconds: float, picture: Callable[[int], np.ndarray], clock_error_s: float | None = None) -> None:
        for number in range(round(seconds * 2)):
            self.at += SECOND // 2
            self.watch.see(picture(number), self.at, clock_error_s)

    @property
    def health(self) -> CameraHealth:
        self.monitor.publish_health()
        self.told += self._health.take(100, 0.0)
        return self.told[-1]

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"spotter_camera_{name}", labels)


def good(number: int) -> np.ndarray:
    return noisy(CLEAN, number)


def test_trust_and_its_loss_are_told_in_health_and_metrics(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    assert (camera.health.trusted, camera.health.problems, camera.health.detail) == (False, (), "")
    camera.show(20, good)
    assert camera.health.trusted
    assert camera.metric("trusted", camera="dock") == 1
    changes = len(camera.told)
    camera.show(20, lambda number: noisy(BLACK, number), clock_error_s=-9.0)
    assert (camera.health.trusted, camera.health.problems) == (False, ("dark", "clock"))
    assert "not to be trusted: dark (brightness" in camera.health.detail
    assert "clock error -9 s" in camera.health.detail
    assert camera.metric("problem", camera="dock", problem="dark") == 1
    assert camera.metric("problem", camera="dock", problem="moved") == 0
    assert camera.metric("trusted", camera="dock") == 0
    assert len([health for health in camera.told[changes:] if health.problems]) <= 5  # Changes are told, not pictures.
    # A camera that is away has no problem of its pictures, and earns trust anew.
    camera.monitor.to(CameraState.BACKING_OFF, "lost")
    assert (camera.health.detail, camera.health.problems, camera.health.trusted) == ("lost", (), False)
    camera.monitor.to(CameraState.CONNECTING)
    camera.open()
    camera.show(9, good)
    assert (camera.health.trusted, camera.health.problems) == (False, ())
    camera.show(6, good)
    assert camera.health.trusted
    assert (camera.metric("look_seconds_total") or 0) > 0
    camera.monitor.leave()
    assert camera.metric("trusted", camera="dock") is None
    assert camera.metric("problem", camera="dock", problem="dark") is None


def test_without_looks_a_camera_that_delivers_is_trusted(tmp_path: Path) -> None:
    camera = Watched(tmp_path, enabled=False)
    camera.show(20, lambda number: BLACK)
    assert (camera.health.trusted, camera.health.problems) == (True, ())
    camera.monitor.to(CameraState.STALLED, "open, and no frame for 3 s")
    assert not camera.health.trusted


def test_a_camera_moved_while_spotter_was_off_is_found_and_removing_the_file_accepts_it(
    tmp_path: Path,
) -> None:
    before = Watched(tmp_path)
    before.show(120, good)
    [file] = tmp_path.iterdir()
    assert file.name == "dock.json"
    assert "Sesame" not in file.read_text()
    after = Watched(tmp_path)
    after.show(80, lambda number: noisy(moved(CLEAN, dx=0.15), number))
    assert after.health.problems == ("moved",)
    file.unlink()
    after.show(40, lambda number: noisy(moved(CLEAN, dx=0.15), number))
    assert after.health.trusted
    after.show(60, lambda number: noisy(moved(CLEAN, dx=0.15), number))
    assert file.exists()
    # Another source is another view: nothing is compared.
    other = Watched(tmp_path, source="rtsp://192.0.2.1/other")
    other.show(80, good)
    assert other.health.trusted


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(lambda text: text[: len(text) // 2], "damaged"), (lambda text: "[]", "damaged"), (None, "read")],
)
def test_a_view_that_cannot_be_read_is_counted_and_learned_anew(
    tmp_path: Path, damage: Callable[[str], str] | None, reason: str
) -> None:
    before = Watched(tmp_path)
    before.show(120, good)
    file = tmp_path / "dock.json"
    text = file.read_text()
    if damage is None:
        file.unlink()
        file.mkdir()
    else:
        file.write_text(damage(text))
    after = Watched(tmp_path)
    assert after.metric("view_failures_total", reason=reason) == 1
    after.show(70, lambda number: noisy(moved(CLEAN, dx=0.15), number))
    assert after.health.trusted
    if damage is not None:
        assert json.loads(file.read_text())["usual"]["looks"] > 0


def test_the_rate_is_known_after_a_window_and_not_from_before_a_silence() -> None:
    flow = Flow()
    flow.begin(100.0, opened=True)
    for number in range(121):
        flow.item(100.0 + number / 10)
        flow.judge(100.0 + number / 10)
        assert (flow.rate is None) == (number / 10 < WINDOW_S)
    assert flow.rate == pytest.approx(10.0)
    flow.begin(200.0, opened=False)
    assert flow.rate is None


def test_a_folder_that_cannot_be_written_costs_the_view_and_nothing_else(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    camera = Watched(blocked / "views")
    camera.show(120, good)
    assert camera.health.trusted
    assert (camera.metric("view_failures_total", reason="write") or 0) >= 1
    without = Watched(None)
    without.show(40, good)
    assert without.health.trusted


def test_the_reader_looks_at_the_pictures_that_it_publishes(tmp_path: Path, ingest: Callable[..., Ingest]) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(60):
        picture = noisy(CLEAN if number < 30 else BLACK, number)
        assert cv2.imwrite(str(folder / f"{number:03}.png"), picture)
    views = tmp_path / "views"
    run = ingest({"camera": str(folder)}, {"image_fps": 1.0}, speed="max", views=views).run()
    steps = [(health.trusted, health.problems) for health in run.health if health.state is CameraState.LIVE]
    assert [step for number, step in enumerate(steps) if step not in steps[:number]] == [
        (False, ()),
        (True, ()),
        (False, ("dark",)),
    ]
    assert not run.health[-1].trusted
    assert run.health[-1].state is CameraState.ENDED
    assert not views.exists()  # The view of a folder of pictures is nobody's camera.
