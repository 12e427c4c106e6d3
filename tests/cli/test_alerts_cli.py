"""`spotter alerts` on a store written by the real repository: what people read, what machines read, what goes wrong."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spotter.cli.alerts import parse_since
from spotter.cli.alerts_view import CSV_COLUMNS
from spotter.core.clock import SECOND, now
from spotter.core.contracts import (
    Alert,
    AlertKind,
    AlertUpdate,
    Evidence,
    Ledger,
    Severity,
    UpdateKind,
    alert_id,
)
from spotter.core.errors import ConfigError
from spotter.core.store import Store, alert_from_json, update_from_json

START = 1_769_847_300 * SECOND + 123_456_000  # 2026-01-31T08:15:00.123456Z
WIDE = {"COLUMNS": "200"}


def make_alert(number: int, camera: str = "dock", kind: AlertKind = AlertKind.POSSIBLE_FALL) -> Alert:
    raised = START + number * 3600 * SECOND
    return Alert(
        id=alert_id("site", camera, kind, START, raised, number),
        site="site",
        camera_id=camera,
        kind=kind,
        severity=Severity.P1,
        started_at=raised - 4 * SECOND,
        raised_at=raised,
        track_id=f"p{number}",
        evidence={"on_ground": Evidence(3.25, 3.0, "s"), "trunk_inclination_low": Evidence(71.5, 60.0, "deg")},
        versions={"rule": "fall/1", "pose": "movenet-multipose/1"},
        ledger=Ledger(raised, raised + 5_000_000, raised + 85_000_000, raised + 90_000_000),
        frames_considered=41,
        frames_dropped=2,
        zone="[bold]gate, 4[/]",
    )


def record(store: Store, alert: Alert, number: int = 0, kind: UpdateKind = UpdateKind.RAISED, after_s: int = 0) -> None:
    evidence = {"on_ground": Evidence(3.0 + after_s, 30.0, "s")} if number else {}
    assert store.record(alert, AlertUpdate(alert.id, number, kind, alert.raised_at + after_s * SECOND, evidence))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A database with a fall that ended, a person down that is open, and a fall that is open: oldest first."""
    path = tmp_path / "data" / "spotter.db"
    with Store.open(path) as store:
        ended = make_alert(0)
        record(store, ended)
        record(store, ended, 1, UpdateKind.STILL_DOWN, 30)
        record(store, ended, 2, UpdateKind.RECOVERED, 42)
        record(store, make_alert(1, "aisle", AlertKind.PERSON_DOWN))
        record(store, make_alert(2))
    return path


def test_list_is_a_table_for_people(spotter: Any, filled: Path) -> None:
    outcome = spotter("alerts", "list", "--database", filled, env=WIDE)
    assert (outcome.code, outcome.err) == (0, "")
    header, newest, down, oldest = outcome.out.splitlines()
    assert header.split() == ["Id", "Raised", "(UTC)", "Camera", "What", "Severity", "State"]
    assert str(make_alert(2).id)[:8] in newest
    assert "2026-01-31 10:15:00" in newest
    assert "possible fall" in newest
    assert "[bold]gate, 4[/]" in newest  # as it is written, not as markup
    assert "open" in newest
    assert "person down" in down
    assert "closed after 42.0 s" in oldest


def test_list_json_is_json_only(spotter: Any, filled: Path) -> None:
    outcome = spotter("alerts", "list", "--database", f"sqlite:///{filled}", "--format", "json")
    assert (outcome.code, outcome.err) == (0, "")
    alerts = [alert_from_json(one) for one in json.loads(outcome.out)]
    assert [alert.id for alert in alerts] == [make_alert(2).id, make_alert(1, "aisle", AlertKind.PERSON_DOWN).id,
                                              make_alert(0).id]  # fmt: skip
    newest = alerts[0]
    assert replace(newest, ledger=replace(newest.ledger, stored=None)) == make_alert(2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--camera", "aisle"], ["aisle"]),
        (["--camera", "none"], []),
        (["--kind", "person_down"], ["aisle"]),
        (["--open"], ["dock", "aisle"]),
        (["--closed"], ["dock"]),
        (["--limit", "1"], ["dock"]),
        (["--since", "2026-01-31T09:00"], ["dock", "aisle"]),
        (["--since", "2026-01-31T11:00+01:00"], ["dock"]),
        (["--since", "1h"], []),
        (["--open", "--camera", "dock"], ["dock"]),
    ],
)
def test_list_filters(spotter: Any, filled: Path, options: list[str], expected: list[str]) -> None:
    outcome = spotter("alerts", "list", "--database", filled, "--format", "json", *options)
    assert [one["camera_id"] for one in json.loads(outcome.out)] == expected


