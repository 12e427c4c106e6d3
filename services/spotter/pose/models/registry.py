"""Pose models by name. A further family is one file beside this one, one entry in `FAMILIES`, one row in a test."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spotter.core.errors import ModelError
from spotter.pose.models.api import PoseModel
from spotter.pose.models.devices import Device, choose_device
from spotter.pose.models.movenet_decode import DecodeLimits
from spotter.pose.models.movenet_maps import MODEL_NAME, MODEL_VERSION, PARAMETERS
from spotter.pose.models.tfjs_heads import import_graph
from spotter.pose.models.weights import GRAPH_FILE, PICKLE, WEIGHTS_FILE, WEIGHTS_FOLDER, digest, verify


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model is to run. None: the model's own default.

    Attributes:
        device: what it runs on, already chosen.
        input_size: long side of the network's input, px, a multiple of 32.
        threads: CPU threads; 0: one per core.
        min_score: people below this are left out.
        max_people: most people per image.
        file: the model's file, for families whose weights the user supplies.
        max_batch: most images computed at once on a GPU; `predict` takes any number.
    """

    device: str
    input_size: int
    threads: int
    min_score: float | None
    max_people: int
    file: Path | None
    max_batch: int = 4


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a person wants to know of a model before using it.

    Attributes:
        name, version: as they travel with every result, "name/version"; version is empty for a file of the user's,
            where it is the beginning of its SHA-256.
        licence: SPDX identifier of the weights' licence.
        author: who released the weights.
        input: what the network takes.
        parameters: how many numbers the weights hold; 0 where nobody here has counted them.
        ap: COCO keypoint AP in percent on val2017 as its author states it (YOLO: Ultralytics; RTMO: Lu et al. 2023,
            trained on seven sets), or "".
        measured: the same on 24 images with 66 people at the size of `input`, measured here (benchmarks/pose_cards.py,
            +-11), or "".
        ms: processor milliseconds of one 640x480 picture on one core at that size, measured with it, or "".
        folder, files: the files that ship with Spotter; empty for those that the user supplies.
    """

    name: str
    version: str
    licence: str
    author: str
    input: str
    parameters: int
    ap: str
    measured: str = ""
    ms: str = ""
    folder: Path = WEIGHTS_FOLDER
    files: tuple[str, ...] = ()

    @property
    def shipped(self) -> bool:
        return bool(self.files)

    def verify(self) -> None:
        """Check that the files that ship with Spotter are whole.

        Raises:
            ModelError: one is missing or damaged; names it.
        """
        if self.files:
            verify(self.folder, *self.files)


@dataclass(frozen=True, slots=True)
class Family:
    """Models that one file here can run: how their names begin, their cards, and how one is made.

    Attributes:
        convert: writes the file that `make` takes from a released TF.js graph (model.json), where that is the source.
        refines: its models can take a second look at the people of others (pose.refine).
    """

    prefix: str
    cards: tuple[ModelCard, ...]
    make: Callable[[str, ModelOptions], PoseModel]
    convert: Callable[[Path, Path], None] | None = None
    refines: bool = False


def create_model(
    name: str,
    *,
    device: Device = "auto",
    input_size: int = 384,
    threads: int = 0,
    min_score: float | None = None,
    max_people: int = 50,
    file: Path | None = None,
    max_batch: int = 4,
) -> PoseModel:
    """Make a model; `load` it before use.

    Args:
        name: one of `model_names()`, or a name of the user's own that begins as a family does ("yolo11n-site",
            "movenet-multipose-site").
        device: auto takes CUDA where the model can use it, else the CPU.
        file: the model's ONNX file; of MoveNet, fine-tuned weights (safetensors); of YOLO also a .pt file, which is
            code that runs when it is loaded.
        Others: see `ModelOptions`.

    Raises:
        ModelError: unknown name, bad size, no file where one is needed, or a device that cannot be used.
    """
    family = family_of(name)
    if input_size < 32 or input_size % 32:
        raise ModelError(f"input size {input_size} px is not a multiple of 32", mend="Use 256, 320, 384, 512 or 640")
    torch = family.prefix == MODEL_NAME or (file is not None and file.suffix == PICKLE)
    chosen = choose_device(device, torch=torch)
    return family.make(name, ModelOptions(chosen, input_size, threads, min_score, max_people, file, max_batch))


def family_of(name: str) -> Family:
    """The family that runs model `name`.

    Raises:
        ModelError: none does; names the nearest one.
    """
    for family in FAMILIES:
        separator = "-" if family.cards[0].shipped else ""
        if name == family.prefix or name.startswith(family.prefix + separator):
            return family
    begun = [known for known in model_names() if name and known.startswith(name)]
    near = begun[:1] or difflib.get_close_matches(name, model_names(), n=1, cutoff=0.4)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    raise ModelError(f"unknown pose model '{name}'", mend=f"{hint}Known: {', '.join(model_names())}")


def model_names() -> tuple[str, ...]:
    """Names of the models that have a card."""
    return tuple(card.name for card in model_cards())


def model_cards() -> tuple[ModelCard, ...]:
    """The cards of all models, shipped ones first."""
    return tuple(card for family in FAMILIES for card in family.cards)


def _movenet_multipose(name: str, options: ModelOptions) -> PoseModel:
    score = {} if options.min_score is None else {"min_score": options.min_score}
    limits = DecodeLimits(max_people=options.max_people, **score)
    shipped = name == MODEL_NAME and options.file is None
    version = f"{MODEL_NAME}/{MODEL_VERSION}" if shipped else _name(name, _file(name, options))
    if options.device in ("cuda", "mps", "torch-cpu"):
        from spotter.pose.models.movenet_torch import MoveNetTorch

        return MoveNetTorch(
            device=options.device.removeprefix("torch-"),
            input_size=options.input_size,
            limits=limits,
            name=version,
            weights=options.file,
            max_batch=options.max_batch,
            threads=options.threads,
        )
    from spotter.pose.models.movenet_onnx import MoveNetOnnx

    return MoveNetOnnx(
        input_size=options.input_size,
        threads=options.threads,
        limits=limits,
        device=options.device,
        name=version,
        weights=options.file,
    )


def _yolo(name: str, options: ModelOptions) -> PoseModel:
    from spotter.pose.models.yolo import YoloOnnx
    from spotter.pose.models.yolo_decode import YoloLimits

    file = _file(name, options)
    score = {} if options.min_score is None else {"min_score": options.min_score}
    kind = YoloOnnx
    if file.suffix == PICKLE:
        from spotter.pose.models.ultralytics import YoloPt

        kind = YoloPt
    return kind(
        _name(name, file),
        file,
        input_size=options.input_size,
        threads=options.threads,
        device=options.device,
        limits=YoloLimits(max_people=options.max_people, **score),
    )


def _rtmo(name: str, options: ModelOptions) -> PoseModel:
    from spotter.pose.models.rtmo import MIN_SCORE, RtmoOnnx

    file = _file(name, options)
    return RtmoOnnx(
        _name(name, file),
        file,
        input_size=options.input_size,
        threads=options.threads,
        device=options.device,
        min_score=MIN_SCORE if options.min_score is None else options.min_score,
        max_people=options.max_people,
    )


def _posenet(name: str, options: ModelOptions) -> PoseModel:
    from spotter.pose.models.posenet import PoseNetOnnx
    from spotter.pose.models.posenet_decode import PoseNetLimits

    file = _file(name, options)
    score = {} if options.min_score is None else {"min_score": options.min_score}
    return PoseNetOnnx(
        _name(name, file),
        file,
        input_size=options.input_size,
        threads=options.threads,
        device=options.device,
        limits=PoseNetLimits(max_people=options.max_people, **score),
    )


def _thunder(name: str, options: ModelOptions) -> PoseModel:
    from spotter.pose.models.thunder import MIN_SCORE, ThunderOnnx

    file = _file(name, options)
    return ThunderOnnx(
        _name(name, file),
        file,
        threads=options.threads,
        device=options.device,
        min_score=MIN_SCORE if options.min_score is None else options.min_score,
    )


def _convert_posenet(model_json: Path, target: Path) -> None:
    from spotter.pose.models.posenet import HEADS

    import_graph(HEADS, model_json, target)


def _convert_thunder(model_json: Path, target: Path) -> None:
    from spotter.pose.models.thunder import HEADS

    import_graph(HEADS, model_json, target)


def _file(name: str, options: ModelOptions) -> Path:
    if options.file is None:
        raise ModelError(
            f"model '{name}' is not shipped with Spotter and no file was given",
            mend=f"Bring it in with: spotter models fetch {name} --from FILE, or set pose.file",
        )
    return options.file


def _name(name: str, file: Path) -> str:
    return f"{name}/{digest(file, 'Check the path and its rights')[:8]}"


def _yolo_card(name: str, parameters: int, ap: str, measured: str = "", ms: str = "") -> ModelCard:
    """Parameters: of the fused network with one class, counted from Ultralytics' architecture file."""
    return ModelCard(name, "", "AGPL-3.0-only", "Ultralytics", "640 px", parameters, ap, measured, ms)


