"""What a bus promises, whatever carries it.

- Messages of one key (camera) arrive in order; nothing is promised across keys except fairness.
- A `DROP_OLDEST` topic never blocks its publisher: the oldest message of the same key gives way, and is counted.
- A `BLOCK` topic never loses a message: a full queue holds its publisher back.
- `commit` says that everything taken so far has had its effect; what was not committed may come again. Until then
  the keys taken stay with their taker, so that no two members of a group work on one camera at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from spotter.core.contracts import CameraHealth, Frame, PoseFrame

T = TypeVar("T")


class Overflow(StrEnum):
    """What a full queue does with one more message."""

    DROP_OLDEST = "drop_oldest"
    BLOCK = "block"


@dataclass(frozen=True)
class Topic(Generic[T]):
    """A named, typed stream.

    Attributes:
        key: the part of a message that orders it (its camera).
        overflow: what happens when a consumer is slower than the producer.
        capacity: messages held per key and consumer group before `overflow` applies.
    """

    name: str
    key: Callable[[T], str]
    overflow: Overflow
    capacity: int


FRAMES: Topic[Frame] = Topic("frames", lambda frame: frame.camera_id, Overflow.DROP_OLDEST, capacity=2)
SKELETONS: Topic[PoseFrame] = Topic("skeletons", lambda pose: pose.camera_id, Overflow.BLOCK, capacity=64)
HEALTH: Topic[CameraHealth] = Topic("camera-health", lambda health: health.camera_id, Overflow.DROP_OLDEST, capacity=4)

OnDrop = Callable[[str, str, str], None]
"""Called with (topic, key, reason) for each message that a bus lets go."""


class Subscription(Protocol[T]):
    """One consumer's end of a topic."""

    def take(self, limit: int, timeout: float) -> list[T]:
        """Up to `limit` messages, fair over keys; waits at most `timeout` seconds for the first one."""

    def commit(self) -> None:
        """Everything taken so far has had its effect."""

    @property
    def ended(self) -> bool:
        """True when the topic was ended and every message has been taken, and after `close`."""

    def close(self) -> None:
        """Leave the topic; a publisher that waits for this consumer goes on."""


class Bus(Protocol):
    """Carries messages between services."""

    def publish(self, topic: Topic[T], message: T) -> None:
        """Hand a message over. Blocks only on a full `BLOCK` topic."""

    def subscribe(self, topic: Topic[T], group: str) -> Subscription[T]:
        """Join the consumer group `group`; each message goes to one member of each group."""

    def end(self, topic: Topic[T]) -> None:
        """No more messages will come on this topic (finite sources only)."""

    def close(self) -> None:
        """Release everything; blocked publishers and takers return."""
