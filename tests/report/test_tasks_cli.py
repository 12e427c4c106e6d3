"""`spotter tasks` on both databases: entered, changed, listed, written and read, removed; every change audited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from page_tools import Run

from spotter.core.store import Store

ROLE = ("--by", "safety engineer")


def test_a_task_is_entered_changed_listed_and_removed(spotter: Run, database: str) -> None:
    there = ("--database", database)
    done = spotter(
        "tasks", "set", "pallets", "--station", "bench 2", "--load", "5..12", "--coupling", "fair", *ROLE, *there
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert "task 'pallets' at station 'bench 2' of site 'site': load 5..12 kg, coupling fair" in done.out
    changed = spotter(
        "tasks", "set", "pallets", "--station", "bench 2", "--hours", "6", "--coupling", "unknown", *ROLE, *there
    )  # fmt: skip
    assert "load 5..12 kg, hours 6 h a day" in changed.out
    assert "coupling" not in changed.out
    listed = spotter("tasks", "list", *there)
    assert "bench 2" in listed.out
    assert "safety engineer" in listed.out
    (task,) = json.loads(spotter("tasks", "list", "--format", "json", "--station", "bench 2", *there).out)
    assert (task["load"], task["hours"], task["valid_from"]) == ([5.0, 12.0], [6.0, 6.0], None)
    removed = spotter("tasks", "remove", "pallets", "--station", "bench 2", *ROLE, *there)
    assert removed.out == "removed task 'pallets' at station 'bench 2' of site 'site'\n"
    assert json.loads(spotter("tasks", "list", "--format", "json", *there).out) == []
    with Store.open(database, "read") as store:
        actions = [(entry.actor, entry.action) for entry in store.audit() if entry.action.startswith("tasks")]
        assert actions == [("safety engineer", "tasks set")] * 2 + [("safety engineer", "tasks removed")]
        assert store.check_audit().fault == ""


def test_what_is_exported_can_be_imported_elsewhere(spotter: Run, database: str, tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    file.write_text(
        "name,station,load,coupling,valid_from\npallets,bench 2,5..12,fair,2026-03-01\ncrates,bench 3,8,,\n"
    )
    assert spotter("tasks", "import", file, *ROLE, "--database", database).out == "2 tasks entered\n"
    for ending, form in (("csv", "csv"), ("yaml", "yaml")):
        exported = tmp_path / f"out.{ending}"
        spotter("tasks", "export", "--format", form, "--out", exported, "--database", database)
        other = f"sqlite:///{tmp_path}/{ending}.db"
        assert spotter("tasks", "import", exported, *ROLE, "--database", other).code == 0
        with Store.open(database, "read") as first, Store.open(other, "read") as second:
            assert [task.entered() for task in second.tasks()] == [task.entered() for task in first.tasks()]
            assert [task.key for task in second.tasks()] == [task.key for task in first.tasks()]


def test_times_are_those_of_the_site(spotter: Run, tmp_path: Path) -> None:
    config = tmp_path / "spotter.yaml"
    config.write_text("timezone: Europe/Berlin\nsite: plant\nstore: {url: 'sqlite:///here.db'}\n")
    set_ = ("tasks", "set", "pallets", *ROLE, "--config", config)
    spotter(*set_, "--load", "5")
    spotter(*set_, "--load", "9", "--from", "2026-03-29")
    assert "2026-03-29T00:00+01:00" in spotter("tasks", "list", "--config", config).out
    then = json.loads(spotter("tasks", "list", "--at", "2026-03-28T23:30", "--format", "json", "--config", config).out)
    now = json.loads(spotter("tasks", "list", "--at", "2026-03-29T00:30", "--format", "json", "--config", config).out)
    assert ([task["load"] for task in then], [task["load"] for task in now]) == ([[5.0, 5.0]], [[9.0, 9.0]])
    assert (then[0]["site"], then[0]["valid_to"]) == ("plant", "2026-03-28T23:00:00.000Z")


def test_one_wrong_row_enters_nothing(spotter: Run, tmp_path: Path) -> None:
    file, database = tmp_path / "tasks.csv", tmp_path / "spotter.db"
    spotter("tasks", "set", "first", *ROLE, "--database", database)
    file.write_text("name,load\npallets,5\ncrates,heavy\n")
    done = spotter("tasks", "import", file, *ROLE, "--database", database)
    assert done.code == 2
    assert done.err.startswith("spotter: 'tasks.csv', row 3: load 'heavy' is no number and no interval. Write it in kg")
    assert [
        task["name"] for task in json.loads(spotter("tasks", "list", "--format", "json", "--database", database).out)
    ] == ["first"]
    file.write_text("name,load\npallets,5\n")
    assert "1 tasks read, nothing was changed" in spotter("tasks", "import", file, *ROLE, "--dry-run").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "pallets", "--load", "12..5", *ROLE), "load '12..5' ends below its beginning"),
        (("set", "pallets", "--load", "5"), "Missing option '--by'"),
        (("set", "pallets", "--by", "jane@example.org"), "'jane@example.org' is no role"),
        (("remove", "ghost", *ROLE), "there is no task 'ghost' at the whole view of site 'site'"),
        (("import", "none.csv", *ROLE), "cannot read 'none.csv'"),
        (("list", "--at", "noon"), "--at 'noon' is no day and no time"),
        (("export", "--out", "no/such/folder.csv"), "cannot write"),
    ],
)
def test_an_error_is_one_line_with_the_mend(
    spotter: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    database = tmp_path / "spotter.db"
    spotter("tasks", "set", "first", *ROLE, "--database", database)
    there = () if arguments[0] == "import" else ("--database", database)
    done = spotter("tasks", *arguments, *there)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_station_that_no_camera_has_is_told(spotter: Run, tmp_path: Path) -> None:
    config = tmp_path / "spotter.yaml"
    config.write_text(
        "store: {url: 'sqlite:///here.db'}\n"
        "cameras:\n- {id: dock, source: dock.mp4, view: {zones: [{name: bench 2, use: station, "
        "points: [[0, 0], [1, 0], [1, 1]]}]}}\n"
    )
    done = spotter("tasks", "set", "pallets", "--station", "bench 3", *ROLE, "--config", config)
    assert "no camera of the settings has a station 'bench 3'; known are bench 2" in done.err
    assert spotter("tasks", "set", "pallets", "--station", "bench 2", *ROLE, "--config", config).err == ""
