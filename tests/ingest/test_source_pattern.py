"""Stamped pictures: read back after what codecs and networks do to them, and what the test pattern promises."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core import clock
from spotter.core.clock import MICROSECOND, SECOND
from spotter.core.errors import SourceError
from spotter.ingest.sources.pattern import Pattern, PatternSpec
from spotter.ingest.stamp import Stamp, StampLedger, draw_stamp, read_stamp

NOW = 1_764_100_000 * SECOND + 123_456 * MICROSECOND
NUMBERS = st.integers(0, 2**32 - 1)
TIMES = st.integers(0, 2**56 - 1).map(lambda us: us * MICROSECOND)


def picture(spec: str = "test:640x480@15,noise=10", number: int = 77, at: int = NOW):
    return Pattern(PatternSpec.parse(spec)).picture(number, at)


@settings(max_examples=30, deadline=None)
@given(NUMBERS, st.integers(0, 4 * 10**18).map(clock.whole_microseconds), st.integers(0, 2**32))
def test_any_stamp_on_any_picture_reads_back(number, at, seed):
    image = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    draw_stamp(image, Stamp(number, at))
    assert read_stamp(image) == Stamp(number, at)


@pytest.mark.parametrize("quality", [10, 30, 90])
@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (320, 240), (161, 121), (80, 60)])
def test_it_survives_jpeg_and_scaling(size, quality):
    small = cv2.resize(picture(), size, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    assert read_stamp(cv2.imdecode(data, cv2.IMREAD_COLOR)) == Stamp(77, NOW)


@pytest.mark.parametrize("change", [lambda i: i // 3 + 100, lambda i: cv2.GaussianBlur(i, (0, 0), 3)])
def test_it_survives_low_contrast_and_blur(change):
    assert read_stamp(change(picture())) == Stamp(77, NOW)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["noise", "flat", "damaged", "tiny"]))
def test_what_is_no_whole_stamp_is_none(seed, kind):
    rng = np.random.default_rng(seed)
    image = picture()
    if kind == "noise":
        image = rng.integers(0, 256, image.shape, dtype=np.uint8)
    elif kind == "flat":
        image[:] = seed % 256
    elif kind == "damaged":
        # One block is turned over.
        row, column = rng.integers(0, 8), rng.integers(0, 16)
        block = image[row * 15 : row * 15 + 15, column * 40 : column * 40 + 40]
        block[:] = 255 - block
    else:
        image = image[:20, :10]
    assert read_stamp(image) is None


def test_the_stamp_needs_room():
    with pytest.raises(ValueError, match="79x60 px is too small"):
        draw_stamp(np.zeros((60, 79, 3), np.uint8), Stamp(0, 0))


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("test:640x480@15", PatternSpec(640, 480, 15.0)),
        ("test:80x60@7.5,frames=3,still", PatternSpec(80, 60, 7.5, frames=3, moves=False)),
        ("test:1280x720@30,noise=12", PatternSpec(1280, 720, 30.0, noise=12)),
    ],
)
def test_specifications(text, spec):
    assert PatternSpec.parse(text) == spec


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("test:", "is no test pattern"),
        ("test:640@15", "is no test pattern"),
        ("test:640x480@15,hue=3", "has no option 'hue'"),
        ("test:40x30@15", "40x30 px is not possible"),
        ("test:99999x480@15", "99999x480 px is not possible"),
        ("test:640x480@0", "0 frames a second is not possible"),
    ],
)
def test_wrong_specifications_are_one_line_with_a_mend(text, what):
    with pytest.raises(SourceError, match=what) as caught:
        PatternSpec.parse(text)
    assert caught.value.mend
    assert "\n" not in str(caught.value)


def test_the_same_number_and_time_give_the_same_picture_and_the_next_another():
    assert np.array_equal(picture("test:160x120@15"), picture("test:160x120@15"))
    still = [picture("test:160x120@15,still", number)[40:] for number in (0, 1)]
    moving = [picture("test:160x120@15", number)[60:] for number in (0, 30)]
    assert np.array_equal(still[0][20:], still[1][20:])
    assert not np.array_equal(moving[0], moving[1])


def test_whoever_comes_late_misses_numbers_and_not_time():
    source = Pattern(PatternSpec.parse("test:80x60@20"))
    source.open()
    first = read_stamp(source.read().image)
    time.sleep(0.52)
    second = read_stamp(source.read().image)
    assert first.number == 0
    # 0.52 s are ten periods of 50 ms and a part of one.
    assert second.number >= 10
    assert 0 <= clock.now() - second.at < SECOND
    source.close()


def test_a_finite_pattern_plays_again_from_the_start():
    source = Pattern(PatternSpec.parse("test:80x60@10,frames=3"))
    for _ in range(2):
        info = source.open()
        assert (info.finite, info.frame_count, info.fps) == (True, 3, 10.0)
        items = list(iter(source.read, None))
        assert [item.media_time_s for item in items] == [0.0, 0.1, 0.2]
        assert [read_stamp(item.image).number for item in items] == [0, 1, 2]
        source.close()


def test_the_ledger_accounts_for_every_number():
    ledger = StampLedger()
    for number in (3, 4, 7, 7, 6, 10):
        ledger.add(picture("test:160x120@15", number), NOW + number * SECOND)
    assert ledger.add(np.zeros((120, 160, 3), np.uint8), NOW) is None
    assert (ledger.seen, ledger.repeated, ledger.unreadable, ledger.back, ledger.lost) == (5, 1, 1, 1, 3)
    assert ledger.age_s((0.5,)) == (6.0,)


def test_an_empty_ledger_knows_nothing():
    assert StampLedger().lost == 0
    assert all(np.isnan(age) for age in StampLedger().age_s())
