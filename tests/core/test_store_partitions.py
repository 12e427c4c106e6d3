"""Weekly partitions on Postgres: made ahead, moved out of the default, dropped whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, text
from store_history_conformance import BEGIN, DAY, FOREVER, all_time, bucket, part, sample

from spotter.core.clock import from_datetime, now, to_datetime
from spotter.core.store import Store
from spotter.core.store.partitions import (
    PARTITIONED,
    WEEK,
    WEEKS_AHEAD,
    Partition,
    default_rows,
    ensure_partitions,
    partitions,
    week_of,
)
from spotter.core.store.retention import run_retention
from spotter.core.telemetry.store_metrics import StoreMetrics


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    with Store.open(migrated_url) as store:
        yield store


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store._reader.begin() as connection:
        yield connection


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        ("2026-01-31T08:15:00+00:00", "2026-01-26"),
        ("2026-01-26T00:00:00+00:00", "2026-01-26"),
        ("2026-01-25T23:59:59.999999+00:00", "2026-01-19"),
        ("1969-12-31T00:00:00+00:00", "1969-12-29"),
    ],
)
def test_a_week_begins_on_monday(at: str, monday: str) -> None:
    moment = to_datetime(0).fromisoformat(at)
    start = week_of(from_datetime(moment))
    assert to_datetime(start).isoformat() == f"{monday}T00:00:00+00:00"
    assert Partition("lifts", start).name == f"lifts_p{monday.replace('-', '')}"


@pytest.mark.parametrize("table", PARTITIONED)
def test_partitions_are_made_ahead(connection: Connection, table: str) -> None:
    weeks = [one.start for one in partitions(connection, table)]
    this = week_of(now())
    assert weeks == [this + number * WEEK for number in range(-1, WEEKS_AHEAD + 1)]
    assert ensure_partitions(connection, now()) == []


def test_rows_go_to_their_week_and_strays_to_the_default_one(store: Store) -> None:
    at = now() - now() % DAY
    here, stray = bucket(start=at), bucket()
    store.put_exposure([here, stray])
    with store._reader.connect() as connection:
        assert default_rows(connection, "exposure_buckets") == 1
        this_week = Partition("exposure_buckets", week_of(at)).name
        assert connection.execute(text(f"SELECT count(*) FROM {this_week}")).scalar() == 1


def test_a_new_partition_takes_its_rows_out_of_the_default_one(store: Store) -> None:
    """As after weeks without maintenance: nothing is lost, and nothing stays where it cannot be dropped."""
    store.put_health([sample(minute) for minute in range(50)])
    with store._writer.begin() as connection:
        made = ensure_partitions(connection, BEGIN + 3 * DAY)
        assert Partition("camera_health", week_of(BEGIN)) in made
        assert default_rows(connection, "camera_health") == 0
    assert store.health(**all_time()) == [sample(minute) for minute in range(50)]
    store.put_health([sample(7, 59)])  # and the key still holds
    assert len(store.health(**all_time())) == 50
    assert store.health(**all_time())[7] == sample(7, 59)


def test_wild_clocks_make_no_partitions(store: Store) -> None:
    far = [bucket(minute) for minute in (-60 * 24 * 365 * 30, 60 * 24 * 365 * 30)]
    store.put_exposure(far)
    with store._writer.begin() as connection:
        before = partitions(connection, "exposure_buckets")
        assert ensure_partitions(connection, now()) == []
        assert partitions(connection, "exposure_buckets") == before
        assert default_rows(connection, "exposure_buckets") == 2


def test_retention_drops_whole_weeks(store: Store) -> None:
    with store._writer.begin() as connection:
        ensure_partitions(connection, BEGIN)
    minutes = [week * 7 * 24 * 60 for week in range(4)]
    store.put_exposure([bucket(minute) for minute in minutes])
    report = run_retention(store, FOREVER.model_copy(update={"exposure": 7}), BEGIN + 22 * DAY)
    found = part(report, "exposure")
    first = week_of(BEGIN)
    assert found.cut_off == first + 2 * WEEK
    # The week before the first is empty and goes as well.
    assert found.dropped == tuple(Partition("exposure_buckets", first + n * WEEK).name for n in (-1, 0, 1))
    assert found.deleted == 2
    assert store.exposure(**all_time()) == [bucket(minute) for minute in minutes[2:]]
    assert report.audit is not None
    assert report.audit.details["classes"]["exposure"]["dropped"] == list(found.dropped)


def test_a_query_of_one_week_reads_one_partition(store: Store) -> None:
    at = now()
    statement = "EXPLAIN SELECT * FROM exposure_buckets WHERE start >= :since AND start < :until AND camera_id = 'dock'"
    bounds = {"since": to_datetime(week_of(at)), "until": to_datetime(week_of(at) + WEEK)}
    with store._reader.connect() as connection:
        plan = "\n".join(connection.execute(text(statement), bounds).scalars())
    assert Partition("exposure_buckets", week_of(at)).name in plan
    assert Partition("exposure_buckets", week_of(at) + WEEK).name not in plan


def test_what_retention_did_is_measured(migrated_url: str) -> None:
    registry = CollectorRegistry()
    with Store.open(migrated_url, metrics=StoreMetrics(registry)) as store:
        store.put_health([sample(minute) for minute in range(5)])
        at = BEGIN + 30 * DAY
        run_retention(store, FOREVER.model_copy(update={"health": 7}), at, dry_run=True)
        assert registry.get_sample_value("spotter_store_retention_completed_timestamp_seconds") == 0
        run_retention(store, FOREVER.model_copy(update={"health": 7}), at)
        deleted = registry.get_sample_value("spotter_store_retention_deleted_total", {"data": "health"})
        assert deleted == 5
        assert registry.get_sample_value("spotter_store_retention_completed_timestamp_seconds") == at / 1e9
