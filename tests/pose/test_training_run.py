"""Training runs: what they learn, that they go on where they stopped with the same bits, and what they refuse."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training_pictures import write_turned

from spotter.core.errors import ModelError
from spotter.pose.evaluation.labels import LabelledSet
from spotter.pose.evaluation.readers import read_labels
from spotter.pose.evaluation.score import Score
from spotter.pose.models.movenet_network import HeadMaps, load_network
from spotter.pose.models.weights import WEIGHTS_FILE, WEIGHTS_FOLDER
from spotter.pose.training.augment import NONE
from spotter.pose.training.checkpoint import Best, load_checkpoint, save_checkpoint
from spotter.pose.training.holdout import fingerprint, hold_out
from spotter.pose.training.log import TrainingLog
from spotter.pose.training.losses import WEIGHTS, collate, focal, losses
from spotter.pose.training.recipe import Recipe
from spotter.pose.training.run import Places, Stopped, run, write_weights
from spotter.pose.training.samples import Samples
from spotter.pose.training.trainer import Trainer
from spotter.pose.training.validation import validate

SHIPPED = WEIGHTS_FOLDER / WEIGHTS_FILE
SMALL = Recipe(epochs=2, batch=2, rate=2e-3, freeze="backbone", input_size=128)


class Watch:
    """Looks on, and stops the run after `stop_after` steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.losses: list[float] = []
        self.scores: list[Score] = []
        self._stop_after = stop_after

    def stepped(self, done: int, steps: int, figures: Mapping[str, float]) -> None:
        self.losses.append(figures["loss"])

    def validating(self, epoch: int) -> None:
        pass

    def validated(self, epoch: int, score: Score, best: Best) -> None:
        self.scores.append(score)

    def stop(self) -> bool:
        return len(self.losses) == self._stop_after


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> LabelledSet:
    images, file = write_turned(tmp_path_factory.mktemp("turned"), 4)
    return read_labels(file, images)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def places(folder: Path, resume: Path | None = None) -> Places:
    return Places(SHIPPED, folder / "run.safetensors", folder / "log", resume)


def test_a_few_turned_pictures_are_learned(labels: LabelledSet, tmp_path: Path) -> None:
    """The released weights hardly find these people; 30 steps on the pyramid and the heads find most of them."""
    recipe = Recipe(epochs=30, batch=4, rate=8e-3, freeze="backbone", input_size=128, augmentation=NONE)
    before = validate(load_network(SHIPPED), labels, 128, "cpu")
    watch = Watch()
    best = run(labels, labels, recipe, places(tmp_path), watch)
    assert before.ap is not None
    print(before.ap, best.ap, watch.losses[0], watch.losses[-1])
    assert before.ap < 20
    assert best.ap > before.ap + 40
    assert watch.losses[-1] < 0.5 * watch.losses[0]


@pytest.mark.parametrize("freeze", ["backbone", "none"])
def test_a_stopped_run_goes_on_with_the_same_bits(labels: LabelledSet, tmp_path: Path, freeze: str) -> None:
    """Four steps at once, and one step, a stop within the epoch, and three more."""
    recipe = Recipe(epochs=2, batch=2, rate=2e-3, freeze=freeze, input_size=64)  # type: ignore[arg-type]
    at_once, halves = tmp_path / "once", tmp_path / "halves"
    whole = run(labels, labels, recipe, places(at_once), Watch())
    with pytest.raises(Stopped):
        run(labels, labels, recipe, places(halves), Watch(stop_after=1))
    rest = Watch()
    joined = run(labels, labels, recipe, places(halves, halves / "run.safetensors"), rest)
    assert len(rest.losses) == 3
    assert (joined.ap, joined.epoch) == (whole.ap, whole.epoch)
    first, second = load_file(at_once / "run.safetensors"), load_file(halves / "run.safetensors")
    assert first.keys() == second.keys()
    assert any(name.startswith("adam.exp_avg_sq/heads.center") for name in first)
    assert all(torch.equal(first[name], second[name]) for name in first)
    for name in ("steps.csv", "epochs.csv"):
        assert (at_once / "log" / name).read_text() == (halves / "log" / name).read_text()


