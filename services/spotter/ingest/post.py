"""One camera's reader on its thread, from the moment it is started to the moment it is left."""

from __future__ import annotations

import threading
import time

from spotter.core.contracts import CameraState
from spotter.core.settings import CameraSettings
from spotter.ingest.camera import CameraReader
from spotter.ingest.sharing import Permit

GONE_S = 2.0
"""A reader that still hangs in its driver this long after it had to end no longer holds up the next one [D]."""


class Post:
    """A reader at work.

    Attributes:
        camera: the settings that it reads by.
        permit: by which it reads.
    """

    def __init__(self, camera: CameraSettings, permit: Permit, reader: CameraReader) -> None:
        self.camera = camera
        self.permit = permit
        self.monitor = reader.monitor
        self._stop = threading.Event()
        self._stopped_at = 0.0
        self._thread = threading.Thread(target=reader.run, args=(self._stop,), name=f"camera-{camera.id}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def in_the_way(self) -> bool:
        """True while the next reader of the camera has to wait for this one to let go of the source."""
        return self._thread.is_alive() and time.monotonic() - self._stopped_at < GONE_S

    def stop(self) -> None:
        """Ask the reader to end; it says so itself."""
        self._stopped_at = time.monotonic()
        self._stop.set()

    def leave(self, state: CameraState | None = None, detail: str = "") -> None:
        """End the reader and let nothing more be heard of it. `state` is the last that is told of the camera; None
        where somebody else goes on with it."""
        self.monitor.leave(state, detail)
        self.stop()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)
