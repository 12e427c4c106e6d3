"""What live state holds and promises: the newest view of each camera, a version that grows with each change.

Writers never wait for readers; a slow reader sees fewer versions, never old ones in a queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from spotter.core.contracts import Angle, CameraHealth, FloatArray
from spotter.core.errors import StateError


@dataclass(frozen=True, slots=True, eq=False)
class PersonView:
    """One person now: pseudonym, keypoints (17, 2) px, confidences (17,), trunk inclination, and state of the fall rule
    ("up", "on_ground", "alert")."""

    track_id: str
    keypoints: FloatArray
    confidences: FloatArray
    box: FloatArray
    trunk_inclination: Angle
    posture: str


@dataclass(frozen=True, slots=True)
class PostureSeconds:
    """Person-seconds since the camera's epoch by trunk inclination band; only what the interval proves counts.

    `upright`: at most 20 degrees, `bent`: at least 20, `deep`: at least 60 (edges after EN 1005-4, METHODS 5.1); each
    second counts once, in the strongest band proven. `unproven`: the interval proves none of them.
    """

    upright: float = 0.0
    bent: float = 0.0
    deep: float = 0.0
    unproven: float = 0.0
    not_observable: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class CameraView:
    """The newest assessed frame of one camera.

    Attributes:
        background: small, strongly blurred JPEG, or None when pixels are not shown.
        latency_s: capture to assessed, seconds.
    """

    camera_id: str
    sequence: int
    captured_at: int
    width: int
    height: int
    people: tuple[PersonView, ...]
    posture_seconds: PostureSeconds
    latency_s: float
    background: bytes | None = None


class LiveState(Protocol):
    """Shared by writers (ingest, ergonomics) and readers (dashboard)."""

    def put_view(self, view: CameraView) -> None:
        """Replace the newest view of the camera."""

    def put_background(self, camera_id: str, jpeg: bytes) -> None:
        """Replace the blurred picture that the next views of the camera carry."""

    def put_health(self, health: CameraHealth) -> None:
        """Replace the newest health of the camera."""

    def views(self) -> Mapping[str, CameraView]:
        """Newest view by camera id."""

    def health(self) -> Mapping[str, CameraHealth]:
        """Newest health by camera id."""

    def version(self) -> int:
        """Grows with each change."""

    def wait(self, version: int, timeout: float) -> int:
        """The version once it differs from `version`, or after `timeout` seconds."""


class SnapshotsTakenError(StateError):
    """The snapshots of a part were loaded by another member since: they are its own now."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the ergonomics service knew of one camera when everything below `offset` of its part had been taken in.

    Attributes:
        part: part of the skeletons topic that carries the camera.
        at: event time of the newest skeletons in it, UTC ns.
        state: opaque bytes of the service; may be of another version of it.
    """

    camera_id: str
    part: int
    offset: int
    epoch: int
    at: int
    state: bytes


class Snapshots(Protocol):
    """Keeps snapshots between the members of the ergonomics group. Best effort: losing them costs time, never alerts.

    Implementations raise nothing but `StateError`.
    """

    def save(self, part: int, offset: int, snapshots: Sequence[Snapshot]) -> None:
        """Replace the snapshots of these cameras, and note that those of the whole part are complete up to `offset`.

        Raises:
            SnapshotsTakenError: another member has loaded the part since; nothing was written.
            StateError: not written, or some of the part were lost: forget the part and save all of its cameras.
        """

    def load(self, part: int) -> tuple[int | None, Sequence[Snapshot]]:
        """(offset up to which they are complete, or None; the snapshots of all cameras of a part).

        From now on the part belongs to whoever loads or forgets it: saves of another one are refused.
        """

    def forget(self, part: int) -> None:
        """Remove the snapshots of a part, because they are of no use."""
