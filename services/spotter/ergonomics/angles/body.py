"""The angles of a body that the methods ask for, by name. Definitions are in METHODS 6.1 and docs/angles.md. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from spotter.ergonomics.angles.values import Angles


@dataclass(frozen=True, slots=True, eq=False)
class BodyAngles:
    """(N,) people, or moments of one person; every field has the same length. Degrees.

    Attributes:
        trunk_flexion: in the sagittal plane, forward positive, -90..180.
        trunk_lateral: side bend, to the person's right positive, -90..90.
        trunk_twist: shoulder line against hip line about the trunk, left turn positive, -180..180.
        trunk_inclination: of the line from mid-hip to mid-shoulder from vertical, 0..180.
        neck_flexion: head line against the trunk in the sagittal plane less the person's neutral offset, -90..180.
        *_upper_arm_trunk: upper arm against the trunk line (RULA, REBA), 0 hanging along it, 0..180.
        *_upper_arm_gravity: upper arm against the downward vertical (EN 1005-4, ISO 11226), 0..180.
        *_upper_arm_flexion, *_upper_arm_abduction: the first split in the trunk's frame; forward and outward positive.
        *_elbow_flexion, *_hip_flexion, *_knee_flexion: 0 is a straight joint, 0..180.
    """

    trunk_flexion: Angles
    trunk_lateral: Angles
    trunk_twist: Angles
    trunk_inclination: Angles
    neck_flexion: Angles
    left_upper_arm_trunk: Angles
    right_upper_arm_trunk: Angles
    left_upper_arm_gravity: Angles
    right_upper_arm_gravity: Angles
    left_upper_arm_flexion: Angles
    right_upper_arm_flexion: Angles
    left_upper_arm_abduction: Angles
    right_upper_arm_abduction: Angles
    left_elbow_flexion: Angles
    right_elbow_flexion: Angles
    left_hip_flexion: Angles
    right_hip_flexion: Angles
    left_knee_flexion: Angles
    right_knee_flexion: Angles

    def __len__(self) -> int:
        return len(self.trunk_inclination)

    def items(self) -> Iterator[tuple[str, Angles]]:
        """(name, angles) in the order of the fields."""
        return ((name, getattr(self, name)) for name in NAMES)


NAMES = tuple(field.name for field in fields(BodyAngles))
