"""The tables of `docs/scale.md` from the measured figures in `scale_units.json` and assumptions that are named here.

    python benchmarks/scale_table.py [--write] [--fps 15] [--price-core P --price-gpu P --price-tb P]

`--write` puts the tables between the markers in `docs/scale.md`; a test checks that they are what this script prints.
Prices are yours, per month and in any currency: a core, a GPU, a terabyte of disk; with all three given the costs are
printed too. Nothing here measures anything.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotter.core.settings import KafkaSettings
from spotter.core.settings.store import RetentionSettings

UNITS = Path(__file__).with_name("scale_units.json")
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
SIZES = (10, 100, 1_000, 10_000)
DAY_S = 86_400
MB, GB, TB = 1e6, 1e9, 1e12

MEASURED = {
    "skeleton_kafka_bytes": ("bytes", "a skeleton message in the broker's log, {skeleton_people:.1f} people, lz4"),
    "jpeg_bytes_demo": ("bytes", "a 640x480 picture of the synthetic demo clips, JPEG quality 85"),
    "jpeg_bytes_footage": ("bytes", "a picture of public clips (real people), longest side 640 px, mean"),
    "frame_kafka_overhead_bytes": ("bytes", "what message and record add to a picture"),
    "ingest_cpu_ms_frame": ("ms", "ingest: H.264 640x360 decoded, JPEG encoded, published"),
    "pose_cpu_ms_frame": ("ms", "pose on a CPU: JPEG decoded, default model at 384 px, published"),
    "ergonomics_cpu_ms_message": ("ms", "ergonomics: followed, judged, live state, snapshots"),
    "metric_series_camera": ("", "time series of one camera in the pages of ergonomics"),
    "redis_bytes_camera": ("bytes", "Redis: newest view and snapshot of one camera"),
    "postgres_bytes_exposure": ("bytes", "Postgres: an exposure bucket, one a camera and minute, indexes included"),
    "postgres_bytes_health": ("bytes", "Postgres: a health sample, one a camera and minute"),
    "postgres_bytes_alert": ("bytes", "Postgres: an alert with two updates, outbox and two channels"),
}
"""Unit and meaning of each figure of `scale_units.json` that the tables stand on."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What was not measured here.

    Attributes:
        fps: frames per second of each camera.
        load: share of a processor or GPU that is planned to be used; the rest is for peaks and for a lost machine.
        gpu_ms: milliseconds of a GPU a frame.
        alerts: alerts a camera and day.
        broker_bytes_s: bytes a second that one broker takes in, copies for others included.
        replication: copies of each partition where there are three brokers or more.
        camera_bits_s: bits a second from a camera to ingest.
        partition_cameras: cameras a partition at most.
        pose_cores: cores that a pose process uses; each process wants a partition.
    """

    fps: float = 15.0
    load: float = 0.6
    gpu_ms: float = 1.7
    alerts: float = 1.0
    broker_bytes_s: float = 100 * MB
    replication: int = 3
    camera_bits_s: float = 2e6
    partition_cameras: int = 50
    pose_cores: int = 4


@dataclass(frozen=True, slots=True)
class Site:
    """What a number of cameras takes. Rates are a second, bytes are bytes."""

    cameras: int
    frames_s: float
    camera_bytes_s: float
    frame_bytes_s: float
    skeleton_bytes_s: float
    frame_disk: float
    skeleton_disk: float
    brokers: int
    replication: int
    frame_partitions: int
    skeleton_partitions: int
    ingest_cores: float
    pose_cores: float
    gpus: float
    ergonomics_cores: float
    rows_day: float
    database_day: float
    database_kept: float
    redis: float
    series: float


def site(cameras: int, units: Mapping[str, float], assumed: Assumptions) -> Site:
    """Plain arithmetic: everything is proportional to the number of frames or of cameras."""
    kafka, kept = KafkaSettings(), RetentionSettings()
    frames_s = cameras * assumed.fps
    frame_bytes_s = frames_s * (units["jpeg_bytes_footage"] + units["frame_kafka_overhead_bytes"])
    skeleton_bytes_s = frames_s * units["skeleton_kafka_bytes"]
    # One broker cannot hold copies; with copies there are at least three.
    single = frame_bytes_s + skeleton_bytes_s <= assumed.broker_bytes_s / 4
    replication = 1 if single else assumed.replication
    brokers = (
        1 if single else max(3, math.ceil((frame_bytes_s + skeleton_bytes_s) * replication / assumed.broker_bytes_s))
    )
    core_s = assumed.load * 1000
    ergonomics = frames_s * units["ergonomics_cpu_ms_message"] / core_s
    pose = frames_s * units["pose_cpu_ms_frame"] / core_s
    exposure_day, health_day = 1440 * units["postgres_bytes_exposure"], 1440 * units["postgres_bytes_health"]
    alert_day = assumed.alerts * units["postgres_bytes_alert"]
    return Site(
        cameras=cameras,
        frames_s=frames_s,
        camera_bytes_s=cameras * assumed.camera_bits_s / 8,
        frame_bytes_s=frame_bytes_s,
        skeleton_bytes_s=skeleton_bytes_s,
        frame_disk=frame_bytes_s * kafka.frames.retention_s * replication,
        skeleton_disk=skeleton_bytes_s * kafka.skeletons.retention_s * replication,
        brokers=brokers,
        replication=replication,
        frame_partitions=partitions(cameras, assumed.partition_cameras, pose / assumed.pose_cores),
        skeleton_partitions=partitions(cameras, assumed.partition_cameras, ergonomics),
        ingest_cores=frames_s * units["ingest_cpu_ms_frame"] / core_s,
        pose_cores=pose,
        gpus=frames_s * assumed.gpu_ms / core_s,
        ergonomics_cores=ergonomics,
        rows_day=cameras * (2 * 1440 + assumed.alerts * units["postgres_rows_alert"]),
        database_day=cameras * (exposure_day + health_day + alert_day),
        database_kept=cameras
        * (
            exposure_day * (kept.exposure or 365) + health_day * (kept.health or 365) + alert_day * (kept.alerts or 365)
        ),
        redis=cameras * units["redis_bytes_camera"],
        series=cameras * units["metric_series_camera"],
    )


def partitions(cameras: int, most_cameras: int, processes: float) -> int:
    """Twelve, or the multiple of twelve that leaves no partition with too many cameras and each process its own."""
    return 12 * max(1, math.ceil(max(cameras / most_cameras, processes) / 12))


def unit_rows(units: Mapping[str, float]) -> list[list[str]]:
    """Header and rows of the table of measured figures."""
    rows = [["measured", "value", ""]]
    for name, (unit, meaning) in MEASURED.items():
        rows.append(
            [meaning.format(**units), f"{units[name]:,.2f}" if units[name] < 10 else f"{units[name]:,.0f}", unit]
        )
    return rows


def size_rows(sites: Sequence[Site]) -> list[list[str]]:
    """Header and rows of the table of sizes."""
    rows = [["", *(f"{each.cameras:,} cameras" for each in sites)]]

    def row(name: str, values: Sequence[str]) -> None:
        rows.append([name, *values])

    row("frames a second", [f"{each.frames_s:,.0f}" for each in sites])
    row("network, cameras to ingest", [rate(each.camera_bytes_s) for each in sites])
    row("Kafka, frames in", [rate(each.frame_bytes_s) for each in sites])
    row("Kafka, skeletons in", [rate(each.skeleton_bytes_s) for each in sites])
    row("brokers x copies", [f"{each.brokers:,} x {each.replication}" for each in sites])
    row(
        "partitions, frames / skeletons",
        [f"{each.frame_partitions:,} / {each.skeleton_partitions:,}" for each in sites],
    )
    row("Kafka disk, frames (60 s)", [size(each.frame_disk) for each in sites])
    row("Kafka disk, skeletons (3 days)", [size(each.skeleton_disk) for each in sites])
    row("ingest, cores", [cores(each.ingest_cores) for each in sites])
    row("pose on CPUs, cores", [cores(each.pose_cores) for each in sites])
    row("or on GPUs (not measured)", [f"{math.ceil(each.gpus):,}" for each in sites])
    row("ergonomics, cores", [cores(each.ergonomics_cores) for each in sites])
    row("Postgres rows a day", [f"{each.rows_day:,.0f}" for each in sites])
    row("Postgres a day", [size(each.database_day) for each in sites])
    row("Postgres kept (default retention)", [size(each.database_kept) for each in sites])
    row("Redis", [size(each.redis) for each in sites])
    row("time series of ergonomics", [f"{each.series:,.0f}" for each in sites])
    return rows


def rate(value: float) -> str:
    """Bytes a second."""
    return f"{size(value)}/s"


def size(value: float) -> str:
    """Bytes, decimal units, two or three figures."""
    for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB")):
        if value >= unit:
            return f"{value / unit:,.0f} {name}" if value >= 10 * unit else f"{value / unit:.1f} {name}"
    return f"{value / 1000:,.0f} kB"


def cores(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def cost_rows(sites: Sequence[Site], core: float, gpu: float, terabyte: float) -> list[list[str]]:
    """Cost a month of what the tables count, at the prices given; with pose on CPUs and on GPUs."""
    rows = [["cost a month", *(f"{each.cameras:,} cameras" for each in sites)]]

    def disks(each: Site) -> float:
        return (each.frame_disk + each.skeleton_disk + each.database_kept) / TB * terabyte

    rows.append(
        ["pose on CPUs"]
        + [f"{core * (e.ingest_cores + e.pose_cores + e.ergonomics_cores) + disks(e):,.0f}" for e in sites]
    )
    rows.append(
        ["pose on GPUs"]
        + [f"{core * (e.ingest_cores + e.ergonomics_cores) + gpu * math.ceil(e.gpus) + disks(e):,.0f}" for e in sites]
    )
    return rows


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table; the first row is the header."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] + ["--:"] * (len(head) - 1), *body))


def tables(units: Mapping[str, float], assumed: Assumptions) -> dict[str, str]:
    """The tables of the document, by the name of their marker."""
    return {
        "units": markdown(unit_rows(units)),
        "sizes": markdown(size_rows([site(cameras, units, assumed) for cameras in SIZES])),
    }


def filled(document: str, made: Mapping[str, str]) -> str:
    """The document with each table between `<!-- NAME -->` and `<!-- /NAME -->`."""
    for name, table in made.items():
        before, opening, rest = document.partition(f"<!-- {name} -->\n")
        _, closing, after = rest.partition(f"<!-- /{name} -->")
        if not opening or not closing:
            raise SystemExit(f"the document has no place for the table '{name}'")
        document = f"{before}{opening}{table}\n{closing}{after}"
    return document


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/scale.md")
    parser.add_argument("--fps", type=float, default=Assumptions().fps)
    parser.add_argument("--price-core", type=float)
    parser.add_argument("--price-gpu", type=float)
    parser.add_argument("--price-tb", type=float)
    options = parser.parse_args()
    units = json.loads(UNITS.read_text())
    assumed = Assumptions(fps=options.fps)
    made = tables(units, assumed)
    print("\n\n".join(made.values()))
    prices = (options.price_core, options.price_gpu, options.price_tb)
    if None not in prices:
        print("\n" + markdown(cost_rows([site(cameras, units, assumed) for cameras in SIZES], *prices)))
    if options.write:
        DOCUMENT.write_text(filled(DOCUMENT.read_text(), tables(units, Assumptions())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
