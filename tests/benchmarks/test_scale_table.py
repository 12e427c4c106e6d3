"""The arithmetic of docs/scale.md, and that the document holds what the script makes of the measured figures."""

from __future__ import annotations

import json

import pytest

from scale_table import (
    DOCUMENT,
    MEASURED,
    SIZES,
    UNITS,
    Assumptions,
    cost_rows,
    filled,
    markdown,
    partitions,
    site,
    size,
    tables,
)

ROUND = {
    "skeleton_kafka_bytes": 1000.0,
    "skeleton_people": 3.0,
    "jpeg_bytes_demo": 30_000.0,
    "jpeg_bytes_footage": 49_800.0,
    "frame_kafka_overhead_bytes": 200.0,
    "ingest_cpu_ms_frame": 3.0,
    "pose_cpu_ms_frame": 40.0,
    "ergonomics_cpu_ms_message": 2.0,
    "metric_series_camera": 30.0,
    "redis_bytes_camera": 10_000.0,
    "postgres_bytes_exposure": 200.0,
    "postgres_bytes_health": 100.0,
    "postgres_bytes_alert": 9000.0,
    "postgres_rows_alert": 9.0,
}
ASSUMED = Assumptions(fps=10.0, load=0.5, gpu_ms=2.0, alerts=2.0)


def test_a_hundred_cameras_by_hand() -> None:
    made = site(100, ROUND, ASSUMED)
    assert made.frames_s == 1000
    assert made.frame_bytes_s == 50e6
    assert made.skeleton_bytes_s == 1e6
    assert (made.brokers, made.replication) == (3, 3)
    assert made.frame_disk == 50e6 * 60 * 3
    assert made.skeleton_disk == 1e6 * 3 * 86_400 * 3
    assert (made.ingest_cores, made.pose_cores, made.ergonomics_cores) == (6.0, 80.0, 4.0)
    assert made.gpus == 4.0
    assert (made.frame_partitions, made.skeleton_partitions) == (24, 12)
    assert made.rows_day == 100 * (2880 + 18)
    assert made.database_day == 100 * (1440 * 300 + 18_000)
    assert made.redis == 1e6
    assert made.series == 3000


def test_a_single_broker_holds_a_few_cameras_and_no_copies() -> None:
    made = site(10, ROUND, ASSUMED)
    assert (made.brokers, made.replication) == (1, 1)
    assert made.frame_disk == 5e6 * 60


def test_ten_times_the_cameras_take_ten_times_as_much() -> None:
    small, large = site(1000, ROUND, ASSUMED), site(10_000, ROUND, ASSUMED)
    for name in ("frame_bytes_s", "pose_cores", "ergonomics_cores", "database_day", "redis", "skeleton_disk"):
        assert getattr(large, name) == pytest.approx(10 * getattr(small, name))
    assert large.brokers == pytest.approx(10 * small.brokers, abs=10)


@pytest.mark.parametrize(
    ("cameras", "processes", "parts"), [(1, 0.1, 12), (600, 3, 12), (601, 3, 24), (10, 40, 48), (10_000, 100, 204)]
)
def test_partitions_follow_cameras_and_processes(cameras: int, processes: float, parts: int) -> None:
    assert partitions(cameras, 50, processes) == parts


def test_costs_are_cores_gpus_and_disks_at_the_prices_given() -> None:
    made = site(100, ROUND, ASSUMED)
    terabytes = (made.frame_disk + made.skeleton_disk + made.database_kept) / 1e12
    _, cpu, gpu = cost_rows([made], 10.0, 100.0, 1000.0)
    assert float(cpu[1].replace(",", "")) == pytest.approx(900 + 1000 * terabytes, abs=0.5)
    assert float(gpu[1].replace(",", "")) == pytest.approx(100 + 400 + 1000 * terabytes, abs=0.5)


@pytest.mark.parametrize(
    ("value", "text"), [(900, "1 kB"), (2.54e6, "2.5 MB"), (25.4e6, "25 MB"), (3e9, "3.0 GB"), (86.4e12, "86 TB")]
)
def test_sizes_read_well(value: float, text: str) -> None:
    assert size(value) == text


def test_a_document_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(SystemExit, match="no place for the table 'units'"):
        filled("# nothing\n", {"units": markdown([["a"], ["b"]])})


def test_the_document_is_what_the_script_makes_of_the_measured_figures() -> None:
    units = json.loads(UNITS.read_text())
    assert set(MEASURED) <= set(units)
    text = DOCUMENT.read_text()
    assert filled(text, tables(units, Assumptions())) == text, "run: python benchmarks/scale_table.py --write"
    assert all(f"{cameras:,} cameras" in text for cameras in SIZES)
