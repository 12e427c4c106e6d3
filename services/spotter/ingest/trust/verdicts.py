"""From looks at a camera's pictures to a verdict: trusted or not, and why. Pure and deterministic; times come in.

A camera begins untrusted and earns trust by good pictures. A problem has to last before it is told, and to be gone for
a while before it is over, so that a door that opens or somebody who walks past the lens changes nothing. What a camera
usually looks like is learned from good pictures only, and what is seen of it is kept as slopes of edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from spotter.core.clock import from_seconds
from spotter.core.contracts import Evidence
from spotter.core.trust_parameters import TrustParameters
from spotter.ingest.trust.look import Look
from spotter.ingest.trust.usual import Usual


class Problem(StrEnum):
    """What keeps a camera from being trusted; the words are for metrics and health."""

    DARK = "dark"
    OVER_EXPOSED = "over_exposed"
    BLOCKED = "blocked"
    BLURRED = "blurred"
    FROZEN = "frozen"
    MOVED = "moved"
    SLOW = "slow"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a camera stands.

    Attributes:
        trusted: its pictures show what they should.
        problems: what does not, with the numbers that say so, in the order of `Problem`.
        earning: not trusted yet, though nothing is wrong: it has not been seen for long enough.
    """

    trusted: bool
    problems: Mapping[Problem, Mapping[str, Evidence]]

    @property
    def earning(self) -> bool:
        return not self.trusted and not self.problems

    def detail(self) -> str:
        """For people; empty when there is nothing to say."""
        if self.earning:
            return "not seen for long enough to be trusted"
        told = [
            f"{problem.value.replace('_', ' ')} ({_numbers(evidence)})" for problem, evidence in self.problems.items()
        ]
        return f"not to be trusted: {', '.join(told)}" if told else ""


@dataclass(slots=True)
class _Held:
    """Since when a problem has been seen, and since when it has not."""

    since: int | None = None
    gone: int | None = None
    told: bool = False


class Trust:
    """The verdict on one camera, picture by picture.

    Args:
        parameters: thresholds.
        usual: what is known of the camera's view from before; a new camera learns it.
    """

    def __init__(self, parameters: TrustParameters, usual: Usual | None = None) -> None:
        self._p = parameters
        self.usual = usual or Usual()
        self._held = {problem: _Held() for problem in Problem}
        self._evidence: dict[Problem, Mapping[str, Evidence]] = {}
        self._good_since: int | None = None
        self._print: int | None = None
        self._print_since = 0
        self.verdict = Verdict(trusted=False, problems={})

    def due(self, at: int, last: int | None) -> bool:
        """Whether a picture at `at` should be looked at, when `last` was the one before (ns of one clock)."""
        return last is None or at - last >= from_seconds(self._p.every_s) or at < last

    def interrupted(self) -> None:
        """The pictures have stopped: trust has to be earned again when they come back."""
        self._good_since = None
        self._print = None
        self._held = {problem: _Held() for problem in Problem}
        self.verdict = Verdict(trusted=False, problems={})

    def update(self, at: int, seen: Look, fps: float | None = None, clock_error_s: float | None = None) -> Verdict:
        """Judge one picture.

        Args:
            at: moment on a clock that never goes back, ns.
            seen: the picture.
            fps: frames per second that come in now, where it is known.
            clock_error_s: how far the camera's clock is off, where it is known.
        """
        found = self._problems(at, seen, fps, clock_error_s)
        for problem, held in self._held.items():
            self._hold(at, problem, held, found.get(problem))
        told = {problem: self._evidence[problem] for problem in Problem if self._held[problem].told}
        if found or told:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = at
        # A problem that is not told yet takes no trust away, and gives none.
        earned = self._good_since is not None and at - self._good_since >= from_seconds(self._p.earn_s)
        self.verdict = Verdict(trusted=not told and (self.verdict.trusted or earned), problems=told)
        if not found:
            self.usual.learn(seen, fps)
        return self.verdict

    def _hold(self, at: int, problem: Problem, held: _Held, evidence: Mapping[str, Evidence] | None) -> None:
        if evidence is not None:
            self._evidence[problem] = evidence
            held.gone = None
            held.since = at if held.since is None else held.since
            held.told = held.told or at - held.since >= from_seconds(self._patience_s(problem))
        elif held.since is not None:
            held.gone = at if held.gone is None else held.gone
            if not held.told or at - held.gone >= from_seconds(self._p.clear_s):
                held.since, held.gone, held.told = None, None, False

    def _patience_s(self, problem: Problem) -> float:
        return {Problem.MOVED: self._p.moved_s, Problem.FROZEN: 0.0}.get(problem, self._p.hold_s)

    def _problems(
        self, at: int, seen: Look, fps: float | None, clock_error_s: float | None
    ) -> dict[Problem, Mapping[str, Evidence]]:
        p, usual = self._p, self.usual
        found: dict[Problem, Mapping[str, Evidence]] = {}
        if seen.brightness <= p.dark:
            found[Problem.DARK] = {"brightness": Evidence(round(seen.brightness, 1), p.dark, "of 255", "<=")}
        if seen.white >= p.white_share:
            found[Problem.OVER_EXPOSED] = {"white_share": Evidence(round(seen.white, 2), p.white_share, "", ">=")}
        least = max(p.least_texture, p.blocked_share * usual.texture)
        if not found and seen.texture < least:
            found[Problem.BLOCKED] = {"edges": Evidence(round(seen.texture, 3), round(least, 3), "share", "<")}
        least = max(p.least_sharpness, p.blurred_share * usual.sharpness)
        if not found and seen.sharpness < least:
            found[Problem.BLURRED] = {"sharpness": Evidence(round(seen.sharpness, 2), round(least, 2), "", "<")}
        found |= self._frozen(at, seen)
        agrees = usual.agreement(seen)
        if not found and agrees is not None and agrees < p.least_agreement:
            found[Problem.MOVED] = {"agreement": Evidence(round(agrees, 2), p.least_agreement, "", "<")}
        slowest = max(p.least_fps, p.slow_share * usual.fps)
        if fps is not None and fps < slowest:
            found[Problem.SLOW] = {"frames_per_second": Evidence(round(fps, 1), round(slowest, 1), "/s", "<")}
        if clock_error_s is not None and abs(clock_error_s) > p.clock_s:
            found[Problem.CLOCK] = {"clock_error": Evidence(round(clock_error_s, 2), p.clock_s, "s", ">")}
        return found

    def _frozen(self, at: int, seen: Look) -> dict[Problem, Mapping[str, Evidence]]:
        """The same picture to the last bit: sensors have noise, so a live camera does not send that for long."""
        if seen.print != self._print:
            self._print, self._print_since = seen.print, at
            return {}
        seconds = (at - self._print_since) / 1e9
        if seconds < self._p.frozen_s:
            return {}
        return {Problem.FROZEN: {"seconds_unchanged": Evidence(round(seconds, 1), self._p.frozen_s, "s", ">=")}}


def _numbers(evidence: Mapping[str, Evidence]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {item.value:g} {item.unit}".rstrip() + f", {item.comparison} {item.threshold:g}"
        for name, item in evidence.items()
    )
