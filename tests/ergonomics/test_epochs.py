"""Which epoch of a camera is followed: newer ones, late ones, and a clock that was set back."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.clock import SECOND
from spotter.ergonomics.epochs import EpochGate, Turn

B, G, S = Turn.BEGINS, Turn.GOES_ON, Turn.STALE


@pytest.mark.parametrize(
    ("messages", "turns"),
    [
        pytest.param([(5, 0), (5, 1), (5, 2)], [B, G, G], id="one epoch"),
        pytest.param([(5, 0), (9, 1), (9, 2)], [B, B, G], id="a newer one takes over"),
        pytest.param([(5, 0), (9, 1), (5, 2), (9, 3)], [B, B, S, G], id="the one before is over"),
        pytest.param([(5, 0), (9, 1), *((5, t) for t in range(2, 30))], [B, B, *[S] * 28], id="and never comes back"),
        pytest.param([(9, 0), (5, 1), (9, 2), (5, 3), (9, 20)], [B, S, G, S, G], id="an older one ends nothing"),
        pytest.param([(9, 0), (5, 1), (9, 4), (5, 5), (5, 8), (9, 9)], [B, S, G, S, S, G], id="nor two in turn"),
        pytest.param([(9, 0), (5, 1), (5, 4), (5, 6), (5, 7)], [B, S, S, B, G], id="unless it goes on alone"),
        pytest.param([(9, 0), (5, 1), (5, 6), (9, 7), (5, 8)], [B, S, B, S, G], id="the wrong clock's is then over"),
        pytest.param([(9, 0), (5, 1), (6, 6), (6, 9), (6, 11)], [B, S, S, S, B], id="each must go on for itself"),
    ],
)
def test_turns(messages: list[tuple[int, int]], turns: list[Turn]) -> None:
    gate = EpochGate()
    assert [gate.admit(epoch, at * SECOND) for epoch, at in messages] == turns


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=60))
def test_no_epoch_begins_twice_and_a_state_goes_on(messages: list[tuple[int, int]]) -> None:
    gate, begun = EpochGate(), []
    for epoch, at in messages:
        copy = EpochGate.restore(msgpack.unpackb(msgpack.packb(gate.state())))
        turn = gate.admit(epoch, at * SECOND)
        assert copy.admit(epoch, at * SECOND) is turn
        if turn is Turn.BEGINS:
            begun.append(epoch)
        assert (turn is Turn.STALE) == (epoch != gate.current)
    recent = begun[-16:]
    assert len(set(recent)) == len(recent)
