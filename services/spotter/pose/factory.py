"""From the settings to a pose model, with the user's own model file found and checked, and calibrated if it can be."""

from __future__ import annotations

from pathlib import Path

from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings
from spotter.pose.calibration.calibrated import Calibrated
from spotter.pose.calibration.file import SUFFIX, Calibration, read_calibration
from spotter.pose.library import checked_file, model_file
from spotter.pose.models import PoseModel, create_model, family_of
from spotter.pose.models.devices import choose_device
from spotter.pose.models.weights import PICKLE, WEIGHTS_FOLDER, digest
from spotter.pose.trial import try_out


def model_of(settings: PoseSettings, *, calibrated: bool = True) -> PoseModel:
    """The model that the settings name; `load` it before use.

    Args:
        calibrated: put its calibration around it where there is one; else its confidences stay as they are.

    Raises:
        ModelError: unknown name, a file that is missing or damaged, a device that cannot be used, or a calibration that
            is damaged or of another model.
    """
    model = _raw_model(settings)
    calibration = calibration_of(settings, model.name) if calibrated else None
    return model if calibration is None else Calibrated(model, calibration)


def calibration_of(settings: PoseSettings, model: str) -> Calibration | None:
    """The calibration of a model; None when it has none.

    Args:
        model: name and version, as `PoseModel.name`.

    Raises:
        ModelError: it is damaged or of another model.
    """
    for path in calibration_places(settings, model):
        if path.is_file():
            return read_calibration(path, model)
    return None


def calibration_places(settings: PoseSettings, model: str) -> tuple[Path, ...]:
    """Where the calibration of a model is looked for; the first is the user's own.

    Args:
        model: name and version, as `PoseModel.name`.
    """
    folder = Path(settings.folder)
    file = settings.file
    if file is None and not _is_shipped(settings):
        file = model_file(folder, settings.model)
    if file is not None:
        # Refined, it is another model, whose calibration lies beside the plain one's.
        refined = "" if settings.refine == "none" else f"+{settings.refine}"
        return (file.with_name(f"{file.name}{refined}{SUFFIX}"),)
    # Model and version are in the name, so that a site's own calibration does not stop a newer release.
    name = model.replace("/", "-") + SUFFIX
    return folder / name, WEIGHTS_FOLDER / name


def _is_shipped(settings: PoseSettings) -> bool:
    family = family_of(settings.model)
    return family.cards[0].shipped and settings.model == family.prefix


def _check_given(model: str, file: Path) -> None:
    """A file that was not brought in has no hash that anybody vouched for: it is tried out first."""
    if file.suffix == PICKLE:
        raise ModelError(
            f"'{file}' is a pickle, which runs as code when it is loaded",
            mend=f"Bring it in with its hash: spotter models fetch {model} --from {file} --sha256 HEX",
        )
    if not family_of(model).cards[0].shipped:
        try_out(model, file)


def _raw_model(settings: PoseSettings) -> PoseModel:
    file = settings.file
    if file is not None:
        _check_given(settings.model, file)
    elif not _is_shipped(settings):
        file = checked_file(Path(settings.folder), settings.model)
    base = create_model(
        settings.model,
        device=settings.device,
        input_size=settings.input_size,
        threads=settings.threads,
        min_score=settings.min_score,
        max_people=settings.max_people,
        file=file,
        max_batch=settings.max_batch,
    )
    return base if settings.refine == "none" else _refined(base, settings)


def _refined(base: PoseModel, settings: PoseSettings) -> PoseModel:
    from spotter.pose.models.refined import Refined
    from spotter.pose.models.thunder import ThunderCrops

    name = settings.refine
    file = checked_file(Path(settings.folder), name)
    # What only torch runs on has no part in crops, which ONNX Runtime looks at.
    device = choose_device("cpu" if settings.device in ("mps", "torch-cpu") else settings.device, torch=False)
    crops = ThunderCrops(file, threads=settings.threads, device=device)
    return Refined(base, crops, f"{name}/{digest(file)[:8]}", settings.refine_people)
