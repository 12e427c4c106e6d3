"""Does `spotter models train` work? Over-fitting a few photographs, and people who lie on the floor.

    python benchmarks/pose_training.py overfit COCO_FOLDER
    python benchmarks/pose_training.py lying SIMULATED_FOLDER --coco COCO_FOLDER

`overfit` trains on four photographs and evaluates on the same four: it shows that labels, losses, steps and decoding
fit together, and nothing about accuracy elsewhere. `lying` trains on one fall and the seven motions without a fall, and
evaluates on the other fall, which it has not seen, in those frames in which the person lies; then the other way
round. The epoch is chosen on held-out frames of the training motions, never on the scene that is reported. What the
photographs of COCO_FOLDER lose is printed beside it. COCO_FOLDER holds person_keypoints.json and images/. With
`--rehearse` half of these photographs are trained on as well, and the other half is reported.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from spotter.pose.evaluation.labels import LabelledImage, LabelledPerson, LabelledSet
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.run import predict_all
from spotter.pose.evaluation.score import Score, score
from spotter.pose.models import create_model
from spotter.pose.models.movenet_maps import MODEL_NAME
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER
from spotter.pose.training.augment import NONE, Augmentation
from spotter.pose.training.checkpoint import Best
from spotter.pose.training.holdout import hold_out
from spotter.pose.training.recipe import Recipe
from spotter.pose.training.run import Places, run, write_weights

FALLS = ("forward_fall", "sideways_fall")
RESAMPLES = 300
"""For each interval; the product takes 1,000."""

LYING_S = 0.3
"""From this long after the impact on, the person lies."""

CUT = (384, 216)
"""Width and height of the cut-outs, px: at 256 px people are as large as in the whole picture at 427 px, and training
takes a third of the time."""

SHIPPED = WEIGHTS_FOLDER / WEIGHTS_FILE


class Quiet:
    """A watcher that prints a line an epoch."""

    def stepped(self, done: int, steps: int, figures: Mapping[str, float]) -> None:
        self.loss = figures["loss"]

    def validating(self, epoch: int) -> None:
        pass

    def validated(self, epoch: int, score: Score, best: Best) -> None:
        print(f"  epoch {epoch}: loss {self.loss:.2f}, AP on frames to choose by {score.ap or 0:.1f}", flush=True)

    def stop(self) -> bool:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("overfit", "lying"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--coco", type=Path, help="for `lying`: photographs that the training has not seen")
    parser.add_argument("--rehearse", action="store_true", help="train on half of the photographs, report the others")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--freeze", choices=("none", "backbone"), default="backbone")
    parser.add_argument("--input-size", type=int)
    parser.add_argument("--turn", type=float, default=Augmentation().turn)
    parser.add_argument("--tests", nargs="+", choices=FALLS, default=FALLS, help="for `lying`: scenes to report")
    parser.add_argument("--threads", type=int, default=1, help="more pay only on a quiet machine")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "overfit":
            overfit(options, Path(folder))
        else:
            for test in options.tests:
                lying(options, test, Path(folder) / test)


def overfit(options: argparse.Namespace, folder: Path) -> None:
    """Train on four photographs and evaluate on them."""
    labels = read_labels(options.folder / "person_keypoints.json", options.folder / "images")
    few = LabelledSet(labels.form, tuple(image for image in labels.images if clear(image))[:4])
    recipe = Recipe(
        epochs=options.epochs or 40,
        batch=4,
        rate=options.lr or 4e-3,
        freeze=options.freeze,
        input_size=options.input_size or 192,
        augmentation=NONE,
    )
    print(f"{few.people} people in {len(few.images)} photographs, {recipe.input_size} px")
    best = run(few, few, recipe, Places(SHIPPED, folder / "run.safetensors", folder / "log"), Quiet())
    report("the same photographs", few, finished(best, folder), recipe.input_size)


def clear(image: LabelledImage) -> bool:
    """People in it, and all of them with most of their keypoints."""
    return bool(image.people) and all(person.labelled > 8 for person in image.people)


def lying(options: argparse.Namespace, test: str, folder: Path) -> None:
    """Train without scene `test`, evaluate on it."""
    folder.mkdir()
    scenes = sorted(path.stem.removesuffix("_00") for path in options.folder.glob("*_00.json"))
    train = joined(
        frames(options.folder, scene, 3 if scene in FALLS else 15, folder) for scene in scenes if scene != test
    )
    unseen = frames(options.folder, test, 3, folder)
    lie = frames(options.folder, test, 3, folder, lying=True)
    recipe = Recipe(
        epochs=options.epochs or 10,
        batch=4,
        rate=options.lr or 3e-3,
        freeze=options.freeze,
        input_size=options.input_size or 256,
        augmentation=Augmentation(turn=options.turn),
    )
    learn, choose = hold_out(train, seed=0)
    photographs: tuple[LabelledImage, ...] = ()
    if options.coco:
        photographs = read_labels(options.coco / "person_keypoints.json", options.coco / "images").images
    if options.rehearse:
        # Every second one, three times an epoch, since there are so few.
        learn = LabelledSet("simulated", learn.images + 3 * photographs[::2])
        photographs = photographs[1::2]
    print(f"{len(learn.images)} frames to train on, {len(choose.images)} to choose by; {test} was not seen", flush=True)
    best = run(learn, choose, recipe, Places(SHIPPED, folder / "run.safetensors", folder / "log"), Quiet())
    weights = finished(best, folder)
    report(f"{test}, lying", lie, weights, recipe.input_size)
    report(f"{test}, all", unseen, weights, recipe.input_size)
    if photographs:
        report("photographs", LabelledSet("COCO", photographs), weights, recipe.input_size)


def frames(folder: Path, scene: str, every: int, out: Path, *, lying: bool = False) -> LabelledSet:
    """Every so-manieth frame of a simulated scene from its three cameras, cut out around the person, and labels."""
    truth = json.loads((folder / f"{scene}_00.json").read_text())
    first = round((truth["events"]["impact"] + LYING_S) * truth["fps"]) if lying else 0
    found = []
    for number, camera in enumerate(truth["cameras"]):
        video = cv2.VideoCapture(str(folder / camera["file"]))
        for index, frame in enumerate(truth["frames"]):
            _, picture = video.read()
            if index < first or index % every:
                continue
            person = person_of(frame["cams"][number])
            middle = person.box[:2] + person.box[2:] / 2
            left, top = np.clip(middle - np.array(CUT) / 2, 0, np.array(truth["size"]) - CUT).round().astype(int)
            path = out / f"{scene}-{number}-{index:03d}.png"
            cv2.imwrite(str(path), picture[top : top + CUT[1], left : left + CUT[0]])
            person.keypoints[:] -= left, top
            person.box[:2] -= left, top
            found.append(LabelledImage(path, *CUT, (person,)))
    return LabelledSet("simulated", tuple(found))


def person_of(seen: Mapping[str, Any]) -> LabelledPerson:
    left, top, right, bottom = seen["bbox_visible"]
    box = np.array([left, top, right - left, bottom - top], float)
    visible = np.array(seen["vis"], np.int64)
    return LabelledPerson(np.array(seen["kp2d"], float), visible, box, float(seen["mask_px"]))


def joined(sets: Iterable[LabelledSet]) -> LabelledSet:
    return LabelledSet("simulated", tuple(image for each in sets for image in each.images))


def finished(best: Best, folder: Path) -> Path:
    """The weights as a user gets them, in half precision."""
    write_weights(folder / "tuned.safetensors", best.weights, {})
    return folder / "tuned.safetensors"


def report(what: str, labels: LabelledSet, weights: Path, input_size: int) -> None:
    """Before and after, through ONNX Runtime."""
    for when, file in (("before", None), ("after", weights)):
        model = create_model(MODEL_NAME, device="cpu", input_size=input_size, min_score=0.01, max_people=20, file=file)
        model.load()
        total, by_image = score(labels, predict_all(model, labels), resamples=RESAMPLES)
        low, high = total.interval or (float("nan"), float("nan"))
        figures = (total.ap50, total.medium, total.large, total.recall)
        print(
            f"{what:24} {when:6} AP {total.ap or 0:5.1f} ({low:.1f} to {high:.1f})  AP50, medium, large, AR: "
            + " ".join("none" if value is None else f"{value:.1f}" for value in figures)
            + f"  mean OKS {np.mean([one.oks for one in by_image]):.3f}  images {total.images}, people {total.people}",
            flush=True,
        )


if __name__ == "__main__":
    main()
