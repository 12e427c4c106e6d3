"""The bus: typed topics between services. `Bus` is the protocol; `MemoryBus` is the embedded implementation."""

from spotter.core.bus.api import (
    FRAMES,
    HEALTH,
    SKELETONS,
    Bus,
    Claim,
    Codec,
    Handover,
    OnDrop,
    Overflow,
    Resume,
    Subscription,
    Topic,
)
from spotter.core.bus.memory import MemoryBus

__all__ = [
    "FRAMES",
    "HEALTH",
    "SKELETONS",
    "Bus",
    "Claim",
    "Codec",
    "Handover",
    "MemoryBus",
    "OnDrop",
    "Overflow",
    "Resume",
    "Subscription",
    "Topic",
]
