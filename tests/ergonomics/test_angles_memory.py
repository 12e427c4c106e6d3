"""What is remembered of a person: snapshots, neutral posture, sizes, measured noise."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bodies import HIPS, STANDING, Stage, bent, pitching

from spotter.ergonomics.angles import baseline, steady
from spotter.ergonomics.angles.memory import AngleMemory


def test_a_snapshot_goes_on_with_the_same_bits() -> None:
    stage = Stage([20.0, -100.0], noise=0.01)
    stage.watch(STANDING, 1.0)
    kept = json.loads(json.dumps([memory.state() for memory in stage.memories]))
    frames = [stage.pixels(bent(30.0)) for _ in range(5)]
    seconds = stage.seconds

    def go_on() -> list[bytes]:
        seen = [stage.see(STANDING, keypoints=frame)[1] for frame in frames]
        return [getattr(one, name).high.tobytes() for one in seen for name in ("trunk_flexion", "left_elbow_flexion")]

    first = go_on()
    stage.memories, stage.seconds = [AngleMemory.restore(state) for state in kept], seconds
    assert go_on() == first


def test_a_memory_does_not_grow() -> None:
    stage = Stage([0.0], noise=0.01, fps=5.0)
    stage.see(STANDING)
    size = len(json.dumps(stage.memories[0].state()))
    stage.watch(STANDING, 20.0)
    assert len(json.dumps(stage.memories[0].state())) < 20 * size
    assert len(stage.memories[0].figures) == len(AngleMemory().figures)


@pytest.mark.parametrize(("offset", "correction"), [(6.0, 6.0), (-7.0, -7.0), (16.0, 10.0)])
def test_the_upright_median_is_taken_off_within_ten_degrees(offset: float, correction: float) -> None:
    """A model whose hips are too far back makes everybody lean forward."""
    stage = Stage([0.0], pitch=5.0, noise=0.003, fps=5.0)
    biased = STANDING.copy()
    biased[:11] = HIPS + (STANDING[:11] - HIPS) @ pitching(offset).T
    context, angles = stage.watch(biased, 6.0)
    assert context.trunk_offset[0] == pytest.approx(correction, abs=2.5)
    assert angles.trunk_flexion.value[0] == pytest.approx(offset - correction, abs=3.0)
    assert angles.trunk_inclination.value[0] == pytest.approx(abs(offset), abs=3.0)


def test_a_stoop_is_no_neutral_posture() -> None:
    stage = Stage([0.0], noise=0.003, fps=5.0)
    stage.watch(STANDING, 1.0)
    context, _ = stage.watch(bent(40.0), 8.0)
    assert abs(context.trunk_offset[0]) < 4.0


def test_the_median_of_seconds() -> None:
    seconds = np.zeros((2, baseline.BINS))
    for trunk, neck in ((3.0, 20.0), (5.0, 22.0), (5.0, np.nan), (28.0, 40.0)):
        baseline.learn(seconds, np.array([1.0, 0.1]), np.full(2, trunk), np.full(2, neck))
    assert baseline.trunk_offset(seconds) == pytest.approx([5.0, 0.0], abs=1.1)
    neutral = baseline.neck_neutral(seconds)
    assert neutral[0] == pytest.approx(22.0, abs=2.1)
    assert np.isnan(neutral[1])


def test_the_stature_follows_whoever_walks_away() -> None:
    stage = Stage([90.0], noise=0.004)
    sizes = []
    for step in range(60):
        stage.distance = 5.0 + step * 0.08
        context, _ = stage.see(STANDING)
        far = np.hypot(stage.distance, float(stage.camera.above) - 0.93)
        sizes.append(context.stature[0] / (1.75 * float(stage.camera.focal[0]) / far))
    assert np.abs(np.array(sizes) - 1.0).max() < 0.15


def test_a_bend_keeps_the_stature() -> None:
    stage = Stage([-90.0], pitch=20.0)
    before = stage.watch(STANDING, 1.0)[0].stature[0]
    assert stage.watch(bent(80.0), 1.5)[0].stature[0] == pytest.approx(before, rel=0.03)


@pytest.mark.parametrize(("real", "least", "most"), [(1.0, 0.75, 1.0), (0.3, 0.55, 0.7)])
def test_noise_is_measured(real: float, least: float, most: float) -> None:
    """Errors that last for half a second, stated as large as they are, or three times as large."""
    random = np.random.default_rng(3)
    people = 40
    figures, stated = np.zeros((people, steady.FIGURES)), np.full(people, np.radians(4.0))
    error = random.normal(size=people)
    for _ in range(200):
        error = 0.89 * error + np.sqrt(1 - 0.89**2) * random.normal(size=people)
        steady.learn(figures, np.full(people, 1 / 15), 2.0 + 4.0 * real * error, stated, np.full(people, True))
    share = steady.share(figures)
    assert least <= np.median(share) <= most
