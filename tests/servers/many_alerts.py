"""Millions of alerts in Postgres, made by the server itself, with the skews that mislead a planner.

Twenty sites with fifty cameras each, one of which raises a tenth of all alerts; the heap in order of time, ids in none.
Another raised a fifth of the older half, and was taken away. The newest fifth holds no P1 and no person down; a few
hundred alerts are open, half of them years old.
"""

from __future__ import annotations

from sqlalchemy import Engine, text

from spotter.core.store.tables import AlertRow

SITES, CAMERAS = 20, 50
OPEN = 300
FAST = {
    "shared_buffers": "1GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "full_page_writes": "off",
    "autovacuum": "off",
}
"""Server settings that fill fastest; the planner sees nothing of them but the buffers."""

UPDATED = 50_000
"""Newest alerts that have two updates and messages, delivered to one channel; the last `PENDING` messages wait."""
PENDING = 200

_ALERTS = """
INSERT INTO alerts (id, site, camera_id, kind, severity, zone, track_id, started_at, raised_at, ended_at, evidence,
                    versions, frames_considered, frames_dropped, ledger_captured, ledger_stored)
SELECT md5(n::text)::uuid,
       'site-' || CASE WHEN n % 10 = 0 THEN 0 ELSE n * 7919 % :sites END,
       'camera-' || CASE WHEN n % 10 = 0 THEN '0' WHEN n % 5 = 1 AND n < :rows * 0.5 THEN 'old'
                         ELSE (n / :sites * 104729 % :cameras)::text END,
       CASE WHEN n % 20 = 3 AND n < :rows * 0.8 THEN 'person_down' ELSE 'possible_fall' END,
       CASE WHEN n % 10 = 3 AND n < :rows * 0.8 THEN 'P1' ELSE 'P2' END,
       NULL, 'p' || n % 100, raised - interval '3 s', raised,
       CASE WHEN n % (:rows / :open) = 0 THEN NULL ELSE raised + interval '40 s' END,
       '{"on_ground": {"value": 3.2, "threshold": 3.0, "unit": "s", "comparison": ">="}}', '{"rule": "fall/1"}',
       45, 0, raised, raised
FROM (SELECT n, timestamptz '2023-11-01Z' + n * (interval '3 years' / :rows) AS raised
      FROM generate_series(1, CAST(:rows AS bigint)) AS n) AS numbered
"""

_UPDATES = """
INSERT INTO alert_updates (alert_id, number, kind, at, evidence)
SELECT id, number, CASE number WHEN 0 THEN 'raised' ELSE 'recovered' END, raised_at + number * interval '40 s', '{}'
FROM (SELECT id, raised_at FROM alerts ORDER BY raised_at DESC LIMIT :updated) AS newest,
     generate_series(0, 1) AS number
"""

_MESSAGES = """
INSERT INTO outbox (alert_id, update_number, topic, payload, created_at, delivered_at, attempts)
SELECT alert_id, number, 'alerts', '{}', at, CASE WHEN row_number() OVER (ORDER BY at DESC) > :pending THEN at END, 0
FROM alert_updates ORDER BY at
"""

_DELIVERIES = """
INSERT INTO deliveries (outbox_id, channel, alert_id, update_number, severity, state, admitted, attempts, due_at,
                        created_at, expires_at, finished_at, error)
SELECT id, 'hook', alert_id, update_number, 'P2', 'delivered', true, 1, created_at, created_at, created_at,
       delivered_at, ''
FROM outbox WHERE delivered_at IS NOT NULL
"""


def fill(engine: Engine, rows: int) -> None:
    """Put `rows` alerts into an empty, migrated database, and let the planner count them."""
    indexes = sorted(AlertRow.__table__.indexes, key=lambda index: str(index.name))  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # The children first: a logged table cannot point to an unlogged one.
        for table in ("deliveries", "outbox", "alert_updates", "alerts"):
            connection.execute(text(f"ALTER TABLE {table} SET UNLOGGED"))
        for index in indexes:
            index.drop(connection)
        connection.execute(text("ALTER TABLE alerts DROP CONSTRAINT pk_alerts CASCADE"))
        parameters = {"rows": rows, "sites": SITES, "cameras": CAMERAS, "open": OPEN}
        connection.execute(text(_ALERTS), parameters)
        connection.execute(text("ALTER TABLE alerts ADD CONSTRAINT pk_alerts PRIMARY KEY (id)"))
        connection.execute(
            text(
                "ALTER TABLE alert_updates ADD CONSTRAINT fk_alert_updates_alert_id_alerts FOREIGN KEY (alert_id) "
                "REFERENCES alerts (id) ON DELETE CASCADE"
            )
        )
        for index in indexes:
            index.create(connection)
        connection.execute(text("ANALYZE alerts"))
        connection.execute(text(_UPDATES), {"updated": UPDATED})
        connection.execute(text(_MESSAGES), {"pending": PENDING})
        connection.execute(text(_DELIVERIES))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) alerts, alert_updates, outbox, deliveries"))
