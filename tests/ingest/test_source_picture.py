"""Turning, cropping, masking and reducing pictures, against the same done one after the other on the whole picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from spotter.core.settings.picture import CropSettings, PictureSettings
from spotter.ingest.picture import PicturePreparer

SHARES = st.floats(0, 1)
SIZES = st.tuples(st.integers(20, 200), st.integers(20, 200))
CROPS = st.tuples(*([st.floats(0, 0.47)] * 4)).map(lambda c: CropSettings(left=c[0], top=c[1], right=c[2], bottom=c[3]))
ROTATIONS = st.sampled_from([0, 90, 180, 270])
POLYGONS = st.lists(st.lists(st.tuples(SHARES, SHARES), min_size=3, max_size=6).map(tuple), max_size=3).map(tuple)


def noise(width, height, seed=0):
    """A picture without a single black pixel."""
    return np.random.default_rng(seed).integers(60, 256, (height, width, 3), dtype=np.uint8)


def test_nothing_asked_for_nothing_done():
    preparer = PicturePreparer(PictureSettings())
    image = noise(40, 30)
    prepared = preparer.prepare(image.copy())
    assert not preparer.changes
    assert np.array_equal(prepared.image, image)
    assert (prepared.width, prepared.height) == (40, 30)


@pytest.mark.parametrize(("rotate", "corner"), [(90, (-1, 0)), (180, (-1, -1)), (270, (0, -1))])
def test_it_turns_clockwise(rotate, corner):
    image = noise(40, 30)
    image[0, 0] = (1, 2, 3)
    turned = PicturePreparer(PictureSettings(rotate=rotate)).prepare(image).image
    assert turned.shape[:2] == ((40, 30) if rotate in (90, 270) else (30, 40))
    # Clockwise by 90 degrees, the top left corner goes to the top right.
    assert tuple(turned[corner[1], corner[0]]) == (1, 2, 3)


@settings(max_examples=50, deadline=None)
@given(SIZES, ROTATIONS, CROPS)
def test_a_crop_is_a_part_of_the_turned_picture(size, rotate, crop):
    image = noise(*size)
    preparer = PicturePreparer(PictureSettings(rotate=rotate, crop=crop))
    prepared = preparer.prepare(image.copy())
    whole = np.rot90(image, -rotate // 90)
    height, width = whole.shape[:2]
    left, top = round(crop.left * width), round(crop.top * height)
    assert np.array_equal(prepared.image, whole[top : top + prepared.height, left : left + prepared.width])
    assert abs(prepared.width - width * (1 - crop.left - crop.right)) <= 1
    assert abs(prepared.height - height * (1 - crop.top - crop.bottom)) <= 1
    assert preparer.size(*size) == (prepared.width, prepared.height)
    assert prepared.image.flags.c_contiguous


@settings(max_examples=100, deadline=None)
@given(SIZES, ROTATIONS, CROPS, POLYGONS, st.none() | st.integers(128, 200))
def test_nothing_under_a_mask_is_left(size, rotate, crop, mask, max_side):
    """Wherever the picture was white and under a mask, the result is black, whatever else was asked for."""
    height, width = (size[0], size[1]) if rotate in (90, 270) else (size[1], size[0])
    ys, xs = np.mgrid[0:height, 0:width]
    under = np.zeros((height, width), bool)
    for polygon in mask:
        under |= inside(np.array(polygon) * (width, height), xs + 0.5, ys + 0.5)
    # What is under the mask is white, everything else black: any light in the result has leaked.
    turned = np.where(under, np.uint8(255), np.uint8(0))
    image = np.ascontiguousarray(np.rot90(np.repeat(turned[..., None], 3, axis=2), rotate // 90))
    assert image.shape[:2] == (size[1], size[0])
    prepared = PicturePreparer(PictureSettings(rotate=rotate, crop=crop, mask=mask, max_side=max_side)).prepare(image)
    assert not prepared.image.any()


def inside(polygon, xs, ys):
    """Which points are inside by the even-odd rule."""
    result = np.zeros(xs.shape, bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            crosses = ((y1 > ys) != (y2 > ys)) & (xs < (x2 - x1) * (ys - y1) / (y2 - y1) + x1)
        result ^= crosses
    return result


def test_a_mask_leaves_the_rest_alone():
    image = noise(100, 80)
    mask = (((0.2, 0.25), (0.6, 0.25), (0.6, 0.75), (0.2, 0.75)),)
    prepared = PicturePreparer(PictureSettings(mask=mask)).prepare(image.copy()).image
    assert not prepared[20:60, 20:60].any()
    kept = np.ones((80, 100), bool)
    kept[17:63, 17:63] = False
    assert np.array_equal(prepared[kept], image[kept])


def test_a_mask_stays_where_it_is_when_the_crop_changes():
    mask = (((0.5, 0.5), (1, 0.5), (1, 1), (0.5, 1)),)
    whole = PicturePreparer(PictureSettings(mask=mask)).prepare(noise(100, 80)).image
    part = (
        PicturePreparer(PictureSettings(mask=mask, crop=CropSettings(left=0.3, top=0.2))).prepare(noise(100, 80)).image
    )
    assert np.array_equal(part, whole[16:, 30:])


@settings(max_examples=50, deadline=None)
@given(SIZES, ROTATIONS, st.integers(128, 200))
def test_a_reduced_picture_keeps_the_size_that_keypoints_refer_to(size, rotate, max_side):
    prepared = PicturePreparer(PictureSettings(rotate=rotate, max_side=max_side)).prepare(noise(*size))
    assert max(prepared.image.shape[:2]) == min(max(size), max_side)
    assert {prepared.width, prepared.height} == set(size)
    height, width = prepared.image.shape[:2]
    assert width / prepared.width == pytest.approx(height / prepared.height, abs=0.5 / min(size))


def test_a_point_is_found_again_by_the_size_that_is_told():
    image = np.zeros((400, 600, 3), np.uint8)
    cv2.circle(image, (450, 100), 12, (255, 255, 255), -1)
    wanted = PictureSettings(rotate=90, crop=CropSettings(left=0.5, bottom=0.1), max_side=200)
    prepared = PicturePreparer(wanted).prepare(image)
    ys, xs = np.nonzero(prepared.image[..., 0] > 127)
    x = (xs.mean() + 0.5) * prepared.width / prepared.image.shape[1]
    y = (ys.mean() + 0.5) * prepared.height / prepared.image.shape[0]
    # Turned by 90 degrees: (x, y) goes to (400 - y, x); the crop takes 200 px off the left.
    assert (x, y) == pytest.approx((400 - 100.5 - 200, 450.5), abs=1.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rotate": 45},
        {"crop": {"left": 0.6, "right": 0.4}},
        {"crop": {"top": -0.1}},
        {"mask": [[[0, 0], [1, 1]]]},
        {"mask": [[[0, 0], [1, 0], [1, 1.2]]]},
        {"max_side": 10},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        PictureSettings(**wrong)
