"""`spotter db retention` and `spotter db audit`; the schema verbs are tested in `test_store_schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alert_samples import make_alert, make_update
from sqlalchemy import create_engine, text

from spotter.cli.app import execute
from spotter.core.clock import now
from spotter.core.contracts import UpdateKind
from spotter.core.store import Store
from spotter.core.store.deliveries import Deliveries


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """One closed alert of January 2026, told to everyone."""
    path = tmp_path / "spotter.db"
    with Store.open(path) as store:
        alert = make_alert()
        store.record(alert, make_update(alert, 0, UpdateKind.ENDED))
        Deliveries(store).fan_out(lambda payload: (), now(), 1)  # there is no channel
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings that keep alerts for a day."""
    path = tmp_path / "spotter.yaml"
    path.write_text("store: {retention: {alerts: 1, audit: null}}\n")
    return path


def test_a_dry_run_and_a_run(database: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["db", "retention", "--database", str(database), "--config", str(config)]
    assert execute([*arguments, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "To delete" in shown
    assert "audit entry" not in shown
    assert execute([*arguments, "--json", "--dry-run"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["dry_run"]
    assert report["classes"]["alerts"]["deleted"] == 1
    assert report["audit"] is None
    assert execute(arguments) == 0
    shown = capsys.readouterr().out
    with Store.open(database, "read") as store:
        assert store.alerts() == []
        entry = store.audit()[-1]
    assert (entry.actor, entry.details["classes"]["alerts"]["deleted"]) == ("spotter db retention", 1)
    assert f"audit entry {entry.number}: {entry.hash}" in shown


def test_a_dry_run_opens_the_file_for_reading_only(database: Path, config: Path) -> None:
    before = database.read_bytes()
    assert execute(["db", "retention", "--dry-run", "--database", str(database), "--config", str(config)]) == 0
    assert database.read_bytes() == before


def test_the_audit_trail(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(database) as store:
        for number in range(3):
            newest = store.append_audit("tests", "look", {"n": number})
    assert execute(["db", "audit", "--database", str(database), "--limit", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith('tests: look  {"n": 2}')
    assert lines[2] == f"4 entries, the chain holds; newest 4: {newest.hash}"
    assert execute(["db", "audit", "--database", str(database), "--json", "--limit", "0"]) == 0
    assert json.loads(capsys.readouterr().out) == {"entries": [], "count": 4, "fault": ""}


def test_a_broken_chain(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(database) as store:
        for number in range(3):
            store.append_audit("tests", "look", {"n": number})
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE number = 2"))
    engine.dispose()
    assert execute(["db", "audit", "--database", str(database)]) == 5
    assert "does not hold: entries 2 to 2 are missing" in capsys.readouterr().err


def test_an_upgrade_that_waits_in_vain_names_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["db", "upgrade", "--database", "postgresql://spotter:Hunter2@127.0.0.1:1/x", "--wait", "1.5"]) == 5
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert "Hunter2" not in said
