"""The ergonomics service on a real bus and a real database: what it writes, what it survives."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from skeletons import blend, figure, pose_frame, times

from spotter.core.bus import HEALTH, SKELETONS, MemoryBus
from spotter.core.clock import SECOND, from_seconds
from spotter.core.contracts import Alert, AlertUpdate, CameraHealth, CameraState, PoseFrame, UpdateKind
from spotter.core.settings import Settings, load_settings
from spotter.core.state import MemorySnapshots, MemoryState, Snapshots
from spotter.core.store import AlertQuery, LiftRecord, Store
from spotter.core.telemetry import Metrics
from spotter.ergonomics.recorder import Recorder
from spotter.ergonomics.worker import AtStop, ErgonomicsWorker
from spotter.simulate.workers import Viewpoint, project, simulate_motion


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

    def __init__(
        self,
        folder: Path,
        *,
        busy_timeout_s: float = 5.0,
        at_stop: AtStop = AtStop.END,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.database = folder / "spotter.db"
        self.store = Store.open(self.database, busy_timeout_s=busy_timeout_s)
        self.bus, self.state, self.metrics = MemoryBus(), MemoryState(), Metrics()
        self.seen: list[tuple[Alert, AlertUpdate]] = []
        self.stop = threading.Event()
        self.worker = worker = ErgonomicsWorker(
            settings(), self.bus, self.store, self.state, self.metrics, lambda a, u: self.seen.append((a, u)),
            snapshots=snapshots, at_stop=at_stop,
        )  # fmt: skip
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


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
    # Someone on the ground is in no posture of work.
    assert view.posture_seconds.not_observable > 3
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


def test_an_older_epoch_that_comes_again_ends_nothing(bench: Bench) -> None:
    newer = fall(100, stop=8.0)
    bench.play([*fall(0, stop=1.0), *newer[:60], *fall(0, stop=1.0), *newer[60:]])
    assert bench.value("spotter_messages_rejected_total", topic="skeletons", reason="older_epoch") == 10
    (alert,) = bench.store.alerts()
    assert [update.kind for _, update in bench.seen] == [UpdateKind.RAISED, UpdateKind.ENDED]
    assert alert.started_at > 100 * SECOND


def test_exposure_is_written_minute_by_minute(bench: Bench) -> None:
    """Someone bends for 2.5 minutes of event time that begin 30 s before a whole minute; two epochs in the last."""
    bend = figure(500, trunk_deg=80)
    frames = [pose_frame(30 + at, [bend], sequence=i) for i, at in enumerate(times(0, 150, 4))]
    again = [pose_frame(181 + at, [bend], sequence=i, epoch=1) for i, at in enumerate(times(0, 5, 4))]
    bench.play([*frames, *again])
    buckets = bench.store.exposure(site="plant", since=0, until=10**12)
    assert [(b.camera_id, b.epoch, b.start // SECOND, b.seconds, b.frames) for b in buckets] == [
        ("cam", 0, 0, 60, 120), ("cam", 0, 60, 60, 240), ("cam", 0, 120, 60, 240), ("cam", 1, 180, 60, 20),
    ]  # fmt: skip
    seen = [b.upright + b.bent + b.deep + b.unproven + b.not_observable for b in buckets]
    assert seen == pytest.approx([29.75, 60, 60, 4.75])
    assert buckets[1].bent + buckets[1].deep == pytest.approx(60)
    total = bench.state.views()["cam"].posture_seconds
    assert total.bent + total.deep == pytest.approx(4.75)


def test_exposure_waits_for_the_store_and_is_not_lost(tmp_path: Path) -> None:
    bench = Bench(tmp_path, busy_timeout_s=0.05)
    locker = sqlite3.connect(bench.database, isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(1.5, lambda: locker.execute("ROLLBACK"))
    release.start()
    bench.play([pose_frame(at, [figure(500)], sequence=i) for i, at in enumerate(times(0, 61, 4))])
    release.join()
    locker.close()
    assert [bucket.frames for bucket in bench.store.exposure(since=0, until=10**12)] == [240, 4]


def test_how_much_was_watched_is_counted(bench: Bench) -> None:
    frames = [pose_frame(at, [], sequence=i) for i, at in enumerate([0.0, 0.5, 1.0, 11.0, 11.5])]
    bench.play(frames)
    assert bench.value("spotter_coverage_seconds_total", camera="cam", state="assessed") == pytest.approx(1.5)
    assert bench.value("spotter_coverage_seconds_total", camera="cam", state="missing") == pytest.approx(10)


def test_a_new_alert_carries_the_trace_of_its_frame(bench: Bench) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    bench.play([replace(frame, trace=trace) for frame in fall()])
    (alert,) = bench.store.alerts()
    assert alert.versions["traceparent"] == trace


def test_a_stop_that_hands_over_leaves_alerts_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at_stop=AtStop.HAND_OVER)
    bench.thread.start()
    for frame in fall():
        bench.bus.publish(SKELETONS, frame)
    wait_until(lambda: bool(bench.seen))
    bench.stop.set()
    bench.thread.join(30)
    assert not bench.thread.is_alive()
    (alert,) = bench.store.alerts()
    assert alert.open
    assert [update.kind for _, update in bench.seen] == [UpdateKind.RAISED]


def test_the_end_of_the_topic_ends_alerts_also_when_a_stop_would_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at_stop=AtStop.HAND_OVER)
    bench.play(fall())
    assert [update.kind for _, update in bench.seen] == [UpdateKind.RAISED, UpdateKind.ENDED]


@pytest.mark.parametrize("state", [CameraState.ENDED, CameraState.FAILED, CameraState.DISABLED, CameraState.LIVE])
@pytest.mark.parametrize("followed", [True, False], ids=["followed", "state lost"])
def test_alerts_of_a_camera_that_has_ended_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: CameraState, followed: bool
) -> None:
    """In a service of its own: the topic never ends, and no frame comes that could close them."""
    monkeypatch.setattr("spotter.ergonomics.worker._SWEEP_S", 0.05)
    if not followed:
        before = Bench(tmp_path, at_stop=AtStop.HAND_OVER)
        before.thread.start()
        for frame in fall():
            before.bus.publish(SKELETONS, frame)
        wait_until(lambda: bool(before.seen))
        before.stop.set()
        before.thread.join(30)
    bench = Bench(tmp_path, at_stop=AtStop.HAND_OVER, snapshots=MemorySnapshots())
    bench.worker._silent_s = 0.5
    bench.thread.start()
    for frame in fall() if followed else [pose_frame(1, [], camera="other")]:
        bench.bus.publish(SKELETONS, frame)
    bench.bus.publish(HEALTH, CameraHealth("cam", state, at=1_000_000))
    wait_until(lambda: bool(bench.store.cameras()) and bool(bench.store.alerts()))
    if state is CameraState.LIVE:
        time.sleep(1.5)
        assert all(alert.open for alert in bench.store.alerts())
    else:
        wait_until(lambda: not bench.store.alerts(AlertQuery(open=True)))
        assert bench.seen[-1][1].kind is UpdateKind.ENDED
    bench.stop.set()
    bench.thread.join(30)
    (record,) = bench.store.records()
    assert [update.number for update in record.updates] == list(range(len(record.updates)))


def test_health_is_sampled_once_a_minute(bench: Bench) -> None:
    for second in (0, 10, 59, 60, 130):
        bench.bus.publish(HEALTH, CameraHealth("cam", CameraState.LIVE, at=second * SECOND, frames_read=second))
        if not bench.thread.is_alive():
            bench.thread.start()
        moment = second * SECOND
        wait_until(lambda at=moment: any(health.at == at for health in bench.state.health().values()))
    bench.stop.set()
    bench.thread.join(30)
    samples = bench.store.health(site="plant", since=0, until=10**12)
    assert [(sample.minute // SECOND, sample.frames_read) for sample in samples] == [(0, 0), (60, 60), (120, 130)]


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


def lifting(epoch: int = 0) -> list[PoseFrame]:
    """A simulated worker who lifts and places twice, seen from the side."""
    take = simulate_motion("stand+lift_and_place+stand+lift_and_place+stand", 3, fps=10)
    poses = project(take, Viewpoint.around((0.0, 0.0, 0.9), azimuth=90, distance=5, above=1.5, hfov=70), 1)
    begin = poses[0].captured_at - 120 * SECOND
    return [replace(pose, camera_id="cam", epoch=epoch, captured_at=pose.captured_at - begin) for pose in poses]


def test_lifts_and_worst_postures_are_stored_without_anybody(bench: Bench, tmp_path: Path) -> None:
    poses = lifting()
    bench.play(poses)
    ever = {"since": 0, "until": 10**12}
    lifts, postures = bench.store.lifts(**ever), bench.store.postures(**ever)
    assert len(lifts) == 2
    assert bench.value("spotter_lifts_total", camera="cam", station="") == 2
    assert {lift.numbers["name"] for lift in lifts} == {"lift-like movement"}
    assert [posture.start // SECOND for posture in postures] == [120]
    assert postures[0].angles["trunk_inclination"][1] > 40
    (bucket,) = bench.store.exposure(**ever)
    assert bucket.numbers["lifts"] == 2
    assert bucket.numbers["seen"] == pytest.approx(29, abs=1)
    assert bench.value("spotter_posture_person_seconds_total", camera="cam", band="deep") == pytest.approx(bucket.deep)
    judged = bench.value("spotter_angle_person_seconds_total", part="trunk", status="observable")
    assert judged == pytest.approx(bucket.numbers["seen"])
    track = bench.state.views()["cam"].people[0].track_id
    for row in (*lifts, *postures, bucket):
        assert f"'{track}'" not in repr(row)
    # Told again by a worker that knows nothing of the first: the same rows.
    again = Bench(tmp_path)
    again.play(poses)
    assert again.store.lifts(**ever) == lifts
    assert again.store.postures(**ever) == postures
    assert again.store.exposure(**ever) == [bucket]


def test_lifts_wait_for_the_store(tmp_path: Path) -> None:
    bench = Bench(tmp_path, busy_timeout_s=0.05)
    locker = sqlite3.connect(bench.database, isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN EXCLUSIVE")
    bench.thread.start()
    for pose in lifting():
        bench.bus.publish(SKELETONS, pose)
    bench.bus.end(SKELETONS)
    bench.bus.end(HEALTH)
    wait_until(lambda: bench.value("spotter_store_failures_total") > 0)
    locker.execute("ROLLBACK")
    locker.close()
    bench.thread.join(60)
    assert len(bench.store.lifts(since=0, until=10**12)) == 2


def test_a_lift_that_a_rebuild_sees_is_new_only_if_the_store_has_none_like_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "spotter.db")
    recorder = Recorder(settings(), store, Metrics())

    def lift(seconds: float, camera: str = "cam") -> LiftRecord:
        began = from_seconds(100 + seconds)
        return LiftRecord(uuid.uuid4(), "plant", camera, "", began, began + SECOND, {})

    store.put_lifts([lift(0)])
    same, other, elsewhere = lift(0.4), lift(3), lift(0.4, "dock")
    assert recorder.unknown([same, other, elsewhere]) == [other, elsewhere]
    store.close()
