"""How the event time of a frame was found: part of the messages that frames and skeletons travel in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TimeBasis(StrEnum):
    """What the event time of a live camera's frame rests on."""

    SENDER = "sender"
    """The camera's own clock, which agrees with the host's."""
    SHIFTED = "shifted"
    """The camera's own clock, moved on to the host's."""
    ARRIVAL = "arrival"
    """The host's clock when the frame came, less the delay that was measured."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How the event time of a live camera's frame was found.

    Attributes:
        basis: what it rests on.
        camera_offset_ns: the camera's own clock minus the host's, less the shortest way of a frame; None where the
            camera tells no time.
        jitter_ns: how unevenly frames arrive, compared with how they were taken (RFC 3550, section 6.4.1).
    """

    basis: TimeBasis
    camera_offset_ns: int | None = None
    jitter_ns: int = 0
