"""Live state of one process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

from spotter.core.contracts import CameraHealth
from spotter.core.state.api import CameraView


class MemoryState:
    """In-memory `LiveState`; safe between threads."""

    def __init__(self) -> None:
        self._views: dict[str, CameraView] = {}
        self._backgrounds: dict[str, bytes] = {}
        self._health: dict[str, CameraHealth] = {}
        self._version = 0
        self._changed = threading.Condition()

    def put_view(self, view: CameraView) -> None:
        with self._changed:
            background = self._backgrounds.get(view.camera_id)
            self._views[view.camera_id] = replace(view, background=background) if background else view
            self._grow()

    def put_background(self, camera_id: str, jpeg: bytes) -> None:
        with self._changed:
            self._backgrounds[camera_id] = jpeg

    def put_health(self, health: CameraHealth) -> None:
        with self._changed:
            self._health[health.camera_id] = health
            self._grow()

    def views(self) -> Mapping[str, CameraView]:
        with self._changed:
            return dict(self._views)

    def health(self) -> Mapping[str, CameraHealth]:
        with self._changed:
            return dict(self._health)

    def version(self) -> int:
        with self._changed:
            return self._version

    def wait(self, version: int, timeout: float) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._version != version, timeout)
            return self._version

    def _grow(self) -> None:
        self._version += 1
        self._changed.notify_all()
