"""The recorder of a run in one process. A disk that refuses ends the recording, never the watching."""

from __future__ import annotations

import threading
from pathlib import Path

from spotter.cli.record_header import camera_records, header_of
from spotter.core.bus import Bus
from spotter.core.errors import RecordingError
from spotter.core.settings import Settings
from spotter.core.telemetry import get_logger
from spotter.recordings.parts import RecordingParts, Rotation
from spotter.recordings.worker import RecordingWorker

PART_BYTES = 100_000_000
"""Parts of a run that goes on for months: about ten hours of one person each."""


class EmbeddedRecorder:
    """Joins the skeletons when it is made.

    Raises:
        RecordingError: the folder cannot be made.
    """

    def __init__(self, settings: Settings, bus: Bus, folder: Path) -> None:
        self._log = get_logger("spotter.recorder")
        self._gave_up = False
        header = header_of(settings, camera_records(settings.cameras))
        self._parts = RecordingParts(folder, header, Rotation(bytes=PART_BYTES))
        self._worker = RecordingWorker(bus, self._parts, on_failure=self._failed)

    def run(self, stop: threading.Event) -> None:
        """Record until the skeletons have ended or `stop` is set."""
        self._worker.run(stop)
        if not self._gave_up:
            try:
                self._parts.close()
            except RecordingError as error:
                self._failed(error)

    def _failed(self, error: RecordingError) -> None:
        self._gave_up = True
        self._log.error("recording_stopped", error=str(error), frames=self._parts.frames)
