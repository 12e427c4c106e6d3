"""Where in a camera's zones people are, and what that means for the rules. Pure; vectorised over people.

A person's place is the floor under the ankles, and the middle of the hips while they are low. Borders are sticky:
whoever is in a zone leaves it only by a margin, so that keypoint noise moves nobody in and out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spotter.core.parameters import ZoneParameters
from spotter.ergonomics.events.signals import ANYWHERE, Where
from spotter.ergonomics.geometry.ground import Ground

Points = npt.NDArray[np.float64]

_MARGIN = 0.1
"""Share of the person's stature by which they must be out of a zone on the picture [D]: 17 cm."""

_MARGIN_M = 0.2
"""The same on the floor, m [D]."""

STAIRS = "stairs"
"""The reason on stairs, which holds only for whoever is not low over their own feet."""

_EXCUSES = {
    "ignore": "ignored_zone",
    "exercise": "exercise_zone",
    "surface": "registered_surface",
    "stairs": STAIRS,
}
"""Reasons for which nobody is told of whoever is on the ground there, the strongest first."""

NOT_WATCHED = "not_watched"
"""The reason outside all `watch` zones, where there are any."""

Inside = frozenset[int]
"""Numbers of the zones that a person is in, in the order of the settings."""


class Zones:
    """The zones of one camera.

    Attributes:
        stations: names of those that are places of work, in the order of the settings.
    """

    def __init__(self, zones: Sequence[ZoneParameters]) -> None:
        self._zones = tuple(zones)
        self._polygons = [np.array(zone.points, np.float64) for zone in zones]
        self._watches = any(zone.use == "watch" for zone in zones)
        places = [number for number, zone in enumerate(zones) if zone.use == "station"]
        self.stations = tuple(zones[number].name for number in places)
        self._station_of = {number: station for station, number in enumerate(places)}

    def __bool__(self) -> bool:
        return bool(self._zones)

    def inside(
        self, places: Points, sizes: Points, before: Sequence[Inside], picture: tuple[int, int], ground: Ground | None
    ) -> list[Inside]:
        """The zones of each person.

        Args:
            places: (N, 2) px.  sizes: (N,) statures in the picture, px.
            before: the zones that each was in at the last sighting.
            picture: width and height, px.
            ground: the camera; zones on the floor hold nobody without it, nor whoever is above its horizon.
        """
        found: list[set[int]] = [set() for _ in before]
        floor = ground.best.floor(places) if ground is not None else np.full(places.shape, np.nan)
        for number, (zone, polygon) in enumerate(zip(self._zones, self._polygons, strict=True)):
            if zone.plane == "image":
                depth, margin = depths(polygon * np.array(picture), places), _MARGIN * sizes
            else:
                depth, margin = depths(polygon, floor), np.full(len(sizes), _MARGIN_M)
            was = np.array([number in one for one in before], bool)
            for row in np.flatnonzero(depth >= np.where(was, -margin, 0.0)):
                found[row].add(number)
        return [frozenset(one) for one in found]

    def where(self, inside: Inside) -> Where:
        """What being in these zones means: the first one's name, the strongest excuse, the product of the factors."""
        if not self._zones:
            return ANYWHERE
        zones = [self._zones[number] for number in sorted(inside)]
        uses = {zone.use for zone in zones}
        excuse = next((reason for use, reason in _EXCUSES.items() if use in uses), "")
        if not excuse and self._watches and "watch" not in uses:
            excuse = NOT_WATCHED
        factor = float(np.prod([zone.confirm_factor for zone in zones]))
        return Where(zones[0].name if zones else "", excuse, factor)

    def at_stations(self, inside: Inside) -> tuple[int, ...] | None:
        """Numbers in `stations` of those that a person is at, in order; None where nobody is counted."""
        if any(self._zones[number].use == "ignore" for number in inside):
            return None
        return tuple(self._station_of[number] for number in sorted(inside) if number in self._station_of)

    def climbing(self, inside: Inside) -> bool:
        """Whether the feet are off the floor there."""
        return any(self._zones[number].use == "ladder" for number in inside)


def depths(polygon: Points, points: Points) -> Points:
    """How far points are inside a polygon, negative outside: (M, 2), (N, 2) -> (N,), in their unit; nan stays nan."""
    begin, end = polygon, np.roll(polygon, -1, axis=0)
    edge = end - begin
    to = points[:, None] - begin[None]
    along = np.clip((to * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-12), 0.0, 1.0)
    away = np.linalg.norm(to - along[..., None] * edge, axis=-1).min(axis=1)
    x, y = points[:, None, 0], points[:, None, 1]
    crosses = (begin[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(edge[:, 1] == 0, 1.0, edge[:, 1])
    left_of = x < begin[:, 0] + (y - begin[:, 1]) * edge[:, 0] / rise
    within = (crosses & left_of).sum(axis=1) % 2 == 1
    return np.asarray(np.where(within, away, -away), np.float64)
