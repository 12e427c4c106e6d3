"""Weekly partitions on Postgres of the tables that grow with time; SQLite has none, and nothing here touches it.

A week begins on Monday, 00:00 UTC; the partition of a table for it is named `<table>_p<yyyymmdd>`. Partitions are made
`WEEKS_AHEAD` ahead whenever a database is opened to migrate it, and by retention. A row of a week without a partition
goes to `<table>_default`; making the partition moves it out of there, so that nothing is ever refused or lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from spotter.core.clock import SECOND, from_datetime, to_datetime

WEEKS_AHEAD = 4
"""[D] A maintenance job that fails for less than this is not noticed by the writers."""

PARTITIONED = {
    "exposure_buckets": "start",
    "postures": "start",
    "lifts": "started_at",
    "camera_health": "minute",
    "coverage": "start",
}
"""Time column by table."""

WEEK = 7 * 24 * 3600 * SECOND
_MONDAY = 4 * 24 * 3600 * SECOND
"""1970-01-05, UTC ns."""

_ADVISORY_LOCK = 7_367_077


@dataclass(frozen=True)
class Partition:
    """One week of a table: `start` included, `start + WEEK` not; UTC ns."""

    table: str
    start: int

    @property
    def name(self) -> str:
        return f"{self.table}_p{to_datetime(self.start):%Y%m%d}"

    @property
    def end(self) -> int:
        return self.start + WEEK


def week_of(at: int) -> int:
    """Beginning of the week that holds `at`, UTC ns."""
    return at - (at - _MONDAY) % WEEK


def partitions(connection: Connection, table: str) -> list[Partition]:
    """The weeks that `table` has a partition for, oldest first; empty on SQLite."""
    return [Partition(table, start) for start in sorted(_starts(connection, table))]


def default_rows(connection: Connection, table: str) -> int:
    """Rows that no week's partition took in."""
    return int(connection.execute(text(f"SELECT count(*) FROM {table}_default")).scalar_one())  # noqa: S608


def ensure_partitions(connection: Connection, at: int) -> list[Partition]:
    """Make the partitions of the week before `at`, of its own, of the next `WEEKS_AHEAD`, and of rows in a default one.

    Rows of more than a year ago or further ahead (a clock that was wrong) stay in the default one.

    Returns:
        Those made.
    """
    if connection.dialect.name != "postgresql":
        return []
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    made = []
    for table, column in PARTITIONED.items():
        week = week_of(at)
        wanted = {week + number * WEEK for number in range(-1, WEEKS_AHEAD + 1)}
        wanted |= {
            stray for stray in _stray_weeks(connection, table, column) if week - 53 * WEEK <= stray <= max(wanted)
        }
        for start in sorted(wanted - set(_starts(connection, table))):
            _make(connection, Partition(table, start), column)
            made.append(Partition(table, start))
    return made


def drop_partition(connection: Connection, partition: Partition) -> int:
    """Drop one week.

    Returns:
        The rows that were in it.
    """
    # No row can slip in between counting and dropping; readers, and writers of other weeks, wait for the drop only.
    connection.execute(text(f"LOCK TABLE ONLY {partition.name} IN SHARE MODE"))
    rows: int = connection.execute(text(f"SELECT count(*) FROM {partition.name}")).scalar_one()  # noqa: S608
    connection.execute(text(f"DROP TABLE {partition.name}"))
    return rows


def _make(connection: Connection, partition: Partition, column: str) -> None:
    table, name = partition.table, partition.name
    bounds = {"start": to_datetime(partition.start), "end": to_datetime(partition.end)}
    connection.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    # Writers of this week wait here until the partition is there, instead of slipping a row into the default one.
    connection.execute(text(f"LOCK TABLE ONLY {table}_default IN ACCESS EXCLUSIVE MODE"))
    connection.execute(
        text(
            f"WITH moved AS (DELETE FROM {table}_default WHERE {column} >= :start AND {column} < :end RETURNING *) "  # noqa: S608
            f"INSERT INTO {name} SELECT * FROM moved"
        ),
        bounds,
    )
    start, end = (bounds[edge].isoformat() for edge in ("start", "end"))
    connection.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"))


def _starts(connection: Connection, table: str) -> Iterator[int]:
    if connection.dialect.name != "postgresql":
        return
    names = connection.execute(
        text(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = CAST(:table AS regclass)"
        ),
        {"table": table},
    ).scalars()
    for name in names:
        day = name.removeprefix(f"{table}_p")
        if len(day) == 8 and day.isdecimal():
            yield from_datetime(to_datetime(0).replace(year=int(day[:4]), month=int(day[4:6]), day=int(day[6:])))


def _stray_weeks(connection: Connection, table: str, column: str) -> Iterator[int]:
    for moment in connection.execute(
        text(f"SELECT DISTINCT date_trunc('week', {column} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM {table}_default")  # noqa: S608
    ).scalars():
        yield week_of(from_datetime(moment))
