"""Which cameras one of several ingest processes may read, and until when.

`FixedSharing` goes by configuration, so no process needs to know of another: camera number i of the list is in share
i modulo count. A camera that is added at the end of the list moves no other; all processes must be given the same list.
`leases.LeaseSharing` shares by leases instead, so that the cameras of a process that dies go to the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from spotter.core.settings import CameraSettings
from spotter.core.settings.pipeline import share_of


class Permit(Protocol):
    """The right to read one camera."""

    @property
    def epoch(self) -> int | None:
        """Epoch of the frames that are read with it, UTC ns; None: the reader takes the time of its first opening."""

    def valid(self) -> bool:
        """Whether it holds at this moment. Asked before each frame is published, from the reader's thread."""


@dataclass(frozen=True)
class _Always:
    """Of whoever shares with nobody."""

    epoch: int | None = None

    def valid(self) -> bool:
        return True


ALWAYS: Permit = _Always()


class Sharing(Protocol):
    """Tells which cameras are for this process. Safe between threads; no call waits."""

    def permits(self, cameras: Sequence[CameraSettings]) -> Mapping[str, Permit]:
        """Permits by camera, of some of `cameras`. Another permit for a camera means that it is to be opened anew."""

    @property
    def others(self) -> bool:
        """True while other processes are there to take up a camera that this one leaves."""

    def close(self) -> None:
        """This process reads no more; the others may have all cameras."""


class FixedSharing:
    """The share that `ingest.shard` names, for ever; all cameras when it is empty."""

    others = False

    def __init__(self, shard: str = "") -> None:
        self._shard = shard

    def permits(self, cameras: Sequence[CameraSettings]) -> Mapping[str, Permit]:
        return {camera.id: ALWAYS for camera in share(cameras, self._shard)}

    def close(self) -> None:
        pass


def share(cameras: Sequence[CameraSettings], shard: str) -> tuple[CameraSettings, ...]:
    """The cameras of one share (`ingest.shard`); all of them when it is empty."""
    if not shard:
        return tuple(cameras)
    index, count = share_of(shard)
    return tuple(cameras[index::count])
