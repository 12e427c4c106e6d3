"""Pacing, the reading of /metrics, and the arithmetic of the report."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from prometheus_client import generate_latest

from spotter.core.errors import ConfigError
from spotter.core.telemetry import Metrics
from spotter.simulate.pacing import TICK_S, Pace
from spotter.simulate.report import MIB, Generated, lines, quantile, served, slope
from spotter.simulate.watch import MetricsPage, Sample, Watch, parse


class HandClock:
    """A clock that moves when told, or by what is waited for."""

    def __init__(self) -> None:
        self.at = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.at


class WaitingEvent(threading.Event):
    """An event whose waits move the hand clock."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._clock.waits.append(timeout)
        self._clock.at += timeout
        return self.is_set()


def test_messages_go_out_when_they_are_due_and_never_early() -> None:
    clock = HandClock()
    pace, stop = Pace(4, 5.0, clock=clock), WaitingEvent(clock)
    for number in range(200):
        assert pace.wait(number, stop)
        assert pace.due_s(number) - 1e-9 <= pace.elapsed_s() <= pace.due_s(number) + TICK_S
    assert pace.due_s(200) == pytest.approx(10.0)
    assert pace.greatest_delay_s <= TICK_S


def test_messages_of_one_tick_share_a_wait() -> None:
    clock = HandClock()
    pace, stop = Pace(500, 15.0, clock=clock), WaitingEvent(clock)
    for number in range(7500):
        pace.wait(number, stop)
    assert len(clock.waits) <= 1 / TICK_S + 1


def test_what_was_held_up_is_sent_at_once_and_its_delay_told() -> None:
    clock = HandClock()
    pace, stop = Pace(1, 10.0, clock=clock), WaitingEvent(clock)
    assert pace.wait(0, stop)
    clock.at += 3.0
    for number in range(1, 30):
        assert pace.wait(number, stop)
    assert clock.waits == []
    assert pace.greatest_delay_s == pytest.approx(2.9)


def test_without_pace_nothing_waits_and_a_stop_is_heard() -> None:
    clock = HandClock()
    pace, stop = Pace(1, 1.0, realtime=False, clock=clock), WaitingEvent(clock)
    assert all(pace.wait(number, stop) for number in range(1000))
    assert clock.waits == []
    stop.set()
    assert not pace.wait(1000, stop)
    assert not Pace(1, 1.0, clock=clock).wait(0, stop)


def test_a_metrics_page_is_read_over_all_its_cameras() -> None:
    metrics = Metrics()
    for camera, drops in (("a", 2), ("b", 3)):
        metrics.frames_posed.labels(camera=camera).inc(10)
        metrics.frames_dropped.labels(camera=camera, reason="deadline").inc(drops)
        metrics.capture_to_skeleton.labels(camera=camera).observe(0.04)
    metrics.messages_rejected.labels(topic="frames", reason="unreadable").inc()
    sample = parse(generate_latest(metrics.registry).decode(), 5.0)
    assert (sample.at, sample.handled, sample.lag) == (5.0, 20.0, None)
    assert sample.lost == {"deadline": 5.0, "unreadable": 1.0}
    assert (sample.latency[0.02], sample.latency[0.05], sample.latency[float("inf")]) == (0, 2, 2)
    assert sample.cpu_s > 0
    assert sample.rss > MIB


@pytest.mark.parametrize("text", ["<html>", "up 1\n", ""])
def test_another_page_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text, 0.0)


def test_a_page_that_does_not_answer_is_one_line() -> None:
    page = MetricsPage("http://127.0.0.1:9/metrics")
    watch = Watch({"http://127.0.0.1:9/metrics": page})
    with pytest.raises(ConfigError, match=r"metrics page 'http://127.0.0.1:9/metrics' cannot be read: .*refused"):
        watch.start()
    watch.stop()
    page.close()


def look(at: float, cpu_s: float, rss_mib: float, handled: float, lag: float | None = None, lost: float = 0) -> Sample:
    return Sample(at, cpu_s, rss_mib * MIB, handled, {"deadline": lost, "late": 1.0}, lag)


def test_figures_of_a_service() -> None:
    samples = [look(10.0 + n, 5.0 + 0.5 * n, 100 + n / 60, 1000 + 200 * n, lag=50, lost=n) for n in range(61)]
    figures = served("pose", samples)
    assert (figures.handled, figures.seconds, figures.cores) == (12_000, 60.0, 0.5)
    assert figures.cpu_ms == pytest.approx(2.5)
    assert figures.rss_slope == pytest.approx(1.0)
    assert (figures.rss_first, figures.rss_last) == (100 * MIB, 101 * MIB)
    assert (figures.lag_last, figures.lag_greatest, figures.keeps_up) == (50, 50, True)
    assert figures.lag_slope == pytest.approx(0.0)
    assert figures.lost == {"deadline": 60.0}


