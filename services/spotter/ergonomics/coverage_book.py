"""The accounts of all cameras of one worker, from live state, health and assessed frames to the store."""

from __future__ import annotations

from collections.abc import Callable

from spotter.core.clock import SECOND
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.coverage import LAG, Account
from spotter.core.state import LiveState
from spotter.core.store import CoverageRecord
from spotter.core.telemetry.coverage_metrics import CoverageMetrics

EVERY = SECOND
"""Pause between two looks at the accounts, ns."""

_PENDING = 100_000
"""Records that wait for the store at most: 16 cameras for four days."""


class CoverageBook:
    """Coverage of the cameras that `owns` says are this worker's. Used by the worker's thread alone.

    Health may come twice, as a message and from live state, which has the cameras of all ingest processes: with several
    workers a message goes to one of them, who need not have the camera.

    Args:
        keep: writes records to the store; False when it could not.
        owns: whether this worker has the frames of a camera.
    """

    def __init__(
        self,
        site: str,
        state: LiveState,
        metrics: CoverageMetrics,
        keep: Callable[[list[CoverageRecord]], bool],
        owns: Callable[[str], bool],
    ) -> None:
        self._site = site
        self._state = state
        self._metrics = metrics
        self._keep = keep
        self._owns = owns
        self._accounts: dict[str, Account] = {}
        self._pending: list[CoverageRecord] = []
        self._ticked = 0

    def health(self, health: CameraHealth, now: int) -> None:
        """What a camera says of itself; an account begins with the first sign of a camera that has not ended.

        Args:
            now: wall clock, UTC ns.
        """
        account = self._accounts.get(health.camera_id)
        if account is None:
            if health.state is CameraState.ENDED or not self._owns(health.camera_id):
                return
            account = Account(health.camera_id, max(health.at, now - LAG))
            self._accounts[health.camera_id] = account
        account.health(health)

    def frame(self, camera_id: str, at: int) -> None:
        """A frame of this wall time (UTC ns) was assessed."""
        account = self._accounts.get(camera_id)
        if account is not None:
            account.frame(at)

    def tick(self, now: int) -> None:
        """Call it often: settles the accounts and writes the minutes that are over.

        Args:
            now: wall clock, UTC ns.
        """
        if 0 <= now - self._ticked < EVERY:
            return
        self._ticked = now
        for health in self._state.health().values():
            self.health(health, now)
        for camera_id, account in list(self._accounts.items()):
            if account.over or not self._owns(camera_id):
                self._leave(account, now)
            else:
                self._count(account, account.settle(now - LAG))
        self._write()

    def close(self, now: int) -> None:
        """Settle and write everything: the worker ends."""
        for account in list(self._accounts.values()):
            self._leave(account, now)
        self._write()

    def _leave(self, account: Account, now: int) -> None:
        self._count(account, account.close(now))
        del self._accounts[account.camera_id]

    def _count(self, account: Account, settled: dict[str, int]) -> None:
        for what, milliseconds in settled.items():
            self._metrics.seconds.labels(camera=account.camera_id, what=what).inc(milliseconds / 1000)
        self._pending += [
            CoverageRecord(self._site, account.camera_id, minute.start, account.begin, minute.spans)
            for minute in account.take()
        ]

    def _write(self) -> None:
        if self._pending and self._keep(self._pending):
            self._pending = []
        elif (over := len(self._pending) - _PENDING) > 0:
            self._metrics.dropped.inc(over)
            del self._pending[:over]
