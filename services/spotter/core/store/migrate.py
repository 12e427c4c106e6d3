"""Bring a database to the schema of this Spotter, or say why it cannot be used.

Promises: a migration is one transaction under a lock, so two processes that open the same database at once migrate it
once; a database that a newer Spotter wrote is never touched.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from spotter.core.errors import StoreError

_FOLDER = Path(__file__).with_name("migrations")
_ADVISORY_LOCK = 7_367_076
"""Key of the Postgres advisory lock that migrations hold (a constant of this project)."""


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for the migrations shipped in this package, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection, database: str) -> None:
    """Upgrade to the newest revision within the connection's transaction; the caller commits.

    Fails on a database that cannot be written, even when there is nothing to upgrade.

    Args:
        database: the database's name for messages, redacted.

    Raises:
        StoreError: the database is at a revision that this Spotter does not know.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = configuration(connection)
    scripts = ScriptDirectory.from_config(config)
    current = _current(connection)
    _refuse_unknown(current, scripts, database)
    if current != scripts.get_current_head():
        command.upgrade(config, "head")
    # SQLite lets a write transaction begin on a read-only file; only a write tells, and it should tell now.
    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def check_readable(connection: Connection, database: str) -> None:
    """Refuse a database whose schema is not exactly this Spotter's; changes nothing.

    Raises:
        StoreError: no Spotter tables, an older schema, or a newer one.
    """
    scripts = ScriptDirectory.from_config(configuration(connection))
    current = _current(connection)
    if current is None:
        raise StoreError(
            f"database {database} holds no Spotter tables", mend="Run `spotter run` first or give --database"
        )
    _refuse_unknown(current, scripts, database)
    head = scripts.get_current_head()
    if current != head:
        raise StoreError(
            f"database {database} has the older schema {current}; this Spotter reads {head}",
            mend="Run `spotter run` once to upgrade it",
        )


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(current: str | None, scripts: ScriptDirectory, database: str) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"database {database} has schema '{current}', which this Spotter does not know; "
            f"it knows up to '{scripts.get_current_head()}'",
            mend="Use the newer Spotter that wrote it, or give another database",
        )
