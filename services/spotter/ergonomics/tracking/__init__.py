"""People over time, by pseudonymous ids that mean something within one camera epoch only."""

from spotter.ergonomics.tracking.tracker import TrackedPerson, Tracker

__all__ = ["TrackedPerson", "Tracker"]
