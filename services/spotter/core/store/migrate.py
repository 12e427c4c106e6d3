"""Bring a database to the schema of this Spotter, or say why it cannot be used.

Promises: a migration is one transaction under a lock, so two processes that open the same database at once migrate it
once; a database that a newer Spotter wrote is never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from spotter.core.clock import now
from spotter.core.errors import StoreError
from spotter.core.store.partitions import ensure_partitions
from spotter.core.store.postgres import unhurried

_FOLDER = Path(__file__).with_name("migrations")
_ADVISORY_LOCK = 7_367_076
"""Key of the Postgres advisory lock that migrations hold (a constant of this project)."""


class Schema(StrEnum):
    """How a database's schema stands to this Spotter's."""

    UP_TO_DATE = "up_to_date"
    EMPTY = "empty"
    BEHIND = "behind"
    AHEAD = "ahead"


@dataclass(frozen=True)
class SchemaState:
    """What `schema_state` found.

    Attributes:
        current: revision of the database, or None when it holds no Spotter tables.
        newest: revision that this Spotter needs.
        missing: revisions still to be applied, oldest first; empty when ahead.
    """

    database: str
    current: str | None
    newest: str
    missing: tuple[str, ...]

    @property
    def schema(self) -> Schema:
        if self.current == self.newest:
            return Schema.UP_TO_DATE
        if self.current is None:
            return Schema.EMPTY
        return Schema.BEHIND if self.missing else Schema.AHEAD

    def require(self) -> None:
        """Refuse a database whose schema is not exactly this Spotter's.

        Raises:
            StoreError: no Spotter tables, an older schema, or a newer one.
        """
        if self.schema is Schema.EMPTY:
            raise StoreError(
                f"database {self.database} holds no Spotter tables",
                mend="Run `spotter db upgrade`, or `spotter run` first, or give --database",
            )
        self.refuse_ahead()
        if self.schema is Schema.BEHIND:
            count = f"{len(self.missing)} migration{'s' if len(self.missing) > 1 else ''}"
            raise StoreError(
                f"database {self.database} is {count} behind: it has schema {self.current}, "
                f"this Spotter needs {self.newest}",
                mend="Run `spotter db upgrade`",
            )

    def refuse_ahead(self) -> None:
        """Refuse a database that a newer Spotter wrote.

        Raises:
            StoreError: this Spotter does not know its revision.
        """
        if self.schema is Schema.AHEAD:
            raise StoreError(
                f"database {self.database} has schema '{self.current}', which this Spotter does not know; "
                f"it knows up to '{self.newest}'",
                mend="Use the newer Spotter that wrote it, or give another database",
            )


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for the migrations shipped in this package, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def schema_state(connection: Connection, database: str) -> SchemaState:
    """How the schema stands; changes nothing.

    Args:
        database: the database's name for messages, redacted.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    line = _line()
    position = {None: 0} | {revision: number for number, revision in enumerate(line, 1)}
    missing = line[position[current] :] if current in position else ()
    return SchemaState(database, current, line[-1], missing)


@cache
def _line() -> tuple[str, ...]:
    """The revisions of this Spotter, oldest first."""
    scripts = ScriptDirectory(str(_FOLDER))
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))


def migrate(connection: Connection, database: str) -> tuple[str, ...]:
    """Upgrade to the newest revision within the connection's transaction, which the caller commits; make partitions.

    Fails on a database that cannot be written, even when there is nothing to upgrade.

    Returns:
        The revisions that were applied, oldest first.

    Raises:
        StoreError: the database is at a revision that this Spotter does not know.
    """
    unhurried(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    state = schema_state(connection, database)
    state.refuse_ahead()
    if state.missing:
        command.upgrade(configuration(connection), "head")
    # SQLite lets a write transaction begin on a read-only file; only a write tells, and it should tell now.
    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
    ensure_partitions(connection, now())
    return state.missing