def test_csv_has_a_stable_header(spotter: Any, filled: Path) -> None:
    outcome = spotter("alerts", "list", "--database", filled, "--format", "csv")
    assert outcome.out.splitlines()[0] == (
        "id,site,camera_id,kind,severity,zone,track_id,started_at,raised_at,ended_at,open,frames_considered,"
        "frames_dropped,ledger_captured,ledger_published,ledger_posed,ledger_ruled,ledger_stored,ledger_notified,"
        "evidence,versions"
    )
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert [row["open"] for row in rows] == ["true", "true", "false"]
    oldest = rows[-1]
    assert oldest["zone"] == "[bold]gate, 4[/]"
    assert oldest["raised_at"] == "2026-01-31T08:15:00.123456Z"
    assert oldest["ended_at"] == "2026-01-31T08:15:42.123456Z"
    assert oldest["ledger_notified"] == ""
    assert json.loads(oldest["evidence"])["on_ground"]["threshold"] == 3.0


def test_no_alerts(spotter: Any, tmp_path: Path) -> None:
    Store.open(tmp_path / "new.db").close()
    table = spotter("alerts", "list", "--database", tmp_path / "new.db", env=WIDE)
    assert (table.code, table.out) == (0, f"No alerts match in database '{tmp_path / 'new.db'}'.\n")
    for command in ("list", "export"):
        assert json.loads(spotter("alerts", command, "--database", tmp_path / "new.db", "--format", "json").out) == []
    empty = spotter("alerts", "export", "--database", tmp_path / "new.db", "--format", "csv")
    assert empty.out == ",".join(CSV_COLUMNS) + "\n"


def test_show_tells_everything(spotter: Any, filled: Path) -> None:
    alert = make_alert(0)
    outcome = spotter("alerts", "show", str(alert.id)[:10], "--database", filled, env=WIDE)
    assert (outcome.code, outcome.err) == (0, "")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    for expected in (
        "Possible fall at dock, P1",
        f"id {alert.id}",
        "zone [bold]gate, 4[/]",
        "raised 2026-01-31T08:15:00.123Z (4.0 s after it began)",
        "ended 2026-01-31T08:15:42.123Z",
        "frames 41 considered, 2 dropped",
        "versions rule fall/1, pose movenet-multipose/1",
        "on ground 3.25 s >= 3 s",
        "trunk inclination low 71.5 deg >= 60 deg",
        "0 2026-01-31T08:15:00.123Z raised",
        "1 2026-01-31T08:15:30.123Z still down on ground 33 s >= 30 s",
        "2 2026-01-31T08:15:42.123Z recovered on ground 45 s >= 30 s",
        "posed 2026-01-31T08:15:00.208Z +0.085 s",
        "notified - -",
    ):
        assert expected in lines


def test_show_json_holds_the_updates(spotter: Any, filled: Path) -> None:
    outcome = spotter("alerts", "show", str(make_alert(0).id).upper(), "--database", filled, "--format", "json")
    value = json.loads(outcome.out)
    assert alert_from_json(value).id == make_alert(0).id
    updates = [update_from_json(one) for one in value["updates"]]
    assert [one.kind for one in updates] == [UpdateKind.RAISED, UpdateKind.STILL_DOWN, UpdateKind.RECOVERED]


