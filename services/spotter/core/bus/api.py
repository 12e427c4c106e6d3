"""What a bus promises, whatever carries it.

- Messages of one key (camera) arrive in order; nothing is promised across keys except fairness.
- A `DROP_OLDEST` topic never blocks its publisher: the oldest message of the same key gives way, and is counted.
- A `BLOCK` topic never loses a message: a full queue holds its publisher back.
- `commit` says that everything taken so far has had its effect; what was not committed may come again. Until then
  the keys taken stay with their taker, so that no two members of a group work on one camera at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from spotter.core.contracts import CameraHealth, Frame, PoseFrame
from spotter.core.wire import (
    decode_camera_health,
    decode_frame,
    decode_pose_frame,
    encode_camera_health,
    encode_frame,
    encode_pose_frame,
)

T = TypeVar("T")


class Overflow(StrEnum):
    """What a full queue does with one more message."""

    DROP_OLDEST = "drop_oldest"
    BLOCK = "block"


@dataclass(frozen=True)
class Codec(Generic[T]):
    """Messages to bytes and back; both raise `WireError` on what does not fit."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


@dataclass(frozen=True)
class Topic(Generic[T]):
    """A named, typed stream.

    Attributes:
        key: the part of a message that orders it (its camera).
        overflow: what happens when a consumer is slower than the producer.
        capacity: messages held per key and consumer group before `overflow` applies.
        codec: how its messages become bytes; not used in memory.
    """

    name: str
    key: Callable[[T], str]
    overflow: Overflow
    capacity: int
    codec: Codec[T]


FRAMES: Topic[Frame] = Topic(
    "frames", lambda frame: frame.camera_id, Overflow.DROP_OLDEST, 2, Codec(encode_frame, decode_frame)
)
SKELETONS: Topic[PoseFrame] = Topic(
    "skeletons", lambda pose: pose.camera_id, Overflow.BLOCK, 64, Codec(encode_pose_frame, decode_pose_frame)
)
HEALTH: Topic[CameraHealth] = Topic(
    "camera-health",
    lambda health: health.camera_id,
    Overflow.DROP_OLDEST,
    4,
    Codec(encode_camera_health, decode_camera_health),
)

OnDrop = Callable[[str, str, str], None]
"""Called with (topic, key, reason) for each message that a bus lets go."""


@dataclass(frozen=True)
class Claim:
    """A part of a topic (Kafka: a partition) that has come to a consumer. All messages of a key are in one part.

    Attributes:
        committed: offset of the first message that the group has not committed; None when it never committed.
        committed_at: wall clock at which the newest committed message was published, UTC ns; None when not known.
    """

    part: int
    committed: int | None
    committed_at: int | None = None


@dataclass(frozen=True)
class Resume:
    """Where to begin a part: at an offset, or with the first message published at or after a wall-clock time (UTC ns).

    With both, at whichever comes first in the part; with neither, at the committed offset, as without a `Handover`. A
    part that never was committed begins at its first message. An offset that the part does not hold (deleted, or the
    topic was made anew) stands for the oldest message that it does hold.
    """

    offset: int | None = None
    since: int | None = None


class Handover(Protocol):
    """Told when parts come and go, on the consumer's own thread, within `take`, `commit` or `close`."""

    def gained(self, claims: Sequence[Claim]) -> Mapping[int, Resume]:
        """Parts have come; where to begin each. A part that is not in the answer begins at its committed offset."""

    def losing(self, parts: Collection[int]) -> None:
        """Parts will go to another member once this returns: the last chance to save their state and to commit."""

    def lost(self, parts: Collection[int]) -> None:
        """Parts have gone already (this member was thought dead): drop their state, write nothing."""


class Subscription(Protocol[T]):
    """One consumer's end of a topic."""

    def take(self, limit: int, timeout: float) -> list[T]:
        """Up to `limit` messages, fair over keys; waits at most `timeout` seconds for the first one."""

    def commit(self) -> None:
        """Everything taken so far has had its effect."""

    def mark(self) -> Callable[[], None]:
        """For consumers that take more while earlier messages are still in work: a commit, to be called later, of what
        was taken until now. Call marks in the order in which they were made; one left out is covered by the next."""

    def part_of(self, key: str) -> int:
        """The part that carries the messages of `key`."""

    def positions(self) -> Mapping[int, int]:
        """By part held: the lowest offset not yet taken. Everything below it was taken (and may be committed)."""

    @property
    def ended(self) -> bool:
        """True when the topic was ended and every message has been taken, and after `close`."""

    def close(self) -> None:
        """Leave the topic; a publisher that waits for this consumer goes on."""


class Bus(Protocol):
    """Carries messages between services."""

    def publish(self, topic: Topic[T], message: T) -> None:
        """Hand a message over. Blocks only on a full `BLOCK` topic."""

    def subscribe(self, topic: Topic[T], group: str, handover: Handover | None = None) -> Subscription[T]:
        """Join the consumer group `group`; each message goes to one member of each group.

        Args:
            handover: told of parts that come and go, for consumers that keep state.
        """

    def reject(self, topic: Topic[T], message: T, reason: str, error: str) -> None:
        """A consumer cannot use what `message` holds: it is counted, and a dead letter where the bus keeps them.

        The message is still committed like any other.

        Args:
            reason: one word for metrics, as `OnDrop` has it.
            error: one line for people; it names no pixels and no secret.
        """

    def end(self, topic: Topic[T]) -> None:
        """No more messages will come on this topic (finite sources only)."""

    def close(self) -> None:
        """Release everything; blocked publishers and takers return."""
