"""What all sections of the settings share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

CAMERA_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"


class Section(BaseModel):
    """Base of the sections: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
