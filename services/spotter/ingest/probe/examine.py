"""All steps of one camera, from its settings to its frame rate; stops where a step fails."""

from __future__ import annotations

from collections.abc import Iterator

from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.ingest.probe.description import VideoDescription
from spotter.ingest.probe.network import network_steps
from spotter.ingest.probe.pictures import picture_steps
from spotter.ingest.probe.steps import Outcome, Step
from spotter.ingest.sources import kind_of
from spotter.ingest.sources.address import StreamAddress

_KINDS = {"webcam": "a webcam", "test": "a test pattern", "images": "a folder of images", "video": "a video file"}


def examine(camera: CameraSettings, ingest: IngestSettings, duration_s: float) -> Iterator[Step]:
    """What was found, as it is found.

    Args:
        duration_s: how long to watch for the frame rate.
    """
    try:
        spec = camera.address()
        kind = kind_of(spec)
        address = StreamAddress.parse(spec) if kind.name == "stream" else None
    except (ConfigError, SourceError) as error:
        yield Step("source", Outcome.FAIL, error.message, error.mend)
        return
    if address is not None and not address.is_certain:
        yield Step("source", Outcome.FAIL, f"{camera.shown} {address.diagnose()[0]}", address.diagnose()[1])
        return
    if not camera.enabled:
        yield Step("source", Outcome.WARN, f"{camera.shown}, and enabled is false", "Set enabled: true to watch it")
    else:
        yield Step("source", Outcome.OK, f"{camera.shown}{'' if address else f', {_KINDS[kind.name]}'}")
    described: VideoDescription | None = None
    if address is not None:
        steps = network_steps(address, ingest.open_timeout_s)
        while True:
            try:
                step = next(steps)
            except StopIteration as done:
                described = done.value
                break
            yield step
            if step.outcome is Outcome.FAIL:
                return
    yield from picture_steps(camera, ingest, described, duration_s)