def _rtmo_card(name: str, size: str, ap: str) -> ModelCard:
    return ModelCard(name, "", "Apache-2.0", "OpenMMLab", size, 0, ap)


FAMILIES: tuple[Family, ...] = (
    Family(
        MODEL_NAME,
        (
            ModelCard(
                MODEL_NAME,
                MODEL_VERSION,
                "Apache-2.0",
                "Google",
                "384 px",
                PARAMETERS,
                "",
                "32.3",
                "41",
                files=(WEIGHTS_FILE, GRAPH_FILE),
            ),
        ),
        _movenet_multipose,
    ),
    Family(
        "yolo",
        (
            _yolo_card("yolov8n-pose", 3_289_964, "50.4"),
            _yolo_card("yolov8s-pose", 11_615_724, "60.0"),
            _yolo_card("yolo11n-pose", 2_866_468, "50.0", "49.8", "66"),
            _yolo_card("yolo11s-pose", 9_902_940, "58.9"),
            _yolo_card("yolo26n-pose", 2_926_494, "57.2"),
            _yolo_card("yolo26s-pose", 10_359_750, "63.1"),
        ),
        _yolo,
    ),
    Family(
        "rtmo",
        (
            _rtmo_card("rtmo-t", "416 px", "57.4"),
            _rtmo_card("rtmo-s", "640 px", "68.6"),
            _rtmo_card("rtmo-m", "640 px", "72.6"),
            _rtmo_card("rtmo-l", "640 px", "74.8"),
        ),
        _rtmo,
    ),
    Family(
        "posenet",
        (ModelCard("posenet", "", "Apache-2.0", "Google", "640 px", 1_258_195, "", "32.3", "60"),),
        _posenet,
        _convert_posenet,
    ),
    Family(
        "movenet-thunder",
        (ModelCard("movenet-thunder", "", "Apache-2.0", "Google", "256 px", 6_226_046, "", "15.8", "33"),),
        _thunder,
        _convert_thunder,
        refines=True,
    ),
)
