"""Views of a labelled picture that a camera might have had: moved, scaled, mirrored, turned, in other light.

A person on the floor looks to the network like one who stands, turned by a quarter; few sites have pictures of people
who lie, so a share of the views is turned by any angle. Picture and labels go through one and the same matrix.
Frame of reference: pixels with the origin at the corner of the picture, as everywhere in this package; a pixel's own
middle is at half. Pure: the same random generator gives the same view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINT_NAMES, Image
from spotter.pose.evaluation.labels import LabelledPerson
from spotter.pose.training.targets import Person

Floats = npt.NDArray[np.float64]

MIRRORED: npt.NDArray[np.int64] = np.array(
    [
        KEYPOINT_NAMES.index(name.replace("left", "right") if "left" in name else name.replace("right", "left"))
        for name in KEYPOINT_NAMES
    ]
)
"""Which keypoint each one becomes in a mirror."""

_LEAST_SHARE = 0.2
"""A person of whom less is left within the picture does not count. [D]"""

_LEAST_SIDE_PX = 8.0
"""Two cells: a smaller person cannot be told from its neighbours. [D]"""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far views differ from the picture. All values [D]; `NONE` gives the picture as the product sees it.

    Attributes:
        mirror: share of mirrored views.
        turn: share of views turned by any angle, around one of the people.
        tilt_deg: other views are turned by at most this.
        scale: least and greatest factor to the size at which the whole picture fits.
        shift: greatest move, as a share of the sides.
        light: greatest change of brightness and contrast, as a share.
        colour: greatest loss or gain of saturation, as a share.
    """

    mirror: float = 0.5
    turn: float = 0.4
    tilt_deg: float = 10.0
    scale: tuple[float, float] = (0.7, 1.4)
    shift: float = 0.1
    light: float = 0.25
    colour: float = 0.4


NONE = Augmentation(mirror=0, turn=0, tilt_deg=0, scale=(1, 1), shift=0, light=0, colour=0)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """From picture to input: `matrix` (2, 3) maps (x, y, 1) px to px; `mirrored` swaps left and right."""

    matrix: Floats
    mirrored: bool = False

    def points(self, points: Floats) -> Floats:
        """Points (..., 2) of the picture on the input."""
        moved: Floats = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return moved


def draw_view(
    random: np.random.Generator,
    augmentation: Augmentation,
    size: tuple[int, int],
    people: Sequence[LabelledPerson],
    canvas: tuple[int, int],
) -> View:
    """A view of a picture of `size` (width, height) on an input of `canvas` (width, height), px."""
    fit = min(canvas[0] / size[0], canvas[1] / size[1])
    mirrored = bool(random.random() < augmentation.mirror)
    turned = bool(random.random() < augmentation.turn)
    angle = random.uniform(-np.pi, np.pi) if turned else np.deg2rad(augmentation.tilt_deg) * random.uniform(-1, 1)
    scale = fit * float(np.exp(random.uniform(*np.log(augmentation.scale))))
    shift = random.uniform(-1, 1, 2) * augmentation.shift * canvas
    # Without any change the picture lies top left, as `preprocess.place` puts it.
    middle, target = np.array(size) / 2, np.array(size) / 2 * fit + shift
    known = [person for person in people if person.labelled and not person.crowd]
    if turned and known:
        # Around the middle of the picture a turn would throw people out of a wide frame.
        person = known[int(random.integers(len(known)))]
        middle, target = person.box[:2] + person.box[2:] / 2, np.array(canvas) / 2 + shift
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    if mirrored:
        linear[:, 0] *= -1
    return View(np.column_stack([linear, target - linear @ middle]), mirrored)


def warp(image: Image, view: View, canvas: tuple[int, int]) -> Image:
    """The picture (H, W, 3) through `view` on black, (canvas height, canvas width, 3)."""
    matrix = view.matrix
    shrink = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if shrink < 0.5:
        # Linear sampling skips pixels beyond a factor of two.
        height, width = image.shape[:2]
        small = max(1, round(width * shrink)), max(1, round(height * shrink))
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix.copy()
        matrix[:, :2] *= (width / small[0], height / small[1])
    # cv2 counts from the middle of the first pixel.
    half = matrix.copy()
    half[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return np.asarray(cv2.warpAffine(image, half, canvas, flags=cv2.INTER_LINEAR), np.uint8)


def relight(image: Image, random: np.random.Generator, augmentation: Augmentation) -> Image:
    """The picture in other light: contrast around its mean, brightness, saturation."""
    contrast, brightness = 1 + augmentation.light * random.uniform(-1, 1, 2)
    saturation = 1 + augmentation.colour * float(random.uniform(-1, 1))
    if not (augmentation.light or augmentation.colour):
        return image
    pixels = image.astype(np.float32)
    mean = float(pixels.mean())
    pixels = (pixels - mean) * contrast + mean * brightness
    grey = pixels.mean(axis=2, keepdims=True)
    lit: Image = np.clip(grey + (pixels - grey) * saturation, 0, 255).astype(np.uint8)
    return lit


def move_people(people: Sequence[LabelledPerson], view: View, canvas: tuple[int, int]) -> list[Person]:
    """The people on the input. Who is (almost) cut off becomes a region that does not count, or is gone.

    A box is recomputed as the box around the ellipse that touches the sides of the old one: exact for quarter turns,
    and close to the body between them, where a box around the turned corners would be half as large again. It also
    holds all labelled keypoints, and ends at the edge.
    """
    size = np.array(canvas, np.float64)
    found = []
    for person in people:
        points = view.points(person.keypoints)
        labelled = person.visibility > 0
        if view.mirrored:
            points, labelled = points[MIRRORED], labelled[MIRRORED]
        middle = view.points(person.box[:2] + person.box[2:] / 2)
        half = np.sqrt((view.matrix[:, :2] ** 2) @ (person.box[2:] / 2) ** 2)
        low, high = middle - half, middle + half
        if labelled.any() and not person.crowd:
            low, high = np.minimum(low, points[labelled].min(axis=0)), np.maximum(high, points[labelled].max(axis=0))
        whole = float(np.prod(high - low))
        low, high = np.clip(low, 0, size), np.clip(high, 0, size)
        left = high - low
        if not (left > 0).all():
            continue
        labelled = labelled & (points >= 0).all(axis=1) & (points < size).all(axis=1)
        if person.crowd or left.min() < _LEAST_SIDE_PX or np.prod(left) < _LEAST_SHARE * whole:
            labelled = np.zeros_like(labelled)
        found.append(Person(np.concatenate([low, high]), points, labelled))
    return found
