"""What a report is made from, wherever it comes from: the store, or an analysis in memory. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from spotter.core.clock import to_datetime
from spotter.core.coverage import Coverage
from spotter.core.store import ExposureBucket, LiftRecord, PostureRecord
from spotter.report.words import duration


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of time that counts, UTC ns, `start` <= t < `end`; `shift` is its name."""

    start: int
    end: int
    shift: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is reported on.

    Attributes:
        site: name; empty for a file that was analysed.
        station: name of its zone; empty: the whole view.
        camera: only this one; empty: all that see the station.
        windows: the stretches of time that count, in order, without overlap.
        zone: time zone that times are written in.
        clock: False where times count from the beginning of a file and not from midnight.
        source: where the data come from, for people.
    """

    site: str
    station: str
    camera: str
    windows: tuple[Window, ...]
    zone: ZoneInfo
    source: str
    clock: bool = True

    @property
    def start(self) -> int:
        """Beginning of the first window, UTC ns."""
        return self.windows[0].start

    @property
    def end(self) -> int:
        """End of the last window, UTC ns."""
        return self.windows[-1].end

    @property
    def seconds(self) -> float:
        """Length of all windows together."""
        return sum(window.end - window.start for window in self.windows) / 1e9

    @property
    def shifts(self) -> tuple[str, ...]:
        """Names of the shifts, in order of their first appearance."""
        return tuple(dict.fromkeys(window.shift for window in self.windows if window.shift))

    def local(self, at: int) -> datetime:
        """A moment (UTC ns) in the time zone of the site."""
        return to_datetime(at).astimezone(self.zone)

    def when(self, at: int, *, day: bool = False, seconds: bool = False) -> str:
        """A moment for people: "09:12", with its day where asked for; from the beginning of a file "1:05.2"."""
        if not self.clock:
            minutes, rest = divmod((at - self.start) / 1e9, 60)
            return f"{int(minutes)}:{rest:04.1f}"
        return self.local(at).strftime(("%Y-%m-%d " if day else "") + ("%H:%M:%S" if seconds else "%H:%M"))


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that was recorded of a scope.

    Attributes:
        buckets: in order of time.
        postures: the worst first, at most a few hundred.
        lifts: in order of time.
        about: versions and settings, name and value, in the order in which they are shown.
        coverage: what became of the time of all windows, by camera; empty where no account was kept.
    """

    scope: Scope
    buckets: Sequence[ExposureBucket]
    postures: Sequence[PostureRecord]
    lifts: Sequence[LiftRecord]
    about: Mapping[str, str] = field(default_factory=dict)
    coverage: Mapping[str, Coverage] = field(default_factory=dict)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Cameras that something is recorded of."""
        found = {one.camera_id for one in self.buckets} | {one.camera_id for one in self.lifts}
        return tuple(sorted(found))

    @property
    def summary(self) -> str:
        """How much there is, on one line."""
        cameras = f"{len(self.cameras)} camera{'' if len(self.cameras) == 1 else 's'}"
        return f"{self.recorded} recorded by {cameras}, {len(self.lifts)} lift-like movements"

    @property
    def recorded(self) -> str:
        """Time that was recorded, for people."""
        seconds = sum({(one.start, one.camera_id): one.seconds for one in self.buckets}.values())
        return duration(seconds if self.scope.clock else min(seconds, self.scope.seconds))
