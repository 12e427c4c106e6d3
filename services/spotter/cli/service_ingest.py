"""`spotter serve ingest`: reads its share of the cameras and puts frames and health on the bus.

Frames are lossy, so it starts reading at once and waits for nothing. A file or folder that has ended ends nothing else:
the process stays, because other processes feed the same topics. Cameras are shared by `ingest.shard` or by leases; the
settings file is watched for cameras that come, change and go.
"""

from __future__ import annotations

from spotter.cli.camera_reload import CameraReload
from spotter.cli.parts import open_bus, open_state
from spotter.cli.service import Shell, Work
from spotter.core.contracts import CameraState
from spotter.core.errors import ConfigError
from spotter.core.settings import known_secrets
from spotter.core.state import MemoryState
from spotter.core.state.leases import RedisLeases
from spotter.dashboard.api.routes.health import DEGRADED, OK
from spotter.ingest.leases import LeaseSharing
from spotter.ingest.sharing import FixedSharing, Sharing, share
from spotter.ingest.worker import IngestWorker

_AS_IT_SHOULD_BE = (CameraState.ENDED, CameraState.DISABLED)


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
    sharing = _sharing(shell)
    bus = open_bus(shell)
    background = settings.dashboard.background == "blurred"
    state = open_state(shell) if background else MemoryState()
    worker = IngestWorker(
        settings.cameras,
        settings.ingest,
        bus,
        state,
        shell.metrics,
        background=background,
        tracer=shell.tracer,
        sharing=sharing,
        stay=True,
    )
    shell.readiness.watch("cameras", lambda: cameras_text(worker))
    if shell.reload is not None and settings.ingest.reload_s:
        reload = CameraReload(
            shell.reload,
            settings,
            worker.apply,
            shell.metrics.cameras,
            learn=lambda newer: shell.cleaner.learn(known_secrets(newer)),
        )
        shell.readiness.watch("settings", reload.status)
        shell.closing(reload.close)
        reload.start()
    return lambda: worker.run(shell.stop)


def _sharing(shell: Shell) -> Sharing:
    settings = shell.settings
    if settings.ingest.sharing == "fixed":
        cameras = share(settings.cameras, settings.ingest.shard)
        shell.log.info("cameras_of_this_process", share=settings.ingest.shard or "all", cameras=[c.id for c in cameras])
        return FixedSharing(settings.ingest.shard)
    if settings.state.kind != "redis":
        raise ConfigError(
            "ingest.sharing: lease needs state.kind: redis",
            mend="Set SPOTTER_STATE__KIND=redis and SPOTTER_STATE__URL, or share by ingest.shard",
        )
    lease_s = settings.ingest.lease_s
    leases = RedisLeases(settings.state, settings.site, lease_s)
    sharing = LeaseSharing(leases, lease_s, settings.ingest.redis_away, shell.metrics)
    shell.readiness.watch("leases", sharing.status)
    return sharing


def cameras_text(worker: IngestWorker) -> str:
    """How the cameras are, for /readyz: degraded while some deliver nothing or little, not ready while none does.

    Those that have ended or are switched off are as they should be.
    """
    states = {camera: state for camera, state in worker.states.items() if state not in _AS_IT_SHOULD_BE}
    silent = [camera for camera, state in states.items() if not state.delivers]
    weak = [camera for camera, state in states.items() if state is CameraState.DEGRADED]
    named = "; ".join(_one(camera, states[camera], worker.details.get(camera, "")) for camera in (silent + weak)[:3])
    more = f" and {len(silent + weak) - 3} more" if len(silent + weak) > 3 else ""
    if silent and len(silent) == len(worker.states):
        return f"no camera delivers frames: {named}{more}"
    if silent:
        return f"{DEGRADED}: {len(silent)} of {len(worker.states)} cameras deliver no frames: {named}{more}"
    return f"{DEGRADED}: {len(weak)} of {len(worker.states)} cameras deliver little: {named}{more}" if weak else OK


def _one(camera: str, state: CameraState, detail: str) -> str:
    told = detail.rstrip(". ")
    return f"'{camera}' {state.value.replace('_', ' ')}{f' ({told})' if told else ''}"
