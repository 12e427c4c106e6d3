"""Postgres engines: every wait is bounded, also on a server that holds its connections open and says nothing.

libpq has no bound for an answer. So psycopg2 waits through a callback of ours (its documented "green" mode), and a
connection that is silent for too long is closed and reported as an outage. libpq does not bound connecting in this
mode either, and would never leave a dead host of several; so hosts are tried here, one by one, each for at most
`connect_timeout_s`. Hosts of a URL: `postgresql://user@/name?host=a:5432&host=b:5432&target_session_attrs=read-write`.
"""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import NoSuchModuleError

from spotter.core.errors import StoreError
from spotter.core.settings import StoreSettings
from spotter.core.store.sqlite import Mode

_SILENCE_MARGIN_S = 1.0
"""A live server ends a statement by itself at its timeout; this much later its silence is an outage."""

_LOCK_TIMEOUT_S = 10.0
_IDLE_IN_TRANSACTION_S = 60.0
"""A process that was frozen within a transaction keeps its locks no longer than this."""


def postgres_engine(url: URL, mode: Mode, settings: StoreSettings, database: str) -> Engine:
    """An engine, not yet connected.

    Raises:
        StoreError: the database driver is not installed.
    """
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=settings.pool_size,
            max_overflow=settings.pool_overflow,
            pool_timeout=settings.pool_timeout_s,
            pool_recycle=int(settings.pool_recycle_s),
            pool_pre_ping=settings.pool_pre_ping,
            pool_use_lifo=True,
            use_native_hstore=False,
        ).execution_options(postgresql_readonly=mode == "read")
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            f"no driver for database {database} is installed",
            mend='Install it: pip install "spotter-safety[stream]"',
        ) from None
    if engine.dialect.driver == "psycopg2":
        _bound_waits(engine, settings)
    return engine


def unhurried(connection: Connection) -> None:
    """Lift the bounds on statements for the rest of this transaction (migrations, partitions)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        raw: Any = connection.connection.dbapi_connection
        if hasattr(raw, "answer_timeout_s"):
            raw.answer_timeout_s = None


def _bound_waits(engine: Engine, settings: StoreSettings) -> None:
    import psycopg2
    from psycopg2 import extensions

    if extensions.get_wait_callback() is None:
        extensions.set_wait_callback(_wait)
    answer_s = settings.statement_timeout_s + _SILENCE_MARGIN_S

    class BoundedConnection(extensions.connection):
        """A connection that is given up when it is silent for `answer_timeout_s`."""

        answer_timeout_s: float | None = settings.connect_timeout_s

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> BoundedConnection:
        hosts = _hosts(options)
        for number, host in enumerate(hosts, 1):
            try:
                connection: BoundedConnection = psycopg2.connect(
                    **(options | host), connection_factory=BoundedConnection
                )
            except psycopg2.OperationalError:
                if number == len(hosts):
                    raise
                continue
            connection.answer_timeout_s = answer_s
            return connection
        raise AssertionError("the last host returns or raises")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false), "
                "set_config('idle_in_transaction_session_timeout', %s, false)",
                [
                    _milliseconds(bound)
                    for bound in (settings.statement_timeout_s, _LOCK_TIMEOUT_S, _IDLE_IN_TRANSACTION_S)
                ],
            )
        connection.commit()

    @event.listens_for(engine, "checkin")
    def hurry_again(connection: Any, _record: Any) -> None:
        if connection is not None:
            connection.answer_timeout_s = answer_s


def _hosts(options: dict[str, Any]) -> list[dict[str, str]]:
    """One set of options for each host of a list "a,b" with ports "1,2" (or one port for all)."""
    hosts = str(options.get("host") or "").split(",")
    if len(hosts) == 1:
        return [{}]
    ports = str(options.get("port") or "5432").split(",")
    return [
        {"host": host, "port": (ports[index] if index < len(ports) else ports[-1]) or "5432"}
        for index, host in enumerate(hosts)
    ]


def _milliseconds(seconds: float) -> str:
    return str(max(round(seconds * 1000), 1))


def _wait(connection: Any) -> None:
    """Wait for what psycopg2 waits for; a connection with a bound is given up when nothing comes for so long.

    psycopg2 closes a connection whose wait raises.
    """
    import psycopg2
    from psycopg2 import extensions

    bound_s: float | None = getattr(connection, "answer_timeout_s", None)
    while (state := connection.poll()) != extensions.POLL_OK:
        ready = select.poll()
        ready.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        begun = time.monotonic()
        if not ready.poll(None if bound_s is None else bound_s * 1000):
            raise psycopg2.OperationalError(f"no answer within {time.monotonic() - begun:.1f} s")
