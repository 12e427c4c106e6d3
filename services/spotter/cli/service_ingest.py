"""`spotter serve ingest`: reads its share of the cameras and puts frames and health on the bus.

Frames are lossy, so it starts reading at once and waits for nothing. A file or folder that has ended ends nothing else:
the process stays, because other processes feed the same topics.
"""

from __future__ import annotations

from spotter.cli.parts import open_bus, open_state
from spotter.cli.service import Shell, Work
from spotter.core.contracts import CameraState
from spotter.core.errors import ConfigError
from spotter.core.state import MemoryState
from spotter.dashboard.api.routes.health import DEGRADED, OK
from spotter.ingest.sharing import share
from spotter.ingest.worker import IngestWorker


def prepare_ingest(shell: Shell) -> Work:
    """The service.

    Raises:
        ConfigError: no camera is named at all.
    """
    settings = shell.settings
    if not settings.cameras:
        raise ConfigError(
            "no camera is named", mend="Name cameras in the file of --config, or as JSON in SPOTTER_CAMERAS"
        )
    cameras = share(settings.cameras, settings.ingest.shard)
    bus = open_bus(shell)
    background = settings.dashboard.background == "blurred"
    state = open_state(shell) if background else MemoryState()
    worker = IngestWorker(
        cameras, settings.ingest, bus, state, shell.metrics, background=background, tracer=shell.tracer
    )
    shell.readiness.watch("cameras", lambda: cameras_text(worker))
    shell.log.info("cameras_of_this_process", share=settings.ingest.shard or "all", cameras=[c.id for c in cameras])

    def work() -> None:
        worker.run(shell.stop)
        shell.stop.wait()

    return work


def cameras_text(worker: IngestWorker) -> str:
    """How the cameras are, for /readyz: degraded while some deliver nothing, not ready while none does."""
    states = worker.states
    silent = [camera for camera, state in states.items() if state not in (CameraState.LIVE, CameraState.ENDED)]
    if not silent:
        return OK
    named = "; ".join(_one(camera, states[camera], worker.details.get(camera, "")) for camera in silent[:3])
    more = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
    if len(silent) == len(states):
        return f"no camera delivers frames: {named}{more}"
    return f"{DEGRADED}: {len(silent)} of {len(states)} cameras deliver no frames: {named}{more}"


def _one(camera: str, state: CameraState, detail: str) -> str:
    told = detail.rstrip(". ")
    return f"'{camera}' {state.value.replace('_', ' ')}{f' ({told})' if told else ''}"
