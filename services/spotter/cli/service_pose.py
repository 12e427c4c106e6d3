"""`spotter serve pose`: takes frames, publishes skeletons. Any number of them share the cameras.

A frame is committed once the bus has taken its skeletons; one past its deadline is counted and let go, one with an
unreadable picture is a dead letter as well, and no picture is kept anywhere.
"""

from __future__ import annotations

from spotter.cli.parts import open_bus
from spotter.cli.service import Shell, Work
from spotter.dashboard.api.routes.health import OK
from spotter.pose.factory import model_of
from spotter.pose.worker import PoseWorker


def prepare_pose(shell: Shell) -> Work:
    """The service.

    Raises:
        ModelError: the model is unknown, or cannot run on the device.
    """
    pose = shell.settings.pose
    model = model_of(pose)
    worker = PoseWorker(open_bus(shell), model, pose, shell.metrics, tracer=shell.tracer)
    shell.readiness.watch("model", lambda: OK if worker.ready.is_set() else "not loaded yet")
    return lambda: worker.run(shell.stop)
