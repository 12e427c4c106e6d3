"""Shares of cameras: every camera is read by exactly one process, and a wrong share is refused."""

from __future__ import annotations

import pytest

from spotter.core.errors import ConfigError
from spotter.core.settings import CameraSettings, load_settings
from spotter.ingest.sharing import share

CAMERAS = tuple(CameraSettings(id=f"c{number}", source="x.mp4") for number in range(7))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_each_camera_is_in_exactly_one_share_and_shares_are_even(count):
    shares = [share(CAMERAS, f"{index}/{count}") for index in range(count)]
    assert sorted(camera.id for one in shares for camera in one) == sorted(camera.id for camera in CAMERAS)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_camera_added_at_the_end_moves_no_other():
    more = (*CAMERAS, CameraSettings(id="new", source="x.mp4"))
    for index in range(3):
        assert set(share(CAMERAS, f"{index}/3")) <= set(share(more, f"{index}/3"))


def test_without_a_share_all_are_read_and_a_pod_name_gives_its_number():
    assert share(CAMERAS, "") == CAMERAS
    assert share(CAMERAS, "spotter-ingest-2/3") == share(CAMERAS, "2/3")


@pytest.mark.parametrize("text", ["3/3", "0/0", "1", "a/b", "-1/3", "1/3/4", "x2/3"])
def test_a_share_that_does_not_exist_is_one_line(text):
    with pytest.raises(ConfigError, match=r"ingest\.shard"):
        load_settings(None, {"ingest": {"shard": text}})
