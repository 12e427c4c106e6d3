"""OWAS: codes, categories, shares of time, known copying errors, intervals."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from spotter.core.contracts import Status
from spotter.ergonomics.methods import assess, owas


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("2253", 4),
        ("1343", 3),
        ("1353", 3),
        ("1373", 2),
        ("3373", 1),
        ("4132", 2),
        ("3143", 3),
        ("4361", 4),
        ("1111", 1),
    ],
)
def test_cells_that_are_copied_wrongly(code: str, category: int) -> None:
    """METHODS 4 lists them; rs9000/ergonomics @78a4179 has 3373 and 4132 one too high and never returns back code 4."""
    assert owas.category(*map(int, code)) == category


def test_no_category_falls_when_the_load_rises() -> None:
    assert (np.diff(owas.CATEGORIES, axis=3) >= 0).all()
    assert owas.CATEGORIES.sum() == sum(
        int(owas.category(*code)) for code in product(*map(range, (1, 1, 1, 1), (5, 4, 8, 4)))
    )


def test_load_codes() -> None:
    assert owas.load_code([0, 10, 10.01, 20, 20.01]).tolist() == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("part", "code", "percent", "category"),
    [("back", 2, 30, 1), ("back", 2, 30.1, 2), ("back", 3, 0, 1), ("legs", 4, 70, 3), ("legs", 4, 71, 4),
     ("back", 4, 80, 4), ("arms", 3, 100, 3), ("legs", 1, 90, 1), ("legs", 1, 91, 2)],
)  # fmt: skip
def test_shares_of_time(part: str, code: int, percent: float, category: int) -> None:
    """Bent and twisted backs, or bent knees, for more than 70 % of the time prompt action at once."""
    assert owas.frequency_category(part, code, percent) == category


def test_shares_from_observations() -> None:
    found = owas.shares("back", [1] * 50 + [2] * 40 + [4] * 10)
    assert [(each.code, each.percent, each.category) for each in found] == [
        (1, 50, 1),
        (2, 40, 2),
        (3, 0, 1),
        (4, 10, 1),
    ]
    with pytest.raises(ValueError, match="no code 5 of 'back'"):
        owas.frequency_category("back", 5, 10)
    with pytest.raises(ValueError, match="within 0 to 100"):
        owas.frequency_category("back", 2, 101)


def test_sampling_advice() -> None:
    assert "at least 60" in owas.sampling_advice(0)
    assert owas.sampling_advice(40).endswith("OWAS takes at least 60: shares are uncertain by 15 points")
    assert "better 100" in owas.sampling_advice(60)
    assert owas.sampling_advice(100) == ""


def test_every_code_through_the_form() -> None:
    for back, arms, legs, load in product(range(4), range(3), range(7), range(3)):
        result = assess(
            "owas", back=owas.BACKS[back], arms=owas.ARMS[arms], legs=owas.LEGS[legs], load_kg=(5, 15, 25)[load]
        )
        assert result.status is Status.OK
        assert result.value == owas.CATEGORIES[back, arms, legs, load]
        assert result.details["legs_code"] == (legs + 1, legs + 1)


def test_an_unknown_load_leaves_three_codes() -> None:
    result = assess("owas", back="bent", arms="both_below_shoulder", legs="sitting")
    assert (result.low, result.high) == (2, 3)
    assert result.levels["2 near future"] == pytest.approx(2 / 3)
    assert result.widening == (("load_kg", 1),)


def test_codes_are_names_and_not_an_order() -> None:
    """Sitting or walking: the categories of both, not of what lies between them."""
    result = assess("owas", back="straight", arms="both_below_shoulder", legs="sitting,walking", load_kg=5)
    assert (result.low, result.high) == (1, 1)
