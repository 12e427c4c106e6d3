"""Cameras: the newest that was heard of each, how each stood minute by minute, and what of its time was watched."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from spotter.core.contracts import CameraHealth
from spotter.core.store.database import Database
from spotter.core.store.history_rows import coverage_of, coverage_values, health_of, health_values
from spotter.core.store.history_tables import CoverageRow, HealthRow
from spotter.core.store.records import CameraRecord, CoverageRecord, HealthSample
from spotter.core.store.rows import camera_of, camera_values
from spotter.core.store.tables import CameraRow


class CameraRepository(Database):
    """Tables `cameras`, `camera_health` and `coverage`."""

    def put_camera(self, health: CameraHealth, site: str, source: str) -> None:
        """Keep the newest health of a camera; older news than what is there changes nothing.

        Args:
            source: where the camera is read from, already redacted (`settings.redact_url`).
        """
        values = camera_values(health, site, source)
        statement = self._insert(CameraRow).values(values)
        fresh = {name: statement.excluded[name] for name in values if name not in ("site", "id", "first_seen")}
        statement = statement.on_conflict_do_update(
            index_elements=["site", "id"], set_=fresh, where=statement.excluded.last_seen >= CameraRow.last_seen
        )
        self._transact(lambda session: session.execute(statement), name="put_camera")

    def cameras(self) -> list[CameraRecord]:
        """All cameras by site and id."""
        statement = select(CameraRow).order_by(CameraRow.site, CameraRow.id)
        return self._transact(
            lambda session: [camera_of(row) for row in session.scalars(statement)], write=False, name="cameras"
        )

    def put_health(self, samples: Sequence[HealthSample]) -> None:
        """Keep the newest sample of each camera and minute."""
        newest: dict[tuple[str, str, int], HealthSample] = {}
        for sample in samples:
            key = (sample.site, sample.camera_id, sample.minute)
            if key not in newest or newest[key].at <= sample.at:
                newest[key] = sample
        if not newest:
            return
        # In one order for all writers, so that two of them never wait for each other.
        values = [health_values(newest[key]) for key in sorted(newest)]
        keys = ("site", "camera_id", "minute")
        statement = self._insert(HealthRow)
        statement = statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: statement.excluded[name] for name in values[0] if name not in keys},
            where=statement.excluded.at >= HealthRow.at,
        )
        self._transact(lambda session: session.execute(statement, values), name="put_health")

    def health(
        self, *, site: str | None = None, camera_id: str | None = None, since: int, until: int, limit: int = 10_000
    ) -> list[HealthSample]:
        """Samples with `since` <= minute < `until` (UTC ns), oldest first, at most `limit`; None does not filter."""
        statement = select(HealthRow).where(HealthRow.minute >= since, HealthRow.minute < until)
        if site is not None:
            statement = statement.where(HealthRow.site == site)
        if camera_id is not None:
            statement = statement.where(HealthRow.camera_id == camera_id)
        statement = statement.order_by(HealthRow.minute, HealthRow.site, HealthRow.camera_id).limit(limit)
        return self._transact(
            lambda session: [health_of(row) for row in session.scalars(statement)], write=False, name="health"
        )

    def put_coverage(self, records: Sequence[CoverageRecord]) -> None:
        """Write records; one that is there is replaced."""
        newest = {(one.site, one.camera_id, one.start, one.writer): one for one in records}
        if not newest:
            return
        values = [coverage_values(newest[key]) for key in sorted(newest)]
        statement = self._insert(CoverageRow)
        statement = statement.on_conflict_do_update(
            index_elements=("site", "camera_id", "start", "writer"), set_={"spans": statement.excluded["spans"]}
        )
        self._transact(lambda session: session.execute(statement, values), name="put_coverage")

    def coverage(
        self, *, site: str | None = None, camera_id: str | None = None, since: int, until: int, limit: int = 1_000_000
    ) -> list[CoverageRecord]:
        """Records with `since` <= start < `until` (UTC ns), oldest first, at most `limit`; None does not filter."""
        statement = select(CoverageRow).where(CoverageRow.start >= since, CoverageRow.start < until)
        if site is not None:
            statement = statement.where(CoverageRow.site == site)
        if camera_id is not None:
            statement = statement.where(CoverageRow.camera_id == camera_id)
        order = (CoverageRow.start, CoverageRow.site, CoverageRow.camera_id, CoverageRow.writer)
        statement = statement.order_by(*order).limit(limit)
        return self._transact(
            lambda session: [coverage_of(row) for row in session.scalars(statement)], write=False, name="coverage"
        )
