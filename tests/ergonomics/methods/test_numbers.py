"""Draws of open inputs: exact in each coordinate, close in any two and in many, the same every time."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from spotter.ergonomics.methods.api import Asked, Given, Kind
from spotter.ergonomics.methods.numbers import DRAWS, best, draws, is_open, shares, widening

UNIT = [Asked(f"u{n}", Kind.NUMBER, "A number.", high=1.0) for n in range(16)]


def uniform(count: int) -> list[np.ndarray]:
    drawn = draws(UNIT[:count], {ask.name: Given(0.0, 1.0) for ask in UNIT[:count]})
    return [drawn[ask.name] for ask in UNIT[:count]]


def test_every_coordinate_takes_every_quantile_once() -> None:
    for numbers in uniform(16):
        assert np.sort(numbers) == pytest.approx((np.arange(DRAWS) + 0.5) / DRAWS)


def test_any_two_inputs_are_drawn_as_if_independent() -> None:
    for first, second in combinations(uniform(16), 2):
        assert np.mean(first + second < 0.5) == pytest.approx(0.125, abs=0.01)
        assert np.mean(first * second < 0.25) == pytest.approx(0.25 * (1 - math.log(0.25)), abs=0.01)
        assert np.mean(first < second) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("count", "below"), [(3, 1.0), (4, 1.5), (6, 2.0), (8, 4.0)])
def test_sums_of_several_inputs_follow_the_irwin_hall_distribution(count: int, below: float) -> None:
    irwin_hall = sum(
        (-1) ** k * math.comb(count, k) * (below - k) ** count for k in range(int(below) + 1)
    ) / math.factorial(count)
    assert np.mean(sum(uniform(count)) < below) == pytest.approx(irwin_hall, abs=0.01)


def test_a_measured_number_has_its_interval_as_the_middle_ninety_percent_on_either_side() -> None:
    ask = Asked("x", Kind.NUMBER, "A number.", low=-1000.0, high=1000.0)
    drawn = draws([ask], {"x": Given(10.0, 40.0, value=20.0)})["x"]
    assert np.mean(drawn < 10.0) == pytest.approx(0.05, abs=0.001)
    assert np.mean(drawn > 40.0) == pytest.approx(0.05, abs=0.001)
    assert np.median(drawn) == pytest.approx(20.0, abs=0.02)
    short = Asked("x", Kind.NUMBER, "A number.", low=5.0, high=50.0)
    assert draws([short], {"x": Given(10.0, 40.0, value=20.0)})["x"].min() == 5.0


def test_choices_go_by_their_weights_and_known_inputs_are_one_value() -> None:
    grip = Asked("grip", Kind.CHOICE, "A grip.", choices=("good", "fair", "poor"))
    flag = Asked("flag", Kind.FLAG, "A flag.")
    known = Asked("known", Kind.NUMBER, "A number.", high=9.0)
    given = {"grip": Given(choices=("good", "poor"), weights=(0.2, 0.8)), "flag": Given(choices=("no",))}
    drawn = draws([grip, flag, known], {**given, "known": Given(3.0, 3.0)})
    assert np.mean(drawn["grip"] == 0) == pytest.approx(0.2, abs=0.001)
    assert set(np.unique(drawn["grip"])) == {0.0, 2.0}
    assert drawn["flag"].tolist() == [1.0]
    assert drawn["known"].tolist() == [3.0]
    even = draws([grip], {"grip": Given(choices=("good", "fair", "poor"))})["grip"]
    assert shares({name: even == n for n, name in enumerate("abc")}) == pytest.approx(
        dict.fromkeys("abc", 1 / 3), abs=1e-3
    )


def test_open_and_best() -> None:
    assert is_open(Given(1.0, 2.0))
    assert not is_open(Given(1.0, 1.0))
    assert is_open(Given(choices=("yes", "no")))
    assert (best(Given(1.0, 2.0)), best(Given(1.0, 2.0, value=1.2))) == (1.5, 1.2)


def test_widening_of_a_product_is_the_width_less_the_narrowest_that_is_left() -> None:
    asks = [Asked(name, Kind.NUMBER, "A number.", high=9.0) for name in ("a", "b", "c")]
    given = {"a": Given(1.0, 2.0), "b": Given(3.0, 5.0), "c": Given(4.0, 4.0)}

    def width(of: object) -> float:
        assert isinstance(of, dict)
        return float(of["a"].high * of["b"].high - of["a"].low * of["b"].low)

    # 3..10: with a = 1 only 3..5 is left, with b = 3 only 3..6.
    assert widening(asks, given, width) == (("a", 5.0), ("b", 4.0))
