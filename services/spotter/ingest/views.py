"""The usual view of a camera, kept in a file over restarts. It holds slopes of edges, no picture (`trust.usual`)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from spotter.core.errors import ConfigError
from spotter.core.settings import CameraSettings
from spotter.core.telemetry import get_logger
from spotter.core.telemetry.camera_metrics import CameraMetrics
from spotter.ingest.trust.usual import Usual

FORM = 1
"""Version of the file's form."""


class KeptView:
    """`<folder>/<camera>.json`. Whatever goes wrong with it is counted, told once, and costs half a minute of learning.

    A view that was learned from another stream of the camera, or turned and cropped in another way, is not used.
    """

    def __init__(self, camera: CameraSettings, folder: Path, metrics: CameraMetrics) -> None:
        self.path = folder / f"{camera.id}.json"
        self._of = _fingerprint(camera)
        self._metrics = metrics
        self._log = get_logger("spotter.ingest").bind(camera=camera.id)
        self._there = self._told = False

    def read(self) -> Usual:
        """What was kept, or a view that knows nothing yet."""
        try:
            kept = json.loads(self.path.read_bytes())
            if kept["form"] != FORM or kept["of"] != self._of:
                return Usual()
            usual = Usual.restore(kept["usual"])
        except FileNotFoundError:
            return Usual()
        except OSError as error:
            self._failed("read", error.strerror or type(error).__name__)
            return Usual()
        except (ConfigError, ValueError, KeyError, TypeError) as error:
            self._failed("damaged", str(error))
            return Usual()
        self._there = True
        return usual

    def write(self, usual: Usual) -> None:
        """Keep it; a reader finds the old file or the new one, never a half."""
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps({"form": FORM, "of": self._of, "usual": usual.state()}), "utf-8")
            fresh.replace(self.path)
        except OSError as error:
            self._failed("write", error.strerror or type(error).__name__)
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        else:
            self._there, self._told = True, False

    def removed(self) -> bool:
        """True once after the file, which was there, is gone: somebody wants the view learned anew."""
        gone = self._there and not self.path.exists()
        self._there = self._there and not gone
        return gone

    def _failed(self, reason: str, why: str) -> None:
        self._metrics.view_failures.labels(reason=reason).inc()
        if not self._told:
            self._log.warning("camera_view_not_kept", file=str(self.path), reason=reason, error=why)
        self._told = True


def _fingerprint(camera: CameraSettings) -> str:
    """Changes with the source, as people may see it, and with what is made of its pictures."""
    seen = [camera.shown, camera.stream, str(camera.substream), camera.picture.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]
