"""What one camera, message, row and alert takes, measured here; the figures behind `docs/scale.md`.

    pip install "spotter-safety[stream,bench,dev]"
    python benchmarks/scale_units.py [--footage FOLDER] [--out benchmarks/scale_units.json]

Sizes and processor time, both of which hold on other machines of this kind, whatever else runs. Kafka's sizes are those
of the record batches that the client library builds; Postgres is a real server, asked for what it uses.
`--footage` also measures JPEG sizes of real camera footage (any video files), which is not shipped. Figures of other
scripts (load_frames.py, load_skeletons.py) in the output file are kept as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from kafka.record import MemoryRecordsBuilder
from sqlalchemy import create_engine, text

import spotter

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "servers"))

from brokers import TansuBroker
from postgres import PostgresServer

from spotter.core.bus.kafka import KafkaBus
from spotter.core.bus.kafka.headers import headers_of
from spotter.core.clock import SECOND, now
from spotter.core.contracts import CameraState, Frame, PoseFrame
from spotter.core.parameters import RuleParameters, ViewParameters
from spotter.core.settings import CameraSettings, IngestSettings, KafkaSettings
from spotter.core.state import MemoryState
from spotter.core.store import ExposureBucket, HealthSample, Store
from spotter.core.store.deliveries import Deliveries
from spotter.core.telemetry import Metrics
from spotter.core.wire import encode_frame, encode_pose_frame
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import CameraAssessor
from spotter.ingest.worker import IngestWorker
from spotter.simulate.footage import virtual_frames
from spotter.simulate.scene import Script
from spotter.simulate.streams import START, camera_name, virtual_camera

OUT = Path(__file__).with_name("scale_units.json")
BATCH_BYTES = 64 * 1024
"""Of skeletons, as the bus sets it; a batch of frames holds one."""
MINUTE = 60 * SECOND


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, help="folder of videos; their JPEG sizes are measured too")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    units = json.loads(options.out.read_text()) if options.out.is_file() else {}
    found = {**wire(), **jpeg(options.footage), **database(), **ingest()}
    for name, value in found.items():
        print(f"{name:34} {value:,.2f}")
    units.update({name: round(value, 3) for name, value in found.items()})
    options.out.write_text(json.dumps(dict(sorted(units.items())), indent=2) + "\n")
    return 0


def wire() -> dict[str, float]:
    """Bytes a message: protobuf, and what it takes in a broker's log."""
    out: dict[str, float] = {}
    empty = next(virtual_camera(0, script=Script(people=1)))
    nobody = replace(empty, boxes=empty.boxes[:0], scores=empty.scores[:0], keypoints=empty.keypoints[:0],
                     confidences=empty.confidences[:0])  # fmt: skip
    out["skeleton_bytes_nobody"] = len(encode_pose_frame(nobody))
    out["skeleton_bytes_person"] = len(encode_pose_frame(empty)) - out["skeleton_bytes_nobody"]
    # Batches as a busy partition fills them: many cameras in turn.
    streams = [virtual_camera(index, script=Script(people=None)) for index in range(40)]
    people = kept = messages = 0
    for _ in range(20):
        batch = [next(stream) for stream in streams]
        people += sum(map(len, batch))
        kept += kafka_bytes(batch, "lz4")
        messages += len(batch)
    out["skeleton_people"] = people / messages
    out["skeleton_kafka_bytes"] = kept / messages
    frames = list(islice(virtual_frames(0), 200))
    out["frame_kafka_overhead_bytes"] = float(
        np.mean([kafka_bytes([frame], None) - len(bytes(frame.picture)) for frame in frames])
    )
    return out


