"""Looks at the pictures of one camera every few seconds, and tells its monitor whether they can be trusted."""

from __future__ import annotations

import time

from spotter.core.clock import from_seconds
from spotter.core.contracts import Image
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.core.telemetry.camera_metrics import CameraMetrics
from spotter.ingest.monitor import CameraMonitor
from spotter.ingest.trust.look import look
from spotter.ingest.trust.usual import Usual
from spotter.ingest.trust.verdicts import Trust
from spotter.ingest.views import KeptView

_KEEP_EVERY = from_seconds(60.0)
"""What is learned of a view is written down this often: it changes within minutes."""


class TrustWatch:
    """Trust in one camera, over all its connections. Used by the reader's thread alone.

    The view of a live camera is kept in a file and taken up again; while there is a file, removing it makes the camera
    learn its view anew.
    """

    def __init__(
        self, camera: CameraSettings, ingest: IngestSettings, monitor: CameraMonitor, metrics: CameraMetrics
    ) -> None:
        self._monitor = monitor
        self._metrics = metrics
        self._parameters = ingest.trust
        self._trust = Trust(ingest.trust)
        self._view = KeptView(camera, ingest.views, metrics) if ingest.views is not None else None
        self._live = self._begun = False
        self._looked_at: int | None = None
        self._kept_at = 0

    def opened(self, live: bool) -> None:
        """The source is open: trust has to be earned again. Views of files and folders are not kept."""
        if not self._parameters.enabled:
            return
        self._live = live
        if live and not self._begun and self._view is not None:
            self._trust = Trust(self._parameters, self._view.read())
        self._begun = True
        self._trust.interrupted()
        self._looked_at = None
        self._monitor.judged(self._trust.verdict)

    def see(self, image: Image, at: int, clock_error_s: float | None) -> None:
        """A picture was published, of event time `at`; most are passed by.

        Args:
            clock_error_s: how far the camera's clock is off, where it is known.
        """
        if not self._parameters.enabled or not self._trust.due(at, self._looked_at):
            return
        self._looked_at = at
        began = time.perf_counter()
        if self._live and self._view is not None and self._view.removed():
            self._trust.usual = Usual()
        fps = self._monitor.fps if self._live else None
        self._monitor.judged(self._trust.update(at, look(image), fps, clock_error_s))
        self._metrics.look_seconds.inc(time.perf_counter() - began)
        self._keep(at)

    def _keep(self, at: int) -> None:
        if not self._live or self._view is None or not self._trust.verdict.trusted or not self._trust.usual.settled:
            return
        if at - self._kept_at >= _KEEP_EVERY or at < self._kept_at:
            self._kept_at = at
            self._view.write(self._trust.usual)
