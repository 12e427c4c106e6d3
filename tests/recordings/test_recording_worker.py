"""A recorder beside the live rules: its replay raises the live alerts, bit for bit. Killed, it leaves good files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from brokers import NoidaBroker
from recorded_poses import all_same, clip_poses, same

import spotter
from spotter.core.bus import HEALTH, SKELETONS, MemoryBus
from spotter.core.bus.kafka import KafkaBus
from spotter.core.clock import SECOND, now
from spotter.core.contracts import Alert, AlertUpdate, Ledger, PoseFrame
from spotter.core.errors import RecordingError
from spotter.core.settings import KafkaSettings, load_settings
from spotter.core.state import MemoryState
from spotter.core.store import AlertQuery, Store
from spotter.core.telemetry import Metrics
from spotter.ergonomics.worker import ErgonomicsWorker
from spotter.evaluation.replay import Rules, replay
from spotter.recordings import RecordingHeader, find_recordings, open_recording
from spotter.recordings.parts import RecordingParts, Rotation
from spotter.recordings.worker import RecordingWorker

SITE = "plant"
DEMO = Path(spotter.__file__).with_name("demo")


def streams() -> list[PoseFrame]:
    """Three cameras of which two see a fall, one in two epochs; frames that come twice and late, and gaps."""
    began = now()
    frames = [
        *clip_poses("aisle", camera="hall", epoch=began),
        *clip_poses("aisle", camera="gate", epoch=began + 3 * SECOND, deviations=False),
        *clip_poses("dock", camera="dock", epoch=began),
        *clip_poses("aisle", camera="hall", epoch=began + 20 * SECOND),
    ]
    frames = [frame for number, frame in enumerate(frames) if number % 7]
    frames.sort(key=lambda frame: frame.captured_at)
    frames.insert(300, frames[295])
    frames[120], frames[121] = frames[121], frames[120]
    return frames


def without_clocks(alert: Alert) -> Alert:
    """An alert without the times at which this process ruled and stored it."""
    ledger = alert.ledger
    return replace(alert, ledger=Ledger(ledger.captured, ledger.published, ledger.posed))


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def run(worker: RecordingWorker, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    return thread


def test_a_replay_raises_the_alerts_of_the_live_run(tmp_path: Path) -> None:
    settings = load_settings(overrides={"site": SITE})
    bus, told = MemoryBus(), list[tuple[Alert, AlertUpdate]]()
    store = Store.open(tmp_path / "spotter.db")
    live = ErgonomicsWorker(settings, bus, store, MemoryState(), Metrics(), lambda a, u: told.append((a, u)))
    parts = RecordingParts(tmp_path / "rec", RecordingHeader(SITE), Rotation(bytes=15_000))
    recorder = RecordingWorker(bus, parts)
    stop = threading.Event()
    threads = [run(recorder, stop), threading.Thread(target=live.run, args=(stop,), daemon=True)]
    threads[1].start()
    frames = streams()
    for frame in frames:
        bus.publish(SKELETONS, frame)
    bus.end(SKELETONS)
    bus.end(HEALTH)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    parts.close()
    store.close()
    assert recorder.taken == parts.frames == len(frames)
    assert recorder.cameras == {"hall", "gate", "dock"}

    (recording,) = find_recordings([tmp_path / "rec"])
    result = replay(recording, Rules.of(settings))
    replayed = [(step.alert, step.update) for camera in result.cameras.values() for step in camera.steps]

    def key(pair: tuple[Alert, AlertUpdate]) -> tuple[str, int]:
        return str(pair[1].alert_id), pair[1].number

    expected = sorted(((without_clocks(alert), update) for alert, update in told), key=key)
    assert sum(update.number == 0 for _, update in told) == 3
    assert sorted(((without_clocks(alert), update) for alert, update in replayed), key=key) == expected


def test_a_disk_that_refuses_ends_the_work_with_one_line_and_commits_nothing(tmp_path: Path) -> None:
    bus = MemoryBus()
    parts = RecordingParts(tmp_path / "rec", RecordingHeader(SITE))
    worker = RecordingWorker(bus, parts)
    for pose in clip_poses("dock")[:10]:
        bus.publish(SKELETONS, pose)
    bus.end(SKELETONS)
    (tmp_path / "rec").rmdir()
    with pytest.raises(RecordingError, match="cannot write recording"):
        worker.run(threading.Event())


@pytest.fixture(scope="module")
def broker() -> Iterator[NoidaBroker]:
    with NoidaBroker() as server:
        yield server


def kafka(broker: NoidaBroker) -> KafkaBus:
    settings = KafkaSettings(
        servers=broker.servers, commit_every_s=0.1, skeletons={"partitions": 2}, **broker.group_timeouts
    )
    return KafkaBus(settings, Metrics())


def test_a_recorder_on_kafka_goes_on_where_it_was_killed_and_takes_nothing_from_others(
    broker: NoidaBroker, tmp_path: Path
) -> None:
    poses = clip_poses("aisle", camera="hall", epoch=now())
    publisher = kafka(broker)
    other = publisher.subscribe(SKELETONS, "ergonomics")
    for pose in poses[:100]:
        publisher.publish(SKELETONS, pose)

    def record(folder: Path, until: int) -> RecordingWorker:
        bus, stop = kafka(broker), threading.Event()
        parts = RecordingParts(folder, RecordingHeader(SITE))
        worker = RecordingWorker(bus, parts)
        thread = run(worker, stop)
        wait_until(lambda: worker.taken >= until)
        stop.set()
        thread.join(30)
        assert not thread.is_alive()
        bus.close()
        parts.close()
        return worker

    record(tmp_path / "first", 100)
    for pose in poses[100:]:
        publisher.publish(SKELETONS, pose)
    record(tmp_path / "second", len(poses) - 100)
    first, second = (list(find_recordings([tmp_path / name])[0].poses()) for name in ("first", "second"))
    assert all_same(first, poses[:100])
    assert all_same(second[-155:], poses[100:])
    seen: list[PoseFrame] = []
    deadline = time.monotonic() + 60
    while len(seen) < len(poses) and time.monotonic() < deadline:
        seen += other.take(64, timeout=0.2)
    assert all(same(a, b) for a, b in zip(seen, poses, strict=True))
    publisher.close()


def test_a_killed_recorder_leaves_what_it_had_flushed(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("spotter")), "record", "--live", str(DEMO / "aisle.mp4"),
        "--out", str(tmp_path), "--input-size", "128",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ})
    try:
        wait_until(lambda: any(path.stat().st_size > 8_000 for path in tmp_path.glob("*.avro")))
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    (path,) = tmp_path.glob("*.avro")
    with open_recording(path) as reader:
        frames = list(reader)
        assert reader.header.cameras["aisle"].footage == "aisle.mp4"
    assert len(frames) >= 20
    assert all(frame.epoch > 0 for frame in frames)
    assert [frame.sequence for frame in frames] == sorted({frame.sequence for frame in frames})


def test_the_command_records_what_kafka_still_has(broker: NoidaBroker, tmp_path: Path) -> None:
    poses = clip_poses("dock", camera="yard", epoch=now())
    publisher = kafka(broker)
    for pose in poses:
        publisher.publish(SKELETONS, pose)
    publisher.close()
    camera = {"id": "yard", "source": "rtsp://user:hidden@host/1", "view": {"pitch_low_deg": 20}}
    bus = {"kind": "kafka", "kafka": {"servers": list(broker.servers), "skeletons": {"partitions": 2}}}
    config = tmp_path / "spotter.yaml"
    config.write_text(json.dumps({"site": SITE, "bus": bus, "cameras": [camera]}))
    command = [str(Path(sys.executable).with_name("spotter")), "record", "--bus", "--config", str(config)]
    options = ["--since", "1h", "--group", "archive", "--out", str(tmp_path / "rec")]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def recorded() -> list[PoseFrame]:
        if not any((tmp_path / "rec").glob("*.avro")):
            return []
        (recording,) = find_recordings([tmp_path / "rec"])
        return [pose for pose in recording.poses() if pose.camera_id == "yard"]

    try:
        wait_until(lambda: len(recorded()) >= len(poses))
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "frames of" in out
    assert all_same(recorded(), poses)
    (recording,) = find_recordings([tmp_path / "rec"])
    view = recording.cameras["yard"].view
    assert view is not None
    assert view.pitch_low_deg == 20
    assert b"hidden" not in recording.files[0].read_bytes()


def test_a_disk_that_refuses_does_not_hold_up_whoever_watches(tmp_path: Path) -> None:
    bus, told = MemoryBus(), list[RecordingError]()
    parts = RecordingParts(tmp_path / "rec", RecordingHeader(SITE))
    worker = RecordingWorker(bus, parts, on_failure=told.append)
    (tmp_path / "rec").rmdir()
    stop = threading.Event()
    thread = run(worker, stop)
    for pose in clip_poses("aisle"):  # More than a queue holds: a recorder that took nothing more would block this.
        bus.publish(SKELETONS, pose)
    bus.end(SKELETONS)
    thread.join(30)
    assert not thread.is_alive()
    assert len(told) == 1


def test_a_run_can_be_recorded_and_replayed(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("spotter")), "run", "--no-dashboard", "--speed", "max"]
    clip, database, folder = str(DEMO / "aisle.mp4"), str(tmp_path / "a.db"), str(tmp_path / "rec")
    options = ["--camera", f"hall={clip}", "--database", database, "--record", folder, "--input-size", "160"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    store = Store.open(Path(database))
    stored = [(alert.id, alert.started_at, alert.raised_at, alert.evidence) for alert in store.alerts(AlertQuery())]
    store.close()
    (recording,) = find_recordings([Path(folder)])
    (run,) = replay(recording, Rules()).cameras["hall"].alerts()
    assert stored == [(run.alert.id, run.alert.started_at, run.alert.raised_at, run.alert.evidence)]
