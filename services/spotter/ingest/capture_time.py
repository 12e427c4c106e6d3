"""When a live picture was taken, on this host's clock. Pure: clocks are read by the caller and come in.

Three bases, the best that there is for each frame:

- `SENDER`: the camera's own time of capture (RTCP sender reports), where its clock agrees with this host's.
- `SHIFTED`: the same moved on to this host's clock, where the camera's is wrong: the frame with the shortest way in the
  last seconds is taken to have had none, so event time has the camera's even pace and lacks only the shortest way.
- `ARRIVAL`: when the picture came, less what was measured between arrival and picture.

What no receiver can know without a clock that both agree on: how much of the shortest way is network, and how much is
a wrong clock. So `camera_offset_ns` holds both.

Event time grows strictly whatever any of the clocks does:

- This host's clock set forward: event time follows at once. Set back: event time goes on, slower by `SLEW` until both
  agree again; `clock_offset_ns` tells the difference meanwhile, so that the age of a frame stays right.
- The camera's clock set: the shift is learned anew. Until then its frames are timed by their arrival.

All times are nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from spotter.core.clock import MICROSECOND, SECOND, whole_microseconds
from spotter.core.timing import TimeBasis, Timing

STEP_NS = SECOND // 100
"""Wall clock against monotonic clock from one frame to the next: more than this is a step. NTP slews by at most 500
parts in a million (RFC 5905, section 11.3), that is 5 ms in 10 s."""

SLEW = 0.05
"""Share by which event time runs slower after the host's clock was set back [D]: too little to spoil a speed."""

AGREES_NS = SECOND
"""A camera whose frames seem to take up to this long has a clock that agrees with the host's [D]."""

DISAGREES_NS = 3 * SECOND // 2
"""A camera whose clock agreed is believed up to this long a way [D]."""

AHEAD_NS = SECOND // 20
"""And it may be ahead by this much: the error of two clocks kept by NTP, and of the measured delay [D]."""

LATE_NS = 5 * SECOND
"""A frame that would be older than this at arrival is timed by its arrival instead [D]."""

WINDOW_NS = 5 * SECOND
"""The shortest way is looked for in this and the last stretch of so long; clocks drift apart by 1 ms in it [D]."""

CAMERA_STEP_NS = SECOND // 2
"""A way that is this much shorter than any before, or longer for a whole window, means that the camera's clock was
set [D]."""


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """The time of one frame.

    Attributes:
        captured_at: event time, UTC ns, whole microseconds, strictly growing.
        clock_offset_ns: event clock minus wall clock, as `Frame.clock_offset_ns`; above 0 only after the host's clock
            was set back.
        timing: how it was found.
    """

    captured_at: int
    clock_offset_ns: int
    timing: Timing


class HostClock:
    """The event clock of this host: wall time that never runs back. Counts the steps of the wall clock."""

    def __init__(self) -> None:
        self.offset_ns = 0
        self.steps_forward = self.steps_back = 0
        self._last: tuple[int, int] | None = None

    def at(self, wall: int, monotonic: int) -> int:
        """Event time at the moment when both clocks were read; grows with `monotonic`."""
        if self._last is not None:
            before, then = self._last
            elapsed = monotonic - then
            step = wall - before - elapsed
            if abs(step) > STEP_NS:
                self.steps_forward += step > 0
                self.steps_back += step < 0
                self.offset_ns = max(0, self.offset_ns - step)
            elif self.offset_ns:
                self.offset_ns = max(0, self.offset_ns - round(SLEW * elapsed))
        self._last = wall, monotonic
        return wall + self.offset_ns


class CameraClock:
    """How a camera's own clock stands to the host's, from the frames that tell both. Counts the camera's steps."""

    def __init__(self) -> None:
        self.agrees = False
        self.steps = 0
        self.jitter_ns = 0.0
        self._shortest: int | None = None
        self._window: int | None = None
        self._window_began = 0
        self._last: tuple[int, int] | None = None

    @property
    def shortest_ns(self) -> int:
        """Shortest of the last ways: arrival minus capture by the camera's clock; may be negative."""
        return self._shortest or 0

    def see(self, sender: int, arrival: int) -> None:
        """Take in a frame that was captured at `sender` by the camera's clock and came at `arrival` by the host's."""
        way = arrival - sender
        if self._last is not None:
            captured, came = self._last
            step = abs((arrival - came) - (sender - captured))
            if step < CAMERA_STEP_NS:
                self.jitter_ns += (step - self.jitter_ns) / 16.0
        self._last = sender, arrival
        if self._shortest is None or self._window is None:
            self._shortest = self._window = way
            self._window_began = arrival
        elif way < self._shortest - CAMERA_STEP_NS:
            self.steps += 1
            self._shortest = self._window = way
            self._window_began = arrival
        elif arrival - self._window_began >= WINDOW_NS:
            self.steps += self._window > self._shortest + CAMERA_STEP_NS
            self._shortest = self._window
            self._window, self._window_began = way, arrival
        self._window = min(self._window, way)
        self._shortest = min(self._shortest, way)
        most = DISAGREES_NS if self.agrees else AGREES_NS
        self.agrees = -AHEAD_NS <= self._shortest <= most


class CaptureClock:
    """Times the frames of one live camera, in the order in which they come; one object for all its connections."""

    def __init__(self) -> None:
        self.host = HostClock()
        self.camera: CameraClock | None = None
        self.camera_steps = 0
        self._captured_at = 0

    def reconnected(self) -> None:
        """The stream begins anew: what was learned of the camera's clock may no longer hold (it may have restarted)."""
        self.camera = None

    def stamp(self, wall: int, monotonic: int, sender: int | None, delay: int = 0) -> CaptureTime:
        """The time of a frame.

        Args:
            wall, monotonic: this host's two clocks, read together once the picture is there.
            sender: time of capture by the camera's own clock, UTC ns, or None where it tells none.
            delay: from the frame's arrival until the clocks were read, as far as it was measured.
        """
        arrival = self.host.at(wall, monotonic) - delay
        at, basis, offset = arrival, TimeBasis.ARRIVAL, None
        if sender is not None:
            at, basis, offset = self._by_sender(sender, arrival)
        self._captured_at = max(whole_microseconds(at), self._captured_at + MICROSECOND)
        jitter = 0.0 if self.camera is None else self.camera.jitter_ns
        return CaptureTime(self._captured_at, self.host.offset_ns, Timing(basis, offset, round(jitter)))

    def _by_sender(self, sender: int, arrival: int) -> tuple[int, TimeBasis, int]:
        if self.camera is None:
            self.camera = CameraClock()
        steps = self.camera.steps
        self.camera.see(sender, arrival)
        self.camera_steps += self.camera.steps - steps
        shortest = self.camera.shortest_ns
        at, basis = (sender, TimeBasis.SENDER) if self.camera.agrees else (sender + shortest, TimeBasis.SHIFTED)
        if arrival - at > LATE_NS:
            at, basis = arrival, TimeBasis.ARRIVAL
        return min(at, arrival), basis, -shortest
