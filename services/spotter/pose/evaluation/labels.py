"""Labelled people, whatever file they came from. Keypoints are COCO-17; what a file does not label is unlabelled here.

Frame of reference: pixels of the image, origin at the top left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINT_NAMES, KEYPOINTS

BODY_SHARE_OF_BOX = 0.53
"""Area of a person as a share of the box, where a file has no outlines (CrowdPose evaluation, Li et al. 2019)."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPerson:
    """One person.

    Attributes:
        keypoints: (17, 2) float64, px.
        visibility: (17,) int: 0 not labelled, 1 labelled and hidden, 2 visible.
        box: (4,) float64, x y width height, px.
        area: of the person in the image, square px; the scale of OKS.
        crowd: a region that counts neither for nor against a model.
    """

    keypoints: npt.NDArray[np.float64]
    visibility: npt.NDArray[np.int64]
    box: npt.NDArray[np.float64]
    area: float
    crowd: bool = False

    @property
    def labelled(self) -> int:
        return int((self.visibility > 0).sum())


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImage:
    """One image with everybody who is labelled in it."""

    path: Path
    width: int
    height: int
    people: tuple[LabelledPerson, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSet:
    """A set of images.

    Attributes:
        form: of the label file, for people ("COCO", "CrowdPose" ...).
        missing: COCO keypoints that this form does not have; they are not judged.
        notes: what else a reader of the figures should know.
    """

    form: str
    images: tuple[LabelledImage, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        """Labelled people with at least one keypoint."""
        return sum(person.labelled > 0 and not person.crowd for image in self.images for person in image.people)


def map_keypoints(
    names: Sequence[str], points: npt.NDArray[np.float64], visibility: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Keypoints under other names and in another order as COCO-17; names that COCO does not have are left out.

    Args:
        points: (K, 2).  visibility: (K,).

    Returns:
        (17, 2) points and (17,) visibility.
    """
    mapped, seen = np.zeros((KEYPOINTS, 2)), np.zeros(KEYPOINTS, np.int64)
    for index, name in enumerate(names):
        if name in KEYPOINT_NAMES:
            place = KEYPOINT_NAMES.index(name)
            mapped[place], seen[place] = points[index], visibility[index]
    return mapped, seen


def missing_from(names: Sequence[str]) -> tuple[str, ...]:
    """COCO keypoints that are not among `names`."""
    return tuple(name for name in KEYPOINT_NAMES if name not in names)
