"""A database that is behind, ahead or empty: what is said, who waits, and how it recovers without a restart."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alert_samples import make_alert, make_update
from postgres import PostgresServer
from sqlalchemy import create_engine, inspect, text

from spotter.cli.app import execute
from spotter.core.errors import StoreError
from spotter.core.settings import StoreSettings
from spotter.core.store import Store
from spotter.core.store.migrate import configuration

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
BEFORE, NEWEST = REVISIONS[-2:]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/spotter.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def server_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty Postgres database."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


def stamp(url: str, revision: str) -> None:
    """As if another Spotter had written it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    engine.dispose()


def migrate_to(url: str, revision: str) -> None:
    """A database as an older Spotter left it."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), revision)
    engine.dispose()


def spotter(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command line."""
    code = execute(arguments)
    output = capsys.readouterr()
    return code, output.out, output.err


def test_a_database_one_migration_behind(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrate_to(url, BEFORE)
    with pytest.raises(StoreError, match=f"1 migration behind: it has schema {BEFORE}, this Spotter needs {NEWEST}"):
        Store.open(url, "read")
    code, out, err = spotter(capsys, "db", "check", "--database", url)
    assert (code, out) == (5, "")
    assert err.endswith("Run `spotter db upgrade`\n")
    code, out, _ = spotter(capsys, "db", "current", "--database", url)
    assert code == 0
    assert f"schema {BEFORE}, 1 behind: run `spotter db upgrade` to apply {NEWEST}" in out
    code, out, _ = spotter(capsys, "db", "upgrade", "--database", url)
    assert code == 0
    assert f"applied: {NEWEST}" in out
    code, out, _ = spotter(capsys, "db", "check", "--database", url)
    assert code == 0
    assert out.endswith(f"schema {NEWEST}, up to date\n")


def test_a_database_from_the_future(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    Store.open(url).close()
    stamp(url, "9999")
    for verb in ("check", "upgrade", "retention"):
        code, out, err = spotter(capsys, "db", verb, "--database", url)
        assert (code, out) == (5, "")
        assert "has schema '9999', which this Spotter does not know" in err
    code, out, _ = spotter(capsys, "db", "current", "--database", url, "--json")
    state = json.loads(out)
    assert (code, state["state"], state["current"], state["missing"]) == (0, "ahead", "9999", [])


def test_an_empty_database(server_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = spotter(capsys, "db", "check", "--database", server_url)
    assert code == 5
    assert "holds no Spotter tables" in err
    code, out, _ = spotter(capsys, "db", "current", "--database", server_url, "--json")
    assert json.loads(out)["missing"] == list(REVISIONS)
    # Looking at it made nothing.
    engine = create_engine(server_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_upgrades_at_the_same_time_migrate_once(url: str) -> None:
    applied: list[tuple[str, ...]] = []

    def upgrade() -> None:
        with Store.attach(url) as store:
            applied.append(store.upgrade("tests"))

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(applied) == [(), (), REVISIONS]
    with Store.open(url, "read") as store:
        assert [(one.action, one.details["revisions"]) for one in store.audit()] == [("upgrade", list(REVISIONS))]


def test_what_an_older_spotter_wrote_is_kept(url: str) -> None:
    migrate_to(url, "0001")
    engine = create_engine(url)
    alert = make_alert()
    values = {"id": alert.id.hex if url.startswith("sqlite") else str(alert.id)}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO alerts (id, site, camera_id, kind, severity, track_id, started_at, raised_at, evidence, "
                "versions, frames_considered, frames_dropped, ledger_captured) VALUES (:id, 'site', 'dock', "
                "'possible_fall', 'P2', 'p1', '2026-01-31 08:15:00', '2026-01-31 08:15:03', '{}', '{}', 1, 0, "
                "'2026-01-31 08:15:03')"
            ),
            values,
        )
    engine.dispose()
    with Store.open(url) as store:
        assert [found.id for found in store.alerts()] == [alert.id]
        assert store.record(alert, make_update(alert))


def test_a_service_waits_for_the_upgrade_and_never_does_it(server_url: str) -> None:
    migrate_to(server_url, BEFORE)
    alert = make_alert()
    with Store.connect(StoreSettings(url=server_url), distributed=True) as service:
        for call in (service.ping, service.counts, lambda: service.record(alert, make_update(alert))):
            with pytest.raises(StoreError, match="1 migration behind"):
                call()
        with Store.attach(server_url) as job:
            assert job.upgrade("spotter db upgrade") == (NEWEST,)
        service.ping()
        assert service.record(alert, make_update(alert))


def test_a_service_waits_for_its_server(postgres: PostgresServer, server_url: str) -> None:
    database = server_url.rsplit("/", 1)[1]
    with Store.connect(StoreSettings(url=postgres.url_of(f"{database}_later")), distributed=True) as service:
        begun = time.monotonic()
        with pytest.raises(StoreError, match="does not exist"):
            service.ping()
        assert time.monotonic() - begun < 60
        postgres.sql(f"CREATE DATABASE {database}_later")
        with pytest.raises(StoreError, match="holds no Spotter tables"):
            service.ping()
        Store.open(postgres.url_of(f"{database}_later")).close()
        service.ping()
    postgres.drop_database(postgres.url_of(f"{database}_later"))


def test_a_rolling_upgrade_leaves_running_services_alone(server_url: str) -> None:
    Store.open(server_url).close()
    alert = make_alert()
    with Store.connect(StoreSettings(url=server_url), distributed=True) as running:
        running.ping()
        stamp(server_url, "9999")  # the next release's migration job ran
        running.ping()
        assert running.record(alert, make_update(alert))
        with (
            Store.connect(StoreSettings(url=server_url), distributed=True) as restarted,
            pytest.raises(StoreError, match="does not know"),
        ):
            restarted.ping()
        stamp(server_url, BEFORE)  # someone put an old dump back
        with pytest.raises(StoreError, match="1 migration behind"):
            running.ping()


def test_migrate_never_holds_everywhere(url: str) -> None:
    never = StoreSettings(migrate="never")
    migrate_to(url, BEFORE)
    with pytest.raises(StoreError, match="1 migration behind"):
        Store.open(url, settings=never)
    with Store.open(url) as store:
        assert store.schema().current == NEWEST
    with Store.open(url, settings=never) as store:
        store.ping()


def test_a_service_on_a_sqlite_file_migrates_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/spotter.db"
    with Store.connect(StoreSettings(url=url), distributed=True) as store:
        store.ping()
    with pytest.raises(StoreError, match="is a folder"):
        Store.connect(StoreSettings(url=f"sqlite:///{tmp_path}"), distributed=True)
