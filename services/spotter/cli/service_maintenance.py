"""`spotter serve maintenance`: once a day it deletes what has been kept long enough and makes partitions ahead.

More than one may run: the job takes a lock in the database, and the others skip their turn.
"""

from __future__ import annotations

from spotter.cli.parts import open_store, watch_store
from spotter.cli.service import Shell, Work
from spotter.core.clock import now
from spotter.core.errors import StoreError
from spotter.core.store.retention import run_retention
from spotter.dashboard.api.routes.health import OK

EVERY_S = 24 * 3600.0
"""Pause between two runs; partitions are made for longer than that ahead."""

RETRY_S = 60.0
"""Pause after a run that failed."""


def prepare_maintenance(shell: Shell) -> Work:
    """The service."""
    store = open_store(shell)
    keep = shell.settings.store.retention

    def work() -> None:
        watch_store(shell, store)
        while not shell.stop.is_set():
            try:
                report = run_retention(store, keep, now())
            except StoreError as error:
                shell.readiness.note("retention", f"degraded: the last run failed: {error}")
                shell.stop.wait(RETRY_S)
            else:
                shell.readiness.note("retention", OK)
                deleted = {one.name: one.deleted for one in report.classes if one.deleted}
                shell.log.info("retention_done", skipped=report.skipped, deleted=deleted)
                shell.stop.wait(EVERY_S)

    return work
