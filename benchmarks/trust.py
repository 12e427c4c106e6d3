"""Trust in cameras on real footage: what spoils a picture and is told, what is told though nothing is wrong, and what
looking costs beside decoding.

    python benchmarks/trust.py FOLDER          # the test data: every .mp4 and .avi in it counts as one camera

Each clip gives 16 pictures. Its camera is learned from the first half of them (two minutes of looks, round and round);
then come the others, as they are or spoilt, for 80 s. Clips are short, so people in them move more than in a real
camera's two minutes, and light does not change.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from spotter.core.clock import from_seconds
from spotter.core.contracts import Image
from spotter.core.trust_parameters import TrustParameters
from spotter.ingest.trust.look import Look, look
from spotter.ingest.trust.verdicts import Problem, Trust

PICTURES = 16
LEARN_S, SHOWN_S = 120.0, 80.0
P = TrustParameters()

Spoil = Callable[[Image], npt.NDArray[np.uint8]]


def moved(dx: float = 0.0, turn: float = 0.0, zoom: float = 1.0) -> Spoil:
    """The camera shifted by a share of the width, turned by degrees, zoomed."""

    def spoil(image: Image) -> npt.NDArray[np.uint8]:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
        matrix[0, 2] += dx * width
        return np.asarray(cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)

    return spoil


def lit(factor: float, plus: float = 0.0) -> Spoil:
    """Another light: grey levels times a factor."""
    return lambda image: np.clip(image * factor + plus, 0, 255).astype(np.uint8)


def blurred(sigma: float) -> Spoil:
    """Out of focus."""
    return lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def covered(image: Image) -> npt.NDArray[np.uint8]:
    """Something before the lens: grey with the noise of a sensor."""
    grain = np.random.default_rng(int(image[::7, ::7].sum())).normal(70, 3, image.shape)
    return np.clip(grain, 0, 255).astype(np.uint8)


SPOILT: dict[str, tuple[Problem | None, Spoil]] = {
    "as it is": (None, lambda image: image),
    "half the light": (None, lit(0.5)),
    "1.3 times the light": (None, lit(1.3)),
    "dark (4 % of the light)": (Problem.DARK, lit(0.04)),
    "over-exposed (3 times, +80)": (Problem.OVER_EXPOSED, lit(3.0, 80.0)),
    "covered": (Problem.BLOCKED, covered),
    "blurred by 2 px": (Problem.BLURRED, blurred(2)),
    "blurred by 3 px": (Problem.BLURRED, blurred(3)),
    "blurred by 5 px": (Problem.BLURRED, blurred(5)),
    "frozen": (Problem.FROZEN, lambda image: image),
    "shifted by 3 % of the width": (Problem.MOVED, moved(dx=0.03)),
    "shifted by 8 %": (Problem.MOVED, moved(dx=0.08)),
    "turned by 3 degrees": (Problem.MOVED, moved(turn=3)),
    "turned by 8 degrees": (Problem.MOVED, moved(turn=8)),
    "zoomed by 15 %": (Problem.MOVED, moved(zoom=1.15)),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=1000, help="clips")
    arguments = parser.parse_args()
    clips = sorted(path for suffix in ("mp4", "avi") for path in arguments.folder.rglob(f"*.{suffix}"))
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in SPOILT}
    examples: dict[str, list[str]] = {name: [] for name in SPOILT}
    costs: list[tuple[float, float, int]] = []
    for clip in clips[: arguments.most]:
        pictures, decode_s = read(clip)
        if len(pictures) < PICTURES:
            continue
        learned = [look(picture) for picture in pictures[: PICTURES // 2]]
        began = time.process_time()
        for picture in pictures:
            look(picture)
        costs.append(((time.process_time() - began) / len(pictures), decode_s, pictures[0].shape[1]))
        for name, (problem, spoil) in SPOILT.items():
            shown = [look(spoil(picture)) for picture in pictures[PICTURES // 2 :]]
            told = verdict(learned, shown[:1] if name == "frozen" else shown)
            outcome = "never trusted" if told is None else judge(problem, told)
            outcomes[name][outcome] += 1
            if outcome != "right":
                examples[name].append(f"{clip.stem}: {', '.join(told) if told else outcome}")
    report(outcomes, examples)
    for least, most in ((0, 640), (640, 1280), (1280, 10_000)):
        group = np.array([(one, decode) for one, decode, width in costs if least <= width < most])
        if len(group):
            looks, decodes = group.T
            shares = 100 * looks / (decodes * 15.0 * P.every_s)
            print(
                f"{len(group)} clips at least {least} px wide: a look {1000 * np.median(looks):.2f} ms, every "
                f"{P.every_s:g} s at 15 frames/s {np.median(shares):.2f} % of the processor time of decoding "
                f"({shares.min():.2f} to {shares.max():.2f} %)"
            )


def read(clip: Path) -> tuple[list[Image], float]:
    """Pictures spread over a clip, and the processor time of decoding one frame, s."""
    capture = cv2.VideoCapture(str(clip))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, max(count - 1, 0), PICTURES).astype(int).tolist())
    pictures: list[Image] = []
    decoded = 0
    began = time.process_time()
    while True:
        there, image = capture.read()
        if not there:
            break
        if decoded in wanted:
            pictures.append(np.asarray(image, np.uint8))
        decoded += 1
    return pictures, (time.process_time() - began) / max(decoded, 1)


def verdict(learned: list[Look], shown: list[Look]) -> list[str] | None:
    """The problems that are told in the end; None where the camera was not trusted after learning."""
    trust = Trust(P)
    at = 0.0
    while at < LEARN_S:
        trust.update(from_seconds(at), learned[round(at / P.every_s) % len(learned)])
        at += P.every_s
    if not trust.verdict.trusted:
        return None
    told: Counter[str] = Counter()
    while at < LEARN_S + SHOWN_S:
        trust.update(from_seconds(at), shown[round(at / P.every_s) % len(shown)])
        told.update(problem.value for problem in trust.verdict.problems)
        at += P.every_s
    return sorted(told)


def judge(problem: Problem | None, told: list[str]) -> str:
    """What is to be said of a verdict."""
    if problem is None:
        return "false" if told else "right"
    return "right" if problem.value in told else "other" if told else "missed"


def report(outcomes: dict[str, Counter[str]], examples: dict[str, list[str]]) -> None:
    """The table, and what was not right."""
    print("| pictures | right | told as something else | missed or false | never trusted |\n|---|---|---|---|---|")
    for name, counts in outcomes.items():
        wrong = counts["missed"] + counts["false"]
        print(f"| {name} | {counts['right']} | {counts['other']} | {wrong} | {counts['never trusted']} |")
    print()
    for name, lines in examples.items():
        if lines:
            print(f"{name}: {'; '.join(lines)}")


if __name__ == "__main__":
    main()
