"""The task catalogue: what people entered of the work at each station. Every change is in the audit trail."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from spotter.core.clock import isoformat
from spotter.core.store.audit import append
from spotter.core.store.database import Database
from spotter.core.store.task_records import ALWAYS, TaskRecord
from spotter.core.store.task_table import TaskRow

_KEY = ("site", "camera_id", "station", "name", "valid_from")


class TaskRepository(Database):
    """Table `tasks`."""

    def put_tasks(self, tasks: Sequence[TaskRecord], actor: str) -> None:
        """Write tasks, all or none, with one audit entry.

        A task that is there (same key) is replaced. One that held before under the same name ends where the new one
        begins; the new one ends where a later one begins.

        Args:
            actor: the role that entered them, for the audit trail.
        """
        newest = {task.key: task for task in tasks}
        if not newest:
            return
        entry_id = uuid.uuid4()

        def work(session: Session) -> None:
            for series in sorted({task.series for task in newest.values()}):
                there = {row.valid_from: _task(row) for row in session.scalars(_of(series))}
                wanted = there | {task.valid_from: task for task in newest.values() if task.series == series}
                for task in in_turn(wanted.values()):
                    if there.get(task.valid_from) != task:
                        self._write(session, task)
            details = {"tasks": [task_json(newest[key]) for key in sorted(newest)]}
            append(session, actor, "tasks set", details, entry_id=entry_id)

        self._transact(work, name="put_tasks")

    def remove_tasks(self, tasks: Sequence[TaskRecord], actor: str) -> None:
        """Delete tasks by their keys, with one audit entry that keeps what they said."""
        keys = {task.key: task for task in tasks}
        if not keys:
            return
        entry_id = uuid.uuid4()

        def work(session: Session) -> None:
            for key in sorted(keys):
                session.execute(
                    delete(TaskRow).where(
                        *(getattr(TaskRow, name) == part for name, part in zip(_KEY, key, strict=True))
                    )
                )
            details = {"tasks": [task_json(keys[key]) for key in sorted(keys)]}
            append(session, actor, "tasks removed", details, entry_id=entry_id)

        self._transact(work, name="remove_tasks")

    def tasks(
        self,
        *,
        site: str | None = None,
        camera_id: str | None = None,
        station: str | None = None,
        name: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> list[TaskRecord]:
        """Tasks by site, station, camera, name and time; None does not filter.

        Args:
            since, until: only those that held at some moment of `since` <= t < `until`, UTC ns.
        """
        filters = {"site": site, "camera_id": camera_id, "station": station, "name": name}
        statement = select(TaskRow).where(
            *(getattr(TaskRow, column) == value for column, value in filters.items() if value is not None)
        )
        if since is not None:
            statement = statement.where((TaskRow.valid_to.is_(None)) | (TaskRow.valid_to > since))
        if until is not None:
            statement = statement.where(TaskRow.valid_from < until)
        statement = statement.order_by(
            TaskRow.site, TaskRow.station, TaskRow.camera_id, TaskRow.name, TaskRow.valid_from
        )
        return self._transact(
            lambda session: [_task(row) for row in session.scalars(statement)], write=False, name="tasks"
        )

    def _write(self, session: Session, task: TaskRecord) -> None:
        values = {
            **dict(zip(_KEY, task.key, strict=True)),
            "valid_to": task.valid_to,
            "entered": task.entered(),
            "entered_by": task.entered_by,
            "entered_at": task.entered_at,
        }
        statement = self._insert(TaskRow).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=_KEY, set_={name: statement.excluded[name] for name in values if name not in _KEY}
        )
        session.execute(statement)


def in_turn(tasks: Iterable[TaskRecord]) -> list[TaskRecord]:
    """Tasks of one series in order of time, each cut where the next one begins."""
    ordered = sorted(tasks, key=lambda task: task.valid_from)
    cut = []
    for task, after in zip(ordered, [*ordered[1:], None], strict=True):
        ends = after is not None and (task.valid_to is None or task.valid_to > after.valid_from)
        cut.append(replace(task, valid_to=after.valid_from) if after is not None and ends else task)
    return cut


def task_json(task: TaskRecord) -> Mapping[str, Any]:
    """A task as a JSON-ready dict; times as ISO 8601."""
    return {
        "site": task.site,
        "camera": task.camera_id,
        "station": task.station,
        "name": task.name,
        **task.entered(),
        "valid_from": None if task.valid_from == ALWAYS else isoformat(task.valid_from),
        "valid_to": None if task.valid_to is None else isoformat(task.valid_to),
        "entered_by": task.entered_by,
        "entered_at": isoformat(task.entered_at),
    }


def _of(series: tuple[str, str, str, str]) -> Any:
    return select(TaskRow).where(*(getattr(TaskRow, name) == part for name, part in zip(_KEY[:4], series, strict=True)))


def _task(row: TaskRow) -> TaskRecord:
    return TaskRecord(
        site=row.site,
        camera_id=row.camera_id,
        station=row.station,
        name=row.name,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
    ).with_entered(row.entered)
