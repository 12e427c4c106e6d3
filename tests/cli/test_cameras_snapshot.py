"""`spotter cameras snapshot`: blurred unless said otherwise, masked always, whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from conftest import Run


def sharpness(picture: np.ndarray) -> float:
    """Mean step from one pixel to the next."""
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


def test_blurred_by_default_and_clear_when_it_is_said(spotter: Run, demo_clips: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    soft = spotter("cameras", "snapshot", demo_clips / "dock.mp4", cwd=folder)
    assert soft.code == 0, soft.err
    assert "blurred" in soft.err
    (path,) = folder.iterdir()
    assert path.name == "dock.jpg"
    sharp = spotter("cameras", "snapshot", demo_clips / "dock.mp4", "--clear", "--out", folder / "dock.png")
    assert sharp.code == 0, sharp.err
    assert "may show people" in sharp.err
    capture = cv2.VideoCapture(str(demo_clips / "dock.mp4"))
    first = capture.read()[1]
    capture.release()
    blurred, clear = cv2.imread(str(path)), cv2.imread(str(folder / "dock.png"))
    assert np.array_equal(clear, first)
    assert blurred.shape == clear.shape
    assert sharpness(blurred) < 0.5 * sharpness(clear)
    # Each patch of 16 px is one colour: nothing of the size of a face is left.
    assert float(np.abs(blurred - cv2.blur(blurred, (16, 16)).astype(int)).mean()) < 3
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(list(folder.iterdir())) == 2, "nothing else is left behind"


def test_the_privacy_mask_holds_for_a_clear_picture_too(spotter: Run, demo_clips: Path, tmp_path: Path) -> None:
    config, out = tmp_path / "site.yaml", tmp_path / "a.png"
    mask = [[[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]]
    cameras = [{"id": "dock", "source": str(demo_clips / "dock.mp4"), "picture": {"mask": mask, "rotate": 180}}]
    config.write_text(yaml.safe_dump({"cameras": cameras}))
    done = spotter("cameras", "snapshot", "--config", config, "--clear", "--out", out)
    assert done.code == 0, done.err
    picture = cv2.imread(str(out))
    assert not picture[:, : picture.shape[1] // 2].any()
    assert picture[:, picture.shape[1] // 2 + 4 :].any()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["test:640x480@15", "--out", "a.gif"], 2, "no picture's name"),
        (["test:640x480@15", "--out", "nowhere/a.jpg"], 2, "cannot write 'nowhere/a.jpg'"),
        (["rtsp://u:Hunter2@127.0.0.1:1/s"], 3, "refuses connections at 127.0.0.1:1"),
        (["nosuch"], 2, "camera 'nosuch' is not in the settings"),
        ([], 2, "the settings have no camera"),
    ],
)
def test_what_cannot_be_done_is_one_line(refused, arguments: list[str], code: int, words: str) -> None:
    ended, error = refused("cameras", "snapshot", *arguments)
    assert ended == code
    assert words in error
    assert "Hunter2" not in error


def test_one_of_several_has_to_be_named(spotter: Run, tmp_path: Path) -> None:
    config = tmp_path / "site.yaml"
    config.write_text(yaml.safe_dump({"cameras": [{"id": "a", "source": "0"}, {"id": "b", "source": "1"}]}))
    done = spotter("cameras", "snapshot", "--config", config)
    assert done.code == 2
    assert "there are a, b" in done.one_line()
