"""The line through a run's samples, and whether it is more than noise."""

from __future__ import annotations

import numpy as np
import pytest

from trend import trend


def test_a_line_is_found_exactly():
    times = [0.0, 1.0, 2.0, 5.0]
    fit = trend(times, [3.0 + 2.0 * t for t in times])
    assert (fit.slope, fit.first, fit.last) == pytest.approx((2.0, 3.0, 13.0))
    assert fit.error == pytest.approx(0.0, abs=1e-12)
    assert fit.grows
    assert not fit.within_noise


def test_constant_values_do_not_grow():
    fit = trend([0.0, 1.0, 2.0], [7.0, 7.0, 7.0])
    assert (fit.slope, fit.error) == (0.0, 0.0)
    assert fit.within_noise
    assert not fit.grows


def test_slope_and_error_by_hand():
    # Residuals of (0, 1, 0, 1) about slope 0.2: -0.2, 0.6, -0.6, 0.2; they alternate, so the usual error stands.
    fit = trend([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 0.0, 1.0])
    assert fit.slope == pytest.approx(0.2)
    assert fit.error == pytest.approx((0.8 / 2 / 5) ** 0.5)
    assert fit.within_noise
    assert fit.at_most == pytest.approx(0.2 + 2 * fit.error)


def test_falling_is_no_growth():
    fit = trend([0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0])
    assert not fit.grows
    assert not fit.within_noise


def test_the_error_is_right_for_independent_and_for_sluggish_noise():
    """Of many flat runs few are called growing; the plain error would call most sluggish ones a trend."""
    random = np.random.default_rng(7)
    times = np.arange(200.0)
    for memory, most in ((0.0, 0.08), (0.8, 0.12)):
        called = 0
        for _ in range(300):
            values = np.zeros(200)
            for index, shock in enumerate(random.normal(size=200)):
                values[index] = (memory * values[index - 1] if index else 0.0) + shock
            called += not trend(times, values).within_noise
        assert called / 300 < most, memory


def test_true_growth_within_noise_is_found():
    random = np.random.default_rng(3)
    times = np.arange(600.0) / 60
    fit = trend(times, 250 + 0.5 * times + random.normal(scale=0.3, size=600))
    assert fit.slope == pytest.approx(0.5, abs=0.02)
    assert fit.grows


@pytest.mark.parametrize("times", [[], [1.0, 2.0], [1.0, 1.0, 1.0]])
def test_too_little_to_say(times):
    with pytest.raises(ValueError, match="three samples"):
        trend(times, [0.0] * len(times))
