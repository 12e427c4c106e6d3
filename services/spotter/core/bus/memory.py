"""The bus of one process: queues in memory, no serialisation, no copies.

Promises of `core.bus.api` hold between threads. Messages published before a group subscribes are not seen by it.
A message is gone once taken, so one that its taker never commits does not come again. A group that every member has
left keeps the newest messages up to the topic's capacity for a member to come, and counts the others.
The whole topic is one part (0) without offsets that outlive the process, so a `Handover` is never told of anything.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from spotter.core.bus.api import Handover, OnDrop, Overflow, Subscription, Topic

T = TypeVar("T")


class MemoryBus:
    """In-memory `Bus`.

    Args:
        on_drop: told of each message that is let go, as (topic, key, reason): "queue_full" for the oldest of a full
            `DROP_OLDEST` queue, "no_consumer" for the oldest of a full queue whose group has no member left,
            "shutdown" for what still waits when the bus closes or comes after.
        overflow: policy by topic name where it differs from the topic's own (files that play as fast as possible
            hold their reader back instead of losing frames).
        on_reject: told of each message that a consumer rejects, as (topic, key, reason); nothing is kept of it.
    """

    def __init__(
        self,
        on_drop: OnDrop | None = None,
        overflow: Mapping[str, Overflow] | None = None,
        on_reject: OnDrop | None = None,
    ) -> None:
        self._on_drop = on_drop
        self._on_reject = on_reject
        self._overflow = dict(overflow or {})
        self._groups: dict[str, dict[str, _Group[Any]]] = {}
        self._ended: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def publish(self, topic: Topic[T], message: T) -> None:
        with self._lock:
            groups = list(self._groups.get(topic.name, {}).values())
        for group in groups:
            group.put(topic.key(message), message)

    def subscribe(self, topic: Topic[T], group: str, handover: Handover | None = None) -> Subscription[T]:
        with self._lock:
            groups = self._groups.setdefault(topic.name, {})
            if group not in groups:
                overflow = self._overflow.get(topic.name, topic.overflow)
                groups[group] = _Group(topic, overflow, self._on_drop, ended=topic.name in self._ended)
                if self._closed:
                    groups[group].close()
            return groups[group].join()

    def reject(self, topic: Topic[T], message: T, reason: str, error: str) -> None:
        if self._on_reject is not None:
            self._on_reject(topic.name, topic.key(message), reason)

    def end(self, topic: Topic[T]) -> None:
        with self._lock:
            self._ended.add(topic.name)
            groups = list(self._groups.get(topic.name, {}).values())
        for group in groups:
            group.end()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            groups = [group for by_name in self._groups.values() for group in by_name.values()]
        for group in groups:
            group.close()

    def depth(self, topic: Topic[Any]) -> int:
        """Messages that wait on a topic, over all groups (for the queue-depth metric)."""
        with self._lock:
            groups = list(self._groups.get(topic.name, {}).values())
        return sum(group.depth() for group in groups)


class _Group(Generic[T]):
    """One consumer group on one topic: a bounded queue per key, served in turn.

    A key whose messages a member has taken and not yet committed is held by that member; the others pass it over, so
    that two members never work on one camera at the same time and its order holds.
    """

    def __init__(self, topic: Topic[T], overflow: Overflow, on_drop: OnDrop | None, *, ended: bool) -> None:
        self._topic = topic
        self._overflow = overflow
        self._on_drop = on_drop
        self._queues: OrderedDict[str, deque[T]] = OrderedDict()
        self._holders: dict[str, _Member[T]] = {}
        self._changed = threading.Condition()
        self._members: set[_Member[T]] = set()
        self._ended = ended
        self._closed = False

    def join(self) -> Subscription[T]:
        member = _Member(self)
        with self._changed:
            self._members.add(member)
        return member

    def leave(self, member: _Member[T]) -> None:
        with self._changed:
            self._members.discard(member)
            self._release(member, member.taken)

    def commit(self, member: _Member[T], taken: int) -> None:
        """The first `taken` messages that the member took have had their effect."""
        with self._changed:
            self._release(member, taken)

    def put(self, key: str, message: T) -> None:
        reason = ""
        with self._changed:
            queue = self._queues.setdefault(key, deque())
            if self._overflow is Overflow.BLOCK:
                while len(queue) >= self._topic.capacity and self._members and not self._closed:
                    self._changed.wait()
            if self._closed:
                reason = "shutdown"
            else:
                if len(queue) >= self._topic.capacity:
                    queue.popleft()
                    reason = "queue_full" if self._members else "no_consumer"
                queue.append(message)
                self._changed.notify_all()
        if reason:
            self._drop(key, reason)

    def take(self, member: _Member[T], limit: int, timeout: float) -> list[T]:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (keys := self._keys_for(member)):
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self._is_over(member):
                    return []
                self._changed.wait(remaining)
            taken: list[T] = []
            while keys and len(taken) < limit:
                for key in keys[: limit - len(taken)]:
                    taken.append(self._queues[key].popleft())
                    self._queues.move_to_end(key)
                    self._holders[key] = member
                    member.taken += 1
                    member.newest[key] = member.taken
                keys = self._keys_for(member)
            if taken:
                self._changed.notify_all()
            return taken

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            left = Counter({key: len(queue) for key, queue in self._queues.items()})
            self._queues.clear()
            self._changed.notify_all()
        for key in left.elements():
            self._drop(key, "shutdown")

    def depth(self) -> int:
        with self._changed:
            return sum(len(queue) for queue in self._queues.values())

    def is_over(self, member: _Member[T]) -> bool:
        with self._changed:
            return self._is_over(member)

    def _keys_for(self, member: _Member[T]) -> list[str]:
        """Keys with messages that `member` may take, the one that was served longest ago first."""
        if member not in self._members:
            return []
        return [key for key, queue in self._queues.items() if queue and self._holders.get(key, member) is member]

    def _is_over(self, member: _Member[T]) -> bool:
        if self._closed or member not in self._members:
            return True
        return self._ended and not any(self._queues.values())

    def _release(self, member: _Member[T], taken: int) -> None:
        for key in [key for key, number in member.newest.items() if number <= taken]:
            del member.newest[key], self._holders[key]
        self._changed.notify_all()

    def _drop(self, key: str, reason: str) -> None:
        # Outside the lock: the listener is the caller's code.
        if self._on_drop is not None:
            self._on_drop(self._topic.name, key, reason)


class _Member(Generic[T]):
    """A consumer's handle on its group.

    Attributes:
        taken: messages that it has taken since it joined.
        newest: number of the newest message taken of each key that it holds.
    """

    def __init__(self, group: _Group[T]) -> None:
        self._group = group
        self.taken = 0
        self.newest: dict[str, int] = {}

    def take(self, limit: int, timeout: float) -> list[T]:
        return self._group.take(self, limit, timeout)

    def commit(self) -> None:
        self._group.commit(self, self.taken)

    def mark(self) -> Callable[[], None]:
        taken = self.taken
        return lambda: self._group.commit(self, taken)

    def part_of(self, key: str) -> int:
        return 0

    def positions(self) -> Mapping[int, int]:
        return {}

    @property
    def ended(self) -> bool:
        return self._group.is_over(self)

    def close(self) -> None:
        self._group.leave(self)
