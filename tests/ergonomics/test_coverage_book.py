"""Coverage from health and frames to the database, through the ergonomics service."""

from __future__ import annotations

import threading
from pathlib import Path

from skeletons import figure, pose_frame

from spotter.core.bus import HEALTH, SKELETONS, MemoryBus
from spotter.core.clock import SECOND, now, to_seconds
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.coverage import WATCHED, Coverage, summary
from spotter.core.settings import load_settings
from spotter.core.state import MemoryState
from spotter.core.store import CoverageRecord, Store
from spotter.core.store.watched import read_coverage
from spotter.core.telemetry import Metrics
from spotter.ergonomics.coverage_book import CoverageBook
from spotter.ergonomics.worker import ErgonomicsWorker

BEGIN = 1_770_000_000 * SECOND


def sign(camera: str, at: int, state: CameraState = CameraState.LIVE) -> CameraHealth:
    return CameraHealth(camera, state, at, trusted=state.delivers)


class Site:
    """A book whose clock, cameras and database are the test's."""

    def __init__(self) -> None:
        self.state, self.metrics = MemoryState(), Metrics()
        self.kept: list[CoverageRecord] = []
        self.refuses = False
        self.mine = {"dock", "gate"}
        self.book = CoverageBook("plant", self.state, self.metrics.coverage, self._keep, lambda name: name in self.mine)
        self.at = BEGIN

    def _keep(self, records: list[CoverageRecord]) -> bool:
        if not self.refuses:
            self.kept += records
        return not self.refuses

    def run(self, seconds: int, **cameras: CameraState) -> None:
        for _ in range(seconds):
            for name, state in cameras.items():
                self.state.put_health(sign(name, self.at, state))
                if state.delivers:
                    self.book.frame(name, self.at)
            self.book.tick(self.at)
            self.at += SECOND

    def coverage(self, camera: str, since: int, until: int) -> Coverage:
        records = [record for record in self.kept if record.camera_id == camera]
        return summary(records, BEGIN + since * SECOND, BEGIN + until * SECOND)

    def counted(self, camera: str) -> dict[str, float]:
        samples = next(iter(self.metrics.coverage.seconds.collect())).samples
        own = [sample for sample in samples if sample.labels["camera"] == camera and sample.name.endswith("_total")]
        return {sample.labels["what"]: sample.value for sample in own}


def test_each_camera_has_its_own_account_and_minutes_are_kept_when_they_are_over() -> None:
    site = Site()
    site.run(60, dock=CameraState.LIVE, gate=CameraState.BACKING_OFF, foreign=CameraState.LIVE)
    assert site.kept == []
    site.run(61, dock=CameraState.LIVE, gate=CameraState.LIVE, foreign=CameraState.LIVE)
    site.book.close(site.at)
    assert {record.camera_id for record in site.kept} == {"dock", "gate"}
    # The first frame of an account covers nothing before it.
    assert site.coverage("dock", 0, 120) == Coverage(120_000, 119_000, {"not_assessed": 1_000})
    assert site.coverage("gate", 0, 120) == Coverage(120_000, 60_000, {"backing_off": 60_000})
    assert site.counted("gate") == {"backing_off": 60.0, WATCHED: 60.0}


def test_a_camera_that_goes_to_another_worker_is_accounted_for_until_then() -> None:
    site = Site()
    site.run(30, dock=CameraState.LIVE)
    site.mine.clear()
    site.run(30, dock=CameraState.LIVE)
    [record] = site.kept
    assert record.spans[-1][1] == 30_000  # The last frame that came here.
    site.mine.add("dock")
    site.run(31, dock=CameraState.LIVE)
    site.book.close(site.at)
    coverage = site.coverage("dock", 0, 90)
    assert coverage.gaps["not_recorded"] >= 20_000
    assert coverage.watched_ms + sum(coverage.gaps.values()) == 90_000


def test_what_the_store_refuses_is_written_later() -> None:
    site = Site()
    site.refuses = True
    site.run(200, dock=CameraState.LIVE)
    assert site.kept == []
    site.refuses = False
    site.run(2, dock=CameraState.LIVE)
    assert [record.start for record in site.kept] == [BEGIN, BEGIN + 60 * SECOND, BEGIN + 120 * SECOND]


def test_the_service_writes_what_it_watched(tmp_path: Path) -> None:
    settings = load_settings(overrides={"site": "plant", "cameras": [{"id": "cam", "source": "rtsp://h/x"}]})
    store, bus, state, metrics = Store.open(tmp_path / "spotter.db"), MemoryBus(), MemoryState(), Metrics()
    worker = ErgonomicsWorker(settings, bus, store, state, metrics)
    begin = (now() - 3 * SECOND) // SECOND * SECOND
    for number in range(4):
        bus.publish(HEALTH, sign("cam", begin + number * SECOND))
    for index in range(31):
        at = to_seconds(begin) + index / 10
        bus.publish(SKELETONS, pose_frame(at, [figure(500)], camera="cam", sequence=index, epoch=0))
    bus.end(SKELETONS)
    bus.end(HEALTH)
    worker.run(threading.Event())
    coverage = read_coverage(store, "plant", "cam", begin, begin + 3 * SECOND)
    assert coverage == Coverage(3_000, 3_000, {})
    assert metrics.registry.get_sample_value("spotter_watch_seconds_total", {"camera": "cam", "what": WATCHED}) == 3.0
    [record] = store.cameras()
    assert record.trusted
