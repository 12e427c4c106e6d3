"""Migrations and tables say the same, both ways work, and a database from the future is left alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alert_samples import make_alert, make_update
from sqlalchemy import Connection, create_engine, event, inspect, select, text
from sqlalchemy.orm import Session

from spotter.core.errors import StoreError
from spotter.core.store import Store
from spotter.core.store.history_rows import exposure_of
from spotter.core.store.history_tables import ExposureRow
from spotter.core.store.migrate import configuration, migrate
from spotter.core.store.tables import Base

PARTITION = re.compile(r"_(p\d{8}|default)$")


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A transaction on an empty database."""
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    if request.param == "sqlite":
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def definitions(connection: Connection) -> set[str]:
    """What SQLite keeps of each table and index, one line for each column or constraint, in no order."""
    found: set[str] = set()
    # Triggers are not part of SQLAlchemy's metadata; what they do is tested.
    select = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'"
    for name, sql in connection.execute(text(select)):
        if name.startswith(("sqlite_", "alembic_")):
            continue
        # SQLite puts an added column on the line of the one before.
        for line in re.split(r"\n|(?<=NOT NULL), ", sql):
            found.add(f"{name}: {re.sub(r' +', ' ', line.strip().rstrip(','))}")
    return found


def test_tables_and_migrations_do_not_drift(connection: Connection) -> None:
    migrate(connection, "test")
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or not PARTITION.search(name),
        },
    )
    assert compare_metadata(context, Base.metadata) == []


def test_partial_indexes_and_foreign_keys_do_not_drift_either() -> None:
    # compare_metadata does not look at WHERE clauses, ON DELETE and names on SQLite; the text of the schema does.
    found = []
    for make in (lambda connection: migrate(connection, "test"), Base.metadata.create_all):
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            make(connection)
            found.append(definitions(connection))
        engine.dispose()
    assert found[0] == found[1]
    assert any("WHERE ended_at IS NULL" in line for line in found[0])
    assert any("AUTOINCREMENT" in line for line in found[0])


def test_down_and_up_again(connection: Connection) -> None:
    migrate(connection, "test")
    config = configuration(connection)
    command.downgrade(config, "base")
    assert inspect(connection).get_table_names() == ["alembic_version"]
    command.upgrade(config, "head")
    tables = {name for name in inspect(connection).get_table_names() if not PARTITION.search(name)}
    assert tables == {*Base.metadata.tables, "alembic_version"}


def test_there_is_one_line_of_revisions(connection: Connection) -> None:
    scripts = ScriptDirectory.from_config(configuration(connection))
    assert len(scripts.get_heads()) == 1
    assert all(script.doc for script in scripts.walk_revisions())


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    alert = make_alert()
    with Store.open(path) as store:
        store.record(alert, make_update(alert))
    with Store.open(path) as store:
        assert store.counts().alerts == 1


@pytest.mark.parametrize("mode", ["write", "read"])
def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "spotter.db"
    Store.open(path).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = path.read_bytes()
    with pytest.raises(
        StoreError, match=r"spotter\.db' has schema '9999', which this Spotter does not know.*newer"
    ) as caught:
        Store.open(path, mode)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    # A foreign table in the way of ours: the whole migration is undone.
    path = tmp_path / "other.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE outbox (mail TEXT)"))
    with pytest.raises(StoreError, match="outbox already exists"):
        Store.open(path)
    assert inspect(engine).get_table_names() == ["outbox"]
    engine.dispose()


def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    code = "import sys, pathlib; from spotter.core.store import Store; Store.open(pathlib.Path(sys.argv[1])).close()"
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code, str(path)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with Store.open(path, "read") as store:
        assert store.counts().alerts == 0


def test_exposure_of_an_older_database_goes_on(connection: Connection) -> None:
    command.upgrade(configuration(connection), "0003")
    columns = "site, camera_id, start, zone, epoch, seconds, upright, bent, deep, unproven, not_observable, frames"
    old = f"INSERT INTO exposure_buckets ({columns}) VALUES ('site', 'dock', :start, '', 1, 60, 9.5, 2, 1, 0, 0, 900)"
    connection.execute(text(old), {"start": "2026-03-02 10:00:00+00:00"})
    migrate(connection, "test")
    # A service of the release before goes on writing.
    connection.execute(text(old), {"start": "2026-03-02 10:01:00+00:00"})
    with Session(connection) as session:
        buckets = [exposure_of(row) for row in session.scalars(select(ExposureRow).order_by(ExposureRow.start))]
    assert [(bucket.upright, bucket.frames, bucket.numbers, bucket.unscored) for bucket in buckets] == [
        (9.5, 900, {}, {})
    ] * 2
