"""Which cameras one of several ingest processes reads.

Fixed by configuration, so no process needs to know of another: camera number i of the list is in share i modulo count.
A camera that is added at the end of the list moves no other; all processes must be given the same list.
"""

from __future__ import annotations

from collections.abc import Sequence

from spotter.core.settings import CameraSettings
from spotter.core.settings.pipeline import share_of


def share(cameras: Sequence[CameraSettings], shard: str) -> tuple[CameraSettings, ...]:
    """The cameras of one share (`ingest.shard`); all of them when it is empty."""
    if not shard:
        return tuple(cameras)
    index, count = share_of(shard)
    return tuple(cameras[index::count])
