"""Matching of alerts to falls: the worked cases of METHODS 8.3, and values worked out by hand."""

from __future__ import annotations

import json
import math

import pytest

from spotter.evaluation.event_metrics import DAY_S, EventScore, match, pair, per_day, poisson, quantile, wilson


def test_worked_cases(shared_dir):
    path = shared_dir / "ergonomics" / "cases.json"
    cases = [case for case in json.loads(path.read_text())["cases"] if case["kind"] == "event_metrics"]
    assert len(cases) >= 4
    for case in cases:
        given, expected, within = case["inputs"], case["expected"], case["tolerance"]["abs"]
        score = match(given["truth_impact_s"], given["alerts_s"], tuple(given["window_s"]))
        assert score.true_positives == expected["tp"], case["id"]
        assert score.false_negatives == expected["fn"], case["id"]
        assert score.false_positives == expected["fp"], case["id"]
        for name in ("sensitivity", "precision"):
            wanted = expected[name]
            assert getattr(score, name) == (None if wanted is None else pytest.approx(wanted, abs=within)), case["id"]
        assert score.latencies == pytest.approx(expected["latency_s"], abs=within), case["id"]
        rate = per_day(score.false_positives, given["camera_hours"] * 3600)
        assert rate is not None
        assert rate[0] == pytest.approx(expected["false_alarms_per_camera_day"], abs=within), case["id"]


@pytest.mark.parametrize(
    ("impacts", "alerts", "expected"),
    [
        ([], [], (0, 0, 0, ())),
        ([], [5.0], (0, 0, 1, ())),
        ([10.0], [9.0], (1, 0, 0, (-1.0,))),  # both ends of the window belong to it
        ([10.0], [20.0], (1, 0, 0, (10.0,))),
        ([10.0], [8.99], (0, 1, 1, ())),
        ([10.0], [20.01], (0, 1, 1, ())),
        ([10.0], [15.0, 12.0], (1, 0, 1, (2.0,))),  # the earliest counts, the duplicate is false
        ([30.0, 10.0], [31.0, 11.5], (2, 0, 0, (1.5, 1.0))),  # in any order
        ([10.0, 10.5], [11.0], (1, 1, 0, (1.0,))),  # one alert stands for one fall only
        ([10.0], [10.0, 10.0], (1, 0, 1, (0.0,))),  # two alerts at one time are still two
    ],
)
def test_matching(impacts, alerts, expected):
    hits, misses, false, latencies = expected
    score = match(impacts, alerts)
    assert (score.true_positives, score.false_negatives, score.false_positives) == (hits, misses, false)
    assert score.latencies == pytest.approx(latencies)


def test_what_is_given_stays_as_it_was():
    impacts, alerts = [30.0, 10.0], [31.0, 11.5]
    match(impacts, alerts)
    assert (impacts, alerts) == ([30.0, 10.0], [31.0, 11.5])


def test_scores_of_recordings_add_up():
    total = EventScore(3, 1, 2, (1.0, 2.0, 3.0)) + EventScore(0, 1, 0, ())
    assert total == EventScore(3, 2, 2, (1.0, 2.0, 3.0))
    assert total.sensitivity == pytest.approx(0.6)
    assert total.precision == pytest.approx(0.6)


def test_shares_of_nothing_are_not_stated():
    nothing = EventScore(0, 0, 0, ())
    assert nothing.sensitivity is None
    assert nothing.precision is None


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # For k = n the lower bound is n / (n + z^2), for k = 0 the upper one z^2 / (n + z^2).
        (10, 10, 10 / (10 + 1.959964**2), 1.0),
        (0, 10, 0.0, 1.959964**2 / (10 + 1.959964**2)),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson(hits, total, low, high):
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


def test_wilson_mirrors():
    low, high = wilson(7, 9)
    assert wilson(2, 9) == pytest.approx((1 - high, 1 - low))


def test_twenty_nine_hits_of_twenty_nine_do_not_yet_prove_nine_in_ten_two_sided():
    assert wilson(29, 29)[0] == pytest.approx(0.8830, abs=5e-5)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 2.0, 3.0], 0.5, 2.0),  # two of four stay within 2
        ([float(n) for n in range(1, 21)], 0.95, 19.0),
        ([float(n) for n in range(1, 20)], 0.95, 19.0),  # 18 of 19 are less than 95 %
        ([1.0, 2.0], 1.0, 2.0),
        ([7.0], 0.5, 7.0),
    ],
)
def test_quantile(values, share, expected):
    assert quantile(values, share) == expected


def test_quantile_of_nothing():
    assert math.isnan(quantile([], 0.5))


def test_pairs_name_what_was_given():
    found = pair([30.0, 10.0, 90.0], [50.0, 31.0, 12.0, 11.5, 200.0])
    assert dict(found.pairs) == {1: 3, 0: 1}
    assert found.missed == (2,)
    assert set(found.false) == {0, 2, 4}
    assert found.duplicates == (2,)  # 12.0 follows 11.5 within the window of 10.0


def test_duplicates_are_counted_among_the_false():
    score = match([10.0], [11.0, 12.0, 40.0])
    assert (score.false_positives, score.duplicates) == (2, 1)
    assert score.f1 == pytest.approx(2 / (2 + 2))


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        # Half the 2.5 and 97.5 % quantiles of chi-square with 2 k and 2 k + 2 degrees of freedom (Garwood 1936).
        (0, 0.0, 2.9957),  # one-sided: the rule of three
        (1, 0.0253, 5.5716),
        (2, 0.2422, 7.2247),
        (3, 0.6187, 8.7673),
        (10, 4.7954, 18.3904),
        (100, 81.3640, 121.6268),
    ],
)
def test_exact_poisson_interval(count, low, high):
    assert poisson(count) == pytest.approx((low, high), abs=2e-4)


def test_no_alarm_in_three_days_shows_less_than_one_a_day():
    rate, low, high = per_day(0, 3 * DAY_S)
    assert (rate, low) == (0.0, 0.0)
    assert high == pytest.approx(1.0, abs=2e-3)


def test_a_rate_over_no_time_is_not_stated():
    assert per_day(3, 0.0) is None
