"""Cooperative sticky assignment in which a member claims what it holds, and nothing that it has lost.

The assignor of kafka-python 3.0 goes on claiming the parts of its last assignment after the group has thrown the member
out. The leader then holds them back for a hand-over that never comes, and they belong to nobody from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor


class HonestStickyAssignor(CooperativeStickyAssignor):  # type: ignore[misc]
    """The library's assignor, with true claims; both understand each other.

    Args:
        owned: the partitions that this member holds now.
    """

    def __init__(self, owned: Callable[[], Collection[Any]]) -> None:
        super().__init__()
        self._owned = owned

    def metadata(self, topics: Collection[str]) -> Any:
        self.member_assignment = sorted(self._owned())
        return super().metadata(topics)
