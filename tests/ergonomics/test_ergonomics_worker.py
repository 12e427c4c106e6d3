"""The ergonomics service on a real bus and a real database: what it writes, what it survives."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from skeletons import blend, figure, pose_frame, times

from spotter.core.bus import HEALTH, SKELETONS, MemoryBus
from spotter.core.contracts import Alert, AlertUpdate, CameraHealth, CameraState, PoseFrame, UpdateKind
from spotter.core.settings import Settings, load_settings
from spotter.core.state import MemoryState
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.ergonomics.worker import ErgonomicsWorker


def settings() -> Settings:
    return load_settings(overrides={"site": "plant", "cameras": [{"id": "cam", "source": "rtsp://u:pw@h/x"}]})


def fall(epoch: int = 0, *, camera: str = "cam", stop: float = 8.0, fps: float = 10) -> list[PoseFrame]:
    frames = []
    for index, at in enumerate(times(0, stop, fps)):
        hip, trunk = blend(at, [(2, 0.53), (2.7, 0.08)]), blend(at, [(2, 0), (2.7, 90)])
        points = figure(500, hip=hip, trunk_deg=trunk, stiff=True)
        frames.append(pose_frame(epoch + at, [points], camera=camera, sequence=index, epoch=epoch))
    return frames


class Bench:
    """A worker on its thread, with everything real around it."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = 5.0) -> None:
        self.database = folder / "spotter.db"
        self.store = Store.open(self.database, busy_timeout_s=busy_timeout_s)
        self.bus, self.state, self.metrics = MemoryBus(), MemoryState(), Metrics()
        self.seen: list[tuple[Alert, AlertUpdate]] = []
        self.stop = threading.Event()
        worker = ErgonomicsWorker(
            settings(), self.bus, self.store, self.state, self.metrics, lambda a, u: self.seen.append((a, u))
        )
        self.thread = threading.Thread(target=worker.run, args=(self.stop,), daemon=True)

    def play(self, frames: list[PoseFrame]) -> None:
        """Publish all, end the topics, wait for the worker."""
        self.thread.start()
        for frame in frames:
            self.bus.publish(SKELETONS, frame)
        self.bus.end(SKELETONS)
        self.bus.end(HEALTH)
        self.thread.join(60)
        assert not self.thread.is_alive()

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_fall_is_stored_told_and_shown(bench: Bench) -> None:
    bench.play(fall())
    (alert,) = bench.store.alerts()
    assert alert.site == "plant"
    assert [update.kind for _, update in bench.seen] == [UpdateKind.RAISED, UpdateKind.ENDED]
    record = bench.store.alert(alert.id)
    assert record is not None
    assert [update.kind for update in record.updates] == [UpdateKind.RAISED, UpdateKind.ENDED]
    assert len(bench.store.pending_outbox(10)) == 2
    ledger = alert.ledger
    assert ledger.captured is not None
    assert ledger.ruled is not None
    assert ledger.stored is not None
    assert ledger.ruled <= ledger.stored
    view = bench.state.views()["cam"]
    assert view.people[0].posture == "alert"
    assert view.posture_seconds.bent + view.posture_seconds.deep > 3
    assert bench.value("spotter_alerts_total", camera="cam", kind="possible_fall") == 1
    assert bench.value("spotter_rule_evaluations_total", camera="cam", rule="fall") == 80


def test_a_replay_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.play(fall())
    again = Bench(tmp_path)
    again.play(fall())
    assert again.seen == []
    assert len(again.store.alerts()) == 1
    assert len(again.store.pending_outbox(10)) == 2
    assert again.value("spotter_alerts_total", camera="cam", kind="possible_fall") == 0


def test_a_locked_database_delays_an_alert_but_does_not_lose_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, busy_timeout_s=0.05)
    locker = sqlite3.connect(bench.database, isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(2.5, lambda: locker.execute("ROLLBACK"))
    release.start()
    bench.play(fall())
    release.join()
    locker.close()
    assert len(bench.store.alerts()) == 1
    assert bench.value("spotter_store_failures_total") >= 1
    assert [update.kind for _, update in bench.seen] == [UpdateKind.RAISED, UpdateKind.ENDED]


def test_a_stop_ends_the_wait_for_a_store_that_never_comes_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, busy_timeout_s=0.05)
    locker = sqlite3.connect(bench.database, isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN EXCLUSIVE")
    threading.Timer(2.0, bench.stop.set).start()
    bench.play(fall(stop=7.0))
    locker.execute("ROLLBACK")
    locker.close()
    assert bench.seen == []
    assert bench.store.alerts() == []


def test_a_new_epoch_closes_what_the_old_one_left_open(bench: Bench) -> None:
    bench.play([*fall(0), *fall(100, stop=1.0)])
    assert [update.kind for _, update in bench.seen] == [UpdateKind.RAISED, UpdateKind.ENDED]
    assert all(not alert.open for alert in bench.store.alerts())


def test_the_same_fall_in_another_epoch_is_another_alert(bench: Bench) -> None:
    bench.play([*fall(0), *fall(100)])
    assert len({alert.id for alert in bench.store.alerts()}) == 2


def test_duplicates_are_counted_and_ignored(bench: Bench) -> None:
    frames = fall(stop=1.0)
    bench.play([frame for frame in frames for _ in range(2)])
    assert bench.value("spotter_messages_rejected_total", topic="skeletons", reason="late_or_duplicate") == len(frames)
    assert bench.value("spotter_rule_evaluations_total", camera="cam", rule="fall") == len(frames)


def test_an_unknown_camera_is_judged_with_the_default_view(bench: Bench) -> None:
    bench.play(fall(camera="other"))
    assert [alert.camera_id for alert in bench.store.alerts()] == ["other"]


def test_health_reaches_live_state_and_the_cameras_table_without_the_password(bench: Bench) -> None:
    bench.bus.publish(HEALTH, CameraHealth("cam", CameraState.LIVE, at=1_000_000, frames_read=7, width=640, height=360))
    bench.play([])
    assert bench.state.health()["cam"].frames_read == 7
    (camera,) = bench.store.cameras()
    assert camera.state is CameraState.LIVE
    assert "pw" not in camera.source
