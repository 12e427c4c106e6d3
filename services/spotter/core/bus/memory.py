"""The bus of one process: queues in memory, no serialisation, no copies.

Promises of `core.bus.api` hold between threads. Messages published before a group subscribes are not seen by it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from spotter.core.bus.api import OnDrop, Overflow, Subscription, Topic

T = TypeVar("T")


class MemoryBus:
    """In-memory `Bus`.

    Args:
        on_drop: told of each message that a full `DROP_OLDEST` queue lets go, as (topic, key, "queue_full").
        overflow: policy by topic name where it differs from the topic's own (files that play as fast as possible
            hold their reader back instead of losing frames).
    """

    def __init__(self, on_drop: OnDrop | None = None, overflow: Mapping[str, Overflow] | None = None) -> None:
        self._on_drop = on_drop
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

    def subscribe(self, topic: Topic[T], group: str) -> Subscription[T]:
        with self._lock:
            groups = self._groups.setdefault(topic.name, {})
            if group not in groups:
                overflow = self._overflow.get(topic.name, topic.overflow)
                groups[group] = _Group(topic, overflow, self._on_drop, ended=topic.name in self._ended)
            return groups[group].join()

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
    """One consumer group on one topic: a bounded queue per key, served in turn."""

    def __init__(self, topic: Topic[T], overflow: Overflow, on_drop: OnDrop | None, *, ended: bool) -> None:
        self._topic = topic
        self._overflow = overflow
        self._on_drop = on_drop
        self._queues: OrderedDict[str, deque[T]] = OrderedDict()
        self._changed = threading.Condition()
        self._members = 0
        self._ended = ended
        self._closed = False

    def join(self) -> Subscription[T]:
        with self._changed:
            self._members += 1
        return _Member(self)

    def leave(self) -> None:
        with self._changed:
            self._members -= 1
            self._changed.notify_all()

    def put(self, key: str, message: T) -> None:
        dropped = False
        with self._changed:
            queue = self._queues.setdefault(key, deque())
            if self._overflow is Overflow.BLOCK:
                while len(queue) >= self._topic.capacity and not self._closed and self._members:
                    self._changed.wait()
            elif len(queue) >= self._topic.capacity:
                queue.popleft()
                dropped = True
            if self._closed:
                return
            queue.append(message)
            self._changed.notify_all()
        if dropped and self._on_drop is not None:
            self._on_drop(self._topic.name, key, "queue_full")

    def take(self, limit: int, timeout: float) -> list[T]:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not any(self._queues.values()) and not self._ended and not self._closed:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return []
                self._changed.wait(remaining)
            taken: list[T] = []
            while len(taken) < limit and any(self._queues.values()):
                for key in list(self._queues):
                    queue = self._queues[key]
                    if queue and len(taken) < limit:
                        taken.append(queue.popleft())
                        self._queues.move_to_end(key)
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
            self._changed.notify_all()

    def depth(self) -> int:
        with self._changed:
            return sum(len(queue) for queue in self._queues.values())

    @property
    def ended(self) -> bool:
        with self._changed:
            return self._closed or (self._ended and not any(self._queues.values()))


class _Member(Generic[T]):
    """A consumer's handle on its group. In memory a message is gone once taken, so commit has nothing to store."""

    def __init__(self, group: _Group[T]) -> None:
        self._group = group
        self._open = True

    def take(self, limit: int, timeout: float) -> list[T]:
        return self._group.take(limit, timeout)

    def commit(self) -> None:
        return None

    @property
    def ended(self) -> bool:
        return self._group.ended

    def close(self) -> None:
        if self._open:
            self._open = False
            self._group.leave()
