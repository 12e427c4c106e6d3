"""`spotter cameras` as a command: a board, people in a recording, a view that no longer fits, and one-line errors."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from conftest import Outcome, Run
from spotter.cli.app import execute
from spotter.core.settings import Settings
from spotter.ergonomics.geometry.camera import Camera
from spotter.recordings import RecordingHeader, RecordingWriter

sys.path += [str(Path(__file__).resolve().parents[1] / room) for room in ("ergonomics", "servers")]
from walkers import Crowd, walk

from servers import RtspServer

CAMERA = Camera.of(1280, 720, hfov=78, pitch=22, roll=2, above=3.1)
SQUARE = 0.025
MATRIX = np.array([[600.0, 0, 426], [0, 600.0, 240], [0, 0, 1]])
BENT = np.array([-0.12, 0.03, 0.0, 0.0, 0.0])


def recording(path: Path, camera: Camera, seed: int = 4) -> Path:
    """A recording of people who walk."""
    with RecordingWriter(path, RecordingHeader("site")) as writer:
        for pose, _ in walk(camera, Crowd(), seed, fps=5.0):
            writer.append(pose)
    return path


@functools.cache
def pixel_rays() -> np.ndarray:
    """(pixels, 2) where each pixel of an 852x480 picture looks, at distance 1."""
    rows, columns = np.mgrid[0:480, 0:852].astype(np.float64)
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)[:, None]
    return cv2.undistortPoints(points, MATRIX, BENT).reshape(-1, 2)


def board_picture(turn: tuple[float, float, float], place: tuple[float, float, float]) -> np.ndarray:
    """A chessboard of 9x6 inner corners through a lens with 600 px of focal length and some barrel."""
    across, down, side = 10, 7, 40
    board = np.full((side * (down + 2), side * (across + 2)), 255, np.uint8)
    for row in range(down):
        for column in range(across):
            if (row + column) % 2 == 0:
                board[side * (row + 1) : side * (row + 2), side * (column + 1) : side * (column + 2)] = 0
    rotation, _ = cv2.Rodrigues(np.array(turn))
    flat = np.stack([rotation[:, 0], rotation[:, 1], np.array(place)], axis=1)
    rays = pixel_rays()
    seen = np.c_[rays, np.ones(len(rays))] @ np.linalg.inv(flat).T
    where = (seen[:, :2] / seen[:, 2:] / SQUARE + [(across + 2) / 2, (down + 2) / 2]) * side
    maps = where.reshape(480, 852, 2).astype(np.float32)
    picture = cv2.remap(board, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderValue=160)
    return cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 0.7), cv2.COLOR_GRAY2BGR)


VIEWS = [
    ((0.0, 0.0, 0.0), (0.0, 0.0, 0.35)), ((0.5, 0.0, 0.1), (-0.12, -0.06, 0.4)), ((-0.5, 0.1, 0.0), (0.12, 0.06, 0.4)),
    ((0.1, 0.5, 0.0), (0.13, -0.07, 0.4)), ((0.0, -0.5, 0.1), (-0.13, 0.07, 0.42)),
    ((0.3, 0.3, 0.3), (0.0, 0.08, 0.38)),
    ((-0.3, 0.4, -0.2), (-0.15, 0.0, 0.42)), ((0.3, -0.4, 0.1), (0.15, 0.0, 0.42)),
]  # fmt: skip


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("boards")
    paths = [folder / f"{number}.png" for number in range(len(VIEWS))]
    for path, (turn, place) in zip(paths, VIEWS, strict=True):
        cv2.imwrite(str(path), board_picture(turn, place))
    return paths


def test_a_board_gives_the_lens(spotter: Run, boards: list[Path], tmp_path: Path) -> None:
    out, picture = tmp_path / "lens.yaml", tmp_path / "corners.png"
    done = spotter(
        "cameras", "calibrate", "--checkerboard", "9x6", "--square", "25mm", *boards, "--out", out, "--picture", picture
    )
    assert done.code == 0, done.err
    assert "reprojection error" in done.err
    lens = yaml.safe_load(out.read_text())["view"]["lens"]
    assert lens["source"] == "board"
    assert lens["focal_px"] == pytest.approx([600, 600], rel=0.01)
    assert lens["centre_px"] == pytest.approx([426.5, 240.5], abs=5)
    assert lens["distortion"][0] == pytest.approx(-0.12, abs=0.03)
    assert cv2.imread(str(picture)).shape == (480, 852, 3)
    Settings.model_validate({"cameras": [{"id": "dock", "source": "0", **yaml.safe_load(out.read_text())}]})


def test_boards_that_all_face_the_camera_are_refused(spotter: Run, tmp_path: Path) -> None:
    """From such views nobody can tell a long lens from a far board."""
    paths = []
    for number, x in enumerate((-0.12, -0.05, 0.0, 0.05, 0.1, 0.13)):
        paths.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(paths[-1]), board_picture((0.0, 0.0, 0.05 * number), (x, 0.0, 0.4)))
    done = spotter("cameras", "calibrate", "--checkerboard", "9x6", "--square", "25mm", *paths, "-q")
    assert done.code == 2
    assert "refused" in done.one_line()
    assert "turned apart" in done.one_line()
    assert done.out == ""


def test_people_in_a_recording_give_the_view(spotter: Run, tmp_path: Path) -> None:
    people = recording(tmp_path / "walk.avro", CAMERA)
    out, picture = tmp_path / "view.yaml", tmp_path / "floor.png"
    done = spotter("cameras", "calibrate", "--recording", people, "--out", out, "--picture", picture)
    assert done.code == 0, done.err
    assert "quality:" in done.err
    view = yaml.safe_load(out.read_text())["view"]
    assert view["mount"]["pitch_deg"] == pytest.approx(22, abs=2)
    assert view["mount"]["roll_deg"] == pytest.approx(2, abs=1)
    assert view["mount"]["height_m"] == pytest.approx(3.1, rel=0.12)
    assert "people walking" in view["mount"]["note"]
    drawn = cv2.imread(str(picture))
    assert (drawn[..., 2].astype(int) - drawn[..., 0] > 100).any(), "poles are yellow, the horizon red"

    config = tmp_path / "spotter.yaml"
    config.write_text(yaml.safe_dump({"cameras": [{"id": "dock", "source": "0", "view": view}]}))
    same = spotter("cameras", "check", "dock", "--recording", people, "--config", config)
    assert same.code == 0, same.err
    assert "times as tall as expected" in same.out
    assert "horizon at row" in same.out

    moved = recording(tmp_path / "moved.avro", replace(CAMERA, pitch=34.0, roll=-6.0))
    other = spotter("cameras", "check", "dock", "--recording", moved, "--config", config)
    assert other.code == 2
    assert "do not fit the view of camera 'dock'" in other.one_line()


def test_too_few_people_are_refused(spotter: Run, tmp_path: Path) -> None:
    path = tmp_path / "few.avro"
    with RecordingWriter(path, RecordingHeader("site")) as writer:
        for pose, _ in walk(CAMERA, Crowd(people=2), 4):
            writer.append(pose)
    done = spotter("cameras", "calibrate", "--recording", path)
    assert done.code == 2
    assert "people were followed, 4 are needed" in done.one_line()
    assert done.out == ""


def test_check_without_a_calibration_says_what_is_not_known(spotter: Run, tmp_path: Path) -> None:
    config = tmp_path / "spotter.yaml"
    config.write_text("cameras: [{id: dock, source: '0'}]")
    done = spotter("cameras", "check", "--config", config, "--size", "640x480")
    assert done.code == 0
    assert "lens: not known" in done.out
    assert "lens unknown" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "one thing to learn from is needed"),
        (("--recording", "a.avro", "--video", "b.mp4"), "--recording and --video"),
        (("--checkerboard", "9x6", "x.png"), "squares is not stated"),
        (("--checkerboard", "96", "--square", "25mm", "x.png"), "'96' is no size of a board"),
        (("--checkerboard", "9x6", "--square", "25", "x.png"), "no length of a board"),
        (("--checkerboard", "9x6", "--square", "25mm", "missing.png"), "cannot read 'missing.png'"),
        (("--checkerboard", "9x6", "--square", "25mm"), "no picture of the board"),
        (("--charuco", "7x5", "--square", "20mm", "--marker", "30mm", "x.png"), "is not smaller"),
        (("--charuco", "7x5", "--square", "30mm", "--marker", "20mm", "--dictionary", "XX", "x.png"), "no markers"),
        (("--recording", "missing.avro"), "cannot read recording"),
        (("--video", "missing.mp4"), "missing.mp4"),
        (("--camera", "dock"), "camera 'dock' is not in the settings file"),
    ],
)
def test_wrong_use_is_one_line(
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code = execute(["cameras", "calibrate", *arguments])
    told = capsys.readouterr()
    assert code in (2, 3, 11), told.err
    assert said in Outcome(code, told.out, told.err).one_line()


def test_a_file_that_is_no_picture_is_named(spotter: Run, tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_text("not a picture")
    done = spotter("cameras", "calibrate", "--checkerboard", "9x6", "--square", "25mm", path)
    assert done.code == 2
    assert "is no picture" in done.one_line()


def test_footage_in_which_hardly_anybody_walks_is_refused(spotter: Run, demo_clips: Path) -> None:
    done = spotter("cameras", "calibrate", "--video", demo_clips / "dock.mp4", "-q")
    assert done.code == 2
    assert "calibration of 'dock.mp4' refused" in done.one_line()
    assert "people were followed" in done.one_line()


def test_a_live_camera_is_watched_for_a_while_and_its_password_kept(
    spotter: Run, demo_clips: Path, tmp_path: Path
) -> None:
    with RtspServer(user="guard", password="hunter2", clip=demo_clips / "dock.mp4") as server:
        config = tmp_path / "spotter.yaml"
        config.write_text(
            yaml.safe_dump({"cameras": [{"id": "gate", "source": server.url("guard:hunter2@")}]}), encoding="utf-8"
        )
        done = spotter("cameras", "calibrate", "--camera", "gate", "--for", "3s", "--config", config, "-q")
    assert done.code == 2, done.err
    assert "calibration of camera 'gate'" in done.one_line()
    assert "were seen, 40 are needed" in done.one_line()
    assert "hunter2" not in done.err + done.out
