"""The states of a camera and the steps between them.

connecting ──▶ live ──▶ backing_off ──▶ connecting ...    live sources, for ever
     │           ├────▶ ended                              a finite source came to its end, or a stop was asked for
     └───────────┴────▶ failed                             it cannot be read, and trying again will not help
"""

from __future__ import annotations

from collections.abc import Mapping

from spotter.core.contracts import CameraState

TRANSITIONS: Mapping[CameraState, frozenset[CameraState]] = {
    CameraState.CONNECTING: frozenset(
        {CameraState.LIVE, CameraState.BACKING_OFF, CameraState.ENDED, CameraState.FAILED}
    ),
    CameraState.LIVE: frozenset({CameraState.BACKING_OFF, CameraState.ENDED, CameraState.FAILED}),
    CameraState.BACKING_OFF: frozenset({CameraState.CONNECTING, CameraState.ENDED, CameraState.FAILED}),
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
