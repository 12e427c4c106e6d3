"""The three ways of `spotter record`: footage offline, cameras through ingest and pose, and a site's Kafka."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from spotter.cli.console import line, warning_line
from spotter.cli.footage import Footage
from spotter.cli.logs import logs_of
from spotter.cli.record_header import camera_record, camera_records, header_of
from spotter.cli.record_progress import FootageProgress, Progress, size_text
from spotter.cli.record_work import Work
from spotter.cli.session import StopSignals
from spotter.core.bus.api import FRAMES, HEALTH, SKELETONS
from spotter.core.clock import from_seconds, now
from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, Settings, known_secrets
from spotter.core.telemetry import Metrics, configure_logs
from spotter.recordings import SUFFIX, RecordingWriter
from spotter.recordings.files import newest_of_group
from spotter.recordings.parts import RecordingParts, Rotation
from spotter.recordings.worker import RecordingWorker

_STOP_S = 5.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Session:
    """What the command line asks for: where to, in which parts, for how long, how loud."""

    out: Path
    rotation: Rotation
    seconds: float | None
    quiet: bool


def record_footage(settings: Settings, session: Session) -> bool:
    """Each file of the settings into a recording of its own, named after its camera; True when it was interrupted.

    Raises:
        SpotterError: a source, the model or a file; recordings made before it stay.
    """
    from spotter.pose.factory import model_of

    if session.rotation != Rotation():
        raise ConfigError("--rotate, --max-size and --max-age are for cameras", mend="Leave them, or add --live")
    model = model_of(settings.pose)
    with StopSignals() as signals:
        for camera in settings.cameras:
            path = _footage_path(session.out, camera, len(settings.cameras))
            with Footage(settings, camera, model) as footage:
                header = header_of(settings, {camera.id: camera_record(camera, footage.name)})
                with RecordingWriter(path, header) as writer:
                    shown = FootageProgress(footage, session.quiet)
                    for _, pose in footage.frames():
                        writer.append(pose)
                        shown()
                        if signals.received is not None:
                            warning_line(f"stopped: '{path}' holds the beginning of '{footage.name}' only")
                            return True
            if footage.undecodable:
                warning_line(f"{footage.undecodable} frames of '{footage.name}' could not be decoded: they are gaps")
            if not session.quiet:
                line(f"{path}: {writer.frames} frames, {size_text(writer.bytes)}")
    return False


def record_live(settings: Settings, session: Session) -> bool:
    """Cameras through ingest and pose, until all have ended, the time is over, or a signal comes; True for Ctrl-C.

    Raises:
        SpotterError: the model, the disk, a service, or no camera delivered to its end.
    """
    with logs_of(settings):
        return _record_live(settings, session)


def _record_live(settings: Settings, session: Session) -> bool:
    from spotter.core.bus.memory import MemoryBus
    from spotter.core.state.memory import MemoryState
    from spotter.ingest.worker import IngestWorker
    from spotter.pose.factory import model_of
    from spotter.pose.worker import PoseWorker

    metrics = Metrics()
    bus = MemoryBus(on_drop=metrics.count_drop)
    parts = RecordingParts(
        _parts_folder(session.out), header_of(settings, camera_records(settings.cameras)), session.rotation
    )
    recorder = RecordingWorker(bus, parts, on_progress=Progress(parts, session.quiet))
    pose = PoseWorker(bus, model_of(settings.pose), settings.pose, metrics)
    ingest = IngestWorker(settings.cameras, settings.ingest, bus, MemoryState(), metrics)
    work = Work()
    stop_reading, stop = threading.Event(), threading.Event()

    def read() -> None:
        while not pose.ready.wait(_POLL_S):  # No camera opens before the model is warm.
            if stop_reading.is_set():
                return
        ingest.run(stop_reading)

    def no_more_frames() -> None:
        bus.end(FRAMES)
        bus.end(HEALTH)

    work.start("ingest", read, no_more_frames)
    work.start("pose", lambda: pose.run(stop), lambda: bus.end(SKELETONS))
    work.start("recorder", lambda: recorder.run(stop), stop_reading.set)
    with StopSignals() as signals:
        try:
            _wait(lambda: work.alive("recorder") and work.failure is None, signals, session.seconds)
        finally:
            stop_reading.set()
            work.join(_STOP_S)
            stop.set()
            bus.close()
            work.join(_STOP_S)
            work.raise_failure()
            parts.close()
    if len(ingest.failures) == len(settings.cameras):
        raise SourceError("; ".join(ingest.failures.values()))
    for text in ingest.failures.values():
        warning_line(text)
    _summary(parts, recorder, session.quiet)
    return signals.received is signal.SIGINT


def record_bus(settings: Settings, session: Session, group: str, back_s: float) -> bool:
    """What the site's services publish on Kafka, until the time is over or a signal comes; True for Ctrl-C.

    What this group recorded in that folder before goes on, as further parts of it.

    Args:
        back_s: begin this many seconds ago where the group has not read yet, as far as Kafka keeps messages.

    Raises:
        SpotterError: Kafka's settings, or the disk.
    """
    if settings.bus.kind != "kafka":
        raise ConfigError(
            "--bus needs bus.kind: kafka", mend="Set SPOTTER_BUS__KIND=kafka and SPOTTER_BUS__KAFKA__SERVERS"
        )
    from spotter.core.bus.kafka.bus import KafkaBus

    configure_logs(settings.log.level, settings.log.format, known_secrets(settings))
    folder = _parts_folder(session.out)
    header = replace(header_of(settings, {one.id: camera_record(one) for one in settings.cameras}), group=group)
    before = newest_of_group(folder, settings.site, group, warning_line)
    if before is not None:  # Its rules go on where they were left, so the replay has to as well.
        header = replace(header, recording=before.headers[-1].recording, part=before.headers[-1].part + 1)
    parts = RecordingParts(folder, header, session.rotation, before=before.files if before is not None else ())
    since = now() - from_seconds(back_s)
    bus = KafkaBus(settings.bus.kafka, Metrics(), client_id="spotter-recorder")
    progress = Progress(parts, session.quiet, bus.status)
    recorder = RecordingWorker(bus, parts, since=since, group=group, on_progress=progress)
    stop, work = threading.Event(), Work()
    work.start("recorder", lambda: recorder.run(stop))
    with StopSignals() as signals:
        try:
            _wait(lambda: work.alive("recorder"), signals, session.seconds)
        finally:
            stop.set()
            work.join(_STOP_S)
            bus.close()
            work.join(_STOP_S)
            work.raise_failure()
            parts.close()
    _summary(parts, recorder, session.quiet)
    return signals.received is signal.SIGINT


def _parts_folder(out: Path) -> Path:
    if out.suffix == SUFFIX:
        raise ConfigError(f"--out '{out}' is one file, and cameras are recorded in parts", mend="Name a folder")
    return out


def _footage_path(out: Path, camera: CameraSettings, count: int) -> Path:
    if out.suffix == SUFFIX:
        if count > 1:
            raise ConfigError(f"--out '{out}' is one file for {count} sources", mend="Name a folder")
        return out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make folder '{out}': {error.strerror}", mend="Choose another with --out") from None
    return out / f"{camera.id}{SUFFIX}"


def _wait(goes_on: Callable[[], bool], signals: StopSignals, seconds: float | None) -> None:
    deadline = None if seconds is None else time.monotonic() + seconds
    while goes_on() and signals.received is None and (deadline is None or time.monotonic() < deadline):
        time.sleep(_POLL_S)


def _summary(parts: RecordingParts, recorder: RecordingWorker, quiet: bool) -> None:
    if not quiet:
        line(f"{parts.frames} frames of {len(recorder.cameras)} cameras recorded, {size_text(parts.written)}")
