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
    """Thresholds of the fall rule (METHODS 8.2). Heights are statures above the floor at the person's feet."""

    enabled: bool = Field(default=True, description="Switch for both the fall and the person-down rule.")
    ground_hip: float = Field(default=0.25, gt=0, lt=0.5, description="Low: hips at or below this height.")
    ground_head: float = Field(default=0.40, gt=0, lt=0.8, description="Low: head at or below this height.")
    ground_rise: float = Field(
        default=0.35,
        gt=0,
        lt=0.5,
        description="Low: head at most this far above the hips (0.45 when the trunk is upright).",
    )
    lowest_hip: float = Field(
        default=-0.5, ge=-2, le=0, description="Hips below this are not a body on that floor: its place was misjudged."
    )
    end_on_hip: float = Field(
        default=0.36, gt=0, lt=0.5, description="Low after a fast descent, for bodies that lie along the view: hips."
    )
    end_on_head: float = Field(
        default=0.50, gt=0, lt=0.8, description="The same for the head: half the standing height (METHODS 8.2)."
    )
    end_on_rise: float = Field(default=0.20, gt=0, lt=0.5, description="The same for the head above the hips.")
    end_on_speed: float = Field(
        default=0.8, gt=0, lt=5, description="Statures per second that the descent must have reached for it."
    )
    ground_trunk_deg: float = Field(
        default=60.0, ge=30, le=90, description="With the hips low, a trunk proven this inclined also counts as low."
    )
    up_hip: float = Field(default=0.40, gt=0, lt=0.6, description="Up: hips at or above this height.")
    up_head: float = Field(default=0.50, gt=0, lt=1.0, description="Up: head at or above this height.")
    descent_drop: float = Field(
        default=0.25, gt=0, lt=1, description="A descent lowers the hips by this much within 1.2 s."
    )
    descent_head_drop: float = Field(
        default=0.40, gt=0, lt=1, description="Or the head by this much within 1.2 s (falls from a seat)."
    )
    descent_speed: float = Field(
        default=0.6, gt=0, lt=5, description="Statures per second over 0.15 s that make a descent fast; 1 m/s at 1.7 m."
    )
    settle_s: float = Field(default=0.5, ge=0.1, le=3, description="Low for this long: on the ground.")
    confirm_s: float = Field(
        default=3.0, ge=2, le=10, description="On the ground this long after a fast descent: possible fall."
    )
    slow_confirm_s: float = Field(
        default=8.0, ge=2, le=60, description="On the ground this long after a slow descent: possible fall."
    )
    down_s: float = Field(
        default=20.0, ge=5, le=600, description="On the ground this long without a seen descent: person down."
    )
    cancel_s: float = Field(
        default=1.0, ge=0.2, le=5, description="No longer low for this long before the alert: nothing is raised."
    )
    escalate_s: tuple[float, ...] = Field(default=(30.0, 120.0), description="Still down: told again after these.")
    recover_s: float = Field(default=2.0, ge=0.5, le=30, description="Up again for this long: recovered.")
    lost_s: float = Field(
        default=300.0, ge=10, le=3600, description="Someone down who is not seen for this long: closed as lost."
    )
