"""What a store must do with the task catalogue on every database; part of `StoreConformance`."""

from __future__ import annotations

from dataclasses import replace

from alert_samples import START

from spotter.core.clock import SECOND
from spotter.core.store import Store, TaskRecord
from spotter.core.store.task_records import ALWAYS

DAY = 86_400 * SECOND
PALLETS = TaskRecord(
    site="site",
    name="pallets",
    camera_id="dock",
    station="bench 2",
    load=(5.0, 12.5),
    coupling=("fair", "poor"),
    container_width=(40.0, 40.0),
    hands="two",
    hours=(6.0, 8.0),
    frequency=(2.0, 3.0),
    significant_control=False,
    body_mass=(60.0, 90.0),
    activity=("repeated",),
    entered_by="safety engineer",
    entered_at=START,
)


class TasksConformance:
    """Tasks come back as they were entered, follow each other, and every change is in the audit trail."""

    def test_a_task_comes_back(self, store: Store) -> None:
        bare = TaskRecord("other", "sweeping", entered_by="planner", entered_at=START)
        store.put_tasks([PALLETS, bare], "safety engineer")
        assert store.tasks() == [bare, PALLETS]
        assert store.tasks(site="site", station="bench 2", camera_id="dock", name="pallets") == [PALLETS]
        assert store.tasks(station="bench 3") == []

    def test_the_same_task_again_changes_what_it_says(self, store: Store) -> None:
        store.put_tasks([PALLETS], "planner")
        store.put_tasks([replace(PALLETS, load=(8.0, 8.0), coupling=())], "planner")
        assert store.tasks() == [replace(PALLETS, load=(8.0, 8.0), coupling=())]

    def test_a_task_ends_where_the_next_of_its_name_begins(self, store: Store) -> None:
        later = replace(PALLETS, load=(3.0, 3.0), valid_from=START + 2 * DAY)
        between = replace(PALLETS, load=(4.0, 4.0), valid_from=START + DAY)
        store.put_tasks([PALLETS], "planner")
        store.put_tasks([later], "planner")
        store.put_tasks([between], "planner")
        assert [(task.valid_from, task.valid_to, task.load) for task in store.tasks()] == [
            (ALWAYS, START + DAY, (5.0, 12.5)),
            (START + DAY, START + 2 * DAY, (4.0, 4.0)),
            (START + 2 * DAY, None, (3.0, 3.0)),
        ]
        assert [task.load for task in store.tasks(since=START, until=START + DAY)] == [(5.0, 12.5)]
        assert [task.load for task in store.tasks(since=START, until=START + DAY + SECOND)] == [(5.0, 12.5), (4.0, 4.0)]
        assert [task.load for task in store.tasks(since=START + 3 * DAY)] == [(3.0, 3.0)]

    def test_a_task_that_has_ended_stays_ended(self, store: Store) -> None:
        over = replace(PALLETS, valid_to=START + SECOND)
        store.put_tasks([over, replace(PALLETS, valid_from=START + DAY)], "planner")
        assert [task.valid_to for task in store.tasks()] == [START + SECOND, None]

    def test_every_change_is_in_the_audit_trail(self, store: Store) -> None:
        before = len(store.audit(limit=1000))
        store.put_tasks([PALLETS], "safety engineer")
        store.remove_tasks([PALLETS], "planner")
        assert store.tasks() == []
        set_, removed = store.audit(limit=1000)[before:]
        assert (set_.actor, set_.action) == ("safety engineer", "tasks set")
        assert set_.details["tasks"][0]["load"] == [5.0, 12.5]
        assert (removed.actor, removed.action) == ("planner", "tasks removed")
        assert removed.details["tasks"][0]["name"] == "pallets"
        assert store.check_audit().fault == ""

    def test_nothing_to_write_writes_nothing(self, store: Store) -> None:
        before = store.audit(limit=1000)
        store.put_tasks([], "planner")
        store.remove_tasks([], "planner")
        assert store.audit(limit=1000) == before
