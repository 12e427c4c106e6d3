"""Cameras shared among ingest processes by leases, so that those of a process that dies go to the others.

Promises:
- Two processes read one camera at a time only while one of them cannot reach Redis, and for no longer than a lease if
  `redis_away` is "stop". With "read", the default, a process without Redis goes on: losing Redis must not blind a
  site, and frames of the older epoch are dropped by the ergonomics service where another process has taken over.
- A process that was frozen for longer than its lease publishes nothing when it wakes, until Redis has confirmed that
  nobody else has the camera: each permit ends at a time of the clock that runs on while the process does not.
- A new process gets its share within two heartbeats; what moves to it is the least that evens out the shares.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Literal

from spotter.core.errors import StateError
from spotter.core.settings import CameraSettings
from spotter.core.state.leases import Held, RedisLeases
from spotter.core.telemetry import Metrics, get_logger
from spotter.ingest.sharing import Permit

BEATS = 4
"""Heartbeats in one lease: three may be lost before it ends [D]."""

_HUNGRY_S = 0.25
"""Between heartbeats of a process that has less than its share, so that what is given up for it is not left unread."""

CLOSE_S = 1.0
"""Longest wait for the leases to be given back at the end."""


def steady() -> float:
    """Seconds that never go back, and that go on while this process is stopped or the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """A `Permit` that ends when it is not renewed in time."""

    def __init__(self, epoch: int, until: float) -> None:
        self.epoch = epoch
        self.until = until

    def valid(self) -> bool:
        return steady() < self.until

    def revoke(self) -> None:
        """It ends at once."""
        self.until = float("-inf")


class LeaseSharing:
    """`Sharing` by leases in Redis; a thread of its own sends the heartbeats from the first call of `permits` on.

    Args:
        leases: of this member.
        lease_s: how long a lease lasts without a heartbeat, seconds.
        redis_away: whether leases that could not be renewed, because Redis does not answer, are kept.
    """

    def __init__(
        self, leases: RedisLeases, lease_s: float, redis_away: Literal["read", "stop"], metrics: Metrics
    ) -> None:
        self._leases = leases
        self._lease_s = lease_s
        self._keep = redis_away == "read"
        self._metrics = metrics.cameras
        self._log = get_logger("spotter.ingest")
        self._lock = threading.Lock()
        self._wanted: tuple[str, ...] = ()
        self._held: dict[str, Lease] = {}
        self._members = 0
        self._problem = ""
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spotter-leases", daemon=True)

    def permits(self, cameras: Sequence[CameraSettings]) -> Mapping[str, Permit]:
        wanted = tuple(camera.id for camera in cameras)
        with self._lock:
            if wanted != self._wanted:
                self._wanted = wanted
                self._wake.set()
            held: dict[str, Permit] = {name: self._held[name] for name in wanted if name in self._held}
        if self._thread.ident is None:
            self._thread.start()
        return held

    @property
    def others(self) -> bool:
        return self._members > 1

    def status(self) -> str:
        """ "ok", or why not; for /readyz."""
        with self._lock:
            if not self._problem:
                return "ok"
            kept = sum(lease.valid() for lease in self._held.values())
            return f"degraded: {self._problem}; reads the {kept} cameras that it had" if kept else self._problem

    def close(self) -> None:
        self._closing.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_S)
        else:
            self._leases.close()

    def _pause(self) -> float:
        """Seconds to the next heartbeat."""
        hungry = self._members > 1 and len(self._held) < len(self._wanted) // self._members
        pause = self._lease_s / BEATS
        return min(_HUNGRY_S, pause) if hungry else pause

    def _run(self) -> None:
        while not self._closing.is_set():
            # A wish that comes from here on is seen by the next round.
            self._wake.clear()
            again = self._beat()
            self._wake.wait(0 if again else self._pause())
        self._give_back(set(self._held), depart=True)
        self._leases.close()

    def _beat(self) -> bool:
        """One heartbeat; True when the next one must follow at once."""
        with self._lock:
            wanted = self._wanted
            held = {name: lease.epoch for name, lease in self._held.items()}
        begun = steady()
        try:
            answer = self._leases.beat(wanted, held)
        except StateError as error:
            self._away(error.message)
            return False
        # Redis renewed them after `begun`, so none ends there before it ends here.
        until = begun + self._lease_s
        self._settle(wanted, answer, until)
        return self._give_back({*answer.leaving, *(name for name in held if name not in wanted)})

    def _settle(self, wanted: Sequence[str], answer: Held, until: float) -> None:
        """Bring the permits to what Redis says."""
        with self._lock:
            if self._problem:
                self._log.info("leases_renewed")
            self._problem = ""
            self._members = answer.members
            for name in [*self._held]:
                if answer.epochs.get(name) != self._held[name].epoch:
                    self._held.pop(name).revoke()
                    if name in wanted and name not in answer.leaving:
                        self._tell("lost", name)
            for name, epoch in answer.epochs.items():
                if name in self._held:
                    self._held[name].until = until
                else:
                    self._held[name] = Lease(epoch, until)
                    self._tell("taken", name)
            self._show()

    def _give_back(self, names: set[str], *, depart: bool = False) -> bool:
        """Let leases go whose permits have ended before; True when that is done and there were some."""
        if not names and not depart:
            return False
        with self._lock:
            for name in names:
                if name in self._held:
                    self._held.pop(name).revoke()
            self._show()
        try:
            self._leases.release(names, depart=depart)
        except StateError:
            self._metrics.lease_failures.inc()
            return False
        for name in sorted(names):
            self._tell("given_back", name)
        return bool(names)

    def _away(self, problem: str) -> None:
        """Redis does not answer. Only who was awake to see its lease end may go on without it."""
        self._metrics.lease_failures.inc()
        now = steady()
        with self._lock:
            if not self._problem:
                self._log.warning("leases_not_renewed", reason=problem)
            self._problem = problem
            for name, lease in [*self._held.items()]:
                if not lease.valid():
                    self._tell("ended", name)
                    del self._held[name]
                elif self._keep:
                    lease.until = now + self._lease_s
            self._show()

    def _tell(self, change: str, camera: str) -> None:
        self._metrics.lease_changes.labels(change=change).inc()
        self._log.info(f"lease_{change}", camera=camera)

    def _show(self) -> None:
        self._metrics.leases.set(len(self._held))
        self._metrics.workers.set(self._members)