@pytest.mark.parametrize(("growth", "keeps_up"), [(0.0, True), (1.9, True), (2.1, False), (-5.0, True)])
def test_a_lag_that_grows_by_a_hundredth_of_the_messages_is_not_bounded(growth: float, keeps_up: bool) -> None:
    samples = [look(n, n, 100, 200 * n, lag=1000 + growth * n) for n in range(30)]
    assert served("x", samples).keeps_up is keeps_up


def test_a_lag_of_less_than_a_second_may_move() -> None:
    samples = [look(n, n, 100, 200 * n, lag=100 + 3 * n) for n in range(30)]
    assert served("x", samples).keeps_up is True


def test_a_backlog_that_is_worked_off_in_the_first_half_counts_for_nothing() -> None:
    lags = [500 - 50 * n if n < 10 else 0 for n in range(30)]
    figures = served("x", [look(n, n, 100, 200 * n, lag=lag) for n, lag in enumerate(lags)])
    assert (figures.lag_greatest, figures.lag_last, figures.lag_slope) == (500, 0, 0.0)


@pytest.mark.parametrize("samples", [[look(0, 1, 50, 10)], [look(0, 1, 50, 10), look(0, 1, 50, 10)]])
def test_too_few_samples_give_no_figure_instead_of_a_wrong_one(samples: Sequence[Sample]) -> None:
    figures = served("x", samples)
    assert (figures.cpu_ms, figures.cores, figures.rss_slope, figures.keeps_up) == (None, 0.0, None, None)


def test_no_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="no sample of 'x'"):
        served("x", [])


def test_slope_is_that_of_the_line() -> None:
    assert slope([0, 1, 2, 3], [5, 7, 9, 11]) == pytest.approx(2.0)
    assert slope([0, 1], [5, 7]) is None
    assert slope([1, 1, 1], [5, 7, 9]) is None


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 0.2), (0.25, 0.1), (0.95, 0.92), (0.75, 0.6), (0.9, 0.84), (1.0, 1.0)]
)
def test_a_quantile_lies_between_the_bounds(share: float, value: float) -> None:
    assert quantile({0.1: 25, 0.2: 50, 1.0: 100, float("inf"): 100}, share) == pytest.approx(value)


def test_a_quantile_beyond_the_bounds_is_the_last_one() -> None:
    assert quantile({0.1: 0, 1.0: 10, float("inf"): 100}, 0.95) == 1.0
    assert quantile({0.1: 0, float("inf"): 0}, 0.95) is None
    assert quantile({}, 0.5) is None


def test_latency_that_builds_up_shows_in_the_second_half() -> None:
    def at(n: int) -> Sample:
        fast, slow = min(n, 10) * 100.0, max(n - 10, 0) * 100.0
        return Sample(n, n, 0, n * 100, latency={0.1: fast, 1.0: fast + slow, float("inf"): fast + slow})

    first, second = served("x", [at(n) for n in range(21)]).latency
    assert first == pytest.approx((0.05, 0.095))
    assert second == pytest.approx((0.55, 0.955))


def test_figures_of_the_generator() -> None:
    sent = Generated(10, "frames", 150.0, 1350, 10.0, 0.27, 0.02, {"queue_full": 5})
    assert (sent.rate, sent.reached) == (135.0, pytest.approx(0.9))
    assert sent.cpu_ms == pytest.approx(0.2)
    nothing = Generated(10, "frames", None, 0, 0.0, 0.0, None, {})
    assert (nothing.rate, nothing.reached, nothing.cpu_ms) == (0.0, None, 0.0)


def test_the_report_says_it_all() -> None:
    sent = Generated(500, "skeletons", 7500.0, 75_000, 10.0, 7.5, 0.02, {})
    behind = served("ergonomics", [look(n, n, 100, 200 * n, lag=1000 * n, lost=n) for n in range(30)])
    text = "\n".join(lines(sent, [behind]))
    for part in (
        "500 virtual cameras, skeletons, 10.0 s",
        "75,000; 7,500.0/s asked, 7,500.0/s reached = 1.000 of it",
        "dropped    none",
        "0.100 ms a message",
        "20 ms after it was due",
        "handled    5,800 messages in 29.0 s",
        "lost       deadline 29",
        "1.00 cores, 5.000 ms a message",
        "100.0 to 100.0 MiB",
        "29,000 at the end, 29,000 at most, +1,000.0/s over the second half; FALLS BEHIND",
    ):
        assert part in text, text
