"""From the settings to a pose model, with the user's own model file found and checked."""

from __future__ import annotations

from pathlib import Path

from spotter.core.settings import PoseSettings
from spotter.pose.library import checked_file
from spotter.pose.models import PoseModel, create_model, family_of


def model_of(settings: PoseSettings) -> PoseModel:
    """The model that the settings name; `load` it before use.

    Raises:
        ModelError: unknown name, a file that is missing or damaged, or a device that cannot be used.
    """
    family = family_of(settings.model)
    shipped = family.cards[0].shipped and settings.model == family.prefix
    file = settings.file
    if file is None and not shipped:
        file = checked_file(Path(settings.folder), settings.model)
    return create_model(
        settings.model,
        device=settings.device,
        input_size=settings.input_size,
        threads=settings.threads,
        min_score=settings.min_score,
        max_people=settings.max_people,
        file=file,
    )
