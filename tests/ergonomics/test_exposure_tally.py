"""What frames add to the exposure: bands, edges, holds; sums that do not depend on who counted what."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.core.clock import SECOND, from_seconds
from spotter.ergonomics.angles.body import NAMES, BodyAngles
from spotter.ergonomics.angles.values import BOUNDED, NOT_OBSERVABLE, Angles
from spotter.ergonomics.exposure.holds import Holds
from spotter.ergonomics.exposure.minutes import COLUMNS, ExposureMinute, ExposureMinutes, merged
from spotter.ergonomics.exposure.numbers import COUNTS, EDGES, NUMBERS
from spotter.ergonomics.exposure.tally import ON_THE_GROUND, OUT_OF_SIGHT, Tally, tally

STEP = from_seconds(0.2)
BOTH = ["trunk_over_20", "trunk_over_60"]


def angles(low: float, high: float, *, status: int = BOUNDED, reason: str = "view") -> Angles:
    """One angle."""
    middle = np.nan if status > BOUNDED else (low + high) / 2
    return Angles(
        np.array([middle]), np.array([low]), np.array([high]), np.array([status], np.uint8),
        np.array([reason], np.object_),
    )  # fmt: skip


def body(**known: Angles) -> BodyAngles:
    """One person of whom only this is known."""
    unknown = {name: angles(-180.0, 180.0, status=NOT_OBSERVABLE, reason="hidden") for name in NAMES}
    return BodyAngles(**(unknown | known))


def one(angle: BodyAngles, *, elapsed: int = STEP, step: int = STEP, low: bool = False) -> dict[str, float]:
    """Seconds and counts that one frame of one person adds, by name."""
    return named(tally(0, np.array([elapsed]), step, angle, np.array([low]), [Holds()]))


def named(added: Tally) -> dict[str, float]:
    minute = ExposureMinute()
    minute.values = added.values.sum(axis=0)
    return minute.numbers


def held(times: Iterable[float], lows: Iterable[float | None], highs: Iterable[float | None]) -> dict[str, float]:
    """What a person adds whose trunk is known like this at these seconds; None is not observable."""
    holds, minute, before = Holds(), ExposureMinute(), 0
    for second, low, high in zip(times, lows, highs, strict=True):
        at = from_seconds(second)
        trunk = angles(0, 180, status=NOT_OBSERVABLE) if low is None or high is None else angles(low, high)
        added = tally(at, np.array([at - before]), STEP, body(trunk_inclination=trunk), np.array([False]), [holds])
        minute.values += added.values.sum(axis=0)
        before = at
    return minute.numbers


def steady(
    seconds: float, low: float | None, high: float | None
) -> tuple[list[float], list[float | None], list[float | None]]:
    times = [0.2 * number for number in range(1, round(seconds / 0.2) + 1)]
    return times, [low] * len(times), [high] * len(times)


def test_every_number_has_a_text_and_counts_are_among_them() -> None:
    assert set(NUMBERS) >= COUNTS
    assert all(text and not text.endswith(".") for text in NUMBERS.values())


@pytest.mark.parametrize(
    ("low", "high", "proven", "possible", "mass"),
    [
        (25, 45, ["trunk_over_20"], ["trunk_over_20"], {"trunk_over_20": 1.0}),
        (20, 30, ["trunk_over_20"], ["trunk_over_20"], {"trunk_over_20": 1.0}),
        (0, 19, [], [], {}),
        (10, 30, [], ["trunk_over_20"], {"trunk_over_20": 0.5}),
        (60, 90, BOTH, BOTH, {"trunk_over_20": 1.0, "trunk_over_60": 1.0}),
        (50, 70, ["trunk_over_20"], BOTH, {"trunk_over_20": 1.0, "trunk_over_60": 0.5}),
    ],
)  # fmt: skip
def test_edges(low: float, high: float, proven: list[str], possible: list[str], mass: dict[str, float]) -> None:
    numbers = one(body(trunk_inclination=angles(low, high)))
    assert numbers["seen"] == 0.2
    for edge in (one.name for one in EDGES):
        assert numbers.get(f"{edge}_proven", 0) == (0.2 if edge in proven else 0)
        assert numbers.get(f"{edge}_possible", 0) == (0.2 if edge in possible else 0)
        assert numbers.get(f"{edge}_mass", 0) == pytest.approx(0.2 * mass.get(edge, 0), abs=2e-6)
    assert "trunk_unobservable" not in numbers
    assert numbers["neck_unobservable"] == numbers["arms_unobservable"] == 0.2


def test_the_higher_arm_counts_and_one_arm_alone_leaves_the_other_open() -> None:
    both = one(body(left_upper_arm_gravity=angles(0, 10), right_upper_arm_gravity=angles(65, 80)))
    assert both["arms_over_60_proven"] == 0.2
    raised = one(body(left_upper_arm_gravity=angles(65, 80)))
    assert raised["arms_over_60_proven"] == raised["arms_over_60_possible"] == 0.2
    hanging = one(body(left_upper_arm_gravity=angles(0, 10)))
    assert "arms_over_20_proven" not in hanging
    assert hanging["arms_over_20_possible"] == hanging["arms_over_60_possible"] == 0.2
    assert "arms_unobservable" not in hanging


def test_a_side_bend_counts_to_either_side() -> None:
    for low, high in ((12, 20), (-20, -12)):
        assert one(body(trunk_lateral=angles(low, high)))["trunk_side_over_10_proven"] == 0.2
    across = one(body(trunk_lateral=angles(-15, 15)))
    assert "trunk_side_over_10_proven" not in across
    assert across["trunk_side_over_10_possible"] == 0.2


def test_time_that_cannot_be_scored_is_told_with_its_reason() -> None:
    seen = body(trunk_inclination=angles(30, 40))
    hidden = body(trunk_inclination=angles(0, 180, status=NOT_OBSERVABLE, reason="hips not seen"))

    def unscored(angle: BodyAngles, elapsed: float, *, low: bool = False, step: float = 0.2) -> tuple[float, str]:
        added = tally(
            0, np.array([from_seconds(elapsed)]), from_seconds(step), angle, np.array([low]), [Holds()]
        )  # fmt: skip
        return added.unscored[0] / 1e6, added.reasons[0]

    assert unscored(seen, 0.2)[0] == 0
    assert unscored(hidden, 0.2) == (0.2, "hips not seen")
    assert unscored(seen, 0.2, low=True) == (0.2, ON_THE_GROUND)
    assert unscored(seen, 1.6) == (1.6, OUT_OF_SIGHT)
    assert unscored(seen, 1.6, step=1.6)[0] == 0  # nobody watched
    assert "trunk_over_20_proven" not in one(seen, low=True)
    assert one(seen, elapsed=from_seconds(1.6))["trunk_unobservable"] == 1.6


@pytest.mark.parametrize(("seconds", "static"), [(3.8, 0.0), (4.2, 0.0), (4.4, 4.2), (10.0, 9.8)])
def test_static_begins_beyond_four_seconds_and_then_counts_whole(seconds: float, static: float) -> None:
    # The first frame of a hold only begins it: n frames hold for n - 1 steps.
    numbers = held(*steady(seconds, 30, 40))
    assert numbers.get("trunk_over_20_static_proven", 0.0) == pytest.approx(static)
    assert numbers.get("trunk_over_20_static_possible", 0.0) == pytest.approx(static)
    assert numbers["trunk_over_20_entries"] == 1
    assert "trunk_over_60_static_possible" not in numbers


def test_noise_at_the_edge_neither_breaks_a_hold_nor_counts_as_movement() -> None:
    times, _, _ = steady(8, 0, 0)
    wobbling = [21.0 if number % 2 else 15.5 for number in range(len(times))]
    numbers = held(times, wobbling, [value + 10 for value in wobbling])
    assert numbers["trunk_over_20_entries"] == 1
    assert numbers["trunk_over_20_static_proven"] > 7
    leaving = [21.0 if number % 10 < 5 else 10.0 for number in range(len(times))]
    numbers = held(times, leaving, [value + 1 for value in leaving])
    assert numbers["trunk_over_20_entries"] == 4
    assert "trunk_over_20_static_proven" not in numbers


def test_a_hold_bridges_a_moment_that_is_not_observable_without_counting_it() -> None:
    times, _, _ = steady(8, 0, 0)
    lows: list[float | None] = [30.0] * len(times)
    lows[10:13] = [None] * 3
    numbers = held(times, lows, lows)
    assert numbers["trunk_over_20_entries"] == 1
    assert numbers["trunk_over_20_static_proven"] == pytest.approx(7.8 - 3 * 0.2)
    lows[10:17] = [None] * 7
    numbers = held(times, lows, lows)
    assert numbers["trunk_over_20_entries"] == 2
    assert numbers.get("trunk_over_20_static_proven", 0.0) == pytest.approx(4.4)


def test_what_is_possible_is_held_longer_than_what_is_proven() -> None:
    numbers = held(*steady(6, 10, 30))
    assert "trunk_over_20_static_proven" not in numbers
    assert numbers["trunk_over_20_static_possible"] == pytest.approx(5.8)


def test_holds_come_back_from_their_state() -> None:
    holds, again = Holds(), Holds()
    for number in range(40):
        at = (number + 1) * STEP
        trunk = body(trunk_inclination=angles(30 if number % 17 else 0, 70))
        whole = tally(at, np.array([STEP]), STEP, trunk, np.array([False]), [holds])
        broken = tally(at, np.array([STEP]), STEP, trunk, np.array([False]), [again])
        assert np.array_equal(whole.values, broken.values)
        again = Holds.restore(again.state())
    assert holds.state() == again.state()


frames = st.lists(
    st.tuples(
        st.integers(0, 150), st.sampled_from(["", "bench", "press"]), st.integers(0, 10**6), st.floats(0, 90),
        st.sampled_from(["", "hips hidden", "too small"]),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(frames, st.randoms(use_true_random=False), st.integers(1, 5))
def test_any_split_and_order_of_counting_gives_the_same(seen: list, random, workers: int) -> None:  # type: ignore[no-untyped-def,type-arg]
    def count(minutes: ExposureMinutes, frame: tuple[int, str, int, float, str]) -> None:
        second, station, us, low, reason = frame
        added = tally(
            0, np.array([us * 1000]), STEP, body(trunk_inclination=angles(low, low + 7.3)), np.array([False]), [Holds()]
        )  # fmt: skip
        minute = minutes.minute(second * SECOND, station)
        minute.frames += 1
        minute.values += added.values.sum(axis=0)
        if reason:
            minute.leave_out(reason, us)

    alone = ExposureMinutes()
    parts = [ExposureMinutes() for _ in range(workers)]
    for frame in seen:
        count(alone, frame)
    shuffled = list(seen)
    random.shuffle(shuffled)
    for frame in shuffled:
        count(random.choice(parts), frame)
    random.shuffle(parts)
    together = merged(part.every() for part in parts)
    assert together == alone.every()
    assert {key: minute.numbers for key, minute in together.items()} == {
        key: minute.numbers for key, minute in alone.every().items()
    }


def test_minutes_come_back_from_their_state() -> None:
    minutes = ExposureMinutes()
    for second in (1, 61, 119):
        minute = minutes.minute(second * SECOND, "bench")
        minute.values[COLUMNS["lifts"]] += second
        minute.leave_out("hidden", 5)
        minute.frames += 1
    again = ExposureMinutes.restore(minutes.state())
    assert again.every() == minutes.every()
    assert set(again.closed()) == {(0, "bench")}
    again.forget(again.closed())
    assert set(again.every()) == {(60 * SECOND, "bench")}
    assert again.every()[60 * SECOND, "bench"].numbers == {"lifts": 180.0}
