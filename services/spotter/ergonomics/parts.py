"""The cameras of a worker by the part of the skeletons topic that carries them, and where each part begins.

A part that comes to this worker goes on from its snapshots where they can be used; else it is rebuilt from the last
minutes of skeletons. A part that was never committed begins with its first message.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from spotter.core.bus.api import Claim, Resume
from spotter.core.clock import now
from spotter.core.contracts import Alert, PoseFrame
from spotter.core.errors import StateError
from spotter.core.parameters import ViewParameters
from spotter.core.settings import Settings
from spotter.core.state import Snapshot, Snapshots, SnapshotsTakenError
from spotter.core.telemetry import get_logger
from spotter.core.telemetry.recovery_metrics import RecoveryMetrics
from spotter.ergonomics.alerts import AlertStep, KnownAlert
from spotter.ergonomics.rebuild import Rebuild, reach
from spotter.ergonomics.recorder import Recorder
from spotter.ergonomics.snapshot import SnapshotError, StreamFactory
from spotter.ergonomics.stream import CameraStream, Taken
from spotter.ergonomics.work import WorkFrame

_PAUSE_MIN_S, _PAUSE_MAX_S = 1.0, 30.0
"""Pauses after snapshots could not be saved."""

_TAKEN_S = 60.0
"""Pause after another member has taken a part's snapshots; whoever still holds the part then writes them again."""

_LOADING_S = 10.0
"""Parts that come together are loaded for this long at most; a Redis that hangs must not hold the hand-over up."""


@dataclass
class _Part:
    """One part that this worker holds."""

    streams: dict[str, CameraStream] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    heard: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)
    late: bool = False
    rebuild: Rebuild | None = None
    owned: bool = True
    quiet_until: float = 0.0


