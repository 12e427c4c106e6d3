"""Transactions: tried again where that helps, bounded in time, measured, and every failure one `StoreError` line.

- Contention (a lock, a deadlock, a serialization failure) is tried again up to `_CONTENTION_TRIES` times.
- An outage (server away, restart, failover to another host) is tried again for `retry_s`. A commit whose answer was
  lost may have happened: what callers do in a transaction must do no harm when it is done twice.
- A store opened for a service does not fail while the server is away or its schema is another: each call says so
  until it is right, and then goes on.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from spotter.core.store.engine import WRITE
from spotter.core.store.failures import Passing, failure_code, passing, store_error
from spotter.core.store.migrate import schema_state
from spotter.core.telemetry.store_metrics import StoreMetrics

T = TypeVar("T")

_CONTENTION_TRIES = 5
_LOCK_TRIES = 3
"""A locked SQLite file has made each try wait for `busy_timeout_s` already."""
_PAUSE_MIN_S, _PAUSE_MAX_S = 0.05, 1.0


class Database:
    """An engine with transactions on it; base of the repositories.

    Args:
        engine: from `engine.open_engine`.
        database: the database's name for messages, redacted.
        retry_s: how long one call tries again while the server is away.
        checked: False to check the schema before the first transaction, and until it is right.
        metrics: where the time and the tries are counted.
    """

    def __init__(
        self,
        engine: Engine,
        database: str,
        *,
        retry_s: float = 0.0,
        checked: bool = True,
        metrics: StoreMetrics | None = None,
    ) -> None:
        self._reader = engine
        self._writer = engine.execution_options(**{WRITE: True})
        self._retry_s = retry_s
        self._checked = checked
        self.metrics = metrics
        self.database = database
        pool = engine.pool
        if metrics is not None and isinstance(pool, QueuePool):
            metrics.connections.labels(state="in_use").set_function(pool.checkedout)
            metrics.connections.labels(state="idle").set_function(pool.checkedin)

    def _transact(
        self, work: Callable[[Session], T], *, write: bool = True, name: str = "other", check: bool = True
    ) -> T:
        """Run `work` in one transaction; tried again, within bounds, when a passing failure undid it.

        Args:
            work: may run more than once; its last run is the one that counts.
            name: of the operation, for the metrics.
            check: False to run it whatever the schema is.

        Raises:
            StoreError: nothing was written (after an outage: or all of it was, and the answer was lost).
        """
        begun = time.monotonic()
        outcome = "failed"
        try:
            result = self._try(work, write=write, check=check, begun=begun)
            outcome = "ok"
            return result
        finally:
            if self.metrics is not None:
                self.metrics.seconds.labels(operation=name, outcome=outcome).observe(time.monotonic() - begun)

    def _try(self, work: Callable[[Session], T], *, write: bool, check: bool, begun: float) -> T:
        tries = 0
        while True:
            tries += 1
            try:
                if check and not self._checked:
                    self._check()
                with Session(self._writer if write else self._reader) as session, session.begin():
                    return work(session)
            except (SQLAlchemyError, OSError) as error:
                reason = passing(error)
                code = failure_code(error)
                if code == "25006" and write:
                    # The server at the end of these connections is no longer the primary one.
                    self._reader.dispose()
                if reason is None or not self._again(reason, code, tries, time.monotonic() - begun, write=write):
                    raise store_error(error, self.database) from error
                if self.metrics is not None:
                    self.metrics.retries.labels(reason=reason).inc()
            # Full jitter, so that those who met once do not meet again.
            time.sleep(random.uniform(0, 1) * min(_PAUSE_MIN_S * 2**tries, _PAUSE_MAX_S))  # noqa: S311

    def _again(self, reason: Passing, code: str, tries: int, elapsed_s: float, *, write: bool) -> bool:
        if reason is Passing.CONTENTION:
            return tries < (_LOCK_TRIES if code.startswith("SQLITE") else _CONTENTION_TRIES)
        # Before the first success the caller is better served by the reason than by a wait.
        return self._checked and elapsed_s < self._retry_s and (write or code != "25006")

    def _check(self) -> None:
        """Whether the schema is this Spotter's; once it was, it is not looked at again (see `Store.ping`)."""
        with self._reader.connect() as connection:
            schema_state(connection, self.database).require()
        self._checked = True

    def _insert(self, table: type[Any]) -> Any:
        """INSERT that knows ON CONFLICT, in the dialect at hand (both have the same methods)."""
        return postgresql.insert(table) if self.on_server else sqlite.insert(table)

    @property
    def on_server(self) -> bool:
        """True on Postgres, False on SQLite."""
        return self._reader.dialect.name == "postgresql"
