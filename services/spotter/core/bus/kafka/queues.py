"""Messages fetched and not yet taken: a bounded queue per key, served in turn. Pure: no I/O, no clock, no lock.

It also knows, by part, the lowest offset that was not handed out, which is what may be committed at most.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass
class _Part(Generic[R]):
    next_offset: int
    queues: dict[str, deque[tuple[int, R]]] = field(default_factory=dict)
    held: bool = False
    end: bool = False
    size: int = 0


class PartQueues(Generic[R]):
    """Queues of all parts that a consumer holds.

    Args:
        capacity: messages per key. A key over it makes its part `full`; with `drop_oldest` the oldest goes instead.
    """

    def __init__(self, capacity: int, *, drop_oldest: bool) -> None:
        self._capacity = capacity
        self._drop_oldest = drop_oldest
        self._parts: dict[int, _Part[R]] = {}
        self._turn: OrderedDict[tuple[int, str], None] = OrderedDict()

    def __contains__(self, part: int) -> bool:
        return part in self._parts

    def __iter__(self) -> Iterator[int]:
        return iter(self._parts)

    def __len__(self) -> int:
        return sum(part.size for part in self._parts.values())

    def add(self, part: int, next_offset: int) -> None:
        """Begin a part at `next_offset`, with nothing in it."""
        self.remove(part)
        self._parts[part] = _Part(next_offset)

    def remove(self, part: int) -> None:
        """Forget a part and what waits in it."""
        gone = self._parts.pop(part, None)
        for key in gone.queues if gone is not None else ():
            self._turn.pop((part, key), None)

    def hold(self, part: int) -> None:
        """Hand nothing of this part out any more."""
        self._parts[part].held = True
        for key in self._parts[part].queues:
            self._turn.pop((part, key), None)

    def seek(self, part: int, next_offset: int) -> None:
        """The next message to be put has this offset or a later one."""
        self._parts[part].next_offset = next_offset
        self._parts[part].end = False

    def put(self, part: int, key: str, offset: int, record: R) -> R | None:
        """Append a message; the one that it pushed out, if it did."""
        state = self._parts[part]
        state.next_offset = offset + 1
        state.end = False
        queue = state.queues.setdefault(key, deque())
        queue.append((offset, record))
        state.size += 1
        if not state.held:
            self._turn.setdefault((part, key))
        if self._drop_oldest and len(queue) > self._capacity:
            state.size -= 1
            return queue.popleft()[1]
        return None

    def put_end(self, part: int, offset: int) -> None:
        """The record at `offset` ends the part. It is never committed, so that whoever comes next reads it too."""
        self._parts[part].next_offset = offset
        self._parts[part].end = True

    def take(self, limit: int) -> list[tuple[int, str, R]]:
        """Up to `limit` messages as (part, key, record), the key that was served longest ago first."""
        taken: list[tuple[int, str, R]] = []
        while self._turn and len(taken) < limit:
            (part, key), _ = self._turn.popitem(last=False)
            state = self._parts[part]
            queue = state.queues[key]
            taken.append((part, key, queue.popleft()[1]))
            state.size -= 1
            if queue:
                self._turn[part, key] = None
            else:
                del state.queues[key]
        return taken

    @property
    def ready(self) -> bool:
        """Whether `take` would give anything."""
        return bool(self._turn)

    def position(self, part: int) -> int:
        """The lowest offset that was not handed out."""
        state = self._parts[part]
        return min((queue[0][0] for queue in state.queues.values()), default=state.next_offset)

    def full(self, part: int) -> bool:
        """Whether a key of the part has reached the capacity."""
        return any(len(queue) >= self._capacity for queue in self._parts[part].queues.values())

    def relaxed(self, part: int) -> bool:
        """Whether every key of the part is down to half of the capacity."""
        return all(len(queue) <= self._capacity // 2 for queue in self._parts[part].queues.values())

    def expected(self, part: int) -> int:
        """The offset of the next record that Kafka gives."""
        state = self._parts[part]
        return state.next_offset + state.end

    def ended(self, part: int) -> bool:
        """Whether the part was ended and all of it was handed out."""
        return self._parts[part].end and not self._parts[part].size
