"""The benchmark of the dashboard's queries, on few alerts: every query is asked, and the skews are in the data."""

from __future__ import annotations

from sqlalchemy import create_engine

from spotter.core.contracts import AlertKind
from spotter.core.store import AlertQuery, Store
from store_queries import BARE, FAST, OPEN, PostgresServer, fill, measure, queries

ALERTS = 20_000


def test_every_query_is_measured_and_finds_what_it_is_about():
    with PostgresServer(FAST) as server:
        url = server.create_database()
        Store.open(url).close()
        engine = create_engine(url)
        fill(engine, ALERTS)
        engine.dispose()
        times = measure(url, rounds=3)
        with Store.open(url, "read") as store:
            calls = queries(store)
            assert list(times) == [BARE, *calls]
            assert all(len(seconds) == 3 and min(seconds) > 0 for seconds in times.values())
            assert all(call() for call in calls.values())
            assert len(store.alerts(AlertQuery(open=True, limit=1000))) == ALERTS // (ALERTS // OPEN)
            newest = store.alerts(AlertQuery(limit=4000))
            assert {alert.kind for alert in newest} == {AlertKind.POSSIBLE_FALL}
            assert (
                max(alert.raised_at for alert in store.alerts(AlertQuery(camera_id="camera-old")))
                < newest[-1].raised_at
            )
