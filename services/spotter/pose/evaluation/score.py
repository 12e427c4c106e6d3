"""OKS average precision as COCO defines it (Lin et al. 2014), by pycocotools, with a bootstrap interval over images."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spotter.core.contracts import KEYPOINT_NAMES
from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.models.api import Detections

MAX_PEOPLE = 20
"""Most people per image that COCO's keypoint AP looks at."""

BOOTSTRAP = 1000
"""Resamples of the images for the interval."""


@dataclass(frozen=True, slots=True)
class Score:
    """Percent. `interval` is the 95 % bootstrap interval of `ap` over images; None where a figure has nothing to rest
    on (no medium people, say)."""

    ap: float | None
    ap50: float | None
    ap75: float | None
    medium: float | None
    large: float | None
    recall: float | None
    interval: tuple[float, float] | None
    images: int
    people: int


@dataclass(frozen=True, slots=True)
class ImageScore:
    """How one image went: the mean OKS of its labelled people, unmatched ones counting zero, and how many finds fit
    nobody (only those at least as sure as the weakest find that fits somebody)."""

    index: int
    oks: float
    unmatched: int
    missed: int


def score(
    labels: LabelledSet, found: Sequence[Detections], *, seed: int = 0, resamples: int = BOOTSTRAP
) -> tuple[Score, list[ImageScore]]:
    """Score what a model found.

    Args:
        found: by image, in the order of `labels.images`.
        seed: of the bootstrap.
        resamples: for the interval; 0: none is computed.

    Raises:
        ModelError: pycocotools is not installed, or nobody is labelled.
    """
    run = _evaluate(labels, found)
    with contextlib.redirect_stdout(io.StringIO()):
        run.accumulate()
        run.summarize()
    figures = [None if value < 0 else 100 * float(value) for value in run.stats]
    interval = _interval(_resampled(run, len(labels.images), seed, resamples)) if resamples else None
    whole = Score(
        figures[0],
        figures[1],
        figures[2],
        figures[3],
        figures[4],
        figures[5],
        interval,
        len(labels.images),
        labels.people,
    )
    return whole, _by_image(run, len(labels.images))


def resampled_ap(
    labels: LabelledSet, found: Sequence[Detections], *, seed: int = 0, resamples: int = BOOTSTRAP
) -> npt.NDArray[np.float64]:
    """AP of each resample, percent; NaN where nobody was drawn.

    The same labels and seed draw the same images, so that the differences of two models are paired.

    Raises:
        ModelError: as `score`.
    """
    return _resampled(_evaluate(labels, found), len(labels.images), seed, resamples)


def _evaluate(labels: LabelledSet, found: Sequence[Detections]) -> Any:
    """pycocotools' run with everybody matched."""
    coco, evaluate = _import()
    if not labels.people:
        raise ModelError("nobody is labelled in these images", mend="Give labels with keypoints")
    truth = coco()
    truth.dataset = _truth(labels)
    results = _results(found)
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        run = evaluate(truth, truth.loadRes(results) if results else coco(), "keypoints")
        run.params.imgIds = list(range(len(labels.images)))
        run.evaluate()
    return run


def _import() -> tuple[Any, Any]:
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        raise ModelError(
            "scoring needs pycocotools, which is not installed",
            mend='Install it with: pip install "spotter-safety[evaluate]"',
        ) from None
    return COCO, COCOeval


def _truth(labels: LabelledSet) -> dict[str, Any]:
    people = [(index, person) for index, image in enumerate(labels.images) for person in image.people]
    return {
        "info": {},
        "images": [{"id": i, "width": one.width, "height": one.height} for i, one in enumerate(labels.images)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(KEYPOINT_NAMES)}],
        "annotations": [
            {
                "id": number,
                "image_id": index,
                "category_id": 1,
                "iscrowd": int(person.crowd),
                "bbox": person.box.tolist(),
                "area": person.area,
                "num_keypoints": person.labelled,
                "keypoints": np.concatenate([person.keypoints, person.visibility[:, None]], axis=1).ravel().tolist(),
            }
            for number, (index, person) in enumerate(people, 1)
        ],
    }


def _results(found: Sequence[Detections]) -> list[dict[str, Any]]:
    return [
        {
            "image_id": index,
            "category_id": 1,
            "keypoints": np.concatenate([points, np.ones((len(points), 1))], axis=1).ravel().tolist(),
            "score": float(sure),
        }
        for index, people in enumerate(found)
        for points, sure in zip(people.keypoints, people.scores, strict=True)
    ]


def _interval(values: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % interval of resampled figures; None where most have nothing to rest on."""
    known = values[~np.isnan(values)]
    if len(known) < len(values) // 2:
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _resampled(run: Any, images: int, seed: int, resamples: int) -> npt.NDArray[np.float64]:
    """AP of resampled images; what was matched within an image stays as it is."""
    areas = len(run.params.areaRng)
    table = np.empty((areas, images), object)
    table[:] = np.array(run.evalImgs, object).reshape(areas, images)
    random = np.random.default_rng(seed)
    values = np.full(resamples, np.nan)
    params = run._paramsEval
    kept = params.areaRng, params.areaRngLbl, run.params.areaRng, run.params.areaRngLbl
    # Only the figure over all sizes is wanted here.
    for each in (params, run.params):
        each.areaRng, each.areaRngLbl, each.imgIds = each.areaRng[:1], each.areaRngLbl[:1], list(range(images))
    for index in range(resamples):
        run.evalImgs = table[0, random.integers(0, images, images)].tolist()
        with contextlib.redirect_stdout(io.StringIO()):
            run.accumulate()
        precision = run.eval["precision"]
        known = precision[precision > -1]
        if known.size:
            values[index] = 100 * known.mean()
    params.areaRng, params.areaRngLbl, run.params.areaRng, run.params.areaRngLbl = kept
    run.evalImgs = table.ravel().tolist()
    return values


def _by_image(run: Any, images: int) -> list[ImageScore]:
    """From the matches at OKS 0.5 over people of all sizes."""
    scores = []
    for index, each in enumerate(run.evalImgs[:images]):
        if each is None:
            scores.append(ImageScore(index, 1.0, 0, 0))
            continue
        matched = each["dtMatches"][0] > 0
        wanted = ~np.asarray(each["gtIgnore"]).astype(bool)
        hits = matched & ~each["dtIgnore"][0].astype(bool)
        sure = np.asarray(each["dtScores"])
        least = sure[hits].min() if hits.any() else 1.0
        extra = ~matched & ~each["dtIgnore"][0].astype(bool) & (sure >= least)
        oks = _best_oks(run, index, each, wanted)
        missed = int((wanted & (each["gtMatches"][0] == 0)).sum())
        mean = float(oks.mean()) if oks.size else 1.0
        scores.append(ImageScore(index, mean, int(extra.sum()), missed))
    return scores


def _best_oks(run: Any, index: int, each: Mapping[str, Any], wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Of each labelled person, the OKS with the find that was matched to it, 0 without one."""
    table = np.asarray(run.ious[(index, 1)])
    people = {identity: column for column, identity in enumerate(each["gtIds"])}
    finds = {identity: row for row, identity in enumerate(each["dtIds"])}
    order = [gt["id"] for gt in run._gts[(index, 1)]]
    values = np.zeros(len(wanted))
    for identity, column in people.items():
        match = each["gtMatches"][0][column]
        if match > 0 and table.size:
            values[column] = table[finds[int(match)], order.index(identity)]
    return values[wanted]
