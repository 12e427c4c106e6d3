"""Where the skeletons of labelled videos come from: a recording of them, or the footage itself through the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from spotter.cli.footage import Footage
from spotter.cli.options import build_settings
from spotter.cli.record_header import camera_record
from spotter.core.contracts import PoseFrame
from spotter.core.errors import ConfigError
from spotter.core.settings import CameraSettings, Settings
from spotter.evaluation.labels import LabelledItem
from spotter.pose.factory import model_of
from spotter.pose.models import PoseModel
from spotter.recordings import SUFFIX, CameraRecord, RecordingSet, find_recordings

T = TypeVar("T")

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
    """Makes skeletons of footage, with one model for all files.

    Args:
        hold_last_s: seconds that the last frame is held.
        max_fps: frames per second at most; None: as the camera settings have it.
    """

    def __init__(self, settings: Settings, hold_last_s: float, max_fps: float | None) -> None:
        self.settings = settings
        self._camera = {"hold_last_s": hold_last_s, **({"max_fps": max_fps} if max_fps is not None else {})}
        self._model: PoseModel | None = None

    def camera(self, path: Path) -> CameraSettings:
        """The settings of a file as a camera; those of the same name in the settings file lend their view."""
        settings = build_settings(cameras=[f"{_name(path)}={path}"])
        known = next((one for one in self.settings.cameras if one.id == _name(path)), None)
        view = {"view": known.view} if known is not None and "view" in known.model_fields_set else {}
        return settings.cameras[-1].model_copy(update={**self._camera, **view})

    def poses(self, camera: CameraSettings) -> Callable[[OnNote], Iterator[PoseFrame]]:
        """The frames of a file; posed once, and kept for the pictures."""
        kept: list[PoseFrame] = []

        def frames(note: OnNote) -> Iterator[PoseFrame]:
            if not kept:
                self._model = self._model or model_of(self.settings.pose)
                with Footage(self.settings, camera, self._model) as footage:
                    kept.extend(pose for _, pose in footage.frames())
                if footage.undecodable:
                    note(f"{footage.undecodable} frames of '{footage.name}' could not be decoded: they are gaps")
            yield from kept

        return frames


def find_material(
    items: Sequence[LabelledItem], paths: Sequence[Path], posing: Posing
) -> tuple[list[Material], list[LabelledItem]]:
    """(what was found, labelled videos that were not), in the order of the labels.

    Raises:
        ConfigError: a path is not there, or nothing labelled is in any.
        RecordingError: a recording cannot be opened.
    """
    recordings, videos = _search(paths)
    found: list[Material] = []
    missing: list[LabelledItem] = []
    for item in items:
        recording = _best(item, [(one, one.files[0]) for one in recordings])
        video = _best(item, [(path, path) for path in videos if path.suffix == Path(item.file).suffix])
        if recording is not None:
            found.append(_recorded(item, recording, posing.camera(video) if video is not None else None))
        elif video is not None:
            camera = posing.camera(video)
            records = {camera.id: camera_record(camera, video.name)}
            site = posing.settings.site
            found.append(Material(item, site, camera.id, records, posing.poses(camera), camera))
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


def _best(item: LabelledItem, candidates: Sequence[tuple[T, Path]]) -> T | None:
    """The candidate whose path, without its ending, agrees with that of the label furthest from its end."""
    wanted = Path(item.file).with_suffix("").parts
    ranked = [(_agreement(wanted, path.with_suffix("").parts), number) for number, (_, path) in enumerate(candidates)]
    agreement, number = max(ranked, key=lambda one: (one[0], -one[1]), default=(0, 0))
    return candidates[number][0] if agreement else None


def _agreement(wanted: tuple[str, ...], given: tuple[str, ...]) -> int:
    count = 0
    for a, b in zip(reversed(wanted), reversed(given), strict=False):
        if a != b:
            break
        count += 1
    return count


def _recorded(item: LabelledItem, recording: RecordingSet, footage: CameraSettings | None) -> Material:
    cameras = recording.cameras
    camera = item.camera or (next(iter(cameras)) if len(cameras) == 1 else "")
    if not camera:
        raise ConfigError(
            f"recording '{recording.name}' has {len(cameras)} cameras, and item '{item.file}' names none",
            mend='Add "camera" to the item',
        )
    return Material(item, recording.site, camera, cameras, recording.poses, footage)


def _name(path: Path) -> str:
    from spotter.cli.options import parse_camera

    return parse_camera(str(path).replace("=", "-"))[0]
