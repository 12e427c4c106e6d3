"""Pictures on the wire: which are refused and why, at what size they are decoded, and that keypoints stay exact."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.contracts import Frame, Image
from spotter.pose.jpeg import JpegSize, PictureError, read_size
from spotter.pose.pictures import MOST_PIXELS, read_picture

PROGRESSIVE = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
RESTARTS = [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]


def noise(width: int, height: int) -> Image:
    """Smooth noise, so that JPEG changes it little."""
    small = np.random.default_rng(width * height).integers(0, 255, (height // 16 + 2, width // 16 + 2, 3))
    return cv2.resize(small.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def jpeg(image: Image, *options: int) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95, *options])[1].tobytes())


def resized_header(data: bytes, width: int, height: int) -> bytes:
    """The same JPEG, saying that it has another size."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]


def frame(picture: bytes | Image, width: int, height: int) -> Frame:
    return Frame("dock", 1, 0, 0, 0, width, height, picture)


SMALL = jpeg(noise(64, 48))
EXIF = b"\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"
ROTATED = SMALL[:2] + EXIF + b"\x00\x06\x00\x00\x00\x00\x00\x00" + SMALL[2:]
THUMBNAIL = SMALL[:2] + b"\xff\xe1" + (len(SMALL) + 2).to_bytes(2, "big") + SMALL + SMALL[2:]


@pytest.mark.parametrize(
    "data",
    [SMALL, jpeg(noise(64, 48), *PROGRESSIVE), jpeg(noise(64, 48), *RESTARTS), SMALL + b"\x00\x00", ROTATED, THUMBNAIL],
    ids=["baseline", "progressive", "restart markers", "padded", "rotated", "with a thumbnail"],
)
def test_the_size_is_read_from_the_headers(data: bytes) -> None:
    assert read_size(data, MOST_PIXELS) == JpegSize(64, 48)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"no picture", "is not a JPEG"),
        (bytes(cv2.imencode(".png", noise(64, 48))[1].tobytes()), "is not a JPEG"),
        (b"\xff\xd8", "is cut off"),
        (b"\xff\xd8\xff\xe0 cut", "is cut off"),
        (b"\xff\xd8 no marker", "a marker is missing"),
        (b"\xff\xd8\xff\xd9", "has no pixels"),
        (SMALL[:-2], "is cut off"),
        (SMALL[: len(SMALL) // 2], "is cut off"),
        (THUMBNAIL[:-2], "is cut off"),
        (b"\xff\xd8\xff\xe0\x00\x01" + SMALL[2:], "a segment has no length"),
        (b"\xff\xd8\xff\xc0\x00\x04\x08\x00" + SMALL[2:], "frame header is too short"),
        (SMALL.replace(b"\xff\xc0", b"\xff\xc9"), "arithmetic-coded"),
        (resized_header(SMALL, 0, 48), "has 0x48 px"),
        (resized_header(SMALL, 60000, 60000), "has 60000x60000 px, more than the 40,000,000 allowed"),
        (resized_header(SMALL, 6000, 6000), "of 6000x6000 px has only"),
        (SMALL[:-2] + 101 * SMALL[SMALL.index(b"\xff\xda") : -2] + SMALL[-2:], "more than 100 scans"),
    ],
)
def test_what_is_no_whole_picture_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(PictureError, match=why):
        read_size(data, MOST_PIXELS)


@pytest.mark.parametrize("options", [[], PROGRESSIVE, RESTARTS], ids=["baseline", "progressive", "restart markers"])
def test_a_picture_cut_anywhere_is_refused(options: list[int]) -> None:
    whole = jpeg(noise(48, 32), *options)
    for length in range(len(whole) - 1):
        with pytest.raises(PictureError):
            read_size(whole[:length], MOST_PIXELS)


@given(data=st.binary(max_size=300), start=st.sampled_from([b"", SMALL[:2], SMALL[:200], SMALL[:-40]]))
def test_no_bytes_do_anything_but_be_refused_or_read(data: bytes, start: bytes) -> None:
    with contextlib.suppress(PictureError):
        assert read_picture(frame(start + data, 64, 48), 384).image.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("width", "height", "input_size", "decoded"),
    [
        (640, 480, 384, (640, 480)),
        (1151, 720, 384, (1151, 720)),
        (1152, 720, 384, (576, 360)),
        (1920, 1080, 384, (960, 540)),
        (1081, 1921, 384, (541, 961)),
        (1921, 1081, 640, (961, 541)),
        (3073, 1729, 384, (769, 433)),
        (4608, 3456, 256, (576, 432)),
    ],
)
def test_pictures_are_decoded_at_the_size_needed(
    width: int, height: int, input_size: int, decoded: tuple[int, int]
) -> None:
    picture = read_picture(frame(jpeg(noise(width, height)), width, height), input_size)
    assert picture.image.shape == (decoded[1], decoded[0], 3)
    assert max(decoded) >= min(1.5 * input_size, max(width, height))
    factor = round(width / decoded[0])
    assert (picture.scale_x, picture.scale_y) == (factor, factor), "whole blocks, though the last ones may stick out"


