"""Frame streams of virtual cameras: the demo clips as 640x480 JPEG pictures. The same arguments give the same bytes.

The pictures follow the same scenes as the skeleton streams with one person in view, so that the same cameras show a
fall at the same seconds; at another rate than the clips' own the newest picture is shown again or passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import as_file, files

import cv2
import numpy as np

from spotter.core.clock import MICROSECOND
from spotter.core.contracts import Frame, Image
from spotter.core.errors import SourceError
from spotter.core.wire.codec import JPEG_QUALITY
from spotter.simulate.recordings import CLIPS
from spotter.simulate.scene import CLIP_FPS, Script, scene
from spotter.simulate.streams import START, camera_name

WIDTH, HEIGHT = 640, 480


def virtual_frames(
    index: int, seed: int = 0, script: Script | None = None, *, start: int = START, name: str = ""
) -> Iterator[Frame]:
    """Pictures of one camera without end; frame n is captured n / fps seconds after `start`.

    The first call of the process decodes and encodes all clips (about 2 s, 30 MiB). Arguments as in `virtual_camera`;
    `script.people` does not apply.

    Raises:
        SourceError: a clip is missing or damaged.
    """
    script = replace(script or Script(), people=1)
    (actor,) = scene(index, seed, script).actors
    shown = pictures()
    camera = name or camera_name(index)
    step = CLIP_FPS / script.fps
    sequence = 0
    while True:
        captured_at = start + round(sequence * 1_000_000 / script.fps) * MICROSECOND
        yield Frame(
            camera_id=camera,
            epoch=start,
            sequence=sequence,
            captured_at=captured_at,
            published_at=captured_at,
            width=WIDTH,
            height=HEIGHT,
            picture=shown[actor.rows[int(actor.phase + sequence * step) % len(actor.rows)]],
        )
        sequence += 1


@cache
def pictures() -> tuple[bytes, ...]:
    """JPEG of each row of `scene.poses()`: every frame of the clips, then every one mirrored."""
    plain: list[bytes] = []
    mirrored: list[bytes] = []
    for name in CLIPS:
        for image in _clip(name):
            plain.append(_jpeg(image))
            mirrored.append(_jpeg(np.ascontiguousarray(image[:, ::-1])))
    return (*plain, *mirrored)


def _clip(name: str) -> Iterator[Image]:
    """The pictures of a clip, centred on black."""
    with as_file(files("spotter") / "demo" / f"{name}.mp4") as path:
        capture = cv2.VideoCapture(str(path))
        try:
            ok, image = capture.read()
            if not ok:
                raise SourceError(f"demo clip '{path}' cannot be read", mend="Install spotter-safety again")
            while ok:
                yield _padded(np.asarray(image, np.uint8))
                ok, image = capture.read()
        finally:
            capture.release()


def _padded(image: Image) -> Image:
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    top, left = (HEIGHT - image.shape[0]) // 2, (WIDTH - image.shape[1]) // 2
    out[top : top + image.shape[0], left : left + image.shape[1]] = image
    return out


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()
