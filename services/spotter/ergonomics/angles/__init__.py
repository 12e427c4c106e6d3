"""Joint angles as intervals with a status."""

from spotter.ergonomics.angles.trunk import TrunkView, trunk_inclination, trunk_view

__all__ = ["TrunkView", "trunk_inclination", "trunk_view"]
