"""The states of a camera and the steps between them, as docs/cameras.md draws them.

connecting ──▶ live ◀──▶ degraded        frames come; degraded: far fewer than usual, or many undecodable
     │           │ ▲         │ ▲
     │           ▼ │         ▼ │
     │          stalled ◀──────┘         open, and silent for longer than the stall time
     ▼           ▼
   backing_off ──▶ connecting ...        live sources, for ever
   disabled                              switched off in the settings; its reader opens nothing

From each of them: ended (the source came to its end, the camera was taken out, or a stop was asked for), failed (it
cannot be read, and trying again will not help). A camera whose settings change begins again at `STARTS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from spotter.core.contracts import CameraState

_OVER = {CameraState.ENDED, CameraState.FAILED}

STARTS: frozenset[CameraState] = frozenset({CameraState.CONNECTING, CameraState.DISABLED})
"""Where a reader begins."""

TRANSITIONS: Mapping[CameraState, frozenset[CameraState]] = {
    CameraState.CONNECTING: frozenset({CameraState.LIVE, CameraState.BACKING_OFF, *_OVER}),
    CameraState.LIVE: frozenset({CameraState.DEGRADED, CameraState.STALLED, CameraState.BACKING_OFF, *_OVER}),
    CameraState.DEGRADED: frozenset({CameraState.LIVE, CameraState.STALLED, CameraState.BACKING_OFF, *_OVER}),
    CameraState.STALLED: frozenset({CameraState.LIVE, CameraState.DEGRADED, CameraState.BACKING_OFF, *_OVER}),
    CameraState.BACKING_OFF: frozenset({CameraState.CONNECTING, *_OVER}),
    CameraState.DISABLED: frozenset(_OVER),
    CameraState.ENDED: frozenset(),
    CameraState.FAILED: frozenset(),
}
"""Every step that is allowed, by the state it starts from."""


def step(current: CameraState, following: CameraState) -> CameraState:
    """`following`, when it may come after `current`.

    Raises:
        ValueError: it may not.
    """
    if following not in TRANSITIONS[current]:
        raise ValueError(f"a camera cannot go from {current.value} to {following.value}")
    return following


def is_over(state: CameraState) -> bool:
    """True when nothing more will come."""
    return not TRANSITIONS[state]