def test_show_needs_one_alert(spotter: Any, tmp_path: Path) -> None:
    path = tmp_path / "many.db"
    with Store.open(path) as store:
        for number in range(40):  # more than sixteen, so that two share their first digit
            record(store, make_alert(number))
        digit = next(one for one in "0123456789abcdef" if len(store.ids_starting_with(one)) > 1)
    ambiguous = spotter("alerts", "show", digit, "--database", path)
    assert ambiguous.code == 2
    assert f"more than one alert id begins with '{digit}'" in ambiguous.one_line()
    for nothing in ("00000000-0000", "no-id"):
        missing = spotter("alerts", "show", nothing, "--database", path)
        assert missing.code == 2
        assert f"no alert id begins with '{nothing}'" in missing.one_line()


def test_export_is_complete_and_goes_to_a_file(spotter: Any, tmp_path: Path) -> None:
    path, out = tmp_path / "big.db", tmp_path / "out"
    alerts = [make_alert(number) for number in range(1003)]  # more than two pages
    with Store.open(path) as store:
        for alert in alerts:
            record(store, alert)
    for form in ("json", "jsonl"):
        outcome = spotter("alerts", "export", "--database", path, "--format", form, "--out", out)
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
        text = out.read_text()
        values = json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
        assert [value["id"] for value in values] == [str(alert.id) for alert in reversed(alerts)]
        assert all(len(value["updates"]) == 1 for value in values)


def test_export_csv_on_stdout(spotter: Any, filled: Path) -> None:
    outcome = spotter("alerts", "export", "--database", filled, "--format", "csv")
    assert len(list(csv.DictReader(io.StringIO(outcome.out)))) == 3


def test_the_database_comes_from_the_settings(spotter: Any, filled: Path, tmp_path: Path) -> None:
    config = tmp_path / "spotter.yaml"
    config.write_text(f"store: {{url: 'sqlite:///{filled}'}}\n")
    assert len(json.loads(spotter("alerts", "list", "--config", config, "--format", "json").out)) == 3
    by_environment = spotter("alerts", "list", "--format", "json", env={"SPOTTER_STORE__URL": f"sqlite:///{filled}"})
    assert len(json.loads(by_environment.out)) == 3


def test_a_missing_database_is_not_made(spotter: Any, tmp_path: Path) -> None:
    outcome = spotter("alerts", "list")
    assert outcome.code == 5
    assert "no database at 'spotter-data/spotter.db'. Run `spotter run` first or give --database" in outcome.one_line()
    assert list((tmp_path / "cwd").iterdir()) == []


def test_errors_are_one_line(spotter: Any, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database\n" * 500)
    for code, *arguments in (
        (5, "list", "--database", tmp_path / "notes.txt"),
        (5, "list", "--database", tmp_path),
        (5, "list", "--database", "mysql://user:Hunter2@host/name"),
        (2, "list", "--database", filled, "--since", "yesterday"),
        (2, "list", "--database", filled, "--limit", "0"),
        (2, "list", "--config", tmp_path / "none.yaml"),
        (2, "export", "--database", filled, "--out", tmp_path / "none" / "out.json"),
    ):
        outcome = spotter("alerts", *arguments)
        assert outcome.code == code, arguments
        assert outcome.out == ""
        assert "Hunter2" not in outcome.one_line()


def test_reading_waits_for_nobody(spotter: Any, filled: Path) -> None:
    writer = sqlite3.connect(filled, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM alerts")
    outcome = spotter("alerts", "list", "--database", filled, "--format", "json")
    writer.execute("ROLLBACK")
    writer.close()
    assert len(json.loads(outcome.out)) == 3


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604800), ("0.5h", 1800)]
)
def test_since_ago(text: str, seconds: float) -> None:
    assert abs(now() - parse_since(text) - seconds * SECOND) < 5 * SECOND


@pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T00:00Z", "2026-01-31T01:00+01:00", " 2026-01-31 00:00:00 "])
def test_since_a_time(text: str) -> None:
    assert parse_since(text) == 1_769_817_600 * SECOND


@pytest.mark.parametrize("text", ["", "yesterday", "5", "-3h", "3w", "2026-13-01", "99999999999d"])
def test_since_neither(text: str) -> None:
    with pytest.raises(ConfigError, match="--since"):
        parse_since(text)
