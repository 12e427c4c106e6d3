"""`spotter cameras calibrate --checkerboard`: pictures of a board in, the lens as settings out."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from spotter.cli.cameras_picture import draw_corners, write_picture
from spotter.cli.cameras_text import refusal, settings_text, told
from spotter.core.contracts import Image
from spotter.core.errors import ConfigError
from spotter.core.parameters import ViewParameters
from spotter.ergonomics.geometry.board import Board, BoardLens, Corners, find_corners, measure_lens
from spotter.ergonomics.geometry.camera import hfov_of

_MOST_PIXELS = 100_000_000
_METRES = {"mm": 0.001, "cm": 0.01, "m": 1.0}


def board_of(
    checkerboard: str | None, charuco: str | None, square: str | None, marker: str | None, dictionary: str
) -> Board:
    """The board that the options name.

    Raises:
        ConfigError: a size cannot be read, or one is missing.
    """
    if bool(checkerboard) == bool(charuco):
        raise ConfigError("name the board", mend="Write --checkerboard 9x6 --square 25mm, or --charuco 7x5 as well")
    across, down = _sides(checkerboard or charuco or "")
    if square is None:
        raise ConfigError("the side of the board's squares is not stated", mend="Write --square 25mm")
    side = _length("--square", square)
    if checkerboard:
        return Board(across, down, side)
    if marker is None:
        raise ConfigError("the side of the ChArUco markers is not stated", mend="Write --marker 18mm")
    small = _length("--marker", marker)
    if small >= side:
        raise ConfigError(f"--marker {marker} is not smaller than --square {square}", mend="Measure both on the board")
    if not dictionary.startswith("DICT_") or not hasattr(cv2.aruco, dictionary):
        raise ConfigError(f"OpenCV has no markers '{dictionary}'", mend="Try DICT_4X4_50 or DICT_5X5_100")
    return Board(across, down, side, small, dictionary)


def lens_from_board(images: list[Path], board: Board, picture: Path | None, today: str, *, quiet: bool) -> str:
    """The settings of the lens, as YAML.

    Raises:
        ConfigError: a picture cannot be read, they differ in size, or the calibration is refused.
    """
    if not images:
        raise ConfigError("no picture of the board is named", mend="Name at least six, from different sides")
    views: list[Corners] = []
    first: Image | None = None
    for path in images:
        image = _read(path)
        first = image if first is None else first
        if image.shape != first.shape:
            raise ConfigError(
                f"'{path}' is {_size(image)}, '{images[0]}' is {_size(first)}", mend="Use pictures of one camera only"
            )
        found = find_corners(image, board)
        if found is not None:
            views.append(found)
        elif not quiet:
            told(f"no board in '{path}'")
    assert first is not None
    height, width = first.shape[:2]
    note = f"{today}: {len(views)} pictures of a board of {board.across}x{board.down}"
    measured = measure_lens(views, width, height, note=note)
    if picture is not None:
        error = f", error {measured.error_px:.2f} px" if measured is not None else ""
        write_picture(picture, draw_corners(first, width, height, views, f"{len(views)} views{error}"))
    if measured is None:
        raise refusal("the lens", (f"the board was found in {len(views)} of {len(images)} pictures",))
    if measured.reasons:
        raise refusal("the lens", measured.reasons)
    if not quiet:
        _report(measured, len(images))
    return settings_text(ViewParameters(lens=measured.lens), measured.lens.note)


def _report(measured: BoardLens, pictures: int) -> None:
    lens = measured.lens
    fx, _ = lens.focal_px or (0.0, 0.0)
    told(
        f"{measured.views} of {pictures} pictures, reprojection error {measured.error_px:.2f} px "
        f"(worst picture {max(measured.errors_px):.2f}), corners in {measured.coverage:.0%} of the picture"
    )
    told(
        f"field of view {float(hfov_of(lens.width, fx)):.1f} degrees, focal length {fx:.0f} px "
        f"(standard deviation {lens.focal_sd:.1%})"
    )


def _read(path: Path) -> Image:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ConfigError(f"cannot read '{path}': {error.strerror}", mend="Check the path and its rights") from None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error:
        image = None
    if image is None or image.shape[0] * image.shape[1] > _MOST_PIXELS:
        raise ConfigError(f"'{path}' is no picture that can be read", mend="Use JPEG or PNG")
    return np.asarray(image, np.uint8)


def _sides(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,2})x([0-9]{1,2})", text)
    if match is None or min(int(match[1]), int(match[2])) < 3:
        raise ConfigError(f"'{text}' is no size of a board", mend="Write it as 9x6, at least 3x3")
    return int(match[1]), int(match[2])


def _length(option: str, text: str) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(mm|cm|m)", text.strip())
    if match is None or not 1e-4 < float(match[1]) * _METRES[match[2]] < 5:
        raise ConfigError(f"{option} is '{text}', which is no length of a board", mend="Write 25mm or 2.5cm")
    return float(match[1]) * _METRES[match[2]]


def _size(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
