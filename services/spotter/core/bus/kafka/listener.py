"""What the client library tells of a rebalance, put into words that the consumer's own thread understands.

The library calls on its network loop, which must never block. So coming parts are only paused and noted for the
fetching thread, and going parts are waited for without blocking, until the consumer has had its effect and committed:
only then does the group go on, and the next owner begins where this one stopped.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import Any

from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.future import Future

from spotter.core.bus.kafka.holdings import Change, Holdings, Move


class Rebalance(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """One for each `KafkaConsumer`.

    Attributes:
        fresh: parts that have come and wait for the fetching thread to find out where to begin.
        asked: parts of which the consumer has been asked where to begin.

        closing: set before the client is closed on purpose; then nobody is told or waited for.

    Args:
        consumer: the client; its network loop is where the methods run.
        tells: whether the consumer has a `Handover` that is told of every move.
        patience: seconds that the consumer still has before it counts as stuck.
        stuck: told when it has used them up.
        release: commits what may be committed of parts that go; blocks, so it runs on a thread of its own.
        moved: told of how many parts came, went or were lost, for metrics.
    """

    def __init__(
        self,
        consumer: Any,
        holdings: Holdings,
        *,
        tells: bool,
        patience: Callable[[], float],
        stuck: Callable[[], None],
        release: Callable[[frozenset[int]], None],
        moved: Callable[[Move, int], None],
    ) -> None:
        self.fresh: set[int] = set()
        self.asked: set[int] = set()
        self.closing = False
        self._consumer = consumer
        self._holdings = holdings
        self._tells = tells
        self._patience = patience
        self._stuck = stuck
        self._release = release
        self._moved = moved

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        partitions = list(assigned)
        self._consumer.pause(*partitions)
        self.fresh.update(partition.partition for partition in partitions)
        self._moved(Move.GAINED, len(partitions))

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        parts = frozenset(partition.partition for partition in revoked)
        known = parts - self.fresh
        self.fresh -= parts
        self.asked -= parts
        self._moved(Move.LOSING, len(parts))
        if not known or self.closing or self._holdings.closed:
            return
        done = Future()

        def resume() -> None:
            if not done.is_done:
                done.success(None)

        def finish() -> None:
            self._holdings.drop(known)
            # A loop that has stopped meanwhile waits for nothing.
            with contextlib.suppress(Exception):
                self._consumer._net.call_soon_threadsafe(resume)

        if self._holdings.leave(known) or self._tells:
            change = Change(Move.LOSING, known, then=finish)
            self._holdings.tell(change)
            limit = threading.Timer(max(self._patience(), 0.1), self._give_up, (change, finish))
            limit.daemon = True
            limit.start()
            await done
            limit.cancel()
        else:
            threading.Thread(target=self._let_go, args=(known, finish), name="spotter-release", daemon=True).start()
            await done

    async def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        parts = frozenset(partition.partition for partition in lost)
        self.fresh -= parts
        self.asked -= parts
        self._holdings.drop(parts)
        self._moved(Move.LOST, len(parts))
        if self._tells:
            self._holdings.tell(Change(Move.LOST, parts))

    def _give_up(self, change: Change, finish: Callable[[], None]) -> None:
        """The consumer does not answer: its parts go without it, and it is told so when it comes back."""
        if not change.done.is_set():
            change.late = True
            self._stuck()
            finish()

    def _let_go(self, parts: frozenset[int], finish: Callable[[], None]) -> None:
        try:
            self._release(parts)
        finally:
            finish()
