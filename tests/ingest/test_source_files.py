"""Video files, folders of images and held pictures: what comes out, at which times, and what damage does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.core.errors import SourceError
from spotter.ingest.sources.api import Captured, Source
from spotter.ingest.sources.hold import HoldLast
from spotter.ingest.sources.images import ImageFolder, natural_key
from spotter.ingest.sources.video import MediaClock, VideoFile


def read_all(source: Source) -> list[Captured]:
    source.open()
    items = list(iter(source.read, None))
    assert source.read() is None
    source.close()
    return items


def times(items: list[Captured]) -> list[float]:
    return [item.media_time_s for item in items]


@pytest.mark.parametrize(("clip", "frames"), [("dock", 105), ("packing", 112), ("aisle", 255)])
def test_a_clip_comes_whole_and_in_time(clips, clip, frames):
    source = VideoFile(clips / f"{clip}.mp4")
    info = source.open()
    assert (info.width, info.height, info.fps, info.finite, info.frame_count) == (640, 360, 15.0, True, frames)
    items = read_all(source)
    assert all(item.image is not None and item.image.shape == (360, 640, 3) for item in items)
    assert times(items) == pytest.approx([index / 15 for index in range(frames)], abs=1e-6)


def test_a_source_opens_again_from_the_start(clips):
    source = VideoFile(clips / "dock.mp4")
    source.open()
    first = source.read()
    source.read()
    source.close()
    source.close()
    again = read_all(source)
    assert np.array_equal(again[0].image, first.image)
    assert len(again) == 105


def test_passing_over_frames_leaves_the_others_unchanged(clips):
    whole = read_all(VideoFile(clips / "dock.mp4"))
    source = VideoFile(clips / "dock.mp4")
    source.open()
    for index in range(60):
        item = source.read(decode=index % 10 == 9)
        assert item.media_time_s == whole[index].media_time_s
        if index % 10 == 9:
            assert np.array_equal(item.image, whole[index].image)
        else:
            assert item.image is None
    source.close()


@pytest.mark.parametrize(
    ("content", "mend"),
    [(b"milk, bread, eggs\n", "Copy or record it again"), (b"", "The file is empty"), (bytes(range(256)) * 40, "Copy")],
)
def test_what_is_no_video_is_a_clear_error(tmp_path, capfd, content, mend):
    file = tmp_path / "notes.mp4"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"notes\.mp4' is not a video") as caught:
        VideoFile(file).open()
    assert mend in caught.value.mend
    assert capfd.readouterr().err == ""


def test_an_mp4_cut_before_its_index_is_a_clear_error(clips, tmp_path):
    data = (clips / "dock.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceError, match=r"cut\.mp4' is not a video"):
        VideoFile(tmp_path / "cut.mp4").open()


def test_a_video_cut_in_the_middle_gives_what_it_has(tmp_path, pictures):
    cut = written_video(tmp_path / "whole.avi", 40)
    data = cut.read_bytes()
    half = tmp_path / "half.avi"
    half.write_bytes(data[: len(data) // 2])
    info = VideoFile(half).open()
    items = read_all(VideoFile(half))
    assert 5 < len(items) < info.frame_count == 40


def test_damage_in_the_middle_is_passed_over_and_counted(clips, tmp_path, capfd):
    data = bytearray((clips / "dock.mp4").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8000] = np.random.default_rng(1).bytes(8000)
    (tmp_path / "damaged.mp4").write_bytes(data)
    items = read_all(VideoFile(tmp_path / "damaged.mp4"))
    lost = [index for index, item in enumerate(items) if item.image is None]
    assert len(items) == 105
    assert 0 < len(lost) < 40
    assert items[-1].image is not None
    assert all(later > earlier for earlier, later in zip(times(items), times(items)[1:], strict=False))
    assert times(items)[-1] == pytest.approx(104 / 15, abs=0.2)
    assert capfd.readouterr().err == ""


def test_media_clock_grows_whatever_the_container_says():
    clock = MediaClock(10)
    given = [5.0, 5.1, 5.1, 5.05, 5.4, 9000.0, 9000.1, 2.0]
    expected = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert [clock.at(moment) for moment in given] == pytest.approx(expected)
    assert clock.next() == pytest.approx(0.8)


def test_media_clock_of_a_container_without_times_counts_frames():
    clock = MediaClock(4)
    assert [clock.at(0.0) for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]


def test_natural_order():
    names = ["f10.png", "F2.png", "f1.png", "a.png", "f02b.png", "10.png", "9.png"]
    assert sorted(names, key=natural_key) == ["9.png", "10.png", "a.png", "f1.png", "F2.png", "f02b.png", "f10.png"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tiff", ".JPG"])
def test_images_in_natural_order_at_their_rate(pictures, suffix):
    folder = pictures(12, suffix=suffix)
    (folder / "notes.txt").write_text("not an image")
    (folder / ".hidden.png").write_bytes(b"")
    source = ImageFolder(folder, fps=4)
    info = source.open()
    assert (info.fps, info.finite, info.frame_count) == (4, True, 12)
    items = read_all(source)
    assert times(items) == [index / 4 for index in range(12)]
    assert [item.name for item in items] == [f"{index}{suffix}" for index in range(12)]
    assert [round(item.image.mean() / 10) for item in items] == list(range(12))


def test_images_of_different_sizes_and_kinds(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((10, 20), np.uint8))
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((30, 40, 4), np.uint8))
    cv2.imwrite(str(tmp_path / "c.png"), np.full((5, 6, 3), 65535, np.uint16))
    shapes = [(item.image.shape, item.image.dtype) for item in read_all(ImageFolder(tmp_path, 1))]
    assert shapes == [((10, 20, 3), np.uint8), ((30, 40, 3), np.uint8), ((5, 6, 3), np.uint8)]


def test_a_zero_byte_image_keeps_its_place_in_time(pictures):
    folder = pictures(5)
    (folder / "2.png").write_bytes(b"")
    (folder / "3.png").write_bytes(b"not a png")
    items = read_all(ImageFolder(folder, fps=10))
    assert [item.image is None for item in items] == [False, False, True, True, False]
    assert [item.name for item in items if item.image is None] == ["2.png", "3.png"]
    assert times(items) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_file_that_goes_away_is_one_lost_item(pictures):
    folder = pictures(3)
    source = ImageFolder(folder, 10)
    source.open()
    (folder / "1.png").unlink()
    assert [item.image is None for item in iter(source.read, None)] == [False, True, False]


def test_folder_without_images(tmp_path):
    with pytest.raises(SourceError, match="has no images"):
        ImageFolder(tmp_path, 10).open()
    (tmp_path / "clip.mp4").write_bytes(b"")
    with pytest.raises(SourceError, match=r"has no images; it holds clip\.mp4.*name a video file"):
        ImageFolder(tmp_path, 10).open()


def test_only_undecodable_images_are_an_error(pictures):
    folder = pictures(3)
    for image in folder.iterdir():
        image.write_bytes(b"")
    source = ImageFolder(folder, 10)
    source.open()
    assert [source.read().image for _ in range(3)] == [None] * 3
    with pytest.raises(SourceError, match="none of the 3 images"):
        source.read()


def test_one_image_is_a_source(pictures):
    items = read_all(ImageFolder(pictures(2) / "1.png", 10))
    assert [item.name for item in items] == ["1.png"]


def test_the_last_picture_is_held_at_the_nominal_rate(pictures):
    folder = pictures(3)
    source = HoldLast(ImageFolder(folder, fps=10), seconds=0.5)
    assert source.open().frame_count == 8
    items = read_all(source)
    assert times(items) == pytest.approx([index / 10 for index in range(8)])
    assert all(item.image is items[2].image for item in items[2:])


def test_the_last_decodable_picture_is_held_when_the_last_one_is_damaged(pictures):
    folder = pictures(3)
    (folder / "2.png").write_bytes(b"")
    items = read_all(HoldLast(ImageFolder(folder, fps=10), seconds=0.2))
    assert items[2].image is None
    assert [round(item.image.mean()) for item in items[3:]] == [10, 10]
    assert times(items) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def written_video(path, frames: int):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    assert writer.isOpened()
    rng = np.random.default_rng(0)
    for _ in range(frames):
        writer.write(rng.integers(0, 255, (120, 160, 3), np.uint8))
    writer.release()
    return path