def test_what_is_frozen_stays_and_the_rest_moves(labels: LabelledSet) -> None:
    trainer = Trainer(load_network(SHIPPED), SMALL, 2, "cpu")
    samples = Samples(labels, NONE, input_size=128, batch=2, seed=0, workers=1)
    for batch in samples.batches(0):
        trainer.step(batch)
    shipped = load_network(SHIPPED).state_dict()
    moved = {name for name, each in trainer.network.state_dict().items() if not torch.equal(each, shipped[name])}
    trained = {name for name in shipped if not name.startswith("backbone.")}
    # The gradient of a bias may cancel out to nothing.
    assert {name for name in trained if name.endswith(".weight")} <= moved <= trained


def test_a_step_is_relative_to_the_size_of_a_channel(labels: LabelledSet) -> None:
    """Kernels differ in size by a factor of ten thousand; Adam's first step moves each by the rate times its unit."""
    trainer = Trainer(load_network(SHIPPED), Recipe(rate=1e-3, freeze="none", warm_up=0, input_size=128), 10, "cpu")
    samples = Samples(labels, NONE, input_size=128, batch=2, seed=0, workers=1)
    trainer.step(next(iter(samples.batches(0))))
    shipped = load_network(SHIPPED).state_dict()
    for name in ("feature_pyramid.merge4.pointwise", "feature_pyramid.lateral8", "heads.center.features.pointwise"):
        name += ".weight"
        old = shipped[name]
        change = (trainer.network.state_dict()[name] - old).abs().amax(dim=(1, 2, 3))
        size = old.square().mean(dim=(1, 2, 3)).sqrt()
        moved = (change / size)[size > 0.02 * old.square().mean().sqrt()]
        # A unit is the nearest power of two.
        assert moved.max() < 1.5e-3
        assert moved[moved > 0].median() > 0.6e-3


def test_averaging_follows_the_steps(labels: LabelledSet) -> None:
    trainer = Trainer(load_network(SHIPPED), SMALL, 2, "cpu")
    samples = Samples(labels, NONE, input_size=128, batch=2, seed=0, workers=1)
    trainer.step(next(iter(samples.batches(0))))
    old = load_network(SHIPPED).heads["center"].output.bias
    new, mean = trainer.network.heads["center"].output.bias, trainer.average.heads["center"].output.bias
    torch.testing.assert_close(mean - old, 0.9 * (new - old), rtol=1e-3, atol=1e-6)