@pytest.mark.parametrize("size", [(1921, 1081), (1936, 1088), (3073, 1729)])
def test_a_point_keeps_its_place_in_the_original(size: tuple[int, int]) -> None:
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    for at in ((101.0, 87.0), (width - 43.0, height - 61.0)):
        spot = 255 * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 12.0**2))
        data = jpeg(np.repeat(spot[..., None], 3, axis=2).astype(np.uint8))
        picture = read_picture(frame(data, 2 * width, 2 * height), 384)
        weights = picture.image[..., 0].astype(np.float64)
        weights[weights < 20] = 0
        rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]] + 0.5
        found = [(axis * weights).sum() / weights.sum() for axis in (columns, rows)]
        assert found[0] * picture.scale_x == pytest.approx(2 * at[0], abs=0.5)
        assert found[1] * picture.scale_y == pytest.approx(2 * at[1], abs=0.5)


@pytest.mark.parametrize(
    ("picture", "original", "fits"),
    [
        ((64, 48), (64, 48), True),
        ((64, 48), (1920, 1440), True),
        ((64, 36), (1920, 1080), True),
        ((64, 48), (32, 24), True),
        ((101, 57), (1920, 1080), True),
        ((64, 48), (1920, 1080), False),
        ((64, 48), (48, 64), False),
        ((48, 48), (64, 48), False),
        ((64, 48), (0, 0), False),
    ],
)
def test_a_picture_of_another_shape_than_its_frame_is_refused(
    picture: tuple[int, int], original: tuple[int, int], fits: bool
) -> None:
    one = frame(jpeg(noise(*picture)), *original)
    if fits:
        read = read_picture(one, 384)
        assert (read.scale_x, read.scale_y) == (original[0] / picture[0], original[1] / picture[1])
    else:
        with pytest.raises(PictureError, match=f"{picture[0]}x{picture[1]} px has not the shape of its frame"):
            read_picture(one, 384)


def test_an_orientation_in_exif_does_not_turn_the_picture() -> None:
    plain, rotated = (read_picture(frame(data, 64, 48), 384).image for data in (SMALL, ROTATED))
    np.testing.assert_array_equal(plain, rotated)


def test_an_array_stays_as_it_is() -> None:
    image = noise(2000, 1000)
    picture = read_picture(frame(image, 2000, 1000), 256)
    assert picture.image is image
    assert (picture.scale_x, picture.scale_y) == (1, 1)


LIMITED = """
import resource, sys
import cv2, numpy as np
sys.path.insert(0, sys.argv[1])
from test_pictures import PROGRESSIVE, PictureError, frame, jpeg, resized_header, read_picture
def used():
    return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
flat = np.full((5120, 7680, 3), 90, np.uint8)
large = jpeg(flat)
bomb = resized_header(large, 60000, 60000)
del flat
read_picture(frame(jpeg(np.zeros((48, 64, 3), np.uint8)), 64, 48), 384)
limit = used() + 24_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for _ in range(20):
    try:
        read_picture(frame(bomb, 60000, 60000), 384)
    except PictureError as error:
        refused = str(error)
print(refused)
picture = read_picture(frame(large, 7680, 5120), 384)
print(picture.image.shape, picture.image.mean())
try:
    cv2.imdecode(np.frombuffer(large, np.uint8), cv2.IMREAD_COLOR)
except (cv2.error, MemoryError):
    print("the whole picture would not fit")
"""


def test_memory_is_bounded_however_large_a_picture_says_that_it_is() -> None:
    """With 24 MB to spare: a bomb of 10.8 GB of pixels, and a picture of 118 MB at full size that decodes at 1/8."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(__file__).rpartition("/")[0]],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "its JPEG picture says that it has 60000x60000 px, more than the 40,000,000 allowed",
        "(640, 960, 3) 90.0",
        "the whole picture would not fit",
    ]
