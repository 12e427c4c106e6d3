"""The store: alerts, their updates, cameras, the outbox, history and audit, in SQLite or Postgres.

Alerts are lossless here.
"""

from spotter.core.store.alert_json import alert_from_json, alert_json, update_from_json, update_json
from spotter.core.store.audit import AuditCheck, audit_json
from spotter.core.store.queries import AlertCursor, AlertQuery
from spotter.core.store.records import (
    AlertRecord,
    AuditEntry,
    CameraRecord,
    Counts,
    CoverageRecord,
    ExposureBucket,
    HealthSample,
    LiftRecord,
    OutboxEntry,
    PostureRecord,
)
from spotter.core.store.repository import Store
from spotter.core.store.task_records import TaskRecord

__all__ = [
    "AlertCursor",
    "AlertQuery",
    "AlertRecord",
    "AuditCheck",
    "AuditEntry",
    "CameraRecord",
    "Counts",
    "CoverageRecord",
    "ExposureBucket",
    "HealthSample",
    "LiftRecord",
    "OutboxEntry",
    "PostureRecord",
    "Store",
    "TaskRecord",
    "alert_from_json",
    "alert_json",
    "audit_json",
    "update_from_json",
    "update_json",
]
