"""What is made of a camera's picture before anything else sees it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spotter.core.settings.base import Section

Share = Annotated[float, Field(ge=0.0, le=1.0)]

LEAST_LEFT = 0.05
"""Share of width or height that a crop has to leave."""


class CropSettings(Section):
    """What is cut off at each side, as a share of the turned picture's width or height."""

    left: float = Field(default=0.0, ge=0, lt=1, description="Share cut off at the left.")
    top: float = Field(default=0.0, ge=0, lt=1, description="Share cut off at the top.")
    right: float = Field(default=0.0, ge=0, lt=1, description="Share cut off at the right.")
    bottom: float = Field(default=0.0, ge=0, lt=1, description="Share cut off at the bottom.")

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if self.left + self.right > 1 - LEAST_LEFT or self.top + self.bottom > 1 - LEAST_LEFT:
            raise ValueError(f"a crop must leave {LEAST_LEFT:.0%} of width and height")
        return self


class PictureSettings(Section):
    """In this order: turned, cropped, masked, reduced. Keypoints, zones and the view refer to the cropped picture."""

    rotate: Literal[0, 90, 180, 270] = Field(default=0, description="Turn by so many degrees, clockwise.")
    crop: CropSettings = Field(default_factory=CropSettings, description="What is cut off at each side.")
    mask: tuple[Annotated[tuple[tuple[Share, Share], ...], Field(min_length=3, max_length=100)], ...] = Field(
        default=(),
        max_length=50,
        description="Polygons that are blacked out: corners as [x, y] shares of the turned picture before the crop. "
        "What is under them is never published, stored or shown.",
    )
    max_side: int | None = Field(
        default=None,
        ge=128,
        le=8192,
        description="Longest side of the picture that is passed on, px. Keypoints keep the pixels of the larger one.",
    )
