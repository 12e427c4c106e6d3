"""What really comes from a source: the first picture and when, how many a second, of which size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from spotter.core.contracts import Image
from spotter.core.errors import SourceError
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.ingest.probe.description import VideoDescription
from spotter.ingest.probe.steps import Outcome, Step
from spotter.ingest.sources import Source, SourceInfo, open_source
from spotter.ingest.sources._opencv import FPS_WHEN_UNKNOWN

WARM_UP_S = 0.5
"""Pictures that come so soon after the first do not count for the rate: a camera may send a backlog."""

_SLOW_START_S = 5.0
"""A first picture later than this is told as slow [D]."""

_RATE_OFF = 0.2
"""A rate is told as another one when it is off by more than this share [D]."""


@dataclass(slots=True)
class _Watched:
    """What came in the time of watching, after the warm-up."""

    pictures: int = 0
    undecodable: int = 0
    longest_gap_s: float = 0.0
    lasted_s: float = 0.0
    sizes: set[tuple[int, int]] = field(default_factory=set)


def first_picture(source: Source, within_s: float) -> Image:
    """The first whole picture of an open source.

    Raises:
        SourceError: none came.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        captured = source.read()
        if captured is None:
            break
        if captured.image is not None:
            return captured.image
    raise SourceError("no whole picture came", mend="Lower the camera's key frame interval to 1 or 2 s")


def picture_steps(
    camera: CameraSettings, ingest: IngestSettings, described: VideoDescription | None, duration_s: float
) -> Iterator[Step]:
    """Open, take the first picture, and watch for so many seconds."""
    started = time.monotonic()
    source: Source | None = None
    try:
        source = open_source(camera, ingest)
        info = source.open()
        opened_s = time.monotonic() - started
        image = first_picture(source, ingest.open_timeout_s)
        first_s = time.monotonic() - started
        text = f"after {first_s:.1f} s, {opened_s:.1f} s of them to open"
        if first_s > _SLOW_START_S:
            yield Step("first frame", Outcome.WARN, text, "Lower the camera's key frame interval to 1 or 2 s")
        else:
            yield Step("first frame", Outcome.OK, text)
        watched = _watch(source, duration_s, finite=info.finite)
        watched.sizes.add((image.shape[1], image.shape[0]))
        yield _rate(watched, info, camera, described, ingest)
        yield _size(watched, info, described, camera)
    except SourceError as error:
        yield Step("pictures", Outcome.FAIL, error.message, error.mend)
    finally:
        if source is not None:
            source.close()


def _watch(source: Source, duration_s: float, *, finite: bool) -> _Watched:
    watched = _Watched()
    begun = time.monotonic()
    warm = begun + (0.0 if finite else WARM_UP_S)
    counted_from = last = None
    while (now := time.monotonic()) < warm + duration_s:
        captured = source.read()
        if captured is None:
            break
        now = time.monotonic()
        if captured.image is None:
            watched.undecodable += 1
            continue
        watched.sizes.add((captured.image.shape[1], captured.image.shape[0]))
        if now < warm:
            continue
        if counted_from is None or last is None:
            counted_from = now
        else:
            watched.pictures += 1
            watched.longest_gap_s = max(watched.longest_gap_s, now - last)
            watched.lasted_s = now - counted_from
        last = now
    return watched


def _rate(
    watched: _Watched,
    info: SourceInfo,
    camera: CameraSettings,
    described: VideoDescription | None,
    ingest: IngestSettings,
) -> Step:
    name = "frame rate"
    if not watched.lasted_s:
        if info.finite:
            return Step(name, Outcome.OK, "too few pictures to tell")
        return Step(name, Outcome.WARN, "less than two pictures came", "Watch longer with --for 30s")
    real = watched.pictures / watched.lasted_s
    declared = _declared(info, camera, described)
    if info.finite:
        text = f"declares {info.fps:g} fps, can be read here at {real:.0f} fps"
        slow = real < info.fps
        return Step(name, Outcome.WARN if slow else Outcome.OK, text, "This machine is too slow for it" if slow else "")
    text = f"{real:.1f} fps over {watched.lasted_s:.1f} s, longest gap {watched.longest_gap_s:.2f} s"
    text += f"; declared {declared:g} fps" if declared else "; no rate is declared"
    if watched.undecodable:
        return Step(
            name,
            Outcome.WARN,
            f"{text}; {watched.undecodable} could not be decoded",
            "Check the network; use transport: tcp",
        )
    if watched.longest_gap_s > ingest.stall_s:
        return Step(name, Outcome.WARN, text, "The stream stalls: check the network, above all a wireless one")
    if declared and abs(real - declared) > _RATE_OFF * declared:
        mend = "In little light cameras get slower; else lower its rate or bit rate, or set expected_fps"
        return Step(name, Outcome.WARN, text, mend)
    return Step(name, Outcome.OK, text)


def _declared(info: SourceInfo, camera: CameraSettings, described: VideoDescription | None) -> float | None:
    """The rate that was promised: in the settings, in the description, or by the codec."""
    if camera.expected_fps is not None:
        return camera.expected_fps
    if described is not None and described.fps is not None:
        return described.fps
    # Readers put this where nothing is said.
    return None if info.fps == FPS_WHEN_UNKNOWN else round(info.fps, 2)


def _size(watched: _Watched, info: SourceInfo, described: VideoDescription | None, camera: CameraSettings) -> Step:
    name = "resolution"
    shown = ", ".join(f"{width}x{height}" for width, height in sorted(watched.sizes))
    if len(watched.sizes) > 1 and info.finite:
        return Step(name, Outcome.OK, f"{shown}: pictures of several sizes")
    if len(watched.sizes) > 1:
        return Step(name, Outcome.WARN, f"{shown}: it changes", "Fix the resolution in the camera; zones refer to it")
    as_it_comes = camera.picture == type(camera.picture)()
    promised = described.size if described is not None else None
    if as_it_comes and promised is not None and promised not in watched.sizes:
        text = f"{shown}, declared {promised[0]}x{promised[1]}"
        return Step(name, Outcome.WARN, text, "The real one counts; check that this is the stream you want")
    return Step(name, Outcome.OK, shown if as_it_comes else f"{shown}, after turning, cropping and reducing")
