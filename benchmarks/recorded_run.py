"""The embedded pipeline on one video file in a process of its own, for `end_to_end.py`, which starts it.

Writes lines to stdout: the dashboard's address; then "seconds latency" for each frame at the moment at which its
skeletons are published (both in seconds, the first on the monotonic clock); at the end one JSON object with the counts.
Nothing is kept in this process, so that its memory is that of the product.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from spotter.cli.embedded import EmbeddedPipeline
from spotter.cli.options import build_settings
from spotter.cli.summary import figures_by_camera
from spotter.core.settings import Settings
from spotter.core.telemetry import configure_logs

CAMERA = "cam"
MAX_FPS = 240
"""The reader must not hold the source back: what is measured is a source faster than the machine."""


def settings_for(video: Path, folder: Path) -> Settings:
    """The defaults, with the frame rate of the camera not limited."""
    settings = build_settings(
        cameras=[f"{CAMERA}={video}"],
        sections={"store": {"url": f"sqlite:///{folder / 'spotter.db'}"}, "dashboard": {"port": 0}},
    )
    camera = settings.cameras[0].model_copy(update={"max_fps": MAX_FPS})
    return settings.model_copy(update={"cameras": (camera,)})


def main() -> int:
    video, folder = Path(sys.argv[1]), Path(sys.argv[2])
    # Whatever prints to stdout must not get between the samples.
    out = os.dup(1)
    os.dup2(2, 1)
    configure_logs("warning", "json")
    pipeline = EmbeddedPipeline(settings_for(video, folder))
    latency = pipeline.metrics.capture_to_skeleton.labels(camera=CAMERA)
    observe = latency.observe

    def record(seconds: float) -> None:
        observe(seconds)
        os.write(out, f"{time.monotonic():.6f} {seconds:.6f}\n".encode())

    latency.observe = record  # type: ignore[method-assign]
    pipeline.start()
    try:
        os.write(out, f"{pipeline.dashboard_url}\n".encode())
        pipeline.wait()
    finally:
        pipeline.stop()
    figures = figures_by_camera(pipeline.metrics)[CAMERA]
    counts = {"read": figures.read, "posed": figures.posed, "dropped": figures.dropped, "alerts": figures.alerts}
    os.write(out, (json.dumps(counts) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
