"""How the databases find deliveries: by indexes, however many have ended."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from delivery_tools import HOUR, claim, fan_out
from notify_tools import fall, record
from sqlalchemy import event, text

from spotter.core.clock import now
from spotter.core.store import Store
from spotter.core.store.deliveries import Deliveries
from spotter.core.store.delivery_queries import DeliveryBook, DeliveryQuery
from spotter.core.store.delivery_records import DeliveryState


def test_what_runs_all_the_time_reads_indexes_only(store: Store, deliveries: Deliveries, book: DeliveryBook) -> None:
    """However many deliveries there are, those that ended are not looked at."""
    fill = (
        "INSERT INTO deliveries (channel, severity, state, admitted, attempts, due_at, created_at, expires_at, error) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
        "SELECT 'a', 'P2', 'delivered', true, 1, :at, :at, :at, '' FROM n"
    )
    with store._writer.begin() as connection:
        connection.execute(text(fill), {"at": datetime(2026, 1, 31, tzinfo=UTC)})
        if store.on_server:
            connection.execute(text("ANALYZE deliveries"))
    record(store, fall())
    asked: list[tuple[str, Any]] = []
    event.listen(store._reader, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    fan_out(deliveries, "a", "b")
    for channel in ("a", "b"):
        taken = claim(deliveries, channel)
        assert taken is not None
        deliveries.failed(taken, "refused", now(), None)
    deliveries.summarise("a", now(), HOUR, lambda severity, buckets: True, lambda held, at: {})
    book.backlog()
    book.open_alerts("a", 0)
    book.give_up_orphans(["a", "b"], now())
    book.replay(now(), HOUR)
    book.find(DeliveryQuery(state=DeliveryState.DEAD))
    statements = [(sql, values) for sql, values in asked if "deliveries" in sql and "INSERT" not in sql]
    assert len(statements) > 10
    explain = "EXPLAIN " if store.on_server else "EXPLAIN QUERY PLAN "
    with store._reader.connect() as connection:
        for sql, values in statements:
            plan = [" ".join(map(str, row)) for row in connection.exec_driver_sql(explain + sql, values)]
            assert not re.search(r"Seq Scan on deliveries|SCAN deliveries($|\n)|AUTOMATIC", "\n".join(plan)), (
                sql,
                plan,
            )