def kafka_bytes(messages: Sequence[PoseFrame | Frame], compression: str | None) -> int:
    """Bytes of the record batches that hold these messages."""
    codec = {None: 0, "lz4": 3}[compression]
    total = 0
    builder = MemoryRecordsBuilder(magic=2, compression_type=codec, batch_size=BATCH_BYTES)
    for message in messages:
        value = encode_frame(message) if isinstance(message, Frame) else encode_pose_frame(message)
        record = (message.captured_at // 1_000_000, message.camera_id.encode(), value, headers_of(message))
        if builder.append(*record) is None:
            builder.close()
            total += builder.size_in_bytes()
            builder = MemoryRecordsBuilder(magic=2, compression_type=codec, batch_size=BATCH_BYTES)
            builder.append(*record)
    builder.close()
    return total + builder.size_in_bytes()


def jpeg(footage: Path | None) -> dict[str, float]:
    """Bytes of a picture on the wire, longest side 640 px."""
    out = {"jpeg_bytes_demo": float(np.mean([len(bytes(frame.picture)) for frame in islice(virtual_frames(1), 200)]))}
    if footage is not None:
        sizes = [len(data) for path in sorted(footage.rglob("*.mp4")) for data in pictures(path)]
        if not sizes:
            raise SystemExit(f"no video in '{footage}'")
        out["jpeg_bytes_footage"] = float(np.mean(sizes))
        out["jpeg_bytes_footage_p95"] = float(np.percentile(sizes, 95))
    return out


def pictures(path: Path) -> Iterator[bytes]:
    """Every 15th picture of a video as ingest would send it."""
    capture = cv2.VideoCapture(str(path))
    number = 0
    while (grabbed := capture.read())[0]:
        if number % 15 == 0:
            image = np.asarray(grabbed[1], np.uint8)
            frame = Frame("c", 0, 0, 0, 0, image.shape[1], image.shape[0], image)
            yield encode_frame(frame, max_side=KafkaSettings().picture_max_side)
        number += 1
    capture.release()


def database() -> dict[str, float]:
    """Bytes of Postgres a row, indexes included, over the first tens of thousands of rows."""
    cameras, minutes, alerts = 100, 120, 1000
    with PostgresServer() as server, Store.open(server.url) as store:
        for minute in range(minutes):
            at = START - START % MINUTE + minute * MINUTE
            store.put_exposure(
                [
                    ExposureBucket("site", camera_name(n), "", at, START, 60, 31.7, 12.1, 1.3, 40.2, 3.0, 900)
                    for n in range(cameras)
                ]
            )
            store.put_health(
                [
                    HealthSample("site", camera_name(n), at, at, CameraState.LIVE, 15.0, 900 * minute, 0, "")
                    for n in range(cameras)
                ]
            )
        steps = fall()
        for number in range(alerts):
            name = uuid.uuid4()
            for step in steps:
                alert = replace(step.alert, id=name, camera_id=camera_name(number % cameras))
                store.record(alert, replace(step.update, alert_id=name))
        deliveries = Deliveries(store)
        while deliveries.fan_out(lambda _: ("webhook", "chat"), now(), 3600 * SECOND, limit=500).messages:
            pass
        rows = cameras * minutes
        sizes = table_bytes(server.url)
    alert_tables = ("alerts", "alert_updates", "outbox", "deliveries")
    return {
        "postgres_bytes_exposure": sizes["exposure_buckets"] / rows,
        "postgres_bytes_health": sizes["camera_health"] / rows,
        "postgres_bytes_alert": sum(sizes[table] for table in alert_tables) / alerts,
        "postgres_rows_alert": 1 + len(steps) * (1 + 1 + 2),
    }


def fall() -> list[AlertStep]:
    """The steps of one alert: raised, recovered."""
    assessor = CameraAssessor("site", camera_name(0), ViewParameters(), RuleParameters())
    steps: list[AlertStep] = []
    for pose in islice(virtual_camera(0, script=Script(people=1)), 45 * 15):
        assessment = assessor.update(pose)
        assert assessment is not None
        steps += assessment.alerts
    return steps


def table_bytes(url: str) -> dict[str, float]:
    """Bytes by table, indexes, TOAST and partitions included."""
    engine = create_engine(url)
    query = text(
        "SELECT c.relname, sum(pg_total_relation_size(t.relid)) FROM pg_class c "
        "CROSS JOIN LATERAL pg_partition_tree(c.oid) t WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname "
        "UNION ALL SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c "
        "WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
    )
    with engine.connect() as connection:
        sizes = {name: float(size) for name, size in connection.execute(query) if size}
    engine.dispose()
    return sizes


def ingest() -> dict[str, float]:
    """Processor milliseconds a frame from H.264 to a Kafka broker: read, decode, encode as JPEG, publish."""
    clip = Path(spotter.__file__).with_name("demo") / "aisle.mp4"
    cameras = [CameraSettings(id=camera_name(index), source=str(clip)) for index in range(8)]
    metrics = Metrics()
    with TansuBroker() as broker:
        bus = KafkaBus(KafkaSettings(servers=broker.servers), metrics, on_drop=metrics.count_drop)
        while bus.status() != "ok":
            time.sleep(0.05)
        worker = IngestWorker(cameras, IngestSettings(), bus, MemoryState(), metrics)
        before = time.process_time()
        worker.run(threading.Event())
        spent = time.process_time() - before
        bus.close()
    frames = sum(
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "spotter_frames_published_total"
    )
    return {"ingest_cpu_ms_frame": 1000 * spent / frames}


if __name__ == "__main__":
    sys.exit(main())
