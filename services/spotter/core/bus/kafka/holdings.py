"""What a member of a group holds: parts, what was fetched of them, what was taken, and what is to be told.

It stands between two threads: the fetching thread (and the client's own loop) put messages and changes of the parts in,
the consumer takes them out. All methods are safe to call from any thread; none of them does I/O or waits for Kafka.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from spotter.core.bus.api import Claim, Resume
from spotter.core.bus.kafka.queues import PartQueues

Taken = list[tuple[int, str, Any]]
"""(part, key, record) each."""


class Move(Enum):
    """What happens to parts."""

    GAINED = "gained"
    LOSING = "losing"
    LOST = "lost"


@dataclass(eq=False)
class Change:
    """A move of parts that the consumer is told of, on its own thread.

    Attributes:
        claims: of `GAINED` parts.
        answer: of the consumer to `GAINED`: where to begin.
        late: the parts have gone before the consumer was told: it took too long.
        done: set once the consumer has been told.
    """

    move: Move
    parts: frozenset[int]
    claims: tuple[Claim, ...] = ()
    answer: Mapping[int, Resume] = field(default_factory=dict)
    late: bool = False
    done: threading.Event = field(default_factory=threading.Event)
    then: Callable[[], None] | None = None


@dataclass(frozen=True)
class Mark:
    """How far a consumer had taken when it was made.

    Attributes:
        taken: number of the last message taken.
        positions: by part, the lowest offset not taken.
        tenures: by part, which of its stays with this member that was.
    """

    taken: int
    positions: Mapping[int, int]
    tenures: Mapping[int, int]


class Holdings:
    """See the module.

    Args:
        capacity: messages per key that are kept ready.
    """

    def __init__(self, capacity: int, *, drop_oldest: bool) -> None:
        self.changed = threading.Condition()
        self._queues: PartQueues[Any] = PartQueues(capacity, drop_oldest=drop_oldest)
        self._changes: deque[Change] = deque()
        self._taken = self._done = 0
        self._newest: dict[int, int] = {}
        self._tenures: Counter[int] = Counter()
        self._committed: dict[int, int] = {}
        self._wanted: dict[int, int] = {}
        self._unproven: deque[tuple[Callable[[], bool], dict[int, int]]] = deque()
        self._stamps: dict[int, int] = {}
        self._leaving: set[int] = set()
        self._joined = False
        self._closed = False
        self._touched = time.monotonic()

    # The consumer's side.

    def take(self, limit: int, deadline: float) -> Taken | Change | None:
        """Messages as soon as there are any, a change that the consumer must be told of first, or None after `deadline`
        (monotonic), at the end, or when closed."""
        with self.changed:
            while True:
                self._touched = time.monotonic()
                if self._closed:
                    return None
                if (change := self._next_change()) is not None:
                    return change
                if self._queues.ready:
                    taken = self._queues.take(limit)
                    for part, _, record in taken:
                        self._taken += 1
                        self._newest[part] = self._taken
                        self._stamps[part] = max(record.timestamp, self._stamps.get(part, 0))
                    return taken
                remaining = deadline - time.monotonic()
                if remaining <= 0 or self._is_over():
                    return None
                self.changed.wait(remaining)

    def next_change(self) -> Change | None:
        """The next change that the consumer can be told of now."""
        with self.changed:
            return self._next_change()

    def mark(self) -> Mark:
        """What was taken until now, for a later `commit`."""
        with self.changed:
            return self._mark()

    def commit(self, proven: Callable[[], bool] = lambda: True, mark: Mark | None = None) -> None:
        """All that was taken (until `mark`) may be committed, as soon as `proven` says so."""
        with self.changed:
            self._touched = time.monotonic()
            mark = mark or self._mark()
            self._done = max(self._done, mark.taken)
            # A part that went and came back counts from where it began anew.
            positions = {
                part: position
                for part, position in mark.positions.items()
                if part in self._queues and mark.tenures.get(part, 0) == self._tenures[part]
            }
            # A consumer that commits in an idle loop must not pile up what the entry before says already.
            if not self._unproven or self._unproven[-1][1] != positions:
                self._unproven.append((proven, positions))
            self.changed.notify_all()

    def positions(self) -> dict[int, int]:
        """By part held, also while it is about to go: the lowest offset that was not taken."""
        with self.changed:
            return {part: self._queues.position(part) for part in self._queues}

    def waiting(self) -> int:
        """Messages that are ready to be taken."""
        with self.changed:
            return len(self._queues)

    def is_over(self) -> bool:
        with self.changed:
            return self._is_over()

    def close(self) -> None:
        """Hand out nothing more; whoever waits returns, and no change is told any more."""
        with self.changed:
            self._closed = True
            changes, self._changes = list(self._changes), deque()
            self.changed.notify_all()
        for change in changes:
            self.finish(change)

    def forget_outstanding(self) -> None:
        """The consumer works on nothing any more; what it has not committed comes again."""
        with self.changed:
            self._done = self._taken

    def finish(self, change: Change) -> None:
        """The consumer has been told."""
        change.done.set()
        if change.then is not None:
            change.then()

    # The fetching side.

    @property
    def closed(self) -> bool:
        return self._closed

    def idle_for(self) -> float:
        """Seconds since the consumer last took or committed."""
        return time.monotonic() - self._touched

    def begin(self, part: int, offset: int, committed: int | None) -> None:
        """Start a part at `offset`."""
        with self.changed:
            self._queues.add(part, offset)
            self._leaving.discard(part)
            self._take_back(part)
            self._committed[part] = -1 if committed is None else committed
            self._joined = True

    def joined(self) -> None:
        """The group has given this member its parts, be it none."""
        with self.changed:
            self._joined = True

    def put(self, part: int, key: str, offset: int, record: Any) -> Any | None:
        """Keep a message ready; the one that it pushed out, if any."""
        with self.changed:
            if part not in self._queues or part in self._leaving:
                return None
            pushed = self._queues.put(part, key, offset, record)
            self.changed.notify_all()
            return pushed

    def put_end(self, part: int, offset: int) -> None:
        with self.changed:
            if part in self._queues and part not in self._leaving:
                self._queues.put_end(part, offset)
                self.changed.notify_all()

    def seek(self, part: int, offset: int) -> None:
        """The next message of the part has this offset."""
        with self.changed:
            if part in self._queues:
                self._queues.seek(part, offset)

    def expected(self, part: int) -> int | None:
        """The offset that Kafka gives next; None when the part is not held."""
        with self.changed:
            return self._queues.expected(part) if part in self._queues else None

    def tell(self, change: Change) -> None:
        """Have the consumer told. Its parts are handed out no more when they go."""
        with self.changed:
            if not self._closed:
                self._changes.append(change)
                self.changed.notify_all()
                return
        self.finish(change)

    def leave(self, parts: Collection[int]) -> bool:
        """Hand out nothing more of these parts, which will go. True when the consumer still works on some of them."""
        with self.changed:
            for part in parts:
                if part in self._queues:
                    self._leaving.add(part)
                    self._queues.hold(part)
            return self._in_work(parts)

    def drop(self, parts: Collection[int]) -> None:
        """These parts have gone."""
        with self.changed:
            for part in parts:
                self._queues.remove(part)
                self._leaving.discard(part)
                self._take_back(part)
                self._committed.pop(part, None)
                self._stamps.pop(part, None)
            self.changed.notify_all()

    def to_commit(self, parts: Collection[int] | None = None) -> dict[int, int]:
        """Offsets that the consumer has let us commit and that are not committed yet, by part."""
        with self.changed:
            while self._unproven and self._unproven[0][0]():
                for part, position in self._unproven.popleft()[1].items():
                    if position > self._committed.get(part, -1):
                        self._wanted[part] = position
            return {part: offset for part, offset in self._wanted.items() if parts is None or part in parts}

    def stamps(self) -> dict[int, int]:
        """By part: the time of the newest record that was taken, ms."""
        with self.changed:
            return dict(self._stamps)

    def committed(self, offsets: Mapping[int, int]) -> None:
        """Kafka has these offsets."""
        with self.changed:
            for part, offset in offsets.items():
                if part in self._committed:
                    self._committed[part] = max(offset, self._committed[part])
                if self._wanted.get(part, -1) <= offset:
                    self._wanted.pop(part, None)

    def full(self) -> list[int]:
        """Parts whose fetching should pause."""
        with self.changed:
            return [part for part in self._queues if self._queues.full(part)]

    def relaxed(self) -> list[int]:
        """Parts whose fetching can go on."""
        with self.changed:
            return [part for part in self._queues if self._queues.relaxed(part)]

    def ended(self, part: int) -> bool:
        with self.changed:
            return part in self._queues and self._queues.ended(part)

    def held(self) -> list[int]:
        with self.changed:
            return list(self._queues)

    def _next_change(self) -> Change | None:
        if not self._changes:
            return None
        first = self._changes[0]
        # Parts go only after what was taken of them has had its effect, or two members would work on one camera.
        if first.move is Move.LOSING and not first.late and self._in_work(first.parts):
            return None
        return self._changes.popleft()

    def _in_work(self, parts: Collection[int]) -> bool:
        """Whether something that was taken of these parts has not had its effect yet."""
        return any(self._newest.get(part, 0) > self._done for part in parts)

    def _mark(self) -> Mark:
        positions = {part: self._queues.position(part) for part in self._queues}
        return Mark(self._taken, positions, {part: self._tenures[part] for part in positions})

    def _is_over(self) -> bool:
        if self._closed:
            return True
        parts = [part for part in self._queues if part not in self._leaving]
        return self._joined and not self._changes and bool(parts) and all(self._queues.ended(part) for part in parts)

    def _take_back(self, part: int) -> None:
        """What was to be committed of a part is not, because it comes anew or has gone."""
        self._tenures[part] += 1
        self._newest.pop(part, None)
        self._wanted.pop(part, None)
        for _, positions in self._unproven:
            positions.pop(part, None)
