"""What a channel promises. A new one is a file here, its settings in `core.settings.channels`, a line in `KINDS`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from spotter.core.contracts import Alert
from spotter.notify.message import Message


class Channel(Protocol):
    """One place where messages are told. Made without I/O; it connects when it sends."""

    def send(self, message: Message) -> None:
        """Deliver one message; returns once the receiver has taken it. Safe between threads.

        Within the channel's `timeout_s` (and a little) it returns or raises.

        Raises:
            ChannelError: it was not delivered, or nobody knows; one line without a secret, and without what the
                receiver wrote.
        """

    def close(self) -> None:
        """Let connections go."""


@runtime_checkable
class RepeatingChannel(Channel, Protocol):
    """A channel whose receiver forgets an open alert unless it is repeated.

    Attributes:
        repeat_every_s: pause between two repeats.
        repeat_for_s: an alert older than this is not repeated.
    """

    repeat_every_s: float
    repeat_for_s: float

    def repeat(self, alerts: Sequence[Alert]) -> None:
        """Tell of alerts that are still open and that this channel was told of.

        Raises:
            ChannelError: as `send`.
        """
