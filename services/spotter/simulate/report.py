"""The figures of a load test from what was counted. Pure arithmetic and wording.

Figures are ratios where they can be: the rate reached to the rate asked, processor milliseconds a message. Processor
time holds on a busy machine; rates, lag and latency do not.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spotter.simulate.watch import Sample

MIB = 1024.0**2
_FALLING_BEHIND = 0.01
"""A lag that grows by more than this share of the messages that come in is not bounded."""
_MEMORY_S = 30.0
"""The slope of memory is not told from less than this: buffers that fill and empty would be all of it."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The generator's side.

    Attributes:
        asked: messages a second.
        cpu_s: processor seconds that making and publishing took.
        greatest_delay_s: how late the latest message went out; None when nothing was paced.
    """

    cameras: int
    kind: str
    asked: float | None
    published: int
    seconds: float
    cpu_s: float
    greatest_delay_s: float | None
    dropped: Mapping[str, int]

    @property
    def rate(self) -> float:
        """Messages a second that were published."""
        return self.published / self.seconds if self.seconds else 0.0

    @property
    def reached(self) -> float | None:
        """Rate as a share of the rate asked; None when as many as possible were asked."""
        return self.rate / self.asked if self.asked else None

    @property
    def cpu_ms(self) -> float:
        """Processor milliseconds a message."""
        return 1000 * self.cpu_s / self.published if self.published else 0.0


@dataclass(frozen=True, slots=True)
class Served:
    """A service's side, from the first sample to the last.

    Attributes:
        handled: messages dealt with.
        cpu_ms: processor milliseconds a message; None when none was dealt with.
        cores: processor seconds a second.
        rss_first, rss_last: resident memory, bytes.
        rss_slope: MiB a minute, least squares over the second half; None from less than a minute.
        lag_last, lag_greatest: messages; None when the service does not say.
        lag_slope: messages a second, least squares over the second half.
        latency: (p50, p95) seconds from capture, interpolated within the bounds of the service's histogram, of the
            first and of the second half; None for a half in which nothing was dealt with.
    """

    name: str
    handled: float
    seconds: float
    cpu_ms: float | None
    cores: float
    rss_first: float
    rss_last: float
    rss_slope: float | None
    lag_last: float | None
    lag_greatest: float | None
    lag_slope: float | None
    lost: Mapping[str, float]
    latency: tuple[tuple[float, float] | None, tuple[float, float] | None]

    @property
    def keeps_up(self) -> bool | None:
        """False when the lag is more than a second's messages and grows by more than 1 % of them; None when it is not
        known."""
        if self.lag_slope is None or self.lag_last is None or not self.seconds:
            return None
        taken = max((self.handled + sum(self.lost.values())) / self.seconds, 1.0)
        return self.lag_slope <= _FALLING_BEHIND * taken or self.lag_last <= taken


def served(name: str, samples: Sequence[Sample]) -> Served:
    """The figures of one service.

    Raises:
        ValueError: no sample.
    """
    if not samples:
        raise ValueError(f"no sample of '{name}'")
    first, last = samples[0], samples[-1]
    seconds = last.at - first.at
    handled, cpu_s = last.handled - first.handled, last.cpu_s - first.cpu_s
    half = [each for each in samples if each.at >= first.at + seconds / 2]
    lags = [each.lag for each in samples if each.lag is not None]
    lagged = [(each.at, each.lag) for each in half if each.lag is not None]
    reasons = sorted({*first.lost, *last.lost})
    lost = {reason: last.lost.get(reason, 0.0) - first.lost.get(reason, 0.0) for reason in reasons}
    return Served(
        name=name,
        handled=handled,
        seconds=seconds,
        cpu_ms=1000 * cpu_s / handled if handled else None,
        cores=cpu_s / seconds if seconds else 0.0,
        rss_first=first.rss,
        rss_last=last.rss,
        rss_slope=slope([each.at / 60 for each in half], [each.rss / MIB for each in half])
        if seconds >= 2 * _MEMORY_S
        else None,
        lag_last=lags[-1] if lags else None,
        lag_greatest=max(lags) if lags else None,
        lag_slope=slope([at for at, _ in lagged], [lag for _, lag in lagged]),
        lost={reason: count for reason, count in lost.items() if count},
        latency=(_latency(first, half[0]), _latency(half[0], last)),
    )


def _latency(before: Sample, after: Sample) -> tuple[float, float] | None:
    within = {bound: count - before.latency.get(bound, 0.0) for bound, count in after.latency.items()}
    p50, p95 = quantile(within, 0.5), quantile(within, 0.95)
    return None if p50 is None or p95 is None else (p50, p95)


def quantile(within: Mapping[float, float], share: float) -> float | None:
    """Where `share` of the values lie at or below, from counts at or below bounds, linear between two bounds.

    Values beyond the last finite bound count as that bound. None without values.
    """
    bounds = sorted(within)
    if not bounds or not within[bounds[-1]]:
        return None
    wanted, low, below = share * within[bounds[-1]], 0.0, 0.0
    for bound in bounds:
        if within[bound] >= wanted:
            return low if math.isinf(bound) else low + (bound - low) * (wanted - below) / (within[bound] - below)
        low, below = bound, within[bound]
    return low


def slope(times: Sequence[float], values: Sequence[float]) -> float | None:
    """Least-squares slope; None from fewer than three samples or without time between them."""
    if len(times) < 3 or max(times) == min(times):
        return None
    return statistics.linear_regression(times, values).slope


def lines(generated: Generated, services: Sequence[Served]) -> list[str]:
    """The report for people, one line each."""
    asked = "as many as possible" if generated.asked is None else f"{generated.asked:,.1f}/s asked"
    share = "" if generated.reached is None else f" = {generated.reached:.3f} of it"
    out = [
        f"load         {generated.cameras} virtual cameras, {generated.kind}, {generated.seconds:.1f} s",
        f"published    {generated.published:,}; {asked}, {generated.rate:,.1f}/s reached{share}",
        f"  dropped    {_counts(generated.dropped)}",
        f"  processor  {generated.cpu_ms:.3f} ms a message",
    ]
    if generated.greatest_delay_s is not None:
        out.append(f"  latest     {1000 * generated.greatest_delay_s:.0f} ms after it was due")
    for service in services:
        out += _service_lines(service)
    return out


def _service_lines(service: Served) -> list[str]:
    cost = "" if service.cpu_ms is None else f", {service.cpu_ms:.3f} ms a message"
    growth = "" if service.rss_slope is None else f", {service.rss_slope:+.2f} MiB/min over the second half"
    out = [
        f"service      {service.name}",
        f"  handled    {service.handled:,.0f} messages in {service.seconds:.1f} s",
        f"  lost       {_counts(service.lost)}",
        f"  processor  {service.cores:.2f} cores{cost}",
        f"  memory     {service.rss_first / MIB:.1f} to {service.rss_last / MIB:.1f} MiB{growth}",
    ]
    if any(service.latency):
        told = "; ".join(_p50_p95(half) for half in service.latency)
        out.append(f"  latency    p50 / p95 from capture, ms, first half; second half: {told}")
    if service.lag_last is not None and service.lag_greatest is not None:
        verdict = {True: "; keeps up", False: "; FALLS BEHIND", None: ""}[service.keeps_up]
        moving = "" if service.lag_slope is None else f", {service.lag_slope:+,.1f}/s over the second half{verdict}"
        out.append(f"  lag        {service.lag_last:,.0f} at the end, {service.lag_greatest:,.0f} at most{moving}")
    return out


def _p50_p95(half: tuple[float, float] | None) -> str:
    return "none" if half is None else f"{1000 * half[0]:,.0f} / {1000 * half[1]:,.0f}"


def _counts(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{reason} {count:,.0f}" for reason, count in sorted(counts.items()) if count) or "none"
