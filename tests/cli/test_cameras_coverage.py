"""`spotter cameras coverage`: what is told adds up to the time that was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from conftest import Run
from spotter.core.clock import SECOND, from_datetime, to_datetime
from spotter.core.store import CoverageRecord, Store

BEGIN = from_datetime(to_datetime(0).fromisoformat("2026-03-02T06:00:00+00:00"))
MINUTE = 60 * SECOND


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One hour of "dock": half an hour watched, then the camera was covered for a quarter of an hour."""
    path, database = tmp_path / "site.yaml", tmp_path / "spotter.db"
    corners = [[0, 0], [0.5, 0], [0.5, 1]]
    zones = [{"name": "bench", "use": "station", "points": corners}, {"name": "tv", "use": "ignore", "points": corners}]
    cameras = [{"id": "dock", "source": "rtsp://10.0.0.5/s", "view": {"zones": zones}}]
    path.write_text(
        yaml.safe_dump(
            {"site": "works", "timezone": "UTC", "store": {"url": f"sqlite:///{database}"}, "cameras": cameras}
        )
    )
    with Store.open(database) as store:
        minutes = [(number, "watched" if number < 30 else "blocked") for number in range(45)]
        records = [
            CoverageRecord("works", "dock", BEGIN + number * MINUTE, BEGIN, ((0, 60_000, what),))
            for number, what in minutes
        ]
        store.put_coverage(records)
    return path


def test_cameras_and_zones(spotter: Run, config: Path) -> None:
    times = ("--from", "2026-03-02T06:00:30", "--to", "2026-03-02T07:00:00")
    done = spotter("cameras", "coverage", "--json", "--config", config, *times)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["from"], told["to"]) == ("2026-03-02T06:00:30.000Z", "2026-03-02T07:00:00.000Z")
    whole = {"total_ms": 3_570_000, "watched_ms": 1_770_000, "gaps_ms": {"blocked": 900_000, "not_recorded": 900_000}}
    assert told["coverage"] == [
        {"camera": "dock", "zone": "", **whole},
        {"camera": "dock", "zone": "bench", **whole},
        {"camera": "dock", "zone": "tv", "total_ms": 3_570_000, "watched_ms": 0, "gaps_ms": {"ignored": 3_570_000}},
    ]
    table = spotter("cameras", "coverage", "dock", "--config", config, *times)
    assert table.code == 0
    assert "29 min 30 s" in table.out
    assert "49.5 %" in table.out
    assert "blocked 15 min 00 s, not recorded 15 min 00 s" in " ".join(table.out.split())


def test_an_unknown_camera_is_told(spotter: Run, config: Path) -> None:
    done = spotter("cameras", "coverage", "dok", "--config", config)
    assert done.code != 0
    assert "camera 'dok' is neither in the settings nor in the database" in done.one_line()
    assert "Known are dock" in done.one_line()


def test_without_a_database_it_says_so(spotter: Run, config: Path, tmp_path: Path) -> None:
    done = spotter("cameras", "coverage", "--config", config, "--database", tmp_path / "none.db")
    assert done.code != 0
    assert "no database" in done.one_line()
