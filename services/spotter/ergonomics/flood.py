"""Many alerts of one kind at one camera: which of them are told as one. Pure and deterministic.

Up to `flood_alerts` within `flood_s` each is an alert of its own. The next one says that there are many, and while it
is open those after it join it: each of them is an update that is told like an alert, none is left out. It is closed
once everybody who joined it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Self

from spotter.core.clock import from_seconds
from spotter.core.contracts import AlertKind, Evidence
from spotter.core.parameters import FallParameters


class Flood:
    """The newest alerts of one camera by kind, and who has joined a group."""

    def __init__(self, parameters: FallParameters) -> None:
        self._p = parameters
        self._times: dict[AlertKind, deque[int]] = {}
        self._groups: dict[str, str] = {}

    def count(self, kind: AlertKind, at: int) -> Evidence | None:
        """One more alert at event time `at`: how many there were lately, if that is a flood."""
        times = self._times.setdefault(kind, deque())
        times.append(at)
        while at - times[0] > from_seconds(self._p.flood_s) or len(times) > _MOST:
            times.popleft()
        if len(times) <= self._p.flood_alerts:
            return None
        return Evidence(float(len(times)), float(self._p.flood_alerts), "alerts", ">")

    def join(self, track_id: str, kind: AlertKind) -> str:
        """A person joins the group of a kind: the key of its alert."""
        self._groups[track_id] = key = f"group {kind.value}"
        return key

    def key(self, track_id: str) -> str:
        """Under which key the alert of a person is: their group's, or their own."""
        return self._groups.get(track_id, track_id)

    def leave(self, track_id: str) -> bool:
        """What a person had to do with an alert is over; True while others of the group still have."""
        key = self._groups.pop(track_id, None)
        return key is not None and key in self._groups.values()

    def hand_over(self, before: str, after: str) -> None:
        """The person of one track is seen as another now."""
        if before in self._groups:
            self._groups[after] = self._groups.pop(before)

    def state(self) -> list[Any]:
        """Everything, as plain values."""
        return [[[kind.value, list(times)] for kind, times in self._times.items()], list(self._groups.items())]

    @classmethod
    def restore(cls, parameters: FallParameters, state: Sequence[Any]) -> Self:
        """The flood that `state` was taken from."""
        times, groups = state
        flood = cls(parameters)
        flood._times = {AlertKind(kind): deque(values) for kind, values in times}
        flood._groups = dict(groups)
        return flood


_MOST = 1000
"""So many alerts are counted at most: memory is bounded whatever happens before a camera."""
