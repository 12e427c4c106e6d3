"""Which images train and which ones judge, and a fingerprint of labels."""

from __future__ import annotations

import hashlib

import numpy as np

from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import LabelledImage, LabelledSet

SHARE = 0.2
"""Share of the images that is held out where no images to judge by are given. [D]"""

LEAST_IMAGES = 5
"""Fewer images with people cannot be split."""


def hold_out(labels: LabelledSet, seed: int) -> tuple[LabelledSet, LabelledSet]:
    """Images to train on and images to judge by; each part has its share of those with people.

    Raises:
        ModelError: there are too few images with labelled people.
    """
    peopled = [index for index, image in enumerate(labels.images) if _has_people(image)]
    if len(peopled) < LEAST_IMAGES:
        raise ModelError(
            f"{len(peopled)} images with labelled people are too few to hold some out (at least {LEAST_IMAGES})",
            mend="Give images to judge by with --val-images and --val-annotations",
        )
    empty = sorted(set(range(len(labels.images))) - set(peopled))
    random = np.random.default_rng(seed)
    held: set[int] = set()
    for group in (peopled, empty):
        held.update(int(index) for index in random.permutation(group)[: round(SHARE * len(group))])
    train = tuple(image for index, image in enumerate(labels.images) if index not in held)
    judge = tuple(image for index, image in enumerate(labels.images) if index in held)
    return _with(labels, train), _with(labels, judge)


def check_people(labels: LabelledSet, what: str) -> None:
    """Refuse a set without anybody.

    Raises:
        ModelError: nobody is labelled.
    """
    if not labels.people:
        raise ModelError(
            f"nobody is labelled in the {what} images ({len(labels.images)} images)",
            mend="Give labels with at least one keypoint",
        )


def fingerprint(labels: LabelledSet) -> str:
    """SHA-256 of names, sizes and labels, in order; the pixels are not in it."""
    found = hashlib.sha256()
    for image in labels.images:
        found.update(f"{image.path.name} {image.width} {image.height}\n".encode())
        for person in image.people:
            for part in (person.keypoints, person.visibility, person.box):
                found.update(np.ascontiguousarray(part).tobytes())
            found.update(bytes([person.crowd]))
    return found.hexdigest()


def _has_people(image: LabelledImage) -> bool:
    return any(person.labelled and not person.crowd for person in image.people)


def _with(labels: LabelledSet, images: tuple[LabelledImage, ...]) -> LabelledSet:
    return LabelledSet(labels.form, images, labels.missing, labels.notes)
