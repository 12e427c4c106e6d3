"""Parameters of the pure cores: typed, documented, frozen. Settings files hold them; rules receive them.

Seconds and degrees throughout; lengths are fractions of the person's own standing height in the image.
"[D]" marks a default chosen in this project, to be validated on site; other sources are named.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator


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


Correlation = Annotated[float, Field(ge=-1, le=1)]


class LensParameters(Parameters):
    """How a camera's lens maps directions to pixels. State either the field of view or the focal length."""

    width: int = Field(ge=16, le=32768, description="Width of the picture that the other figures refer to, px.")
    height: int = Field(ge=16, le=32768, description="Its height, px.")
    hfov_deg: float | None = Field(
        default=None, gt=1, lt=170, description="Horizontal field of view, degrees, as in the camera's data sheet."
    )
    focal_px: tuple[PositiveFloat, PositiveFloat] | None = Field(
        default=None, description="Focal length across and down, px (fx, fy)."
    )
    centre_px: tuple[float, float] | None = Field(
        default=None, description="Where the optical axis meets the picture, px; by default its middle."
    )
    distortion: tuple[float, float, float, float, float] = Field(
        default=(0.0, 0.0, 0.0, 0.0, 0.0), description="k1, k2, p1, p2, k3 as OpenCV defines them."
    )
    focal_sd: float = Field(
        default=0.05, gt=0, le=1, description="Standard deviation of the focal length, as a share of it [D]."
    )
    source: Literal["entered", "board", "people"] = Field(
        default="entered", description="From whom: a person, pictures of a board, or people walking."
    )
    note: str = Field(default="", max_length=500, description="What it comes from, and when.")

    @model_validator(mode="after")
    def _one_focal_length(self) -> Self:
        if (self.hfov_deg is None) == (self.focal_px is None):
            raise ValueError("state either hfov_deg or focal_px")
        return self


class MountParameters(Parameters):
    """Where a camera hangs and how it is turned. Figures are best estimates with standard deviations."""

    height_m: float = Field(gt=0.2, le=100, description="Height of the lens above the floor, m.")
    height_sd_m: float = Field(default=0.15, gt=0, le=20, description="Its standard deviation, m [D].")
    pitch_deg: float = Field(ge=-30, le=90, description="How far the camera looks down from the horizontal, degrees.")
    pitch_sd_deg: float = Field(default=3.0, gt=0, le=30, description="Its standard deviation, degrees [D].")
    roll_deg: float = Field(
        default=0.0, ge=-45, le=45, description="Turned clockwise about its axis; upright things then lean left."
    )
    roll_sd_deg: float = Field(default=2.0, gt=0, le=30, description="Its standard deviation, degrees [D].")
    correlation: tuple[Correlation, Correlation, Correlation, Correlation, Correlation, Correlation] = Field(
        default=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        description="Correlation of focal length and pitch, focal length and roll, focal length and height, pitch and "
        "roll, pitch and height, roll and height.",
    )
    source: Literal["entered", "people"] = Field(default="entered", description="As for the lens.")
    note: str = Field(default="", max_length=500, description="What it comes from, and when.")


Number = Annotated[float, Field(allow_inf_nan=False)]
Point = tuple[Number, Number]


class ZoneParameters(Parameters):
    """A part of the picture or of the floor in which people are judged in another way."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$",
        description="What people call it; alerts carry it. Letters, digits, blank, dot, dash, underscore.",
    )
    use: Literal["watch", "ignore", "surface", "exercise", "stairs", "ladder", "weigh", "station"] = Field(
        description="watch: only people in such zones are told, once there is one. ignore: nobody there is. surface: a "
        "bed or bench, where lying is no alert. exercise: where going to the ground is meant. stairs: whoever is not "
        "low over their own feet is not told. ladder: feet there are off the floor. weigh: only confirm_factor. "
        "station: a place of work, whose exposure is counted under its name.",
    )
    points: tuple[Point, ...] = Field(
        min_length=3,
        max_length=64,
        description="Corners in order. On the picture shares of its width and height, 0 to 1, from the top left; on "
        "the floor metres, to the right of the camera and ahead of it.",
    )
    plane: Literal["image", "floor"] = Field(
        default="image", description="What the corners lie on; floor needs the camera's lens and mount."
    )
    confirm_factor: float = Field(
        default=1.0,
        ge=0.1,
        le=20,
        description="Times by which confirm_s, slow_confirm_s and down_s of the fall rule are multiplied there.",
    )

    @model_validator(mode="after")
    def _polygon(self) -> Self:
        outside = [(x, y) for x, y in self.points if not (0 <= x <= 1 and 0 <= y <= 1)]
        if self.plane == "image" and outside:
            raise ValueError(f"zone '{self.name}': point {outside[0]} is outside the picture; write shares, 0 to 1")
        edges = list(zip(self.points, (*self.points[1:], self.points[0]), strict=True))
        if any(begin == end for begin, end in edges):
            raise ValueError(f"zone '{self.name}' has the same point twice in a row; leave one out")
        pairs = ((one, other) for index, one in enumerate(edges) for other in edges[index + 1 :])
        if any(_cross(*one, *other) for one, other in pairs):
            raise ValueError(f"zone '{self.name}' crosses itself; give its corners in order around it")
        if abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges)) < 1e-6:
            raise ValueError(f"zone '{self.name}' has no area; give at least 3 corners that are not on one line")
        return self


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the inside of segment ab meets the inside of segment cd."""

    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


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
    lens: LensParameters | None = Field(
        default=None, description="The lens, where it is known (`spotter cameras calibrate`)."
    )
    mount: MountParameters | None = Field(
        default=None, description="Height, pitch and roll, where they are known (`spotter cameras calibrate`)."
    )

    zones: tuple[ZoneParameters, ...] = Field(
        default=(), max_length=32, description="Where people are judged in another way, or not at all."
    )

    @model_validator(mode="after")
    def _pitches_in_order(self) -> Self:
        if self.pitch_low_deg > self.pitch_high_deg:
            raise ValueError("pitch_low_deg is above pitch_high_deg")
        return self

    @model_validator(mode="after")
    def _zones_apart(self) -> Self:
        names = [zone.name for zone in self.zones]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two zones are named '{twice}'; give each a name of its own")
        floor = next((zone.name for zone in self.zones if zone.plane == "floor"), None)
        if floor is not None and (self.lens is None or self.mount is None):
            raise ValueError(
                f"zone '{floor}' is on the floor, which needs lens and mount (`spotter cameras calibrate`)"
            )
        return self


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
    near_head: float = Field(
        default=0.70,
        gt=0,
        lt=0.9,
        description="Bending: hips up, head at or below this height (a trunk bent by 68 degrees) [D]. It only says why "
        "nothing was raised.",
    )
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
    flood_alerts: int = Field(
        default=10,
        ge=1,
        le=500,
        description="More alerts than these of one kind at one camera within flood_s are told as one with updates [D].",
    )
    flood_s: float = Field(default=600.0, ge=10, le=86400, description="See flood_alerts [D].")
    handover_s: float = Field(
        default=4.0,
        ge=0,
        le=30,
        description="A new id that is never seen upright takes over from one lost no longer than this before; as long "
        "as a slow descent.",
    )
    handover_reach: float = Field(
        default=1.0, ge=0, le=5, description="And no further away than this many statures, hips to hips [D]."
    )


