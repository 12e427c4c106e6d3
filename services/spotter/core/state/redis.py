"""Live state in Redis (or Valkey), shared by the processes of a site.

Promises: no call waits for Redis longer than a moment and none ever raises for it; losing Redis degrades the live view
and nothing else. Writers send the newest view of each camera and let older ones go, counted; entries have a time to
live and a largest size, so that memory is bounded by the number of cameras. Readers see a version of their own process.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from spotter.core.contracts import CameraHealth
from spotter.core.settings import StateSettings
from spotter.core.state.api import CameraView
from spotter.core.state.reader import StateReader
from spotter.core.state.writer import BACKGROUND, HEALTH, VIEW, StateWriter
from spotter.core.telemetry import Metrics


class RedisState:
    """`LiveState` in Redis. Close it at the end.

    Args:
        reads: what this process can read of it; the rest is neither fetched nor kept.

    Raises:
        ConfigError: the URL or a certificate file is wrong, or the driver is not installed. A server that is not there
            is no error: it is tried again for ever.
    """

    def __init__(
        self,
        settings: StateSettings,
        site: str,
        metrics: Metrics,
        reads: Collection[str] = (VIEW, BACKGROUND, HEALTH),
    ) -> None:
        self._reader = StateReader(settings, site, metrics.recovery, reads)
        self._writer = StateWriter(settings, site, metrics.recovery)

    def put_view(self, view: CameraView) -> None:
        self._writer.put(VIEW, view.camera_id, view)

    def put_background(self, camera_id: str, jpeg: bytes) -> None:
        self._writer.put(BACKGROUND, camera_id, jpeg)

    def put_health(self, health: CameraHealth) -> None:
        self._writer.put(HEALTH, health.camera_id, health)

    def views(self) -> Mapping[str, CameraView]:
        return self._reader.views()

    def health(self) -> Mapping[str, CameraHealth]:
        return self._reader.health()

    def version(self) -> int:
        return self._reader.version()

    def wait(self, version: int, timeout: float) -> int:
        return self._reader.wait(version, timeout)

    def status(self) -> str:
        """ "ok", or "degraded: " with the reason and since when; for /readyz."""
        return self._writer.status()

    def close(self) -> None:
        """Send what waits, if Redis answers, and stop."""
        self._writer.close()
        self._reader.close()
