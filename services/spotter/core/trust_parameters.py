"""When a camera's pictures are believed; see `ingest.trust`."""

from __future__ import annotations

from pydantic import Field

from spotter.core.parameters import Parameters


class TrustParameters(Parameters):
    """When a camera's pictures are believed to show what they should. Grey levels are of 255."""

    enabled: bool = Field(default=True, description="Look at pictures at all; off: every live camera is trusted.")
    every_s: float = Field(default=2.0, ge=0.5, le=60, description="Pause between two looks.")
    earn_s: float = Field(default=10.0, ge=1, le=600, description="Good for this long: trusted [D].")
    hold_s: float = Field(default=6.0, ge=0, le=600, description="A problem this old takes the trust away [D].")
    clear_s: float = Field(default=10.0, ge=0, le=600, description="Gone for this long: the problem is over [D].")
    dark: float = Field(default=30.0, ge=0, le=255, description="Mean grey level of a picture that is too dark [D].")
    white_share: float = Field(default=0.5, gt=0, le=1, description="White pixels of an over-exposed one [D].")
    least_texture: float = Field(
        default=0.03, ge=0, le=1, description="Fewer pixels on edges: the lens is covered; views have 0.11 and more."
    )
    blocked_share: float = Field(
        default=0.4, ge=0, lt=1, description="Or fewer than this part of what the camera usually shows [D]."
    )
    least_sharpness: float = Field(
        default=1.65, ge=0, description="Blurred below this; sharp views have 2.0 and more, out of focus by 3 px 1.5."
    )
    blurred_share: float = Field(
        default=0.7, ge=0, lt=1, description="Or below this part of what the camera usually shows [D]."
    )
    frozen_s: float = Field(default=30.0, ge=2, le=3600, description="The same picture to the last bit this long [D].")
    least_agreement: float = Field(
        default=0.5,
        ge=-1,
        le=1,
        description="Moved: the edges agree less with the usual view; a shift by 3 % of the width gives 0.48 at most.",
    )
    moved_s: float = Field(default=60.0, ge=0, le=3600, description="For this long; a lorry drives on before [D].")
    least_fps: float = Field(default=2.0, ge=0, le=60, description="Fewer frames per second are too few [D].")
    slow_share: float = Field(default=0.5, ge=0, lt=1, description="Or fewer than this part of the usual rate [D].")
    clock_s: float = Field(default=5.0, gt=0, le=86400, description="The camera's clock may be off by this much [D].")