class SustainedParameters(Parameters):
    """When the exposure at a station is told as sustained: shares of the person-time there, by what is proven."""

    enabled: bool = Field(default=True, description="Switch for alerts on sustained exposure.")
    window_s: float = Field(default=900.0, ge=60, le=14400, description="Time that is looked back on.")
    deep_share: float = Field(
        default=0.10,
        gt=0,
        le=1,
        description="Share with the trunk proven to be inclined by 60 degrees or more. Over a whole day more than 5 % "
        "went with more low back pain (Hoogendoorn et al. 2000, Spine 25:3087-3092); twice that for a short window "
        "[D].",
    )
    bent_share: float = Field(
        default=0.50,
        gt=0,
        le=1,
        description="The same for 20 degrees or more, the edge of EN 1005-4 and ISO 11226 [D].",
    )
    least_s: float = Field(
        default=60.0, ge=15, le=14400, description="Fewer proven person-seconds in the window are never told [D]."
    )
    ease_factor: float = Field(
        default=0.7, gt=0, lt=1, description="Eased when the share is down to this part of its threshold [D]."
    )


class LiftParameters(Parameters):
    """When movements of the hands are a lift (METHODS 7.2). Metres by the camera's calibration, or by a stature that is
    assumed."""

    enabled: bool = Field(default=True, description="Look for lifts.")
    stature_m: float = Field(
        default=1.75, ge=1.2, le=2.2, description="Standing height where the camera is not calibrated, m (METHODS 7.1)."
    )
    stature_sd_m: float = Field(
        default=0.10, ge=0, le=0.3, description="Its standard deviation, m: 6 % of every length (METHODS 7.1)."
    )
    rest_speed: float = Field(default=0.15, gt=0, le=1, description="Hands slower than this are at rest, m/s.")
    rest_s: float = Field(default=0.2, ge=0.05, le=2, description="At rest for this long: grasped, or placed.")
    hands_apart_m: float = Field(
        default=0.6, gt=0.1, le=1.5, description="Both hands are on one load when no further apart than this, m."
    )
    least_rise_m: float = Field(
        default=0.10,
        ge=0.02,
        le=1,
        description="Hands that go less than this up or down lift nothing, m (METHODS 7.2).",
    )
    high_speed: float = Field(
        default=0.75,
        gt=0.1,
        le=5,
        description="Mean vertical speed of the hands from which a lift is fast, m/s (NIOSH).",
    )
    carry_steps: int = Field(
        default=2, ge=1, le=20, description="More steps than these with the load: carried (NIOSH)."
    )
    near_side_deg: float = Field(
        default=30.0, ge=0, le=60, description="Reach is measured in views from the side up to this yaw, degrees."
    )
    longest_grasp_s: float = Field(
        default=5.0, ge=0.5, le=60, description="Hands that stay low for longer than this work there [D]."
    )
    hold_s: float = Field(
        default=3.0, ge=0.5, le=30, description="Hands that stay at the top for this long have finished their lift [D]."
    )
    longest_s: float = Field(
        default=20.0, ge=2, le=120, description="A movement that goes on for longer is no lift [D]."
    )


class WorkParameters(Parameters):
    """How closely the lifting work is looked at: it costs some milliseconds of a processor for each look."""

    angles: bool = Field(
        default=True,
        description="Judge the angles of the whole body, score postures. Off: the inclination of trunks alone, which "
        "the fall rule knows anyway.",
    )
    every_s: float = Field(
        default=0.2, ge=0.05, le=1.0, description="Pause between two looks at the people of a camera, seconds [D]."
    )


class RuleParameters(Parameters):
    """Everything that the rules judge by, except how a camera looks at the floor."""

    tracker: TrackerParameters = Field(default_factory=TrackerParameters)
    fall: FallParameters = Field(default_factory=FallParameters)
    lift: LiftParameters = Field(default_factory=LiftParameters)
    work: WorkParameters = Field(default_factory=WorkParameters)
    sustained: SustainedParameters = Field(default_factory=SustainedParameters)
