"""What people did over time: exposure and worst postures by the minute, and lifts.

Pseudonymous ids never come here, only cameras and stations.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from spotter.core.store.database import Database
from spotter.core.store.history_rows import (
    exposure_of,
    exposure_values,
    lift_of,
    lift_values,
    posture_of,
    posture_values,
)
from spotter.core.store.history_tables import ExposureRow, LiftRow, PostureRow
from spotter.core.store.records import ExposureBucket, LiftRecord, PostureRecord

_BUCKET_KEY = ("site", "camera_id", "start", "zone", "epoch")


class HistoryRepository(Database):
    """Tables `exposure_buckets`, `postures` and `lifts`."""

    def put_exposure(self, buckets: Sequence[ExposureBucket]) -> None:
        """Write buckets; one that is there is replaced, unless it had seen more frames than the new one.

        So a replay changes nothing, and a worker that begins within a bucket takes nothing away from it.
        """
        fullest: dict[tuple[str, str, int, str, int], ExposureBucket] = {}
        for bucket in buckets:
            key = (bucket.site, bucket.camera_id, bucket.start, bucket.zone, bucket.epoch)
            if key not in fullest or fullest[key].frames <= bucket.frames:
                fullest[key] = bucket
        if not fullest:
            return
        # In one order for all writers, so that two of them never wait for each other.
        values = [exposure_values(fullest[key]) for key in sorted(fullest)]
        statement = self._insert(ExposureRow)
        statement = statement.on_conflict_do_update(
            index_elements=_BUCKET_KEY,
            set_={name: statement.excluded[name] for name in values[0] if name not in _BUCKET_KEY},
            where=statement.excluded.frames >= ExposureRow.frames,
        )
        self._transact(lambda session: session.execute(statement, values), name="put_exposure")

    def exposure(
        self,
        *,
        site: str | None = None,
        camera_id: str | None = None,
        zone: str | None = None,
        since: int,
        until: int,
        limit: int = 100_000,
    ) -> list[ExposureBucket]:
        """Buckets with `since` <= start < `until` (UTC ns), oldest first, at most `limit`; None does not filter.

        Args:
            zone: name of a station; empty for the buckets of the whole view.
        """
        statement = select(ExposureRow).where(ExposureRow.start >= since, ExposureRow.start < until)
        if site is not None:
            statement = statement.where(ExposureRow.site == site)
        if camera_id is not None:
            statement = statement.where(ExposureRow.camera_id == camera_id)
        if zone is not None:
            statement = statement.where(ExposureRow.zone == zone)
        order = (ExposureRow.start, ExposureRow.site, ExposureRow.camera_id, ExposureRow.zone, ExposureRow.epoch)
        statement = statement.order_by(*order).limit(limit)
        return self._transact(
            lambda session: [exposure_of(row) for row in session.scalars(statement)], write=False, name="exposure"
        )

    def put_postures(self, postures: Sequence[PostureRecord]) -> None:
        """Write postures; one that is there is replaced, unless it is worse than the new one."""
        worst: dict[tuple[str, str, int, str, int], PostureRecord] = {}
        for posture in postures:
            key = (posture.site, posture.camera_id, posture.start, posture.zone, posture.epoch)
            if key not in worst or worst[key].rank <= posture.rank:
                worst[key] = posture
        if not worst:
            return
        values = [posture_values(worst[key]) for key in sorted(worst)]
        statement = self._insert(PostureRow)
        statement = statement.on_conflict_do_update(
            index_elements=_BUCKET_KEY,
            set_={name: statement.excluded[name] for name in values[0] if name not in _BUCKET_KEY},
            where=statement.excluded.rank >= PostureRow.rank,
        )
        self._transact(lambda session: session.execute(statement, values), name="put_postures")

    def postures(
        self,
        *,
        site: str | None = None,
        camera_id: str | None = None,
        zone: str | None = None,
        since: int,
        until: int,
        limit: int = 10,
    ) -> list[PostureRecord]:
        """The worst postures with `since` <= start < `until` (UTC ns), worst first, at most `limit`, one a minute and
        station; None does not filter."""
        statement = select(PostureRow).where(PostureRow.start >= since, PostureRow.start < until)
        if site is not None:
            statement = statement.where(PostureRow.site == site)
        if camera_id is not None:
            statement = statement.where(PostureRow.camera_id == camera_id)
        if zone is not None:
            statement = statement.where(PostureRow.zone == zone)
        order = (PostureRow.start, PostureRow.site, PostureRow.camera_id, PostureRow.zone, PostureRow.epoch)
        statement = statement.order_by(PostureRow.rank.desc(), *order).limit(limit)
        return self._transact(
            lambda session: [posture_of(row) for row in session.scalars(statement)], write=False, name="postures"
        )

    def put_lifts(self, lifts: Sequence[LiftRecord]) -> None:
        """Write lifts; one that is there (same id and start) is replaced."""
        newest = {(lift.started_at, lift.id): lift for lift in lifts}
        if not newest:
            return
        values = [lift_values(newest[key]) for key in sorted(newest)]
        statement = self._insert(LiftRow)
        statement = statement.on_conflict_do_update(
            index_elements=("id", "started_at"),
            set_={name: statement.excluded[name] for name in values[0] if name not in ("id", "started_at")},
        )
        self._transact(lambda session: session.execute(statement, values), name="put_lifts")

    def lifts(
        self, *, site: str | None = None, camera_id: str | None = None, since: int, until: int, limit: int = 10_000
    ) -> list[LiftRecord]:
        """Lifts with `since` <= started_at < `until` (UTC ns), oldest first, at most `limit`; None does not filter."""
        statement = select(LiftRow).where(LiftRow.started_at >= since, LiftRow.started_at < until)
        if site is not None:
            statement = statement.where(LiftRow.site == site)
        if camera_id is not None:
            statement = statement.where(LiftRow.camera_id == camera_id)
        statement = statement.order_by(LiftRow.started_at, LiftRow.id).limit(limit)
        return self._transact(
            lambda session: [lift_of(row) for row in session.scalars(statement)], write=False, name="lifts"
        )