class Parts:
    """Streams of cameras, by part.

    Args:
        snapshots: where their states go; None: nowhere (one process, whose state ends with it).
        recorder: tells what the store knows of a camera.
    """

    def __init__(
        self, settings: Settings, snapshots: Snapshots | None, recorder: Recorder, metrics: RecoveryMetrics
    ) -> None:
        self._settings = settings
        self._snapshots = snapshots
        self._recorder = recorder
        self._metrics = metrics
        self._views = {camera.id: camera.view for camera in settings.cameras}
        self._factories: dict[str, StreamFactory] = {}
        self._parts: dict[int, _Part] = {}
        self._pause = 0.0
        self._save_again_at = 0.0
        self._log = get_logger("spotter.ergonomics")

    def take(self, number: int, pose: PoseFrame) -> Taken:
        """Give a message to its camera.

        Raises:
            GivenUpError: what the store knows of the camera could not be read; the message was not taken in.
        """
        part = self._parts.setdefault(number, _Part())
        stream = part.streams.get(pose.camera_id)
        if stream is None:
            recall = self._recall(part, pose.camera_id) if self._snapshots is not None else None
            stream = part.streams[pose.camera_id] = self._factory(pose.camera_id).new(recall, late=part.late)
        taken = stream.take(pose)
        part.changed.add(pose.camera_id)
        part.heard[pose.camera_id] = time.monotonic()
        if part.rebuild is not None:
            part.rebuild.pass_by(pose.posed_at)
        return taken

    def sift(self, number: int, steps: Sequence[AlertStep]) -> Sequence[AlertStep]:
        """The steps that may be told now; a part that is being rebuilt holds some back."""
        rebuild = self._parts[number].rebuild
        return steps if rebuild is None else rebuild.sift(steps)

    def rebuilding(self, number: int) -> bool:
        """Whether a part is on its way back to the present."""
        return self._parts[number].rebuild is not None

    def caught_up(self, positions: Mapping[int, int]) -> list[AlertStep]:
        """End the rebuilds that have reached the present: the steps that they held back."""
        steps: list[AlertStep] = []
        for number, part in self._parts.items():
            if part.rebuild is not None and part.rebuild.caught_up(positions.get(number, 0)):
                steps += part.rebuild.finish()
                self._metrics.alerts_withheld.inc(part.rebuild.withheld)
                self._log.info("part_rebuilt", part=number, cameras=len(part.streams))
                part.rebuild = None
                for stream in part.streams.values():
                    stream.settle()
        return steps

    def end(self, number: int, camera_id: str, silent_s: float) -> WorkFrame | None:
        """End the stream of a camera of which nothing was taken for `silent_s` seconds.

        Returns:
            The steps that close its alerts, and its last lifts; None when it is not so silent or its part is not here
            (any more).
        """
        part = self._parts.get(number)
        if part is None or part.rebuild is not None:
            return None
        if time.monotonic() - part.heard.get(camera_id, part.since) < silent_s:
            return None
        stream = part.streams.get(camera_id)
        part.changed.update({camera_id} & part.streams.keys())
        return stream.end() if stream is not None else WorkFrame()

    def streams(self, numbers: Collection[int] | None = None) -> Iterator[tuple[str, CameraStream]]:
        """(camera id, stream) of these parts, or of all."""
        for number, part in self._parts.items():
            if numbers is None or number in numbers:
                yield from part.streams.items()

    def gained(self, claims: Sequence[Claim], part_of: Callable[[str], int]) -> dict[int, Resume]:
        """Parts have come: restore or prepare to rebuild each; where each begins."""
        resumes: dict[int, Resume] = {}
        alerts: list[Alert] | None = None
        give_up_at = time.monotonic() + _LOADING_S
        self._recorder.read_again()
        for claim in claims:
            part = self._parts[claim.part] = _Part(owned=self._snapshots is None)
            complete = self._restore(claim, part) if time.monotonic() < give_up_at else None
            if complete is not None:
                how, resumes[claim.part] = "restored", Resume(offset=complete)
            elif claim.committed is None:
                how = "begun"
            else:
                if alerts is None:
                    alerts = self._recorder.recent()
                how, resumes[claim.part] = "rebuilt", self._rebuild(claim, part, alerts, part_of)
            self._metrics.parts_gained.labels(how=how).inc()
            self._log.info("part_gained", part=claim.part, how=how, cameras=len(part.streams))
        return resumes

    def holds(self, number: int) -> bool:
        """Whether a part is here."""
        return number in self._parts

    def drop(self, numbers: Collection[int]) -> None:
        """Parts have gone: their state with them."""
        for number in numbers:
            self._parts.pop(number, None)

    def save(self, positions: Mapping[int, int], numbers: Collection[int] | None = None) -> None:
        """Save the states of what changed. What cannot be saved is saved later; it holds nothing back."""
        if self._snapshots is None or time.monotonic() < self._save_again_at:
            return
        try:
            for number, offset in positions.items():
                if number in self._parts and (numbers is None or number in numbers):
                    self._save(self._snapshots, number, offset)
        except StateError as error:
            self._pause = min(max(2 * self._pause, _PAUSE_MIN_S), _PAUSE_MAX_S)
            self._save_again_at = time.monotonic() + self._pause
            self._metrics.snapshot_failures.labels(operation="save").inc()
            self._log.warning("snapshots_not_saved", error=str(error), retry_in_s=self._pause)
        else:
            self._pause = 0.0

    def _save(self, snapshots: Snapshots, number: int, offset: int) -> None:
        part = self._parts[number]
        if part.rebuild is not None or time.monotonic() < part.quiet_until:
            # Half a rebuild is not worth keeping.
            return
        if not part.owned:
            snapshots.forget(number)
            part.owned, part.changed = True, set(part.streams)
        saved = [self._snapshot(number, offset, camera, part.streams[camera]) for camera in sorted(part.changed)]
        try:
            snapshots.save(number, offset, saved)
        except SnapshotsTakenError as error:
            # Either this member is thought dead and will hear of it, or the other one was, and has by then.
            part.owned, part.quiet_until = False, time.monotonic() + _TAKEN_S
            self._log.warning("snapshots_taken", error=str(error))
            return
        except StateError:
            part.owned = False
            raise
        part.changed.clear()
        self._metrics.snapshots_saved.inc(len(saved))
        self._metrics.snapshot_bytes.inc(sum(len(one.state) for one in saved))

    def _snapshot(self, number: int, offset: int, camera_id: str, stream: CameraStream) -> Snapshot:
        state = self._factory(camera_id).encode(stream)
        return Snapshot(camera_id, number, offset, stream.epoch, stream.newest_at, state)

    def _restore(self, claim: Claim, part: _Part) -> int | None:
        """Bring the cameras of a part back; the offset up to which they are complete, None when they cannot be used."""
        if self._snapshots is None:
            return None
        try:
            complete, found = self._snapshots.load(claim.part)
            # Offsets that the group has forgotten count from another beginning: they say nothing any more.
            if complete is not None and claim.committed is not None:
                part.streams = {one.camera_id: self._factory(one.camera_id).decode(one.state) for one in found}
                part.owned = True
                return complete
        except SnapshotError as error:
            self._metrics.snapshots_rejected.labels(reason=error.reason).inc()
            self._log.warning("snapshot_rejected", part=claim.part, error=str(error))
        except StateError as error:
            self._metrics.snapshot_failures.labels(operation="load").inc()
            self._log.warning("snapshots_not_loaded", part=claim.part, error=str(error))
        return None

    def _rebuild(
        self, claim: Claim, part: _Part, alerts: Sequence[Alert] | None, part_of: Callable[[str], int]
    ) -> Resume:
        rules, base = self._settings.ergonomics, claim.committed_at or now()
        of_part = [alert for alert in alerts or () if part_of(alert.camera_id) == claim.part]
        # Without the store nobody knows what is open: as far back as may be.
        least_s = rules.rebuild_s if alerts is not None else rules.rebuild_max_s
        part.rebuild, part.late = Rebuild(claim.committed or 0, now()), True
        return Resume(claim.committed, reach(of_part, base, least_s, max(rules.rebuild_s, rules.rebuild_max_s)))

    def _recall(self, part: _Part, camera_id: str) -> Callable[[], list[KnownAlert]]:
        def recall() -> list[KnownAlert]:
            known = self._recorder.recall(camera_id)
            self._metrics.alerts_adopted.inc(len(known))
            if part.rebuild is not None:
                part.rebuild.meet(known)
            return known

        return recall

    def _factory(self, camera_id: str) -> StreamFactory:
        factory = self._factories.get(camera_id)
        if factory is None:
            view = self._views.get(camera_id) or ViewParameters()
            factory = StreamFactory(self._settings.site, camera_id, view, self._settings.ergonomics.rules)
            self._factories[camera_id] = factory
        return factory
