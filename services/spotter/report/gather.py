"""A record from the store: what was kept of a station within the windows of a scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from spotter.core.clock import SECOND
from spotter.core.coverage import Coverage, together
from spotter.core.store import ExposureBucket, LiftRecord, PostureRecord, Store
from spotter.core.store.watched import read_coverage
from spotter.report.data import Record, Scope, Window

POSTURES = 200
"""Of each window, the worst that are looked at for pictures."""

_CHUNK = 86_400 * SECOND
_LIFTS = 10_000
"""Of one query; the next one goes on where it ended."""


def gather(store: Store, scope: Scope, about: Mapping[str, str]) -> Record:
    """Read everything of the scope.

    Raises:
        StoreError: the database cannot be read.
    """
    buckets: list[ExposureBucket] = []
    postures: list[PostureRecord] = []
    lifts: list[LiftRecord] = []
    camera = scope.camera or None
    for since, until in _chunks(scope.windows):
        buckets += store.exposure(
            site=scope.site, camera_id=camera, zone=scope.station, since=since, until=until, limit=1_000_000
        )
        postures += store.postures(
            site=scope.site, camera_id=camera, zone=scope.station, since=since, until=until, limit=POSTURES
        )
        lifts += _lifts(store, scope, since, until)
    found = Record(scope, buckets, postures, lifts, about)
    cameras = (scope.camera,) if scope.camera else found.cameras
    return replace(found, coverage={name: _coverage(store, scope, name) for name in cameras})


def stations(store: Store, scope: Scope) -> list[str]:
    """Names of what was recorded in the first day of the scope that holds anything; for messages."""
    for since, until in _chunks(scope.windows):
        found = store.exposure(site=scope.site, since=since, until=until, limit=5000)
        if found:
            return sorted({one.zone for one in found})
    return []


def _coverage(store: Store, scope: Scope, camera: str) -> Coverage:
    """Of all windows together."""
    return together(read_coverage(store, scope.site, camera, since, until) for since, until in _chunks(scope.windows))


def _lifts(store: Store, scope: Scope, since: int, until: int) -> Iterator[LiftRecord]:
    camera = scope.camera or None
    while True:
        page = store.lifts(site=scope.site, camera_id=camera, since=since, until=until, limit=_LIFTS)
        # The last moment of a full page may go on behind it: it is read again with the next one.
        cut = page[-1].started_at if len(page) == _LIFTS and page[0].started_at < page[-1].started_at else until
        for lift in page:
            if lift.started_at < cut and (not scope.station or lift.station == scope.station):
                yield lift
        if cut == until:
            return
        since = cut


def _chunks(windows: tuple[Window, ...]) -> Iterator[tuple[int, int]]:
    """Stretches of at most a day, so that no answer is too large."""
    for window in windows:
        start = window.start
        while start < window.end:
            end = min(start + _CHUNK, window.end)
            yield start, end
            start = end
