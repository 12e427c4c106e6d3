"""`spotter cameras calibrate` from people walking, and `spotter cameras check`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from spotter.cli.cameras_people import Seen, from_camera, from_footage, from_recordings
from spotter.cli.cameras_picture import draw_view, write_picture
from spotter.cli.cameras_text import refusal, settings_text, told
from spotter.cli.console import line, output, warning_line
from spotter.cli.options import DEFAULT_CONFIG
from spotter.cli.quantities import seconds_of
from spotter.core.errors import ConfigError
from spotter.core.parameters import LensParameters, ViewParameters
from spotter.core.settings import CameraSettings, Settings, load_settings
from spotter.ergonomics.geometry.fit import LEAN_NOISE
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.geometry.learn import LEAST_OBSERVATIONS, Learned, learn
from spotter.ergonomics.geometry.upright import HEAD_HEIGHT
from spotter.ingest.sources import kind_of

_LIVE = ("stream", "webcam")


def learn_view(
    recording: list[Path] | None,
    video: str | None,
    camera: str | None,
    duration: str,
    *,
    hfov: float | None,
    stature: float,
    picture: Path | None,
    config: Path | None,
    today: str,
    quiet: bool,
) -> str:
    """The settings of a view that was learned from people walking, as YAML.

    Raises:
        ConfigError: the camera is not in the settings, or the calibration is refused.
    """
    settings, known = _settings(config), None
    if camera is not None and not recording:
        known = _camera(settings, camera)
    seen = _watch(settings, known, recording, video, camera, duration, quiet=quiet)
    lens = _known_lens(settings, camera, seen, hfov)
    note = f"{today}: {_count(seen)} people walking, {seen.name}"
    learned = learn(seen.people, lens=lens, stature_m=stature, note=note)
    if picture is not None and learned.view.mount is not None:
        ground = Ground.of(learned.view, seen.people.width, seen.people.height)
        write_picture(picture, draw_view(ground, seen.picture, seen.people))
    if learned.reasons:
        raise refusal(seen.name, learned.reasons)
    if not quiet:
        _report(learned, seen, stature)
    return settings_text(learned.view, learned.view.mount.note if learned.view.mount is not None else "")


def check_view(
    camera: str | None,
    recording: list[Path] | None,
    video: str | None,
    size: str | None,
    *,
    picture: Path | None,
    config: Path | None,
) -> None:
    """Print what a view means at places of the picture, and hold the people in footage against it.

    Raises:
        ConfigError: no such camera, or the people do not fit the view: the camera was moved.
    """
    settings = _settings(config)
    known = _camera(settings, camera)
    seen: Seen | None = None
    if recording:
        seen = from_recordings(recording, known.id, settings, may_be_another=True)
    elif video is not None:
        seen = from_footage(settings, _camera_of(video), quiet=False)
    width, height = _picture_size(known.view, seen, size)
    ground = Ground.of(known.view, width, height)
    if ground.reason:
        warning_line(f"camera '{known.id}': {ground.reason}; the intervals are wide")
    _places(ground, known, width, height)
    if picture is not None:
        people = seen.people if seen is not None else None
        write_picture(picture, draw_view(ground, seen.picture if seen is not None else None, people))
    if seen is not None:
        _compare(ground, known, seen)


def _report(learned: Learned, seen: Seen, stature: float) -> None:
    low_high = learned.intervals
    told(
        f"{seen.name}: {learned.observations} places at which {learned.people} people walked, in "
        f"{learned.coverage:.0%} of the picture, near ones {learned.depth:.1f} times as large as far ones"
    )
    texts = {
        "pitch_deg": "looks down by {} degrees",
        "roll_deg": "turned by {} degrees",
        "height_m": f"hangs {{}} m high (with people of {stature:.2f} m)",
        "hfov_deg": "field of view {} degrees",
    }
    for name, text in texts.items():
        low, high = low_high[name]
        told(f"  {text.format(f'{low:.1f} to {high:.1f}')}, 90 %")
    if not learned.focal_seen and learned.view.lens is not None and learned.view.lens.source == "people":
        told("  the lens could not be told from the people: its field of view (--hfov) would narrow all of this")
    told(
        f"  quality: half of the people predict the size of the others to {learned.held_out:.1%}; "
        f"{learned.inliers:.0%} of the observations fit"
    )


def _places(ground: Ground, known: CameraSettings, width: int, height: int) -> None:
    for name, part in (("lens", known.view.lens), ("mount", known.view.mount)):
        line(f"{name}: {'not known' if part is None else f'{part.source} {part.note}'.strip()}")
    rows = np.linspace(0.98, 0.1, 7) * height
    feet = np.stack([np.full_like(rows, width / 2), rows], axis=1)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in ("feet at row", "distance, m", "standing person, px", "ray looks down, deg"):
        table.add_column(column, justify="right")
    distance, standing, pitch = ground.distance(feet), ground.standing(feet), ground.ray_pitch(feet)
    for index, row in enumerate(rows):
        if np.isfinite(distance.value[index]):
            table.add_row(
                f"{row:.0f}",
                *(_range(band.low[index], band.high[index], digits) for band, digits in
                  ((distance, 1), (standing, 0), (pitch, 0))),
            )  # fmt: skip
    output().print(table)
    band = ground.horizon([width / 2])
    line(f"horizon at row {_range(band.low[0], band.high[0], 0)} of {height} (middle 90 %, as everywhere here)")


def _compare(ground: Ground, known: CameraSettings, seen: Seen) -> None:
    """People against the view: heights in the picture and how they stand."""
    people = seen.people
    if len(people) < LEAST_OBSERVATIONS // 2:
        warning_line(f"{len(people)} upright people in {seen.name} are too few to hold against the view")
        return
    span = np.linalg.norm(people.heads - people.feet, axis=1) / HEAD_HEIGHT
    expected = ground.standing(people.feet)
    up, body = ground.best.up(people.feet), people.heads - people.feet
    lean = np.degrees(np.arctan2(up[:, 0] * body[:, 1] - up[:, 1] * body[:, 0], (up * body).sum(axis=1)))
    off = float(np.nanmedian(lean))
    inside = float(np.mean((span >= expected.low) & (span <= expected.high)))
    ratio = float(np.nanmedian(span / expected.value))
    line(
        f"{len(people)} observations in {seen.name}: people look {ratio:.2f} times as tall as expected, {inside:.0%} "
        f"within the interval, and lean {off:+.1f} degrees from the expected upright"
    )
    if inside < 0.5 or abs(off) > np.degrees(2 * LEAN_NOISE):
        raise ConfigError(
            f"the people do not fit the view of camera '{known.id}'",
            mend="It was moved or zoomed, or the view is another camera's: calibrate it again",
        )


def _watch(
    settings: Settings,
    known: CameraSettings | None,
    recording: list[Path] | None,
    video: str | None,
    camera: str | None,
    duration: str,
    *,
    quiet: bool,
) -> Seen:
    if recording:
        return from_recordings(recording, camera, settings)
    if video is not None:
        return from_footage(settings, _camera_of(video), quiet=quiet)
    assert known is not None
    if kind_of(known.address()).name in _LIVE:
        return from_camera(settings, known, seconds_of("--for", duration), quiet=quiet)
    return from_footage(settings, known, quiet=quiet)


def _known_lens(settings: Settings, camera: str | None, seen: Seen, hfov: float | None) -> LensParameters | None:
    """The lens as it was entered or measured; one that was learned before is learned anew."""
    if hfov is not None:
        return LensParameters(width=seen.people.width, height=seen.people.height, hfov_deg=hfov)
    known = next((one.view.lens for one in settings.cameras if one.id == camera), None)
    return known if known is not None and known.source != "people" else None


def _settings(config: Path | None) -> Settings:
    return load_settings(config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None))


def _camera(settings: Settings, name: str | None) -> CameraSettings:
    cameras = {one.id: one for one in settings.cameras}
    if name is None and len(cameras) == 1:
        return next(iter(cameras.values()))
    if name not in cameras:
        has = f"it has {', '.join(sorted(cameras))}" if cameras else "it has none"
        wanted = "which camera is meant is not said" if name is None else f"camera '{name}' is not in the settings file"
        raise ConfigError(f"{wanted}; {has}", mend="Name a camera of the file, and the file with --config")
    return cameras[name]


def _camera_of(video: str) -> CameraSettings:
    values: dict[str, Any] = {"id": "footage", "source": video}
    return CameraSettings.model_validate(values)


def _picture_size(view: ViewParameters, seen: Seen | None, size: str | None) -> tuple[int, int]:
    if seen is not None and len(seen.people):
        return seen.people.width, seen.people.height
    match = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", size or "")
    if size and match is None:
        raise ConfigError(f"--size is '{size}', which is no size of a picture", mend="Write 1280x720")
    if match is not None:
        return int(match[1]), int(match[2])
    return (view.lens.width, view.lens.height) if view.lens is not None else (1280, 720)


def _range(low: float, high: float, digits: int) -> str:
    return f"{low:.{digits}f} to {high:.{digits}f}" if np.isfinite(low) and np.isfinite(high) else "not known"


def _count(seen: Seen) -> int:
    return len(np.unique(seen.people.people))
