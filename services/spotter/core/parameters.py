"""Parameters of the pure cores: typed, documented, frozen. Settings files hold them; rules receive them.

Seconds and degrees throughout; lengths are fractions of the person's own standing height in the image.
"[D]" marks a default chosen in this project, to be validated on site; other sources are named.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Parameters(BaseModel):
    """Base: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TrackerParameters(Parameters):
    """How skeletons of successive frames become one person's track."""

    min_score: float = Field(default=0.20, ge=0, le=1, description="A skeleton below this score never starts a track.")
    min_similarity: float = Field(
        default=0.20,
        ge=0,
        le=1,
        description="Lowest similarity (mean of keypoint OKS and box overlap) that continues a track.",
    )
    max_gap_s: float = Field(default=2.0, gt=0, le=30, description="A track unseen for longer than this has ended.")
    confirm_s: float = Field(
        default=0.2, ge=0, le=5, description="A track counts only after it was seen for this long."
    )


class ViewParameters(Parameters):
    """What is known of how a camera looks at the floor. Unknown is honest: it widens every interval."""

    pitch_low_deg: float = Field(
        default=0.0,
        ge=-30,
        le=90,
        description="Least angle by which the camera may look down from the horizontal, degrees.",
    )
    pitch_high_deg: float = Field(
        default=35.0, ge=-30, le=90, description="Greatest such angle; 35 covers usual wall mounting [D]."
    )


class FallParameters(Parameters):
    """Thresholds of the fall state machine (METHODS 8.2; all [D] unless said otherwise)."""

    enabled: bool = Field(default=True, description="Switch for both fall and person-down rules.")
    confirm_s: float = Field(
        default=3.0, ge=2, le=10, description="On the ground this long after a descent: possible fall."
    )
    down_s: float = Field(
        default=20.0, ge=5, le=600, description="On the ground this long without a seen descent: person down."
    )
    escalate_s: tuple[float, ...] = Field(
        default=(30.0, 120.0), description="Still down: told again after these seconds."
    )
    recover_s: float = Field(default=2.0, ge=0.5, le=30, description="Up again for this long: recovered.")


def describe(parameters: type[BaseModel]) -> list[tuple[str, str, str]]:
    """(name, default, description) of each field, for `--help` pages and the docs."""
    return [
        (
            name,
            "" if field.is_required() else repr(field.get_default(call_default_factory=True)),
            field.description or "",
        )
        for name, field in parameters.model_fields.items()
    ]
