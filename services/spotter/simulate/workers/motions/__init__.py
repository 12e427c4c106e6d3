"""What workers can be made to do: motions by name, and the moves that they are composed of."""

from spotter.simulate.workers.motions.catalogue import MOTIONS, Motion, motion_names

__all__ = ["MOTIONS", "Motion", "motion_names"]
