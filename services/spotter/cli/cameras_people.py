"""People who walk through a camera's picture, for `spotter cameras`: from a recording, from footage, or live."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from spotter.cli.console import warning_line
from spotter.cli.footage import Footage
from spotter.cli.options import source_for_people
from spotter.cli.session import StopSignals
from spotter.core.clock import now
from spotter.core.contracts import Image, PoseFrame
from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, Settings
from spotter.ergonomics.geometry.upright import Upright, WalkLog
from spotter.ergonomics.tracking import Tracker
from spotter.ingest.sources import open_source
from spotter.pose.factory import model_of
from spotter.recordings import find_recordings

FPS = 8.0
"""Frames per second that are looked at: enough to follow people who walk, and all that a calibration can use."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was gathered: who walked where, a picture to draw on (None for recordings), and where it comes from."""

    people: Upright
    picture: Image | None
    frames: int
    name: str


def from_recordings(
    paths: list[Path], camera_id: str | None, settings: Settings, *, may_be_another: bool = False
) -> Seen:
    """All recordings of one camera; every epoch is followed by itself.

    Args:
        may_be_another: where the recordings do not name the camera, what they hold is taken for it.

    Raises:
        RecordingError: a recording cannot be read.
        ConfigError: they hold several cameras and none is named, or not the one that is.
    """
    found = find_recordings(paths)
    if may_be_another and not any(camera_id in recording.cameras for recording in found):
        camera_id = None
    log, epochs = WalkLog(), _Epochs(settings)
    cameras: set[str] = set()
    for recording in found:
        for pose in recording.poses(warning_line, (lambda name: name == camera_id) if camera_id else None):
            cameras.add(pose.camera_id)
            if len(cameras) > 1:
                raise ConfigError(
                    f"the recordings hold several cameras ({', '.join(sorted(cameras))}, ...)",
                    mend="Name one of them, or one recording",
                )
            log.add(pose, epochs.follow(pose))
    if not cameras:
        wanted = f"camera '{camera_id}'" if camera_id else "any camera"
        raise ConfigError(f"the recordings hold no frame of {wanted}", mend="Check the name and the files")
    what = "a recording" if len(found) == 1 else f"{len(found)} recordings"
    return Seen(log.observed(), None, log.frames, f"camera '{cameras.pop()}' in {what}")


def from_footage(settings: Settings, camera: CameraSettings, *, quiet: bool) -> Seen:
    """A video or folder of images, posed at most `FPS` times a second.

    Raises:
        SourceError, ModelError: see `Footage`.
    """
    log, epochs = WalkLog(), _Epochs(settings)
    slow = camera.model_copy(update={"max_fps": min(camera.max_fps, FPS)})
    picture: Image | None = None
    with Footage(settings, slow, model_of(settings.pose)) as footage, _bar(footage.expected_frames, quiet) as bar:
        for image, pose in footage.frames():
            picture = image if picture is None else picture
            log.add(pose, epochs.follow(pose))
            bar.advance(bar.task_ids[0])
        if footage.undecodable:
            warning_line(f"{footage.undecodable} frames of '{footage.name}' could not be decoded and were skipped")
        return Seen(log.observed(), picture, log.frames, f"'{footage.name}'")


def from_camera(settings: Settings, camera: CameraSettings, seconds: float, *, quiet: bool) -> Seen:
    """A live camera for some time; Ctrl-C ends it early, and what was seen by then counts.

    Raises:
        SourceError: it cannot be opened, or is lost before anything was seen.
    """
    log, epochs = WalkLog(), _Epochs(settings)
    model = model_of(settings.pose)
    model.load()
    source = open_source(camera, settings.ingest)
    picture: Image | None = None
    try:
        source.open()
        with StopSignals() as signals, _bar(None, quiet) as bar:
            ends_at, sequence = time.monotonic() + seconds, 0
            while time.monotonic() < ends_at and signals.received is None:
                captured = source.read()
                if captured is None:
                    break
                if captured.image is None:
                    continue
                image, at = captured.image, now()
                picture = image if picture is None else picture
                (people,) = model.predict([image])
                pose = PoseFrame(
                    camera.id, 0, sequence, at, at, at, image.shape[1], image.shape[0], model.name, people.boxes,
                    people.scores, people.keypoints, people.confidences, deviations=people.deviations,
                )  # fmt: skip
                log.add(pose, epochs.follow(pose))
                sequence += 1
                bar.update(bar.task_ids[0], completed=len(log.observed()))
    except SourceError as error:
        if not log.frames:
            raise
        warning_line(f"{error}: what was seen before counts")
    finally:
        source.close()
    return Seen(log.observed(), picture, log.frames, f"camera '{camera.id}' ({source_for_people(_source(camera))})")


class _Epochs:
    """Tracks of a stream that may begin anew."""

    def __init__(self, settings: Settings) -> None:
        self._parameters = settings.ergonomics.tracker
        self._trackers: dict[int, Tracker] = {}

    def follow(self, pose: PoseFrame) -> list[tuple[str, int]]:
        """(track id, row) of the people who have been followed for long enough to count."""
        tracker = self._trackers.setdefault(pose.epoch, Tracker(self._parameters))
        people: Iterable[tuple[str, int]] = (
            (f"{pose.epoch}-{person.track_id}", person.index)
            for person in tracker.update(pose) or ()
            if person.confirmed
        )
        return list(people)


def _source(camera: CameraSettings) -> str:
    return camera.address()


def _bar(total: int | None, quiet: bool) -> Progress:
    """A progress bar with one task."""
    console = Console(stderr=True)
    bar = Progress(TextColumn("watching people"), BarColumn(), TextColumn("{task.completed:.0f}"), console=console,
               transient=True, disable=quiet or not console.is_terminal)  # fmt: skip
    bar.add_task("", total=total)
    return bar