def test_the_rate_rises_then_falls_as_a_cosine() -> None:
    recipe = Recipe(rate=1.0, warm_up=0.1)
    rates = [recipe.rate_at(step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10] == 1
    assert rates[55] == pytest.approx(0.5)
    assert 0 < rates[99] < 0.001


def test_focal_loss_by_hand() -> None:
    """A peak at probability 0.8, a cell beside it (target 0.5) at 0.3, one far off at 0.1, one that does not count."""
    probability = torch.tensor([0.8, 0.3, 0.1, 0.9])
    target, weight = torch.tensor([1.0, 0.5, 0.0, 0.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
    by_hand = -(0.2**2 * np.log(0.8) + 0.5**4 * 0.3**2 * np.log(0.7) + 0.1**2 * np.log(0.9))
    assert focal(probability.logit(), target, weight).item() == pytest.approx(by_hand, rel=1e-5)


def test_perfect_maps_cost_nothing_and_each_head_has_its_loss(labels: LabelledSet) -> None:
    samples = Samples(labels, NONE, input_size=128, batch=4, seed=0, workers=1)
    (batch,) = [collate(each, "cpu") for each in samples.batches(0)]
    count, _, rows, columns = batch.center.shape
    maps = HeadMaps(
        *(torch.zeros(count, channels, rows * columns) for channels in (1, 2, 2, 17, 34, 34)),
    )
    maps.center[:] = (batch.center.flatten(2) - 0.999) * 2e4
    maps.keypoint_heat[:] = (batch.heat.flatten(2) - 0.999) * 2e4
    maps.box_scale[batch.owners, :, batch.people] = batch.box_scale
    maps.box_offset[batch.owners, :, batch.people] = batch.box_offset
    maps.keypoint_regress[batch.owners, :, batch.people] = batch.regress
    for axis in (0, 1):
        maps.keypoint_offset[batch.holders, 2 * batch.joints + axis, batch.cells] = batch.offsets[:, axis]
    shaped = HeadMaps(*(each.unflatten(2, (rows, columns)) for each in maps))
    perfect = losses(shaped, batch)
    assert set(perfect) == set(WEIGHTS) == set(HeadMaps._fields)
    # Of the six people, keypoints of one kind that share a cell's neighbourhood cannot all be right.
    assert all(part < 0.05 for part in perfect.values()), perfect
    for name in HeadMaps._fields:
        worse = losses(shaped._replace(**{name: -getattr(shaped, name) + 3}), batch)
        assert worse[name] > perfect[name] + 0.05
        assert {other for other in worse if not torch.equal(worse[other], perfect[other])} == {name}


def test_a_checkpoint_of_another_run_is_refused(labels: LabelledSet, tmp_path: Path) -> None:
    trainer = Trainer(load_network(SHIPPED), SMALL, 2, "cpu")
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, trainer, None, {"epochs": 2, "images": "abc"})
    assert load_checkpoint(path, trainer, {"epochs": 2, "images": "abc"}) is None
    with pytest.raises(ModelError, match=r"of a run with another epochs: 2, not 3"):
        load_checkpoint(path, trainer, {"epochs": 3, "images": "abc"})


def test_what_is_no_checkpoint_is_one_line(tmp_path: Path) -> None:
    trainer = Trainer(load_network(SHIPPED), SMALL, 2, "cpu")
    text, plain, cut = (tmp_path / name for name in ("text", "plain", "cut"))
    text.write_text("no checkpoint")
    save_file({"a": torch.zeros(2)}, plain)
    save_checkpoint(cut, trainer, None, {})
    tensors = {name: each for name, each in load_file(cut).items() if "center" not in name}
    save_file(tensors, cut, {"spotter": json.dumps({"form": "spotter-training-1", "run": {}, "done": 1})})
    for path, says in ((text, "is not a checkpoint"), (plain, "is not a checkpoint"), (cut, "is damaged")):
        with pytest.raises(ModelError, match=says):
            load_checkpoint(path, trainer, {})
    with pytest.raises(ModelError, match="cannot read checkpoint"):
        load_checkpoint(tmp_path / "gone", trainer, {})


def test_a_loss_that_is_not_finite_ends_the_run_with_one_line(labels: LabelledSet) -> None:
    network = load_network(SHIPPED)
    with torch.no_grad():
        network.heads["center"].output.bias.fill_(float("nan"))
    trainer = Trainer(network, SMALL, 2, "cpu")
    samples = Samples(labels, NONE, input_size=64, batch=1, seed=0, workers=1)
    with pytest.raises(ModelError, match=r"the loss is nan at step 0\. Try a lower --lr"):
        trainer.step(next(iter(samples.batches(0))))


def test_weights_beyond_half_precision_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'a' do not fit half precision"):
        write_weights(tmp_path / "a.safetensors", {"a": torch.full((2,), 1e6)}, {})
    assert list(tmp_path.iterdir()) == []


def test_some_are_held_out_by_chance_and_each_image_is_used_once(labels: LabelledSet) -> None:
    many = LabelledSet(labels.form, labels.images * 5)
    learn, judge = hold_out(many, 3)
    assert (len(learn.images), len(judge.images)) == (16, 4)
    assert fingerprint(hold_out(many, 3)[1]) == fingerprint(judge)
    with pytest.raises(ModelError, match="4 images with labelled people are too few"):
        hold_out(labels, 0)


def test_tensorboard_gets_the_same_figures(tmp_path: Path) -> None:
    with TrainingLog(tmp_path) as log:
        assert log.tensorboard
        log.step(1, {"loss": 3.5})
        log.epoch(1, {"ap": 42.0})
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(each.step, each.value) for each in events.Scalars("train/loss")] == [(1, 3.5)]
    assert [(each.step, each.value) for each in events.Scalars("validation/ap")] == [(1, 42.0)]


def test_a_resumed_log_drops_the_steps_that_are_done_again(tmp_path: Path) -> None:
    with TrainingLog(tmp_path) as log:
        for step in (1, 2, 3):
            log.step(step, {"loss": float(step)})
    with TrainingLog(tmp_path, done=2) as log:
        log.step(3, {"loss": 30.0})
    with (tmp_path / "steps.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["step", "loss"], ["1", "1"], ["2", "2"], ["3", "30"]]
