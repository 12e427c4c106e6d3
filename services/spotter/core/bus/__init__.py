"""The bus: typed topics between services. `Bus` is the protocol; `MemoryBus` is the embedded implementation."""

from spotter.core.bus.api import FRAMES, HEALTH, SKELETONS, Bus, Overflow, Subscription, Topic
from spotter.core.bus.memory import MemoryBus

__all__ = ["FRAMES", "HEALTH", "SKELETONS", "Bus", "MemoryBus", "Overflow", "Subscription", "Topic"]
