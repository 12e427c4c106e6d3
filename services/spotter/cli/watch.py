"""Looks at the cameras of a run on the user's behalf: warns of each that fails or falls silent, ends a run in vain.

A live camera that does not answer is tried again for ever, because cameras come back. Only when not one camera of the
run has delivered a picture in its first `FIRST_PICTURE_S` is the run given up: then the address is more likely wrong.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.errors import SourceError

FIRST_PICTURE_S = 20.0
"""Long enough for two tries of a camera that swallows connections, short enough for someone who mistyped [D]."""


class CameraWatch:
    """One run's cameras."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._delivered = False
        self._warned: dict[str, CameraState] = {}

    def warnings(self, health: Mapping[str, CameraHealth], failures: Mapping[str, str], cameras: int) -> Iterator[str]:
        """What is new and worth a line. When all cameras have failed the run's own error says it, so nothing here.

        Args:
            failures: a line that names the camera, for each that failed for good.
            cameras: how many there are.
        """
        if len(failures) == cameras:
            return
        for camera in sorted(failures):
            if self._warned.get(camera) is not CameraState.FAILED:
                self._warned[camera] = CameraState.FAILED
                yield f"{_sentence(failures[camera])} The other cameras go on"
        for camera, own in sorted(health.items()):
            if own.state.delivers:
                self._warned.pop(camera, None)
            elif own.state is CameraState.BACKING_OFF and camera not in self._warned:
                self._warned[camera] = own.state
                yield f"camera '{camera}': {_sentence(own.detail)} It is tried again until it answers"

    def check(self, health: Mapping[str, CameraHealth]) -> None:
        """End a run in vain.

        Raises:
            SourceError: not one camera delivered a picture in time.
        """
        self._delivered |= any(own.state.delivers or own.state is CameraState.ENDED for own in health.values())
        silent = {camera: own.detail for camera, own in health.items() if own.state is CameraState.BACKING_OFF}
        if not self._delivered and silent and time.monotonic() - self._begun > FIRST_PICTURE_S:
            details = " ".join(f"Camera '{camera}': {_sentence(detail)}" for camera, detail in sorted(silent.items()))
            raise SourceError(
                f"no camera answered within {FIRST_PICTURE_S:.0f} s. {details.rstrip('.')}",
                mend="Check address, user and password",
            )


def _sentence(text: str) -> str:
    return text.rstrip(". ") + "."
