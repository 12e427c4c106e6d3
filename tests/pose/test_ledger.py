"""Frames in work: what may be committed, and in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spotter.core.contracts import Frame
from spotter.pose.ledger import Ledger, Ticket


def frames(count: int) -> list[Frame]:
    return [Frame("a", 1, number, 0, 0, 64, 48, b"") for number in range(count)]


def test_a_commit_is_due_once_everything_before_it_is_done() -> None:
    ledger, called = Ledger(), []
    first = ledger.enter(frames(2), lambda: called.append(1))
    second = ledger.enter(frames(1), lambda: called.append(2))
    assert ledger.due() is None
    ledger.done(second[0])
    ledger.done(first[1])
    assert ledger.due() is None, "the first frame is still in work"
    ledger.done(first[0])
    commit = ledger.due()
    assert commit is not None
    commit()
    assert called == [2], "the newest covers those before it"
    assert ledger.due() is None


@given(takes=st.lists(st.integers(1, 4), min_size=1, max_size=12), data=st.data())
def test_commits_never_pass_a_frame_in_work_and_reach_the_end(takes: list[int], data: st.DataObject) -> None:
    ledger = Ledger()
    committed: list[int] = []
    tickets: list[tuple[int, Ticket]] = []
    for number, count in enumerate(takes):
        tickets += [
            (number, one) for one in ledger.enter(frames(count), lambda number=number: committed.append(number))
        ]
    working = set(range(len(tickets)))
    for index in data.draw(st.permutations(range(len(tickets)))):
        ledger.done(tickets[index][1])
        working.discard(index)
        if (commit := ledger.due()) is not None:
            commit()
            assert all(tickets[left][0] > committed[-1] for left in working)
    assert committed[-1] == len(takes) - 1
    assert committed == sorted(set(committed))
