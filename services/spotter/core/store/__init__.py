"""The store: alerts, their updates, cameras and the outbox, in SQLite or Postgres. Alerts are lossless here."""

from spotter.core.store.alert_json import alert_from_json, alert_json, update_from_json, update_json
from spotter.core.store.queries import AlertCursor, AlertQuery
from spotter.core.store.records import (
    AlertRecord,
    AuditEntry,
    CameraRecord,
    Counts,
    ExposureBucket,
    HealthSample,
    LiftRecord,
    OutboxEntry,
)
from spotter.core.store.repository import Store

__all__ = [
    "AlertCursor",
    "AlertQuery",
    "AlertRecord",
    "AuditEntry",
    "CameraRecord",
    "Counts",
    "ExposureBucket",
    "HealthSample",
    "LiftRecord",
    "OutboxEntry",
    "Store",
    "alert_from_json",
    "alert_json",
    "update_from_json",
    "update_json",
]
