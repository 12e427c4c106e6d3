"""`spotter cameras list`: the settings and the store side by side; old news is told as old."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from conftest import Run
from spotter.core.clock import SECOND, now
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.store import Store

HOUR = 3600 * SECOND


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Four cameras in the settings; the store knows two of them, one that is gone, and one of another site."""
    path, database = tmp_path / "site.yaml", tmp_path / "spotter.db"
    cameras = [
        {"id": "dock", "source": "rtsp://admin:Hunter2@10.0.0.5/s?token=Hunter2"},
        {"id": "gate", "source": {"env": "GATE_URL"}},
        {"id": "ramp", "source": "rtsp://10.0.0.7/s", "enabled": False},
        {"id": "yard", "source": "yard.mp4"},
    ]
    path.write_text(yaml.safe_dump({"site": "works", "store": {"url": f"sqlite:///{database}"}, "cameras": cameras}))
    with Store.open(database) as store:
        at = now()
        live = CameraHealth(
            "dock", CameraState.LIVE, at - 5 * SECOND, 10, 1, 14.96, 640, 480, problems=("dark", "moved")
        )
        store.put_camera(live, "works", "rtsp://***@10.0.0.5/s?***")
        store.put_camera(CameraHealth("gate", CameraState.LIVE, at - HOUR), "works", "env GATE_URL")
        gone = CameraHealth("old", CameraState.ENDED, at - HOUR, detail="[red]taken out[/red]")
        store.put_camera(gone, "works", "old.mp4")
        store.put_camera(CameraHealth("else", CameraState.LIVE, at), "other", "else.mp4")
    return path


def test_states_and_sources(spotter: Run, config: Path) -> None:
    done = spotter("cameras", "list", "--json", "--config", config, env={"GATE_URL": "rtsp://u:Hunter2@h/s"})
    assert done.code == 0, done.err
    rows = {row["camera"]: row for row in json.loads(done.out)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "dock": "live", "gate": "unknown, was live", "old": "ended", "ramp": "disabled", "yard": "never seen",
    }  # fmt: skip
    assert rows["dock"]["source"] == "rtsp://***@10.0.0.5/s?***"
    assert rows["gate"]["source"] == "env GATE_URL"
    assert (rows["dock"]["size"], rows["dock"]["fps"]) == ("640x480", 15.0)
    assert [name for name, row in rows.items() if not row["in_settings"]] == ["old"]
    table = spotter("cameras", "list", "--config", config)
    assert table.code == 0
    assert table.err == ""
    assert "not in the settings; [red]taken out[/red]" in table.out
    assert "not trusted: dark, moved" in table.out
    assert (rows["dock"]["trusted"], rows["dock"]["problems"]) == (False, ["dark", "moved"])
    assert len(table.out.splitlines()) == 6
    assert "Hunter2" not in done.out + table.out


def test_without_a_database_the_settings_are_shown(spotter: Run, config: Path, tmp_path: Path) -> None:
    done = spotter("cameras", "list", "--config", config, "--database", tmp_path / "none.db", "--json")
    assert done.code == 0
    assert "states are not known: no database" in done.one_line()
    assert {row["state"] for row in json.loads(done.out)} == {"never seen", "disabled"}


def test_with_nothing_at_all_the_next_step_is_told(spotter: Run) -> None:
    done = spotter("cameras", "list")
    assert done.code == 0
    assert "spotter cameras discover" in done.out
