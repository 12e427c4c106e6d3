"""Watches the settings file of a running process, and hands on the cameras that were added, changed or taken out.

A file that cannot be used changes nothing: the cameras go on as they are, and the log, a counter and /readyz say what
is wrong. Of a good file only `cameras` is taken over, and of each camera what its reader needs; for anything else that
has changed the log says that a restart is needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from spotter.core.errors import ConfigError
from spotter.core.parameters import ViewParameters
from spotter.core.settings import CameraSettings, Settings
from spotter.core.settings.watch import SettingsFile
from spotter.core.telemetry import get_logger
from spotter.core.telemetry.camera_metrics import CameraMetrics
from spotter.ingest.worker import Changes

CLOSE_S = 1.0


class CameraReload:
    """A thread that looks at the file every `ingest.reload_s`.

    Args:
        file: the settings file.
        settings: as they are now.
        apply: takes the new list of cameras over, see `IngestWorker.apply`.
        learn: told of the new settings before anything else: they may hold secrets that the logs must not show.
    """

    def __init__(
        self,
        file: SettingsFile,
        settings: Settings,
        apply: Callable[[Sequence[CameraSettings]], Changes],
        metrics: CameraMetrics,
        learn: Callable[[Settings], None],
    ) -> None:
        self._file = file
        self._file.watch(settings)
        self._settings = settings
        self._apply = apply
        self._metrics = metrics
        self._learn = learn
        self._problem = ""
        self._log = get_logger("spotter.settings")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spotter-settings", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more. Safe to call twice, and before `start`."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_S)

    def status(self) -> str:
        """ "ok", or what is wrong with the file, for /readyz: degraded, because the cameras go on."""
        return f"degraded: {self._problem}; the cameras go on as they were" if self._problem else "ok"

    def look(self) -> Changes | None:
        """Take over what has changed; None when nothing has, or when the file cannot be used."""
        try:
            settings = self._file.poll()
            if settings is None:
                return None
            self._learn(settings)
            if not settings.cameras:
                raise ConfigError(f"'{self._file.path}' names no camera", mend="Disable them with enabled: false")
            changes = self._apply(settings.cameras)
        except ConfigError as error:
            self._problem = error.message
            self._metrics.reloads.labels(outcome="rejected").inc()
            self._log.warning("settings_rejected", reason=str(error))
            return None
        self._problem = ""
        self._metrics.reloads.labels(outcome="applied" if changes else "no_camera_changed").inc()
        sections = needs_restart(self._settings, settings)
        if sections:
            self._log.warning("settings_need_a_restart", changed=sections)
        self._settings = settings
        return changes

    def _run(self) -> None:
        while not self._stop.wait(self._settings.ingest.reload_s or None):
            self.look()


def needs_restart(before: Settings, after: Settings) -> list[str]:
    """What has changed and is read at the start only: sections by name, and the views of cameras."""
    fields = [name for name in type(before).model_fields if name != "cameras"]
    sections = [name for name in fields if getattr(before, name) != getattr(after, name)]
    views = {camera.id: camera.view for camera in before.cameras}
    turned = [camera.id for camera in after.cameras if views.get(camera.id, ViewParameters()) != camera.view]
    return sections + [f"view of camera '{camera}'" for camera in turned]
