"""Time of the dashboard's queries at millions of alerts on a real Postgres, as a ratio to a bare primary-key lookup.

    python benchmarks/store_queries.py                      five million alerts; needs 5 GB of disk and some minutes
    python benchmarks/store_queries.py --alerts 200000      a look in a minute

The alerts are made by the server (`tests/servers/many_alerts.py`): twenty sites with fifty cameras each, skewed so that
a planner is easily misled. Queries take turns, so that a slow moment of the machine hits all of them; the bare lookup
takes its turn with them, through psycopg2 alone. A query's time is that of the whole call of `Store`: statement,
transport, and rows made into alerts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "servers"))

import psycopg2
from many_alerts import FAST, OPEN, fill
from postgres import PostgresServer
from psycopg2 import extensions
from sqlalchemy import create_engine

from spotter.core.clock import SECOND
from spotter.core.contracts import AlertKind, Severity
from spotter.core.store import AlertCursor, AlertQuery, Store

DAY = 86_400 * SECOND
__all__ = ["BARE", "FAST", "OPEN", "PostgresServer", "fill", "measure", "queries"]

BARE = "bare primary-key lookup (psycopg2)"


def queries(store: Store) -> dict[str, Callable[[], object]]:
    """The dashboard's calls by what they show; a page is 51 alerts, one more than it shows."""
    newest = store.alerts(AlertQuery(limit=1))[0]
    deep = AlertCursor(newest.raised_at - 500 * DAY, uuid.UUID(int=0))

    def page(**filters: object) -> Callable[[], object]:
        query = AlertQuery(limit=51, **filters)  # type: ignore[arg-type]
        return lambda: store.alerts(query)

    return {
        "newest page": page(),
        "page 500 days back, by cursor": page(after=deep),
        "one day, 400 days ago": page(since=newest.raised_at - 401 * DAY, until=newest.raised_at - 400 * DAY),
        "camera": page(camera_id="camera-7"),
        "camera taken away years ago": page(camera_id="camera-old"),
        "kind, none in the newest fifth": page(kind=AlertKind.PERSON_DOWN),
        "severity, none in the newest fifth": page(severity=Severity.P1),
        "camera and severity": page(camera_id="camera-7", severity=Severity.P1),
        "open": page(open=True),
        "closed": page(open=False),
        "newest page with updates": lambda: store.records(AlertQuery(limit=51)),
        "one alert with updates": lambda: store.alert(newest.id),
        "beginning of an id": lambda: store.ids_starting_with(str(newest.id)[:8]),
        "counts": store.counts,
        "newest message": store.newest_message,
    }


def measure(url: str, rounds: int) -> dict[str, list[float]]:
    """Seconds of each call, `rounds` times, in turns; the first tenth is thrown away."""
    times: dict[str, list[float]] = {}
    with Store.open(url, "read") as store:
        calls = queries(store)
        alert = str(store.alerts(AlertQuery(limit=1))[0].id)
        bare = psycopg2.connect(url.replace("+psycopg2", ""))
        bare.autocommit = True
        cursor = bare.cursor()

        def lookup() -> None:
            cursor.execute("SELECT * FROM alerts WHERE id = %s", (alert,))
            cursor.fetchall()

        bounded_wait = extensions.get_wait_callback()

        for number in range(rounds):
            for name, call in ((BARE, lookup), *calls.items()):
                # The product waits for answers with a bound, in Python; the bare lookup goes without.
                extensions.set_wait_callback(None if name == BARE else bounded_wait)
                begun = time.perf_counter()
                call()
                if number >= rounds // 10:
                    times.setdefault(name, []).append(time.perf_counter() - begun)
        extensions.set_wait_callback(None)
        bare.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of the dashboard's queries at millions of alerts.")
    parser.add_argument("--alerts", type=int, default=5_000_000, help="alerts in the table")
    parser.add_argument("--rounds", type=int, default=300, help="times that each query is asked")
    options = parser.parse_args()
    with PostgresServer(FAST) as server:
        url = server.create_database()
        Store.open(url).close()
        engine = create_engine(url)
        begun = time.monotonic()
        fill(engine, options.alerts)
        size = server.sql("SELECT pg_size_pretty(pg_total_relation_size('alerts'))", url.rsplit("/", 1)[1])
        print(f"{options.alerts:,} alerts, {size} with indexes, made in {time.monotonic() - begun:.0f} s")
        engine.dispose()
        times = measure(url, options.rounds)
    base = percentiles(times[BARE])
    print(f"{'query':<38} {'p50 ms':>8} {'p95 ms':>8} {'p50 / bare p50':>15} {'p95 / bare p95':>15}")
    for name, seconds in times.items():
        p50, p95 = percentiles(seconds)
        print(f"{name:<38} {p50 * 1e3:>8.2f} {p95 * 1e3:>8.2f} {p50 / base[0]:>15.1f} {p95 / base[1]:>15.1f}")


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]


if __name__ == "__main__":
    main()
