"""Which alerts a channel carries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from spotter.core.contracts import Alert, AlertKind, AlertUpdate, Severity, UpdateKind


@dataclass(frozen=True, slots=True)
class Route:
    """What a channel wants; an empty collection means all."""

    sites: Collection[str] = ()
    cameras: Collection[str] = ()
    kinds: Collection[AlertKind] = ()
    severities: Collection[Severity] = ()
    updates: Collection[UpdateKind] = ()

    def takes(self, alert: Alert, update: AlertUpdate) -> bool:
        """Whether the channel carries this update of this alert; one more in a flood goes where new alerts go."""
        grouped = update.kind is UpdateKind.GROUPED and UpdateKind.GROUPED not in self.updates
        return all(
            not wanted or value in wanted
            for wanted, value in (
                (self.sites, alert.site),
                (self.cameras, alert.camera_id),
                (self.kinds, alert.kind),
                (self.severities, alert.severity),
                (self.updates, UpdateKind.RAISED if grouped else update.kind),
            )
        )

    @property
    def takes_every_fall(self) -> bool:
        """Whether each possible fall of every site and camera is told here when it is raised."""
        return (
            not self.sites
            and not self.cameras
            and (not self.kinds or AlertKind.POSSIBLE_FALL in self.kinds)
            and (not self.severities or Severity.P1 in self.severities)
            and (not self.updates or UpdateKind.RAISED in self.updates)
        )
