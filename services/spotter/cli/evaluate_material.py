"""Where the skeletons of labelled videos come from: a recording of them, or the footage itself through the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from spotter.cli.footage import Footage
from spotter.cli.options import build_settings, parse_camera
from spotter.cli.record_header import camera_record, header_of
from spotter.core.contracts import PoseFrame
from spotter.core.errors import ConfigError
from spotter.core.settings import CameraSettings, Settings
from spotter.evaluation.assignment import assign
from spotter.evaluation.labels import LabelledItem
from spotter.pose.factory import model_of
from spotter.pose.models import PoseModel
from spotter.recordings import SUFFIX, CameraRecord, RecordingSet, RecordingWriter, find_recordings, open_recording

OnNote = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Material:
    """The skeletons of one labelled camera.

    Attributes:
        camera_id: whose alerts count.
        poses: gives the frames, again each time it is called; told of what is amiss and stops nothing.
        footage: the video, where it is at hand for pictures.
    """

    item: LabelledItem
    site: str
    camera_id: str
    records: dict[str, CameraRecord]
    poses: Callable[[OnNote], Iterator[PoseFrame]]
    footage: CameraSettings | None = None


class Posing:
    """Makes skeletons of footage, with one model for all files; use it as a context manager.

    What was posed is kept in a temporary folder, as recordings, for it is looked at again where something is amiss.

    Args:
        hold_last_s: seconds that the last frame is held.
        max_fps: frames per second at most; None: as the camera settings have it.
    """

    def __init__(self, settings: Settings, hold_last_s: float, max_fps: float | None) -> None:
        self.settings = settings
        self._camera = {"hold_last_s": hold_last_s, **({"max_fps": max_fps} if max_fps is not None else {})}
        self._model: PoseModel | None = None
        self._folder = TemporaryDirectory(prefix="spotter-evaluate-")
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def camera(self, path: Path) -> CameraSettings:
        """The settings of a file as a camera; those of the same name in the settings file lend their view."""
        name = parse_camera(str(path).replace("=", "-"))[0]
        settings = build_settings(cameras=[f"{name}={path}"])
        known = next((one for one in self.settings.cameras if one.id == name), None)
        view = {"view": known.view} if known is not None and "view" in known.model_fields_set else {}
        return settings.cameras[-1].model_copy(update={**self._camera, **view})

    def poses(
        self, camera: CameraSettings, records: dict[str, CameraRecord]
    ) -> Callable[[OnNote], Iterator[PoseFrame]]:
        """The frames of a file, which is posed at the first call."""
        self._made += 1
        path = Path(self._folder.name) / f"{self._made}{SUFFIX}"

        def frames(note: OnNote) -> Iterator[PoseFrame]:
            if not path.exists():
                self._record(camera, records, path, note)
            with open_recording(path) as recording:
                yield from recording

        return frames

    def _record(self, camera: CameraSettings, records: dict[str, CameraRecord], path: Path, note: OnNote) -> None:
        self._model = self._model or model_of(self.settings.pose)
        with Footage(self.settings, camera, self._model) as footage:
            with RecordingWriter(path, header_of(self.settings, records)) as writer:
                for _, pose in footage.frames():
                    writer.append(pose)
            if footage.undecodable:
                note(f"{footage.undecodable} frames of '{footage.name}' could not be decoded: they are gaps")


def find_material(
    items: Sequence[LabelledItem], paths: Sequence[Path], posing: Posing
) -> tuple[list[Material], list[LabelledItem]]:
    """(what was found, labelled videos that were not), in the order of the labels.

    Raises:
        ConfigError: a path is not there, a file may be two labels, or nothing labelled is in any.
        RecordingError: a recording cannot be opened.
    """
    recordings, videos = _search(paths)
    names = [item.file for item in items]
    recorded = assign(names, [one.files[0] for one in recordings])
    endings = {Path(name).suffix for name in names}
    videos = [path for path in videos if path.suffix in endings]
    filmed = assign(names, videos)
    found: list[Material] = []
    missing: list[LabelledItem] = []
    for item, recording, video in zip(items, recorded, filmed, strict=True):
        camera = posing.camera(videos[video]) if video is not None else None
        if recording is not None:
            found.append(_recorded(item, recordings[recording], camera))
        elif camera is not None:
            records = {camera.id: camera_record(camera, Path(item.file).name)}
            poses = posing.poses(camera, records)
            found.append(Material(item, posing.settings.site, camera.id, records, poses, camera))
        else:
            missing.append(item)
    if not found:
        raise ConfigError(
            "none of the labelled videos is in what was named",
            mend="Name the folder that holds them or their recordings",
        )
    return found, missing


def _search(paths: Sequence[Path]) -> tuple[list[RecordingSet], list[Path]]:
    recordings: list[Path] = []
    videos: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ConfigError(f"'{path}' is not there", mend="Name recordings, footage or folders of them")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix == SUFFIX:
                recordings.append(file)
            elif file.is_file():
                videos.append(file)
    return find_recordings(recordings) if recordings else [], videos


def _recorded(item: LabelledItem, recording: RecordingSet, footage: CameraSettings | None) -> Material:
    cameras = recording.cameras
    camera = item.camera or (next(iter(cameras)) if len(cameras) == 1 else "")
    if not camera:
        raise ConfigError(
            f"recording '{recording.name}' has {len(cameras)} cameras, and item '{item.file}' names none",
            mend='Add "camera" to the item',
        )

    def poses(note: OnNote) -> Iterator[PoseFrame]:
        return recording.poses(note, camera.__eq__)

    return Material(item, recording.site, camera, cameras, poses, footage)
